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
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/timeline"
)

// Grader judges a lab by a timeline. It is not safe for concurrent use.
type Grader struct {
	lab    *lab.Lab
	states []*state // in an order in which needs come first
	byID   map[string]*state
	setups map[string]*setup // by step; only those that have one

	world
	redos  []*timeline.Rework // steps that begin anew, until podlab has deleted what is theirs
	former former
	origin *timeline.Origin
	last   timeline.Entry
}

// setup is how far the preparation of a page has come.
type setup struct {
	begun    bool // podlab tried
	done     bool // what the page needs is in the namespace
	lasts    bool // podlab has broken something of it that is to be mended
	trouble  string
	symptoms []*state

	*lab.Setup
}

// New returns a grader that has seen nothing.
func New(l *lab.Lab) *Grader {
	g := &Grader{lab: l}
	g.reset()
	return g
}

func (g *Grader) reset() {
	g.world, g.redos, g.former = newWorld(g.lab), nil, newFormer()
	g.states, g.byID, g.setups = nil, map[string]*state{}, map[string]*setup{}
	all := map[string]*state{}
	for i := range g.lab.Steps {
		s := &g.lab.Steps[i]
		if s.Setup != nil {
			g.setups[s.ID] = &setup{Setup: s.Setup}
			for j := range s.Setup.Symptoms {
				x := &state{Check: &s.Setup.Symptoms[j], step: s.ID, symptom: true}
				g.setups[s.ID].symptoms = append(g.setups[s.ID].symptoms, x)
				g.states = append(g.states, x)
				g.byID[x.ID] = x
			}
		}
		for j := range s.Checks {
			all[s.Checks[j].ID] = &state{Check: &s.Checks[j], step: s.ID}
		}
	}
	var inOrder func(id string)
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
		for _, s := range g.of(e.Of) { // nobody knows what happens now
			s.unwatched(e.Time)
		}
		return true
	case timeline.Synced, timeline.Resumed:
		delete(g.trouble, e.Of)
		if e.Kind == timeline.Synced {
			g.synced[e.Of] = true
		}
		changed = true // also of what is as it was: it has not been looked at until now
		for _, s := range g.of(e.Of) {
			s.watched(e.Time)
		}
	case timeline.Object, timeline.Deleted:
		if r, o := g.see(e); o != nil && e.Kind == timeline.Object {
			g.recognize(r, o)
			for _, s := range g.states {
				s.noteObject(r, o, g.doomed)
			}
		}
	case timeline.Setup:
		changed = g.prepared(e)
	case timeline.Redo:
		changed = g.redo(e)
	case timeline.Rebuild:
		changed = g.rebuild(e)
	default:
		if e.Kind == timeline.Log && g.doomed[e.Log.UID] {
			return false
		}
		for _, s := range g.states {
			s.note(e)
		}
	}
	if g.former.returns {
		return changed
	}
	for _, s := range g.states {
		if s.passed || s.lost {
			continue
		}
		// A window that was open until now has lasted until now, whatever this
		// entry says.
		if s.held(before, e) || g.confirm(s) {
			changed = true
			continue
		}
		if !g.met(s.Needs) || !g.open(s) || !g.sees(s) {
			continue
		}
		if s.AsFound {
			changed = g.find(s, e) || changed
			continue
		}
		before := s.conditional()
		changed = g.judge(s, e) || changed || !slices.Equal(before, s.conditional())
	}
	return changed
}

// start begins a recording. When the namespace is another one than before, what
// was there did not get deleted by the learner: it is forgotten.
func (g *Grader) start(e timeline.Entry) {
	if g.origin != nil && e.Origin != nil && (g.origin.Cluster != e.Origin.Cluster || g.origin.Namespace != e.Origin.Namespace) {
		g.bury()
		clear(g.objects)
		clear(g.graves)
		for _, s := range g.states {
			s.forget()
		}
		for _, p := range g.setups {
			p.begun, p.done, p.lasts, p.trouble = false, false, false, ""
		}
	}
	if g.origin = e.Origin; g.origin != nil {
		g.key = g.origin.Namespace
	}
	clear(g.synced)
	clear(g.trouble)
	for _, s := range g.states {
		s.lookAgain()
		s.errored, s.broken.blind, s.found = "", time.Time{}, nil
	}
}

