package grader

import (
	"fmt"
	"time"

	"podlab.dev/podlab/cue/want"
	"podlab.dev/podlab/grader/timeline"
)

const (
	// reported is how old the newest of the requests may be that a count leaves out.
	reported = time.Second
	// silence is how long no count may come that has to.
	silence = 30 * time.Second
)

// met notes that a check is as wanted. Where a Service had to go on answering after a
// fault, that is judged next.
func (s *state) met(at time.Time, evidence ...int64) {
	if s.Throughout == nil || s.broken.seq == 0 {
		s.pass(at, evidence...)
		return
	}
	s.broken.whole, s.broken.before, s.broken.proof, s.since = at, s.broken.soFar, evidence, time.Time{}
	whole := "it is as wanted again; "
	s.until(evidence[len(evidence)-1], differences{},
		whole+"the time was over before it was known whether Service "+s.Throughout.Service+" has answered all the while",
		whole+"podlab asks Service "+s.Throughout.Service+" on, to see whether it has answered all the while")
}

// counted is from when on a count has all requests in it that count.
func (s *state) counted() time.Time { return s.broken.whole.Add(s.Throughout.For + reported) }

// silent is when it is too late for a count; zero when none is waited for.
func (s *state) silent() time.Time {
	if s.broken.whole.IsZero() || s.broken.over {
		return time.Time{}
	}
	return s.counted().Add(silence)
}

// judgeServed looks whether the Service has answered while things broke and were whole
// again.
func (s *state) judgeServed(e timeline.Entry) bool {
	switch {
	case s.broken.over:
		return false
	case e.Kind != timeline.Served || e.Served.Check != s.ID:
		if late := s.silent(); e.Time.Before(late) {
			return false
		}
		s.unheard("nobody says what came of the requests")
		return true
	case e.Time.Before(s.counted()):
		return false
	}
	all, b := *e.Served, s.broken.before
	if all.Asked == 0 {
		s.unheard("no request was made")
		return true
	}
	after := all
	after.Asked, after.Answered, after.Starved = all.Asked-b.Asked, all.Answered-b.Answered, all.Starved-b.Starved
	busy := false
	for _, n := range []struct {
		timeline.ServedSoFar
		since string
	}{{all, "from the fault on"}, {after, "once it was as wanted again"}} {
		enough := func(answered int) bool { return answered*100 >= s.Throughout.Answers*n.Asked }
		switch {
		case enough(n.Answered):
		case enough(n.Answered + n.Starved):
			busy = true
		default:
			return s.unserved(e, n.ServedSoFar, n.since)
		}
	}
	if busy {
		s.unheard(fmt.Sprintf("the node was too busy; of %d requests %d were answered, and %d fell into moments when podlab did not answer itself in time either", all.Asked, all.Answered, all.Starved))
		return true
	}
	s.pass(e.Time, append(s.broken.proof, e.Seq)...)
	return true
}

// unserved ends a try of which it is known that too few were served.
func (s *state) unserved(e timeline.Entry, n timeline.ServedSoFar, since string) bool {
	t := s.Throughout
	why := fmt.Sprintf("Service %s answered %d of %d requests %s: %d %%, and not %d %%", t.Service, n.Answered, n.Asked, since, n.Answered*100/n.Asked, t.Answers)
	if n.Why != "" {
		why += " (" + n.Why + ")"
	}
	said := []want.Mismatch{{Path: "answered", Want: fmt.Sprintf("at least %d %%", t.Answers), Got: fmt.Sprintf("%d of %d", n.Answered, n.Asked)}}
	return s.again(e, differences{said: said}, why)
}

// unheard ends a try of which it cannot be known who was served. It costs nothing.
func (s *state) unheard(why string) {
	s.again(timeline.Entry{Seq: s.broken.seq}, differences{}, why)
	s.errored = fmt.Sprintf("podlab cannot tell whether Service %s has answered: %s", s.Throughout.Service, why)
}
