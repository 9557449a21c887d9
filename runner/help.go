package runner

import (
	"fmt"
	"slices"
	"strings"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/cue/view"
	"podlab.dev/podlab/grader"
)

// Hint is one hint for a check: the Number-th of Of that were or are for this
// learner.
type Hint struct {
	Check, Title, Text string
	Number, Of         int
}

// Hint takes the next hint of the current page: of the first check that has not passed
// and has one left for what the learner did. When all of them are given, the first such
// check gives its last one again. ok is false when there is none to give.
func (x *Session) Hint(r grader.Report) (h Hint, ok bool, err error) {
	if x.InExam() {
		return Hint{}, false, &ExamError{Key: x.Key, Asked: "a hint"}
	}
	var open []grader.Result
	for _, res := range r.Step(x.Step().ID) {
		if res.Verdict != grader.Passed && res.Verdict != grader.Blocked && len(res.Hints) > 0 {
			open = append(open, res)
		}
	}
	if len(open) == 0 {
		return Hint{}, false, nil
	}
	of, fresh := open[0], false
	err = x.Update(func(st *State) {
		of, fresh = open[0], false
		if st.Hints == nil {
			st.Hints = map[string][]int{}
		}
		for _, res := range open {
			if next := left(res.Hints, st.Hints[res.Check]); len(next) > 0 {
				st.Hints[res.Check] = append(st.Hints[res.Check], next[0])
				of, fresh = res, true
				return
			}
		}
	})
	if err != nil {
		return Hint{}, false, err
	}
	c, given := x.Lab.Check(of.Check), x.State.Hints[of.Check]
	shown := given[len(given)-1]
	if !fresh {
		shown = again(c.Hints, given, of.Hints)
	}
	return Hint{c.ID, c.Title, c.Hints[shown].Text, slices.Index(given, shown) + 1, len(given) + len(left(of.Hints, given))}, true, nil
}

// left are the hints that were not given.
func left(hints, given []int) []int {
	return slices.DeleteFunc(slices.Clone(hints), func(n int) bool { return slices.Contains(given, n) })
}

// again is the hint to repeat when all that apply are given: the last that is for
// just such an object, or else the last for all. One for another state would
// mislead.
func again(hints []lab.Hint, given, apply []int) int {
	last, special := apply[0], false
	for _, n := range given {
		own := hints[n].When != nil || hints[n].Missing
		if slices.Contains(apply, n) && (own || !special) {
			last, special = n, own
		}
	}
	return last
}

// NoQuestionError says that a check asks nothing.
type NoQuestionError struct {
	Check     string
	Questions []string // those of the lab
}

func (e *NoQuestionError) Error() string {
	return fmt.Sprintf("there is no question %q in this lab", e.Check)
}

// Remedy names the questions.
func (e *NoQuestionError) Remedy() string {
	if len(e.Questions) == 0 {
		return "it asks no questions; its checks look at the cluster"
	}
	if near := view.Nearest(e.Check, e.Questions); near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	return "its questions are " + strings.Join(e.Questions, ", ")
}

// Usage marks the error as one of input.
func (e *NoQuestionError) Usage() {}

// maxAnswer is how long an answer may be, in characters.
const maxAnswer = 1000

// Question is the check of that name, which asks something.
func (x *Session) Question(check string) (*lab.Check, error) {
	c := x.Lab.Check(check)
	if c == nil || c.Quiz == nil {
		e := &NoQuestionError{Check: check}
		for _, c := range x.Lab.Checks() {
			if c.Quiz != nil {
				e.Questions = append(e.Questions, c.ID)
			}
		}
		return nil, e
	}
	return c, nil
}

// Answer gives the learner's answer to a question. It is judged by whoever
// records the session.
func (x *Session) Answer(check, text string) (*lab.Check, error) {
	c, err := x.Question(check)
	if err != nil {
		return nil, err
	}
	if runes := []rune(text); len(runes) > maxAnswer {
		text = string(runes[:maxAnswer])
	}
	given := Answered{check, c.Quiz.Own(text)}
	return c, x.Update(func(st *State) { st.Answers = append(st.Answers, given) })
}
