package grader

import (
	"time"

	"podlab.dev/podlab/grader/timeline"
)

// confirmed is how long after it was found something counts as found, when nothing else
// happens.
const confirmed = time.Second

// find judges what counts as it is found, once its needs have passed. It counts from the
// next entry on: an answer that was given while nobody recorded stands right before the
// beginning of a recording, and what was known then is of the one before.
func (g *Grader) find(s *state, e timeline.Entry) (changed bool) {
	found := *s
	g.judge(&found, e)
	if found.errored != "" {
		*s = found
		return true
	}
	s.found, s.foundAt = &found, e.Time
	return false
}

// confirm lets count what was found at an entry before this one.
func (g *Grader) confirm(s *state) bool {
	if s.found == nil {
		return false
	}
	if *s = *s.found; !s.passed {
		s.lost = true
		s.message += "; what counts is how it was when this was so: " + g.titles(s.Needs)
	}
	return true
}

// confirms is when what was found counts at the latest; zero when nothing was.
func (s *state) confirms() time.Time {
	if s.found == nil {
		return time.Time{}
	}
	return s.foundAt.Add(confirmed)
}
