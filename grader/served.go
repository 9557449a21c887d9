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
	s.broken.whole, s.broken.proof, s.since = at, evidence, time.Time{}
	s.fail(evidence[len(evidence)-1], differences{}, "it is as wanted again; podlab asks Service %s on, to see whether it has answered all the while", s.Throughout.Service)
}

// counted is from when on a count has all requests in it that count.
func (s *state) counted() time.Time {
	until := s.broken.time.Add(s.Throughout.For)
	if s.broken.whole.After(until) {
		until = s.broken.whole
	}
	return until.Add(reported)
}

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
	t, n := s.Throughout, e.Served
	if n.Asked == 0 {
		s.unheard("no request was made")
		return true
	}
	enough := func(answered int) bool { return answered*100 >= t.Answers*n.Asked }
	switch {
	case enough(n.Answered):
		s.pass(e.Time, append(s.broken.proof, e.Seq)...)
		return true
	case enough(n.Answered + n.Starved):
		s.unheard(fmt.Sprintf("the node was too busy; of %d requests %d were answered, and %d fell into moments when podlab did not answer itself in time either", n.Asked, n.Answered, n.Starved))
		return true
	}
	why := fmt.Sprintf("Service %s answered %d of %d requests from the fault on: %d %%, and not %d %%", t.Service, n.Answered, n.Asked, n.Answered*100/n.Asked, t.Answers)
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
