package grader

import (
	"fmt"
	"strings"
	"time"

	"podlab.dev/podlab/cue/view"
	"podlab.dev/podlab/cue/want"
	"podlab.dev/podlab/grader/timeline"
)

// judge looks at one check whose needs are met and whose kind is watched.
func (g *Grader) judge(s *state, e timeline.Entry) (changed bool) {
	switch {
	case !s.broken.whole.IsZero():
		return s.judgeServed(e)
	case s.Quiz != nil:
		return g.judgeQuiz(s, e)
	case s.Logs != nil:
		return g.judgeLogs(s, e)
	case s.Events != nil:
		return g.judgeEvents(s, e)
	case s.Exec != nil:
		return g.judgeExec(s, e)
	case s.HTTP != nil:
		return g.judgeHTTP(s, e)
	}
	own := ref{s.Object.GVK.GroupKind(), s.Object.Name}
	o, exists := g.objects[own]
	s.absent = !exists
	switch {
	case s.Gone:
		return g.judgeGone(s, e, own)
	case !exists:
		s.since, s.progress, s.looked, s.observed = time.Time{}, nil, 0, nil
		s.ready = time.Time{}
		return s.overdue(e) || s.fail(e.Seq, differences{}, "%s", g.missing(own))
	case s.looked == o.seq:
		return s.overdue(e)
	}
	s.looked = o.seq
	shown, bad := o.view()
	switch {
	case bad != nil:
		s.errored = fmt.Sprintf("%s %s could not be read: %v", own.kind.Kind, own.name, bad)
	case len(s.Seen) > 0 && g.former.back[o.uid]:
		return s.fail(o.seq, differences{}, "podlab has brought %s %s back, and what it goes through by that does not count; delete it and make it anew", own.kind.Kind, own.name)
	case len(s.Seen) > 0:
		return s.judgeSeen(e, o, shown)
	default:
		return s.compare(e, observation{view: shown, seq: o.seq, uid: o.uid, otherwise: s.Object.GVK.Kind + " " + s.Object.Name + " is not as wanted"})
	}
	return true
}

// observation is what is compared with a want.
type observation struct {
	view map[string]any
	seq  int64  // the entry that shows it
	of   int64  // the entry that shows whose it is, if that is another one
	uid  string // of the object, if it is one
	// otherwise is what to say where it is not as wanted; nothing says that there
	// is nothing of which the fields could tell more.
	otherwise string
	nothing   bool
}

// leaves tells whether it is an object that is being deleted.
func (o observation) leaves() bool {
	metadata, _ := o.view["metadata"].(map[string]any)
	return metadata["deletionTimestamp"] != nil
}

// from is what differs from a want.
func (o observation) from(w *want.Constraint) differences {
	if o.nothing {
		return differences{}
	}
	return differences{want: w, view: o.view}
}

// compare holds what was observed against the want; with a fault, first against
// what it has to be for the fault, and then against what it has to be after it.
func (s *state) compare(e timeline.Entry, o observation) bool {
	s.observed = func() (map[string]any, error) { return o.view, nil }
	wanted := s.Want
	if s.Fault != nil {
		if s.broken.over {
			return false
		}
		if s.broken.seq == 0 {
			return s.await(e.Time, o)
		}
		if o.seq <= s.broken.from {
			return false // as it was before the fault
		}
		if s.wasSo && o.leaves() { // it is as it was before the fault, and nothing has come back
			s.since = time.Time{}
			return s.overdue(e) || s.fail(o.seq, differences{}, "%s %s is being deleted", s.Object.GVK.Kind, s.Object.Name)
		}
		wanted = s.After
	}
	spoilt, seq := s.spoilt[o.uid], o.seq
	switch {
	case !wanted.Met(o.view):
		s.since = time.Time{}
		if spoilt == 0 {
			s.best.note(s.Check, o)
		}
		return s.overdue(e) || s.fail(seq, o.from(wanted), "%s", o.otherwise)
	case spoilt > 0:
		s.since = time.Time{}
		return s.fail(spoilt, differences{}, "%s %s is as wanted, but it has been what it must never be; delete it and make it anew", s.Object.GVK.Kind, s.Object.Name)
	case s.tooLate(e.Time):
		return s.overdue(e)
	case s.Holds == 0:
		s.met(e.Time, s.proof(o.of, seq)...)
	case s.since.IsZero():
		s.since, s.sinceSeq = e.Time, seq
		s.best.note(s.Check, o)
		return s.fail(seq, differences{}, "as wanted; it must stay so for %s", s.Holds)
	case s.Object == nil && !e.Time.Before(s.since.Add(s.Holds)):
		// Nothing tells of a request that was not made: the last of the window
		// has to be seen.
		s.met(e.Time, s.proof(o.of, s.sinceSeq, seq)...)
	default:
		return false
	}
	return true
}

