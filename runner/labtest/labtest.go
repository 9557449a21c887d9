// Package labtest proves a lab on a real cluster: untouched it scores nothing,
// every solution scores in full, every mistake is caught by the check that the
// lab says catches it, and so is whatever differs in one thing from a solution
// (see package mutant). Each case plays in a session of its own, several side by
// side.
//
//	cases := labtest.Cases(l, key, source)
//	proofs, err := labtest.Run(ctx, cases, labtest.Config{…}, func(o labtest.Outcome) { … })
//	err = labtest.Mutants(ctx, proofs, labtest.Config{…}, func(m labtest.Mutation) { … })
package labtest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/runner"
	"podlab.dev/podlab/runner/plain"
)

// Case is one way in which a lab is tried.
type Case struct {
	Lab *lab.Lab
	// Key and Source are the lab's, as the catalog gives them.
	Key, Source string
	// Answer is the folder that is played; empty leaves the lab untouched.
	Answer string
	// Fails is the check that must catch the answer; empty where none must.
	Fails string
	// Script is a test of the lab's own, "testdata/heals"; Answer is then empty.
	Script string
}

// Outcome is what came of a case.
type Outcome struct {
	Lab    string `json:"lab"`
	Answer string `json:"answer"`
	OK     bool   `json:"ok"`
	// Why says what is wrong with the lab when it is not OK.
	Why     string  `json:"why,omitempty"`
	Earned  int     `json:"earned"`
	Points  int     `json:"points"`
	Seconds float64 `json:"seconds"`
	// Evidence is how many bytes the evidence bundle of a solution has, from which its
	// mutants are judged.
	Evidence int `json:"evidence,omitempty"`
	// Transcript is what was on the learner's screen, when it is not OK.
	Transcript string `json:"transcript,omitempty"`
	// Report is what the grader said.
	Report grader.Report `json:"report"`

	proof *Proof // of a solution that held
}

// Made tells whether the outcome is one of this case.
func (x Case) Made(o Outcome) bool { return x.Lab.ID == o.Lab && x.name() == o.Answer }

// Cases lists what a lab is to be tried with.
func Cases(l *lab.Lab, key, source string) []Case {
	cases := []Case{{Lab: l, Key: key, Source: source}}
	for _, s := range l.Solutions {
		cases = append(cases, Case{Lab: l, Key: key, Source: source, Answer: "solutions/" + s})
	}
	for _, m := range slices.Sorted(maps.Keys(l.Mistakes)) {
		cases = append(cases, Case{Lab: l, Key: key, Source: source, Answer: "mistakes/" + m, Fails: l.Mistakes[m].Fails})
	}
	for _, s := range scripts(l) {
		cases = append(cases, Case{Lab: l, Key: key, Source: source, Script: s})
	}
	return cases
}

// Calm tells whether the case comes to no page that breaks a node, so that it never
// has to be alone. What a script comes to is not known.
func (x Case) Calm() bool {
	for _, s := range x.Lab.Steps {
		if s.BreaksNodes() {
			return false
		}
		if x.Fails != "" && x.catches(s) {
			break // it stops there
		}
	}
	return true
}

// Config is what running cases needs.
type Config struct {
	Store   runner.Store
	Cluster *cluster.Cluster
	// Podlab is the path of this program, which is also kubectl.
	Podlab string
	// Parallel is how many cases run side by side.
	Parallel int
	// Patience is how long a right answer may take for a page's checks after its
	// last command.
	Patience time.Duration
	// Mutants has solutions played so that mutants can be derived from them.
	Mutants bool
	// Plays is how many mutants of each lab are played on the cluster, picked by
	// chance, of those that have to be; 0 is all.
	Plays int
	// Only are the mutants that are tried, by name; nil is all.
	Only *regexp.Regexp
	// Leave removes a session and its namespace.
	Leave func(context.Context, *runner.Session)

	// nodes is held alone by sessions on pages that break nodes, and by all others
	// together; see floor.
	nodes *sync.RWMutex
}

// caught is how long a wrong answer is given to pass by mistake.
const caught = 5 * time.Second