// prepared notes what came of a page's setup.
func (g *Grader) prepared(e timeline.Entry) bool {
	p := g.setups[e.Setup.For]
	if p == nil {
		return false // the lab has another shape now
	}
	if e.Setup.Mended {
		p.lasts = p.lasts && e.Setup.Error != ""
		return false
	}
	p.begun, p.done, p.trouble = true, e.Setup.Error == "", e.Setup.Error
	p.lasts = p.Lasts()
	return true
}

// open tells whether what is observed is judged already: symptoms once their
// setup is there, checks of a page once it shows its symptoms.
func (g *Grader) open(s *state) bool {
	p := g.setups[s.step]
	return !g.redoing(s.step) && (p == nil || p.done && (s.symptom || p.awaited() == nil))
}

// awaited is the first symptom that has not been seen, or nil.
func (p *setup) awaited() *state {
	for _, s := range p.symptoms {
		if !s.passed {
			return s
		}
	}
	return nil
}

// of are the checks that are about a kind.
func (g *Grader) of(kind string) (out []*state) {
	for _, s := range g.states {
		if slices.ContainsFunc(s.Kinds(), func(k schema.GroupVersionKind) bool { return k.GroupKind().String() == kind }) {
			out = append(out, s)
		}
	}
	return out
}

func (g *Grader) met(needs []string) bool {
	for _, n := range needs {
		if !g.byID[n].passed {
			return false
		}
	}
	return true
}

// Due is the earliest time at which something happens by itself: a condition
// has held for long enough, or it is too late for one. The session then appends
// a Clock entry. It is zero when nothing waits.
func (g *Grader) Due() (due time.Time) {
	for _, s := range g.states {
		if s.passed {
			continue
		}
		for _, t := range []time.Time{s.windowEnds(), s.confirms(), s.breaks(), s.late(), s.silent()} {
			if !t.IsZero() && t.After(g.last.Time) && (due.IsZero() || t.Before(due)) {
				due = t
			}
		}
	}
	return due
}

// Waiting tells whether a check (or a symptom) is still to pass and has all it
// needs, so that running its command or reading its logs can change something.
func (g *Grader) Waiting(check string) bool {
	s := g.byID[check]
	return s != nil && !s.passed && g.met(s.Needs) && g.open(s)
}

// Counts tells whether the next result of a check's command or request counts
// also when it is no news: the condition is met and must stay so for a while, or
// the last result may no longer be true.
func (g *Grader) Counts(check string) bool {
	s := g.byID[check]
	return s != nil && !s.passed && (!s.since.IsZero() || !s.ran)
}

// Faults are the checks whose fault is to be injected now, when the learner is on the
// given page: on another one what lasts would be mended at once. With first, they are only
// those where that has not come to nothing before.
func (g *Grader) Faults(page string, first bool) (out []*lab.Check) {
	for _, s := range g.states {
		switch due := s.breaks(); {
		case due.IsZero(), g.last.Time.Before(due), !g.Waiting(s.ID):
		case s.step != page && s.Fault.Lasts():
		case first && s.tried != "":
		default:
			out = append(out, s.Check)
		}
	}
	return out
}

// Mendable are the checks whose fault is to be undone now, when the learner is on the
// given page. A command is undone only to be tried again: what its check has shown, others
// may look at. Who asks a Service harms nobody, and may go on when the page is turned.
func (g *Grader) Mendable(page string) (out []*lab.Check) {
	for _, s := range g.states {
		if s.broken.seq == 0 || s.mended {
			continue
		}
		if s.broken.over || s.Lasts() && (s.passed || s.step != page && s.Fault.Lasts()) {
			out = append(out, s.Check)
		}
	}
	return out
}

// Restorable are the steps whose setup has broken something that is to be mended now:
// all of their checks have passed.
func (g *Grader) Restorable() (out []string) {
	for _, step := range g.lab.Steps {
		p := g.setups[step.ID]
		open := slices.ContainsFunc(g.states, func(s *state) bool { return s.step == step.ID && !s.passed })
		if p != nil && p.lasts && !open {
			out = append(out, step.ID)
		}
	}
	return out
}

// Prepared tells whether the setup of a step is in the namespace; so it is when
// there is none.
func (g *Grader) Prepared(step string) bool {
	p := g.setups[step]
	return p == nil || p.done
}

func (g *Grader) titles(ids []string) string {
	titles := make([]string, len(ids))
	for i, id := range ids {
		titles[i] = g.byID[id].Title
	}
	return strings.Join(titles, "; ")
}
