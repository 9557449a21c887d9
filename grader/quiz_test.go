package grader_test

import "testing"

// Why the answer to a question is right says the answer: it comes with the right
// answer, or when the work is over.
func TestWhyOfAQuestionComesAfterIt(t *testing.T) {
	l := load(t, check("one", `quiz: {question: "q", choices: ["red", "green"], answer: "green"}`))
	for _, c := range []struct {
		name   string
		answer string
		final  bool
		why    string
	}{
		{"asked", "", false, ""},
		{"answered wrong", "red", false, ""},
		{"answered", "green", false, "w"},
		{"over", "red", true, "w"},
	} {
		x := newTape(t).synced()
		if c.answer != "" {
			x.answer(c.answer)
		}
		if got := judge(l, x, c.final).Results[0].Why; got != c.why {
			t.Errorf("%s: why is %q, want %q", c.name, got, c.why)
		}
	}
}
