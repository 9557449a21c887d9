package runner

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"podlab.dev/podlab/grader"
)

// Sitting is an exam that was begun. Its end is fixed then: podlab may crash, or
// the machine sleep, the clock goes on.
type Sitting struct {
	Began time.Time `json:"began"`
	Ends  time.Time `json:"ends"`
	// Submitted is when the learner was done; zero before.
	Submitted time.Time `json:"submitted,omitzero"`
	// Flags are the steps that the learner wants to come back to.
	Flags []string `json:"flags,omitempty"`
}

// Over tells whether nothing counts any more.
func (s *Sitting) Over(now time.Time) bool {
	return !s.Submitted.IsZero() || !now.Before(s.Ends)
}

// Left is how much time there is, at least none.
func (s *Sitting) Left(now time.Time) time.Duration {
	if s.Over(now) {
		return 0
	}
	return s.Ends.Sub(now)
}

// ExamError says that an exam does not give something.
type ExamError struct{ Key, Asked string }

func (e *ExamError) Error() string {
	return fmt.Sprintf("lab %s is an exam: it does not give %s before its end", e.Key, e.Asked)
}

// Remedy says when it does.
func (e *ExamError) Remedy() string {
	return "the report comes when the time is over, or when you submit: Ctrl-G S in podlab start, submit in podlab start --plain"
}

// Usage marks the error as one of input.
func (e *ExamError) Usage() {}

// ExamOverError says that what is done in an exam changes nothing any more.
type ExamOverError struct{ Key string }

func (e *ExamOverError) Error() string { return fmt.Sprintf("the exam of lab %s is over", e.Key) }

// Remedy says what can still be done.
func (e *ExamOverError) Remedy() string {
	return "podlab check shows its report, podlab reset begins the lab anew"
}

// Usage marks the error as one of input.
func (e *ExamOverError) Usage() {}

// InExam tells whether the session is an exam that is not over.
func (x *Session) InExam() bool {
	return x.Lab.Exam != nil && (x.State.Sitting == nil || !x.State.Sitting.Over(time.Now()))
}

// Examined tells whether the session is an exam that is over.
func (x *Session) Examined() bool { return x.Lab.Exam != nil && !x.InExam() }

// Sit starts the clock of an exam, unless it runs already or there is none.
func (x *Session) Sit() error {
	if x.Lab.Exam == nil || x.State.Sitting != nil {
		return nil
	}
	return x.Update(func(st *State) {
		if st.Sitting == nil { // another process was faster
			now := time.Now().UTC()
			st.Sitting = &Sitting{Began: now, Ends: now.Add(time.Duration(x.Lab.Exam.Minutes) * time.Minute)}
		}
	})
}

// Submit ends an exam before its time.
func (x *Session) Submit() error {
	return x.Update(func(st *State) {
		if now := time.Now().UTC(); st.Sitting != nil && !st.Sitting.Over(now) {
			st.Sitting.Submitted = now
		}
	})
}

// Flag marks the page as one to come back to, or takes the mark away.
func (x *Session) Flag() (flagged bool, err error) {
	step := x.Step().ID
	err = x.Update(func(st *State) {
		if st.Sitting == nil {
			return
		}
		if i := slices.Index(st.Sitting.Flags, step); i >= 0 {
			st.Sitting.Flags = slices.Delete(st.Sitting.Flags, i, i+1)
			return
		}
		st.Sitting.Flags, flagged = append(st.Sitting.Flags, step), true
	})
	return flagged, err
}

// Flagged is a sentence about the pages that were flagged, for who is about to end the
// exam, or "".
func (x *Session) Flagged() string {
	var pages []string
	for i, s := range x.Lab.Steps {
		if x.State.Sitting != nil && slices.Contains(x.State.Sitting.Flags, s.ID) {
			pages = append(pages, strconv.Itoa(i+1))
		}
	}
	switch len(pages) {
	case 0:
		return ""
	case 1:
		return "You flagged page " + pages[0] + ". "
	}
	return "You flagged pages " + strings.Join(pages, ", ") + ". "
}

// veiled is a report as an exam shows it: what there is to do, not how it went.
// That something cannot be judged is no secret.
func (x *Session) veiled(r grader.Report) grader.Report {
	if !x.InExam() {
		return r
	}
	r.Earned, r.Passed = 0, false
	results := make([]grader.Result, len(r.Results))
	for i, res := range r.Results {
		results[i] = grader.Result{Check: res.Check, Step: res.Step, Title: res.Title, Points: res.Points, Answers: res.Answers, Broken: res.Broken, Verdict: grader.Pending}
		if res.Verdict == grader.Errored {
			results[i].Verdict, results[i].Message = grader.Errored, res.Message
		}
	}
	r.Results = results
	return r
}
