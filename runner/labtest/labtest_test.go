package labtest

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

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
		{"wrong and blocked", "mistakes/x", "b", report(1, P, B), "check b must fail and is blocked"},
		{"wrong and not reached", "mistakes/x", "b", report(0, F, F), "not reached: check a"},
		{"not judged is not caught", "mistakes/x", "b", report(1, P, E), "could not be judged"},
		{"not judged is not empty", "", "", report(0, E, F), "could not be judged"},
	} {
		pages := []lab.Step{{Checks: []lab.Check{{ID: "a"}}}, {Checks: []lab.Check{{ID: "b"}}}}
		x := Case{Lab: &lab.Lab{Steps: pages}, Answer: c.answer, Fails: c.fails}
		o := x.judge(c.report)
		if o.OK != (c.why == "") || !strings.Contains(o.Why, c.why) {
			t.Errorf("%s: ok %v, why %q; want %q", c.name, o.OK, o.Why, c.why)
		}
	}
}

func TestCases(t *testing.T) {
	l := &lab.Lab{FS: fstest.MapFS{"testdata/says.txtar": {}, "testdata/object.json": {}}, Solutions: []string{"a", "b"}, Mistakes: map[string]lab.Mistake{"y": {Fails: "c"}, "x": {Fails: "d"}}}
	var got []string
	for _, c := range Cases(l, "k", "s") {
		got = append(got, c.name()+":"+c.Fails)
	}
	if want := "untouched: solutions/a: solutions/b: mistakes/x:d mistakes/y:c testdata/says:"; strings.Join(got, " ") != want {
		t.Errorf("got %v", got)
	}
}

func TestCalm(t *testing.T) {
	breaks := &lab.Setup{Faults: []*lab.Fault{{Node: &lab.NodeFault{Do: "taint"}}}}
	last := &lab.Lab{Steps: []lab.Step{{Checks: []lab.Check{{ID: "a"}}}, {Setup: breaks, Checks: []lab.Check{{ID: "b"}}}, {Checks: []lab.Check{{ID: "c"}}}}}
	for _, c := range []struct {
		x    Case
		calm bool
	}{
		{Case{Lab: &lab.Lab{Steps: last.Steps[:1]}, Answer: "solutions/x"}, true},
		{Case{Lab: last}, false},
		{Case{Lab: last, Answer: "solutions/x"}, false},
		{Case{Lab: last, Script: "testdata/x"}, false},
		{Case{Lab: last, Answer: "mistakes/a", Fails: "a"}, true},
		{Case{Lab: last, Answer: "mistakes/b", Fails: "b"}, false},
		{Case{Lab: last, Answer: "mistakes/c", Fails: "c"}, false},
	} {
		if got := c.x.Calm(); got != c.calm {
			t.Errorf("%s is calm: %t", c.x.name(), got)
		}
	}
}

func TestUnreachable(t *testing.T) {
	for text, want := range map[string]bool{
		"$ kubectl get pods\nUnable to connect to the server: read tcp 127.0.0.1:40834->127.0.0.1:34579: read: connection reset by peer\n": true,
		"The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?\n":                                 true,
		"Error from server (NotFound): pods \"web\" not found\n":                                                                           false,
		"$ kubectl exec web -- wget -qO- http://localhost:1/\nwget: can't connect to remote host: Connection refused\n":                    false,
		"the lesson says: Unable to connect to the server\n":                                                                               false,
	} {
		if got := unreachable.MatchString(text); got != want {
			t.Errorf("%v for %q", got, text)
		}
	}
}

// Labs that wait for each other are not all begun at a time, and none is forgotten.
func TestSpread(t *testing.T) {
	gpu := &lab.Lab{ID: "gpu", Needs: lab.Needs{GPUs: lab.GPUs{{Model: "T4", Count: 1}}}}
	plain := &lab.Lab{ID: "plain"}
	for _, n := range [][2]int{{0, 0}, {3, 0}, {0, 3}, {3, 12}, {5, 2}} {
		var cases []Case
		for i := range n[0] {
			cases = append(cases, Case{Lab: gpu, Answer: fmt.Sprint(i)})
		}
		for i := range n[1] {
			cases = append(cases, Case{Lab: plain, Answer: fmt.Sprint(i)})
		}
		got := map[string]int{}
		last, nearest := -1, len(cases)
		for i, x := range spread(cases) {
			if x.Answer != fmt.Sprint(got[x.Lab.ID]) {
				t.Errorf("%v: %s %s comes as number %d", n, x.Lab.ID, x.Answer, got[x.Lab.ID])
			}
			got[x.Lab.ID]++
			if x.Lab == gpu {
				if last >= 0 {
					nearest = min(nearest, i-last)
				}
				last = i
			}
		}
		if got["gpu"] != n[0] || got["plain"] != n[1] {
			t.Errorf("%v: %v", n, got)
		}
		if n == [2]int{3, 12} && nearest != 5 {
			t.Errorf("two come %d after one another", nearest)
		}
	}
}

// A mistake is given up soon, and not before its check could be judged.
func TestPatience(t *testing.T) {
	step := func(checks ...string) (s lab.Step) {
		for _, id := range checks {
			s.Checks = append(s.Checks, lab.Check{ID: id})
		}
		return s
	}
	report := func(v grader.Verdict) grader.Report {
		return grader.Report{Entries: 1, Results: []grader.Result{{Check: "runs", Verdict: grader.Failed}, {Check: "says", Verdict: v}}}
	}
	for _, c := range []struct {
		name string
		step lab.Step
		r    grader.Report
		want time.Duration
	}{
		{"another page", step("runs"), report(grader.Pending), time.Minute},
		{"not looked at yet", step("runs", "says"), grader.Report{}, time.Minute},
		{"what it needs has not passed", step("runs", "says"), report(grader.Blocked), time.Minute},
		{"judged", step("runs", "says"), report(grader.Pending), caught},
	} {
		if got := (Case{Fails: "says"}).patience(time.Minute)(c.step, c.r); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if got := (Case{}).patience(time.Minute)(step("runs"), report(grader.Failed)); got != time.Minute {
		t.Errorf("a solution: %s", got)
	}
}
