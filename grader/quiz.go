package grader

import (
	"slices"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/timeline"
)

// judgeQuiz compares the newest answer with what is right, which for a field is
// what the cluster shows now.
func (g *Grader) judgeQuiz(s *state, e timeline.Entry) bool {
	right := s.Quiz.Answers
	var proof []int64
	if f := s.Quiz.Field; f != nil {
		own := ref{f.GVK.GroupKind(), f.Name}
		text, seq, ok := g.field(own, f.Path)
		s.absent = seq == 0
		switch {
		case s.absent:
			return s.fail(e.Seq, differences{}, "the answer is to be seen in the cluster; %s", g.missing(own))
		case !ok:
			return s.fail(seq, differences{}, "the answer is to be seen in %s %s, which does not have it yet", own.kind.Kind, own.name)
		}
		right, proof = []string{text}, []int64{seq}
	}
	if s.answer == nil {
		return s.fail(e.Seq, differences{}, "no answer yet")
	}
	given := s.answer.Answer.Text
	if slices.ContainsFunc(right, func(r string) bool { return s.Quiz.Same(given, r) }) {
		s.pass(e.Time, append(proof, s.answer.Seq)...)
		return true
	}
	if n := len(s.Quiz.Choices); n > 0 && !s.Quiz.Offers(given) {
		return s.fail(s.answer.Seq, differences{}, "%q is none of the choices: answer with the letter of one, a to %s", given, lab.Letter(n-1))
	}
	return s.fail(s.answer.Seq, differences{}, "%q is not right", given)
}