// Run tries the cases and hands each outcome over as it comes, one at a time. Its
// error is trouble of the environment; a lab that does not hold is an outcome.
// What it returns are the solutions that did, each as it was first played, in the
// order of the cases: of a mutant of two solutions that of the first is tried.
func Run(ctx context.Context, cases []Case, c Config, done func(Outcome)) (proofs []*Proof, err error) {
	c.nodes = &sync.RWMutex{}
	err = sideBySide(ctx, c.Parallel, spread(cases), c.try, func(o Outcome) {
		if p := o.proof; p != nil && !slices.ContainsFunc(proofs, p.same) {
			proofs = append(proofs, p)
		}
		done(o)
	})
	at := func(p *Proof) int {
		return slices.IndexFunc(cases, func(x Case) bool { return x.Lab.ID == p.Lab.ID && x.Answer == p.Answer })
	}
	slices.SortFunc(proofs, func(a, b *Proof) int { return at(a) - at(b) })
	return proofs, err
}

// spread puts the cases that come one after the other, those of labs with GPUs, apart
// from each other, so that few wait while others could be played.
func spread(cases []Case) []Case {
	var one, others []Case
	for _, x := range cases {
		if x.Lab.Needs.GPUs != nil {
			one = append(one, x)
		} else {
			others = append(others, x)
		}
	}
	out := make([]Case, 0, len(cases))
	for i, x := range one {
		from, to := i*len(others)/len(one), (i+1)*len(others)/len(one)
		out = append(append(out, x), others[from:to]...)
	}
	if len(one) == 0 {
		return others
	}
	return out
}

// sideBySide does all of the work, so many at a time, and hands over what comes of
// each, one after the other.
func sideBySide[W, R any](ctx context.Context, parallel int, work []W, do func(context.Context, W) (R, error), done func(R)) error {
	results, ended := make(chan R), make(chan error, 1)
	var g errgroup.Group
	g.SetLimit(max(parallel, 1))
	go func() {
		for _, w := range work {
			g.Go(func() error {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				r, err := do(ctx, w)
				if err == nil {
					results <- r
				}
				return err
			})
		}
		ended <- g.Wait()
		close(results)
	}()
	for r := range results {
		done(r)
	}
	return <-ended
}

// tries is how often a case is played that the cluster or the machine got in the way
// of.
const tries = 3

// unreachable is how kubectl says that nobody answered: the cluster's trouble,
// which says nothing about the lab.
var unreachable = regexp.MustCompile(`(?m)^(Unable to connect to the server|The connection to the server .* was refused|error: .*(connection reset by peer|connection refused))`)

// try plays the case, again where the cluster got in the way.
func (c Config) try(ctx context.Context, x Case) (o Outcome, err error) {
	began := time.Now()
	for i := range tries {
		var screen bytes.Buffer
		var r grader.Report
		var proof *Proof
		why := ""
		if x.Script != "" {
			r, why, err = c.perform(ctx, x, &screen)
		} else {
			r, proof, err = c.play(ctx, x, &screen)
		}
		if err != nil && i < tries-1 && ctx.Err() == nil {
			continue // in a session of its own
		}
		if err != nil {
			return o, fmt.Errorf("%s, %s: %w", x.Lab.ID, x.name(), err)
		}
		o = x.judge(r)
		if x.Script != "" {
			o.OK, o.Why = why == "", why
		}
		o.Seconds = time.Since(began).Seconds()
		if o.OK {
			o.proof = proof
			if o.Evidence, err = proof.size(); err != nil {
				return o, err
			}
		} else {
			o.Transcript = screen.String()
		}
		if !unreachable.Match(screen.Bytes()) {
			return o, nil
		}
	}
	o.OK, o.Why = false, "the cluster did not answer its commands, in each of several tries"
	return o, nil
}

func (x Case) name() string {
	return cmp.Or(x.Answer, x.Script, "untouched")
}

// catches tells whether the step has the check that must catch the answer.
func (x Case) catches(s lab.Step) bool {
	return slices.ContainsFunc(s.Checks, func(c lab.Check) bool { return c.ID == x.Fails })
}

