// Package grader turns a lab and a timeline into a report. It is a fold: entries
// go in one by one, and after each of them the report can be read. Live grading
// feeds entries as they happen, a regrade feeds a file; both run this code, which
// reads no clock, no disk and no cluster.
//
//	g := grader.New(l)
//	for _, e := range entries { g.Observe(e) }
//	report := g.Report(true)
//
// A check that has passed stays passed: it was true, the evidence says when, and
// the learner may have moved on (and deleted the Pod, as the next page asks). A
// condition that must last says so with holds.
package grader

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/cue/view"
	"podlab.dev/podlab/cue/want"
	"podlab.dev/podlab/grader/timeline"
)

// Grader judges a lab by a timeline. It is not safe for concurrent use.
type Grader struct {
	lab    *lab.Lab
	states []*state // in an order in which needs come first
	byID   map[string]*state

	origin *timeline.Origin
	// world holds the objects that exist by now, graves those that were deleted.
	world  map[ref]object
	graves map[ref]grave
	// synced are the kinds that have been listed, trouble those that are not
	// watched at the moment, with the reason.
	synced  map[string]bool
	trouble map[string]string
	last    timeline.Entry
}

type ref struct {
	kind schema.GroupKind
	name string
}

type object struct {
	seq  int64
	uid  string
	view map[string]any
	bad  error // why there is no view
}

// grave remembers the entry that last showed an object and the one that
// deleted it.
type grave struct{ shown, deleted int64 }

// state is what a check has come to so far.
type state struct {
	*lab.Check
	step string

	passed   bool
	at       time.Time
	evidence []int64

	// message and mismatches belong to the newest observation that was not
	// what is wanted; seen is its entry.
	message    string
	mismatches []want.Mismatch
	seen       int64
	// errored is set while podlab, not the learner, is in the way.
	errored string

	looked    int64     // the entry of the object's state that was judged last
	since     time.Time // a holds window that is open, or zero
	sinceSeq  int64
	progress  []int64 // entries that met seen[0], seen[1], …
	progressU string  // the UID of the object that they belong to
	line      int64   // logs: the entry of the line that matches
	ran       bool    // exec: the command has been run in the Pod that exists
}

// New returns a grader that has seen nothing.
func New(l *lab.Lab) *Grader {
	g := &Grader{lab: l}
	g.reset()
	return g
}

func (g *Grader) reset() {
	g.world, g.graves = map[ref]object{}, map[ref]grave{}
	g.synced, g.trouble = map[string]bool{}, map[string]string{}
	g.states, g.byID = nil, map[string]*state{}
	var inOrder func(id string)
	all := map[string]*state{}
	for _, s := range g.lab.Steps {
		for i := range s.Checks {
			all[s.Checks[i].ID] = &state{Check: &s.Checks[i], step: s.ID}
		}
	}
	inOrder = func(id string) {
		if g.byID[id] != nil {
			return
		}
		for _, n := range all[id].Needs {
			inOrder(n)
		}
		g.byID[id] = all[id]
		g.states = append(g.states, all[id])
	}
	for _, c := range g.lab.Checks() {
		inOrder(c.ID)
	}
}

// Observe takes the next entry and reports whether a verdict may have changed.
func (g *Grader) Observe(e timeline.Entry) (changed bool) {
	before := g.last
	g.last = e
	switch e.Kind {
	case timeline.Reset:
		g.reset()
		return true
	case timeline.Start:
		g.start(e)
		return true
	case timeline.Gap:
		g.trouble[e.Of] = e.Reason
		g.closeWindows(e.Of)
		return true
	case timeline.Synced, timeline.Resumed:
		delete(g.trouble, e.Of)
		if e.Kind == timeline.Synced {
			g.synced[e.Of] = true
		}
	case timeline.Object, timeline.Deleted:
		g.see(e)
	case timeline.Log:
		g.read(e)
	}
	for _, s := range g.states {
		if s.passed {
			continue
		}
		// A window that was open until now has lasted until now, whatever this
		// entry says.
		if g.held(s, before, e) {
			changed = true
			continue
		}
		if !g.met(s.Needs) || !g.sees(s.watches()) {
			continue
		}
		changed = g.judge(s, e) || changed
	}
	return changed
}

// start begins a recording. When the namespace is another one than before, what
// was there did not get deleted by the learner: it is forgotten.
func (g *Grader) start(e timeline.Entry) {
	if g.origin != nil && e.Origin != nil && (g.origin.Cluster != e.Origin.Cluster || g.origin.Namespace != e.Origin.Namespace) {
		clear(g.world)
		clear(g.graves)
		for _, s := range g.states {
			s.progress, s.ran = nil, false
		}
	}
	g.origin = e.Origin
	clear(g.synced)
	clear(g.trouble)
	for _, s := range g.states {
		s.since, s.looked, s.errored = time.Time{}, 0, ""
	}
}

// closeWindows ends what was held so far: nobody knows what happens now.
func (g *Grader) closeWindows(of string) {
	for _, s := range g.states {
		if s.watches() == of {
			s.since, s.looked = time.Time{}, 0
		}
	}
}

// watches is the kind that a check is about.
func (s *state) watches() string {
	if s.Object != nil {
		return s.Object.GVK.GroupKind().String()
	}
	return schema.GroupKind{Kind: "Pod"}.String()
}

// sees tells whether what is known of a kind is what there is. While it is being
// listed, or cannot be watched, the objects known from before may be gone.
func (g *Grader) sees(of string) bool {
	_, trouble := g.trouble[of]
	return g.synced[of] && !trouble
}

