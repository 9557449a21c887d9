package labtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"podlab.dev/podlab/cluster/tap"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/timeline"
	"podlab.dev/podlab/runner"
	"podlab.dev/podlab/runner/labtest/mutant"
	"podlab.dev/podlab/runner/plain"
)

// Fate is what became of a mutant.
type Fate string

const (
	// Caught: a check lost its points; By says which, How by what it was seen.
	Caught Fate = "caught"
	// Survived: all checks pass all the same, and the lab does not say why they
	// may.
	Survived Fate = "survived"
	// Listed: it survived, and the lab says that it may.
	Listed Fate = "listed"
	// Refused: the API server does not take it, as it would tell a learner.
	Refused Fate = "refused"
	// Unplayed: no check saw it on the record, and it was not among those that were
	// picked to be played, or its solution never came that far.
	Unplayed Fate = "unplayed"
	// Same: the API server makes the same object of it, or would make it without
	// the field.
	Same Fate = "same"
)

// Mutation is the outcome of a mutant.
type Mutation struct {
	Lab      string `json:"lab"`
	Solution string `json:"solution"`
	// Mutant is its name: "Pod/web: drop spec.containers.server.image".
	Mutant string `json:"mutant"`
	Fate   Fate   `json:"fate"`
	// By is the check that caught it, or that should have.
	By string `json:"by,omitempty"`
	// How is "record" where the recorded solution, with this one thing different in
	// it, was graded again, and "cluster" where the solution was played again.
	How string `json:"how,omitempty"`
	// From is the step from which on it was played, where the solution holds without what
	// comes before; empty for the first.
	From string `json:"from,omitempty"`
	// Why says what is wrong with the lab.
	Why string `json:"why,omitempty"`
}

// OK tells that the mutant says nothing against its lab.
func (m Mutation) OK() bool { return m.Why == "" }

// Mutants tries all mutants of what was proved and hands each outcome over as it
// comes, one at a time. Most are graded on the record of their solution. Only what
// no check sees there is played on the cluster, all of it or so many of each lab: it
// may have consequences that one sees.
func Mutants(ctx context.Context, proofs []*Proof, c Config, done func(Mutation)) error {
	c.nodes = &sync.RWMutex{}
	type open struct {
		*Proof
		tried
	}
	var left []open
	known := map[string]bool{}
	for _, p := range proofs {
		for _, t := range p.mutants {
			id := p.Lab.ID + " " + p.called(t)
			if known[id] {
				continue // of another solution
			}
			known[id] = true
			if c.Only != nil && !c.Only.MatchString(p.name(t)) {
				continue
			}
			if m, settled, err := p.onRecord(t); err != nil {
				return err
			} else if settled {
				done(m)
				continue
			}
			left = append(left, open{p, t})
		}
	}
	if c.Plays > 0 {
		rand.Shuffle(len(left), func(i, j int) { left[i], left[j] = left[j], left[i] })
		played := map[string]int{}
		left = slices.DeleteFunc(left, func(o open) bool {
			if played[o.Lab.ID]++; played[o.Lab.ID] <= c.Plays {
				return false
			}
			done(o.outcome(o.tried, Unplayed, "", ""))
			return true
		})
	}
	type start struct {
		*Proof
		page  string
		holds bool
	}
	on := map[start]int{}
	for _, o := range left {
		on[start{Proof: o.Proof, page: o.Deed.Page}]++
	}
	maps.DeleteFunc(on, func(s start, n int) bool { return n < worth || s.at(s.page) == 0 })
	err := sideBySide(ctx, c.Parallel, slices.Collect(maps.Keys(on)), func(ctx context.Context, s start) (start, error) {
		s.holds = c.holdsFrom(ctx, s.Proof, s.page)
		return s, ctx.Err()
	}, func(s start) {
		if s.starts == nil {
			s.starts = map[string]bool{}
		}
		s.starts[s.page] = s.holds
	})
	if err != nil {
		return err
	}
	return sideBySide(ctx, c.Parallel, left, func(ctx context.Context, o open) (Mutation, error) {
		return c.onCluster(ctx, o.Proof, o.tried)
	}, done)
}

// hash is what the names of a Deployment's Pods have between its own and their ends;
// another version of Kubernetes may make another one of the same template.
var hash = regexp.MustCompile(`-[bcdfghjklmnpqrstvwxz2456789]{8,10}-\*: `)

// name is what the lab lists a mutant as: "Pod/web-HASH-*: keep".
func (p *Proof) name(t tried) string {
	return hash.ReplaceAllString(p.called(t), "-HASH-*: ")
}

// called is the mutant's own name. Params differ from one run to the next.
func (p *Proof) called(t tried) string {
	name := t.String()
	for _, param := range p.lab.Params {
		if value := param.String(); len(value) > 2 {
			name = strings.ReplaceAll(name, value, "{{params."+param.Name+"}}")
		}
	}
	return name
}

