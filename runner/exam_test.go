package runner

import (
	"context"
	"errors"
	"testing"
	"time"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader"
)

// examOf is a session of an exam of one minute.
func examOf(t *testing.T) *Session {
	t.Helper()
	l := testLab(t, nil)
	l.Exam = &lab.Exam{Minutes: 1}
	x, err := NewStore(t.TempDir()).Open("test", "test", l)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestAnExamTellsNothing(t *testing.T) {
	x := examOf(t)
	if err := x.Sit(); err != nil {
		t.Fatal(err)
	}
	r := x.veiled(grader.Report{Earned: 1, Passed: true, Results: []grader.Result{
		{Check: "c", Title: "C", Verdict: grader.Passed, Earned: 1, Points: 1, Evidence: []int64{1}},
		{Check: "d", Title: "D", Verdict: grader.Pending, Message: "there is no Pod", Why: "w", Next: "n", Hints: []int{0}},
		{Check: "e", Title: "E", Verdict: grader.Errored, Message: "the cluster does not answer"},
	}})
	if r.Earned != 0 || r.Passed {
		t.Errorf("the score is told: %+v", r)
	}
	for i, want := range []grader.Result{
		{Check: "c", Title: "C", Points: 1, Verdict: grader.Pending}, {Check: "d", Title: "D", Verdict: grader.Pending},
		{Check: "e", Title: "E", Verdict: grader.Errored, Message: "the cluster does not answer"},
	} {
		got := r.Results[i]
		if got.Verdict != want.Verdict || got.Message != want.Message || got.Points != want.Points || got.Earned+len(got.Evidence)+len(got.Hints)+len(got.Why+got.Next) > 0 {
			t.Errorf("%s: %+v", want.Check, got)
		}
	}
	var refused *ExamError
	if _, _, err := x.Hint(r); !errors.As(err, &refused) {
		t.Errorf("a hint: %v", err)
	}
	if err := x.Reset(t.Context()); !errors.As(err, &refused) {
		t.Errorf("a reset: %v", err)
	}
	if err := x.Redo(x.Step().ID); !errors.As(err, &refused) {
		t.Errorf("a step anew: %v", err)
	}
	if err := x.score(grader.Report{Earned: 5}); err != nil || x.State.Earned != 0 {
		t.Errorf("the score is kept where podlab status shows it: %d, %v", x.State.Earned, err)
	}
}

// After its end nothing of an exam changes.
func TestNothingOfAnExamChangesAfterItsEnd(t *testing.T) {
	x := examOf(t)
	if err := x.Sit(); err != nil {
		t.Fatal(err)
	}
	if err := x.Submit(); err != nil {
		t.Fatal(err)
	}
	var over *ExamOverError
	for what, err := range map[string]error{"a step anew": x.Redo(x.Step().ID), "a rebuild": x.Rebuild(), "work": x.Workable()} {
		if !errors.As(err, &over) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if len(x.State.Redone) > 0 || x.State.Rebuilt > 0 {
		t.Errorf("%+v", x.State)
	}
}

// The end of an exam is fixed when it begins, whatever happens to podlab.
func TestTheClockOfAnExam(t *testing.T) {
	x := examOf(t)
	if err := x.Sit(); err != nil {
		t.Fatal(err)
	}
	ends := x.State.Sitting.Ends
	again, err := x.store.Open("test", "test", x.Lab)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Sit(); err != nil || !again.State.Sitting.Ends.Equal(ends) {
		t.Errorf("begun again it ends at %v, not %v: %v", again.State.Sitting.Ends, ends, err)
	}
	s := *x.State.Sitting
	if left := s.Left(s.Began.Add(45 * time.Second)); left != 15*time.Second || s.Over(s.Began.Add(59*time.Second)) || !s.Over(ends) {
		t.Errorf("15 seconds before its end there are %v left", left)
	}
	if !x.InExam() || x.Examined() {
		t.Error("it is over")
	}
	if err := x.Submit(); err != nil || x.InExam() || !x.Examined() || x.State.Sitting.Left(time.Now()) != 0 {
		t.Errorf("submitted, it goes on: %v", err)
	}
}

// An exam whose time was over while podlab did not run is not recorded any more.
func TestAnExamThatIsOver(t *testing.T) {
	x := examOf(t)
	if err := x.Update(func(st *State) {
		st.Sitting = &Sitting{Began: time.Now().Add(-time.Hour), Ends: time.Now().Add(-time.Minute)}
	}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	over := false
	up := func(context.Context, *Session, func(cluster.Event)) (bool, error) { return false, nil }
	err := x.Begin(up, func(e Event) {
		if e, ok := e.(Over); ok {
			over = true
			for _, res := range e.Results {
				if res.Verdict == grader.Passed || res.Verdict == grader.Pending {
					t.Errorf("%s is %s", res.Check, res.Verdict)
				}
			}
			cancel()
		}
	}).Run(ctx)
	if err != nil || !over {
		t.Errorf("over: %v, %v", over, err)
	}
}