// await looks whether the fault can be injected.
func (s *state) await(at time.Time, o observation) bool {
	if s.Want != nil && !s.Want.Met(o.view) {
		s.ready = time.Time{}
		message := o.otherwise + "; once it is as wanted, podlab puts it to the test"
		if s.tried != "" {
			return s.until(o.seq, o.from(s.Want), o.otherwise+"; when podlab had put it to the test, "+s.tried, message+" again. The last time "+s.tried)
		}
		return s.until(o.seq, o.from(s.Want), o.otherwise+"; so podlab has not put it to the test", message)
	}
	if s.ready.IsZero() {
		s.ready = at
	}
	// What was not so when it was whole before, and is now, may have come of a fault
	// whose word is still to come. Where that failed, it has not.
	if so := s.After.Met(o.view); s.intact == 0 || s.wasSo || !so || s.errored != "" {
		s.intact, s.wasSo = o.seq, so
	}
	when := " now"
	if s.Fault.Delay > 0 {
		when = fmt.Sprintf(" once it has been so for %s", s.Fault.Delay)
	}
	if s.tried != "" {
		return s.until(o.seq, differences{}, "when podlab had put it to the test, "+s.tried, fmt.Sprintf("it is as it has to be; podlab breaks it again%s. The last time %s", strings.TrimSuffix(when, " now"), s.tried))
	}
	return s.until(o.seq, differences{}, "it is as it has to be; the time was over before podlab could put it to the test", "it is as it has to be; podlab breaks it"+when)
}

// overdue ends a try at recovering from a fault that has taken too long: once
// what the fault needs is there again, it is injected again.
func (s *state) overdue(e timeline.Entry) bool {
	if s.broken.over || !s.tooLate(e.Time) {
		return false
	}
	return s.again(e, s.differs, fmt.Sprintf("it was not as wanted within %s after podlab broke it", s.Within))
}

// again ends a try that came to nothing.
func (s *state) again(e timeline.Entry, d differences, why string) bool {
	if s.Lasts() || s.Fault.Exec.Undoes() {
		s.broken.over = true // it is mended before it is injected again
	} else {
		s.broken = brokenness{}
	}
	s.tried = why
	s.lookAgain()
	return s.until(e.Seq, d, why, why+"; podlab breaks it again once it is whole")
}

// judgeGone wants an object that was there and was then deleted.
func (g *Grader) judgeGone(s *state, e timeline.Entry, own ref) bool {
	if o, exists := g.objects[own]; exists {
		s.observed = o.view
		return s.fail(o.seq, differences{}, "%s %s still exists", own.kind.Kind, own.name)
	}
	if gone, ok := g.graves[own]; ok {
		s.pass(e.Time, gone.shown, gone.deleted)
		return true
	}
	return s.fail(e.Seq, differences{}, "%s; it has to exist before it can be deleted", g.missing(own))
}

// judgeSeen wants states of one and the same object, in order. States that the
// object passes through between two wanted ones do not matter.
func (s *state) judgeSeen(e timeline.Entry, o *object, shown map[string]any) bool {
	s.observed = o.view
	if s.progressU != o.uid {
		s.progress, s.progressU = nil, o.uid
	}
	next := &s.Seen[len(s.progress)]
	// After a gap the same state is looked at again.
	counted := len(s.progress) > 0 && s.progress[len(s.progress)-1] == o.seq
	if !counted && next.Met(shown) {
		if s.spoilt[o.uid] > 0 {
			return s.fail(s.spoilt[o.uid], differences{}, "%s %s has been what it must never be; delete it and make it anew", s.Object.GVK.Kind, s.Object.Name)
		}
		s.progress = append(s.progress, o.seq)
		if len(s.progress) == len(s.Seen) {
			s.pass(e.Time, s.progress...)
			return true
		}
		next = &s.Seen[len(s.progress)]
	}
	return s.fail(o.seq, differences{want: next, view: shown}, "%d of %d states seen, in this order; the next one is still to come", len(s.progress), len(s.Seen))
}

