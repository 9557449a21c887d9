package cli

import (
	"testing"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/cue/want"
	"podlab.dev/podlab/grader"
)

func TestWhoLookedTooLateIsTold(t *testing.T) {
	l := &lab.Lab{Steps: []lab.Step{{Checks: []lab.Check{
		{ID: "now"},
		{ID: "gone", Condition: lab.Condition{Gone: true}},
		{ID: "history", Condition: lab.Condition{Seen: make([]want.Constraint, 2)}},
	}}}}
	for _, test := range []struct {
		check   string
		verdict grader.Verdict
		want    bool
	}{
		{"now", grader.Pending, false},
		{"gone", grader.Pending, true},
		{"gone", grader.Failed, true},
		{"gone", grader.Passed, false},
		{"history", grader.Pending, true},
		{"history", grader.Blocked, false},
	} {
		if got := fleeting(l, []grader.Result{{Check: test.check, Verdict: test.verdict}}); got != test.want {
			t.Errorf("%s, %s: %v", test.check, test.verdict, got)
		}
	}
}