// patience is that of a right answer until the check that must catch the case can be
// judged: a slow machine takes its time for those that it needs.
func (x Case) patience(right time.Duration) plain.Patience {
	return func(s lab.Step, r grader.Report) time.Duration {
		waits := r.Entries == 0 || slices.ContainsFunc(r.Results, func(res grader.Result) bool {
			return res.Check == x.Fails && res.Verdict == grader.Blocked
		})
		if x.catches(s) && !waits {
			return caught + s.Longest()
		}
		return right + s.Longest()
	}
}

// play brings the case to its end, shows it on screen and returns the final
// report, and of a solution what it did.
func (c Config) play(ctx context.Context, x Case, screen io.Writer) (grader.Report, *Proof, error) {
	s, f, leave, err := c.open(ctx, x.Key, x.Source, x.Lab, "")
	if err != nil {
		return grader.Report{}, nil, err
	}
	defer leave()
	if x.Answer == "" {
		if _, err := s.Attach(ctx, c.Cluster); err != nil {
			return grader.Report{}, nil, err
		}
		r, err := untouched(ctx, s, f)
		return r, nil, err
	}
	a, err := runner.FindAnswer(s.Lab, x.Answer)
	if err != nil {
		return grader.Report{}, nil, err
	}
	a.Turning = f.turn
	patience := x.patience(c.Patience)
	if x.Fails != "" || !c.Mutants {
		up := func(ctx context.Context, s *runner.Session, _ func(cluster.Event)) (bool, error) {
			return s.Attach(ctx, c.Cluster)
		}
		r, err := plain.New(screen, io.Discard, plain.Look{}).Demo(ctx, s, a, c.Podlab, patience, up)
		return r, nil, err
	}
	return c.prove(ctx, x, s, a, patience, screen)
}

// untouched turns the pages, so that each is prepared, and does nothing else.
func untouched(ctx context.Context, s *runner.Session, f *floor) (grader.Report, error) {
	for i, step := range s.Lab.Steps {
		if i > 0 {
			f.turn(step)
			if _, err := s.Turn(1); err != nil {
				return grader.Report{}, err
			}
		}
		if i > 0 && step.Setup == nil {
			continue
		}
		if _, err := s.Check(ctx, step.ID, 0); err != nil {
			return grader.Report{}, err
		}
	}
	return s.Judge()
}

// judge says whether the lab held.
func (x Case) judge(r grader.Report) Outcome {
	o := Outcome{Lab: x.Lab.ID, Answer: x.name(), Earned: r.Earned, Points: r.Points, Report: r}
	var failed []string
	verdicts := map[string]grader.Verdict{}
	for _, res := range r.Results {
		verdicts[res.Check] = res.Verdict
		if res.Verdict == grader.Failed {
			failed = append(failed, res.Check)
		}
		if res.Verdict == grader.Errored {
			o.Why = fmt.Sprintf("check %s could not be judged: %s", res.Check, res.Message)
			return o
		}
	}
	switch {
	case x.Answer == "" && r.Earned > 0:
		o.Why = fmt.Sprintf("untouched it earns %d of %d points", r.Earned, r.Points)
	case x.Answer == "":
	case x.Fails == "" && !r.Passed:
		o.Why = fmt.Sprintf("it is right and does not pass: %s", strings.Join(failed, ", "))
	case x.Fails != "" && x.unreached(verdicts) != "":
		// A check that fails because nobody came that far catches nothing.
		o.Why = fmt.Sprintf("the mistake was not reached: check %s did not pass before", x.unreached(verdicts))
	case x.Fails != "" && verdicts[x.Fails] != grader.Failed:
		o.Why = fmt.Sprintf("check %s must fail and is %s", x.Fails, verdicts[x.Fails])
	}
	o.OK = o.Why == ""
	return o
}

// unreached is the first check on the pages before the mistake's that has not
// passed, or "".
func (x Case) unreached(verdicts map[string]grader.Verdict) string {
	for _, s := range x.Lab.Steps {
		if x.catches(s) {
			return ""
		}
		for _, c := range s.Checks {
			if verdicts[c.ID] != grader.Passed {
				return c.ID
			}
		}
	}
	return ""
}