func (g *Grader) judgeLogs(s *state, e timeline.Entry) bool {
	pod := ref{pods, s.Logs.Pod}
	o, exists := g.objects[pod]
	// What a Pod wrote stays written when it is gone. It says nothing of another
	// one that took its name.
	line := s.line
	if exists {
		line = s.lines[o.uid]
	}
	if line > 0 {
		s.pass(e.Time, line)
		return true
	}
	if !exists {
		return s.fail(e.Seq, differences{}, "%s", g.missing(pod))
	}
	if none := noContainer(s.Logs.Pod, o, s.Logs.Container); none != "" {
		return s.fail(o.seq, differences{}, "%s", none)
	}
	if l := s.heard; l != nil && l.Log.UID == o.uid {
		return s.fail(l.Seq, differences{said: []want.Mismatch{{Path: "log", Want: "a line that matches " + s.Logs.Match.String(), Got: l.Log.Line}}},
			"no line of the log matches yet; the newest is shown")
	}
	return s.fail(o.seq, differences{}, "no line of the log matches %s yet", s.Logs.Match)
}

func (g *Grader) judgeEvents(s *state, e timeline.Entry) bool {
	if s.line > 0 {
		s.pass(e.Time, s.line)
		return true
	}
	about := "any " + s.Events.Kind.Kind
	if s.Events.Name != "" {
		about = s.Events.Kind.Kind + " " + s.Events.Name
	}
	if len(s.reasons) == 0 {
		return s.fail(e.Seq, differences{}, "there is no Event about %s yet", about)
	}
	return s.fail(e.Seq, differences{}, "no Event about %s is as wanted yet; there have been %s", about, strings.Join(s.reasons, ", "))
}

func (g *Grader) judgeExec(s *state, e timeline.Entry) bool {
	pod := ref{pods, s.Exec.Pod}
	command := strings.Join(s.Exec.Command, " ")
	o, exists := g.objects[pod]
	if !exists {
		s.silenced()
		return s.overdue(e) || s.fail(e.Seq, differences{}, "%s", g.missing(pod))
	}
	if none := noContainer(s.Exec.Pod, o, s.Exec.Container); none != "" {
		s.silenced()
		return s.overdue(e) || s.fail(o.seq, differences{}, "%s", none)
	}
	if !runs(o, s.Exec.Container) {
		s.silenced()
		return s.overdue(e) || s.fail(o.seq, differences{}, "%s cannot be run: its container in Pod %s is not running", command, s.Exec.Pod)
	}
	if e.Kind != timeline.Exec || e.Exec.Check != s.ID || e.Exec.UID != o.uid {
		return s.overdue(e) || !s.ran && s.fail(o.seq, differences{}, "%s has not been run in Pod %s yet", command, s.Exec.Pod)
	}
	s.ran = true
	if e.Exec.Error != "" {
		s.errored, s.since, s.ready = e.Exec.Error, time.Time{}, time.Time{}
		return true
	}
	result := view.Exec{ExitCode: e.Exec.ExitCode, Stdout: e.Exec.Stdout, Stderr: e.Exec.Stderr}.View()
	otherwise := fmt.Sprintf("%s gave something else in Pod %s", command, s.Exec.Pod)
	if said := lastLine(e.Exec.Stderr); said != "" && e.Exec.ExitCode != 0 {
		otherwise += ": " + said
	}
	return s.compare(e, observation{view: result, seq: e.Seq, of: o.seq, uid: o.uid, otherwise: otherwise})
}

// lastLine is where a command that fails says why; what a learner's program says may
// be of any length.
func lastLine(s string) string {
	s = strings.TrimSpace(s)
	line := []rune(s[strings.LastIndexByte(s, '\n')+1:])
	if len(line) > 160 {
		return string(line[:160]) + "…"
	}
	return string(line)
}

func (g *Grader) judgeHTTP(s *state, e timeline.Entry) bool {
	to := ref{s.Kinds()[0].GroupKind(), s.HTTP.Service + s.HTTP.Pod}
	request := fmt.Sprintf("%s %s of %s %s, port %d", s.HTTP.Method, s.HTTP.Path, to.kind.Kind, to.name, s.HTTP.Port)
	asked, exists := g.objects[to]
	if !exists {
		s.silenced()
		return s.overdue(e) || s.fail(e.Seq, differences{}, "%s", g.missing(to))
	}
	if e.Kind != timeline.HTTP || e.HTTP.Check != s.ID {
		return s.overdue(e) || !s.ran && s.fail(e.Seq, differences{}, "%s has not been asked yet", request)
	}
	s.ran = true
	if e.HTTP.Error != "" {
		s.errored, s.since, s.ready = e.HTTP.Error, time.Time{}, time.Time{}
		return true
	}
	answer := view.HTTP{Status: e.HTTP.Status, Body: e.HTTP.Body, Headers: e.HTTP.Headers}.View()
	o := observation{view: answer, seq: e.Seq, of: asked.seq, otherwise: request + " answers something else"}
	if e.HTTP.Unanswered != "" {
		o.otherwise, o.nothing = "nobody answers "+request+": "+e.HTTP.Unanswered, true
	}
	return s.compare(e, o)
}
