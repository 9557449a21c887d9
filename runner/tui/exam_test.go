package tui

import (
	"strings"
	"testing"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader"
)

// On a small screen too the learner sees which pages are flagged, and the score.
func TestTheEndOfAnExam(t *testing.T) {
	m, _ := sized(t, 80, 24)
	m.session.Lab.Exam = &lab.Exam{Minutes: 1}
	if err := m.session.Sit(); err != nil {
		t.Fatal(err)
	}
	shows := func(want string) {
		t.Helper()
		if s := screen(m); !strings.Contains(s, want) {
			t.Errorf("%q is not shown:\n%s", want, s)
		}
	}
	press := func(keys ...string) {
		for _, k := range keys {
			m.Update(key(k))
		}
	}
	press("ctrl+g", "S")
	shows("End the exam? Nothing counts afterwards.")
	press("n", "ctrl+g", "f")
	shows("this page is flagged")
	press("ctrl+g", "S")
	shows("End the exam? You flagged page 1. Nothing counts afterwards.")
	press("n", "ctrl+g", "n", "ctrl+g", "f", "ctrl+g", "S")
	shows("You flagged pages 1, 2.")
	press("n", "ctrl+g", "f")
	shows("this page is not flagged any more")
	press("ctrl+g", "s")
	m.over(grader.Report{Earned: 3, Points: 4})
	shows("3 of 4 points")
}
