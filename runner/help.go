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

// Hint takes the next hint for the first check of the current page that has not
// passed and has one for what the learner did. ok is false when there is none to
// give; a check whose hints are used up gives the last one again.
func (x *Session) Hint(r grader.Report) (h Hint, ok bool, err error) {
	if x.InExam() {
		return Hint{}, false, &ExamError{Key: x.Key, Asked: "a hint"}
	}
	for _, res := range r.Step(x.Step().ID) {
		c := x.Lab.Check(res.Check)
		if res.Verdict == grader.Passed || res.Verdict == grader.Blocked || len(res.Hints) == 0 {
			continue
		}
		fresh := false
		err := x.Update(func(st *State) {
			fresh = false
			if st.Hints == nil {
				st.Hints = map[string][]int{}
			}
			given := st.Hints[c.ID]
			for _, n := range res.Hints {
				if !slices.Contains(given, n) {
					st.Hints[c.ID], fresh = append(given, n), true
					return
				}
			}
		})
		if err != nil {
			return Hint{}, false, err
		}
		given := x.State.Hints[c.ID]
		shown := given[len(given)-1]
		if !fresh {
			shown = again(c.Hints, given, res.Hints)
		}
		of := len(given)
		for _, n := range res.Hints {
			if !slices.Contains(given, n) {
				of++
			}
		}
		return Hint{c.ID, c.Title, c.Hints[shown].Text, slices.Index(given, shown) + 1, of}, true, nil
	}
	return Hint{}, false, nil
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