func (p *Proof) outcome(t tried, fate Fate, by, how string) Mutation {
	m := Mutation{Lab: p.Lab.ID, Solution: p.Case.name(), Mutant: p.name(t), Fate: fate, By: by, How: how}
	_, listed := p.Lab.Survivors[m.Mutant]
	switch {
	case fate == Survived && listed:
		m.Fate = Listed
	case fate == Survived && by == "":
		m.Why = "no check is about it"
	case fate == Survived:
		m.Why = "check " + by + " should have caught it"
	case listed && fate == Caught && how == "cluster":
		// Maybe for want of time: another machine may see it survive.
	case listed && fate != Unplayed:
		m.Why = fmt.Sprintf("lab.cue lists it as a survivor, and it is %s", fate)
	}
	return m
}

func (m Mutation) from(page string) Mutation {
	m.From = page
	return m
}

// onRecord grades the recorded solution with one thing different in it. settled
// says that there is no need to play the mutant.
func (p *Proof) onRecord(t tried) (m Mutation, settled bool, err error) {
	if t.same {
		return p.outcome(t, Same, "", ""), true, nil
	}
	if !slices.Contains(t.refused, nil) {
		return p.outcome(t, Refused, "", ""), true, nil
	}
	for v, refused := range t.refused {
		if refused != nil {
			continue
		}
		record := *p.record
		if record.Timeline, err = t.rewrite(record.Timeline, v, p.made); err != nil {
			return m, false, err
		}
		r, err := runner.Regrade(p.Lab, &record)
		if err != nil {
			return m, false, err
		}
		if by := lost(r.Report, p.owners(t)); by != "" {
			return p.outcome(t, Caught, by, "record"), true, nil
		}
	}
	return m, false, nil
}

// rewrite is a record in which the mutant's object has always been as the mutant
// makes it. One of the same name that podlab prepared was there all the same: it is
// none of those that the solution made, which are told by their UIDs.
func (t tried) rewrite(record []timeline.Entry, variant int, made map[string]bool) (out []timeline.Entry, err error) {
	for _, e := range record {
		if e.Kind != timeline.Object && e.Kind != timeline.Deleted {
			out = append(out, e)
			continue
		}
		h := head(e)
		prepared := t.Deed.Method == http.MethodPost && !made[string(h.UID)]
		if prepared || !t.Deed.Is(h.Name) || h.GroupVersionKind().GroupKind() != t.Deed.Kind.GroupKind() {
			out = append(out, e)
			continue
		}
		switch {
		case t.Op == mutant.Omit, t.Op == mutant.Keep && e.Kind == timeline.Deleted:
			continue
		case t.Op == mutant.Keep:
		default:
			var state map[string]any
			if err := json.Unmarshal(e.Object, &state); err != nil {
				return nil, fmt.Errorf("read a recorded %s: %w", t.Deed.Kind.Kind, err)
			}
			if t.filled != nil {
				t.Set(state, t.filled)
			} else {
				t.Change(state, variant)
			}
			if e.Object, err = json.Marshal(state); err != nil {
				return nil, fmt.Errorf("encode a %s: %w", t.Deed.Kind.Kind, err)
			}
		}
		out = append(out, e)
	}
	return out, nil
}

// owners are the checks that speak of the mutant's field.
func (p *Proof) owners(t tried) (ids []string) {
	for _, c := range p.lab.Checks() {
		if c.Object == nil || c.Object.Name != t.Deed.Name || c.Object.GVK.GroupKind() != t.Deed.Kind.GroupKind() {
			continue
		}
		for _, w := range c.Constraints() {
			if len(t.Path) > 0 && w.About(t.Path) {
				ids = append(ids, c.ID)
				break
			}
		}
	}
	return ids
}

// should is the check that a survivor is put down to: one that speaks of the
// field, or else of the object, or "".
func (p *Proof) should(t tried) string {
	if ids := p.owners(t); len(ids) > 0 {
		return ids[0]
	}
	for _, c := range p.lab.Checks() {
		if c.Object != nil && c.Object.Name == t.Deed.Name && c.Object.GVK.GroupKind() == t.Deed.Kind.GroupKind() {
			return c.ID
		}
	}
	return ""
}

// lost is the first of the checks that failed, of all where none are named, or
// "".
func lost(r grader.Report, of []string) string {
	for _, x := range r.Results {
		if x.Verdict == grader.Failed && (len(of) == 0 || slices.Contains(of, x.Check)) {
			return x.Check
		}
	}
	return ""
}

// patient is how long a mutant may take in all. Long before that, its commands and
// its pages have run out of time.
const patient = 10 * time.Minute

// worth is how many mutants of a page make it worth finding out whether they can be
// played from that page on.
const worth = 3

// plays is how many variants of a mutant are played.
const plays = 2

// errMutant is what kubectl is told of a request that the mutant leaves out.
var errMutant = errors.New("left out by podlab lab test")