// see brings the world up to date with an object entry.
func (g *Grader) see(e timeline.Entry) {
	u := &unstructured.Unstructured{}
	if err := json.Unmarshal(e.Object, &u.Object); err != nil {
		return // not written by the recorder: there is no object to judge
	}
	r := ref{u.GroupVersionKind().GroupKind(), u.GetName()}
	if e.Kind == timeline.Deleted {
		shown := g.world[r].seq
		if shown == 0 {
			shown = e.Seq
		}
		g.graves[r] = grave{shown: shown, deleted: e.Seq}
		delete(g.world, r)
		return
	}
	v, err := view.Of(u)
	g.world[r] = object{seq: e.Seq, uid: string(u.GetUID()), view: v, bad: err}
}

// read notes a log line for every check that waits for it, blocked or not: what
// is written stays written.
func (g *Grader) read(e timeline.Entry) {
	for _, s := range g.states {
		if s.Logs == nil || s.Logs.Pod != e.Log.Pod || s.Logs.Container != "" && s.Logs.Container != e.Log.Container {
			continue
		}
		if s.line == 0 && s.Logs.Match.MatchString(e.Log.Line) {
			s.line = e.Seq
		}
	}
}

func (g *Grader) met(needs []string) bool {
	for _, n := range needs {
		if !g.byID[n].passed {
			return false
		}
	}
	return true
}

// held passes a check whose window has been open long enough before e.
func (g *Grader) held(s *state, before, e timeline.Entry) bool {
	if s.since.IsZero() || e.Time.Sub(s.since) < s.Holds {
		return false
	}
	s.pass(s.since.Add(s.Holds), s.sinceSeq, before.Seq)
	return true
}

func (s *state) pass(at time.Time, evidence ...int64) {
	s.passed, s.at, s.evidence = true, at, slices.Compact(evidence)
	s.message, s.mismatches, s.errored = "", nil, ""
}

// fail notes what was found instead, proved by the entry seq, and reports
// whether that is news.
func (s *state) fail(seq int64, mm []want.Mismatch, format string, args ...any) bool {
	message := fmt.Sprintf(format, args...)
	if message == s.message && s.errored == "" && slices.Equal(mm, s.mismatches) {
		return false
	}
	s.seen, s.mismatches, s.message, s.errored = seq, mm, message, ""
	return true
}

// Due is the earliest time at which an open holds window will be long enough.
// The session then appends a Clock entry. It is zero when nothing waits.
func (g *Grader) Due() (due time.Time) {
	for _, s := range g.states {
		if s.passed || s.since.IsZero() {
			continue
		}
		if t := s.since.Add(s.Holds); due.IsZero() || t.Before(due) {
			due = t
		}
	}
	return due
}

// Waiting tells whether a check is still to pass and has all it needs, so that
// running its command or reading its logs can change something.
func (g *Grader) Waiting(check string) bool {
	s := g.byID[check]
	return s != nil && !s.passed && g.met(s.Needs)
}

// Report is the outcome by now. While the learner is at work (final is false)
// what has not passed is pending; once it is final, it has failed.
func (g *Grader) Report(final bool) Report {
	r := Report{Lab: g.lab.ID, Digest: g.lab.Digest, Title: g.lab.Title, Entries: g.last.Seq, Points: g.lab.Points(), Passed: true}
	for _, c := range g.lab.Checks() {
		x := g.result(g.byID[c.ID], final)
		r.Earned += x.Earned
		if x.Verdict == Errored {
			r.Unjudged += x.Points
		}
		r.Passed = r.Passed && x.Verdict == Passed
		r.Results = append(r.Results, x)
	}
	return r
}

func (g *Grader) result(s *state, final bool) Result {
	x := Result{Check: s.ID, Step: s.step, Title: s.Title, Points: s.Points}
	if s.passed {
		at := s.at
		x.Verdict, x.Earned, x.Evidence, x.At = Passed, s.Points, s.evidence, &at
		return x
	}
	x.Why, x.Next = s.Why, s.Next
	for _, n := range s.Needs {
		if !g.byID[n].passed {
			x.Needs = append(x.Needs, n)
		}
	}
	trouble, unsynced := g.troubleOf(s)
	switch {
	case unsynced && !final:
		x.Verdict, x.Message = Pending, trouble
	case trouble != "":
		x.Verdict, x.Message = Errored, trouble
	case len(x.Needs) > 0:
		// A check that waits for one that could not be judged cannot be judged.
		x.Verdict, x.Message = Blocked, "waits for: "+g.titles(x.Needs)
		for _, n := range x.Needs {
			if g.result(g.byID[n], final).Verdict == Errored {
				x.Verdict = Errored
			}
		}
	case s.errored != "":
		x.Verdict, x.Message = Errored, s.errored
	case final:
		x.Verdict, x.Message, x.Mismatches = Failed, s.message, s.mismatches
	default:
		x.Verdict, x.Message, x.Mismatches = Pending, s.message, s.mismatches
	}
	if s.seen > 0 && x.Verdict != Blocked {
		x.Evidence = []int64{s.seen}
	}
	return x
}

// troubleOf says why the cluster cannot be observed for a check, or "";
// unsynced tells that it has not been looked at yet.
func (g *Grader) troubleOf(s *state) (reason string, unsynced bool) {
	of := s.watches()
	if reason, ok := g.trouble[of]; ok {
		return "the cluster cannot be watched: " + reason, false
	}
	if !g.synced[of] {
		return "the cluster has not been looked at yet", true
	}
	return "", false
}

func (g *Grader) titles(ids []string) string {
	titles := make([]string, len(ids))
	for i, id := range ids {
		titles[i] = g.byID[id].Title
	}
	return strings.Join(titles, "; ")
}
