package labtest

import (
	"strings"
	"testing"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader"
)

func TestJudge(t *testing.T) {
	report := func(earned int, verdicts ...grader.Verdict) grader.Report {
		r := grader.Report{Earned: earned, Points: 2, Passed: earned == 2}
		for i, v := range verdicts {
			r.Results = append(r.Results, grader.Result{Check: string(rune('a' + i)), Verdict: v})
		}
		return r
	}
	P, F, B, E := grader.Passed, grader.Failed, grader.Blocked, grader.Errored
	for _, c := range []struct {
		name          string
		answer, fails string
		report        grader.Report
		why           string
	}{
		{"untouched and empty", "", "", report(0, F, F), ""},
		{"untouched and not empty", "", "", report(1, P, F), "earns 1"},
		{"right", "solutions/x", "", report(2, P, P), ""},
		{"right and refused", "solutions/x", "", report(1, P, F), "does not pass: b"},
		{"wrong and caught", "mistakes/x", "b", report(1, P, F), ""},
		{"wrong and passed", "mistakes/x", "b", report(2, P, P), "check b must fail and is passed"},
		{"wrong and caught by another", "mistakes/x", "b", report(0, F, B), "check b must fail and is blocked"},
		{"not judged is not caught", "mistakes/x", "b", report(1, P, E), "could not be judged"},
		{"not judged is not empty", "", "", report(0, E, F), "could not be judged"},
	} {
		x := Case{Lab: &lab.Lab{}, Answer: c.answer, Fails: c.fails}
		o := x.judge(c.report)
		if o.OK != (c.why == "") || !strings.Contains(o.Why, c.why) {
			t.Errorf("%s: ok %v, why %q; want %q", c.name, o.OK, o.Why, c.why)
		}
	}
}

func TestCases(t *testing.T) {
	l := &lab.Lab{Solutions: []string{"a", "b"}, Mistakes: map[string]lab.Mistake{"y": {Fails: "c"}, "x": {Fails: "d"}}}
	var got []string
	for _, c := range Cases(l, "k", "s") {
		got = append(got, c.name()+":"+c.Fails)
	}
	if want := "untouched: solutions/a: solutions/b: mistakes/x:d mistakes/y:c"; strings.Join(got, " ") != want {
		t.Errorf("got %v", got)
	}
}