// onCluster plays the solution again, with one thing different.
func (c Config) onCluster(ctx context.Context, p *Proof, t tried) (Mutation, error) {
	from := ""
	if p.starts[t.Deed.Page] {
		from = t.Deed.Page
	}
	played := 0
	for v, refused := range t.refused {
		if refused != nil || played == plays {
			continue
		}
		played++
		var r grader.Report
		var reached bool
		var err error
		for range tries {
			if r, reached, err = c.playMutant(ctx, p, t, v, from); err == nil && reached || ctx.Err() != nil {
				break
			}
			from = ""
		}
		if err != nil {
			return Mutation{}, fmt.Errorf("%s, %s: %w", p.Lab.ID, p.name(t), err)
		}
		by := lost(r, p.checksFrom(from))
		if !reached { // what failed, did so without it
			m := p.outcome(t, Unplayed, by, "cluster").from(from)
			m.Why = fmt.Sprintf("%s never came that far, in each of %d tries", p.Case.name(), tries)
			if by != "" {
				m.Why += ": check " + by + " failed before"
			}
			return m, nil
		}
		if by != "" {
			return p.outcome(t, Caught, by, "cluster").from(from), nil
		}
	}
	return p.outcome(t, Survived, p.should(t), "cluster").from(from), nil
}

// checksFrom are the checks from a page on; nil, which means all, from the first.
func (p *Proof) checksFrom(page string) (ids []string) {
	if page == "" {
		return nil
	}
	for _, s := range p.lab.Steps[p.at(page):] {
		for _, c := range s.Checks {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// at is where a page is; one that has no name is the first.
func (p *Proof) at(page string) int {
	return max(0, slices.IndexFunc(p.lab.Steps, func(s lab.Step) bool { return s.ID == page }))
}

// holdsFrom tells whether the solution holds when it is played from a page on. Where it
// builds on what was done before, it does not, nor where the cluster got in the way.
func (c Config) holdsFrom(ctx context.Context, p *Proof, page string) bool {
	r, err := c.again(ctx, p, page, func(s lab.Step, _ grader.Report) time.Duration { return c.Patience + s.Longest() }, tap.Hooks{})
	if err != nil {
		return false
	}
	for _, id := range p.checksFrom(page) {
		for _, x := range r.Results {
			if x.Check == id && x.Verdict != grader.Passed {
				return false
			}
		}
	}
	return true
}

// again plays the solution again, in a session of its own, from a page on.
func (c Config) again(ctx context.Context, p *Proof, page string, patience plain.Patience, hooks tap.Hooks) (r grader.Report, err error) {
	s, f, leave, err := c.open(ctx, p.Key, p.Source, p.Lab, p.record.Seed)
	if err != nil {
		return r, err
	}
	defer leave()
	a, err := runner.FindAnswer(s.Lab, p.Answer)
	if err != nil {
		return r, err
	}
	a.Pace, a.Turning = p.pace.Limit(), f.turn
	if at := p.at(page); at > 0 {
		f.turn(s.Lab.Steps[at])
		if _, err := s.Turn(at); err != nil {
			return r, err
		}
	}
	timed, cancel := context.WithTimeout(ctx, patient)
	defer cancel()
	return c.through(timed, s, a, patience, io.Discard, hooks)
}

// playMutant plays the solution with the one thing different. reached tells whether
// its commands came as far as that: a machine that is too slow for an earlier page
// catches nothing.
func (c Config) playMutant(ctx context.Context, p *Proof, t tried, variant int, from string) (r grader.Report, reached bool, err error) {
	var met atomic.Bool
	patience := func(s lab.Step, _ grader.Report) time.Duration {
		if !met.Load() { // so far it is right
			return c.Patience + s.Longest()
		}
		return 2*caught + s.Longest() + 2*p.pace.Waited(s.ID)
	}
	r, err = c.again(ctx, p, from, patience, tap.Hooks{
		Change: func(q *tap.Request) error {
			if !t.meets(q) {
				return nil
			}
			met.Store(true)
			return t.meddle(q, variant)
		},
	})
	return r, met.Load(), err
}

// meets tells whether a request is the mutant's own deed.
func (t tried) meets(q *tap.Request) bool {
	if q.Method != t.Deed.Method || q.Resource.GroupResource() != t.Deed.Resource.GroupResource() {
		return false
	}
	name := q.Name
	if meta, _ := q.Body["metadata"].(map[string]any); name == "" {
		name, _ = meta["name"].(string)
	}
	return t.Deed.Is(name)
}

// meddle changes a request that is the mutant's own deed.
func (t tried) meddle(q *tap.Request, variant int) error {
	switch {
	case t.Op == mutant.Omit, t.Op == mutant.Keep:
		return errMutant
	case q.Body != nil:
		t.Change(q.Body, variant)
	}
	return nil
}
