package lab_test

import (
	"testing"
	"testing/fstest"

	"podlab.dev/podlab/cue/lab"
)

// An answer that is kept is right or wrong in every language, and letters that
// are choices are themselves.
func TestOwnAnswers(t *testing.T) {
	src := `schema: "v1", title: "T", summary: "S", minutes: 1
steps: [{id: "a", checks: [{
	id: "color", title: "t", why: "w"
	quiz: {question: "q", choices: ["Red", "Green"], answer: "Green"}
}, {
	id: "letter", title: "t", why: "w"
	quiz: {question: "q", choices: ["b", "a"], answer: "a"}
}]}]`
	l, err := lab.Load(fstest.MapFS{
		"lab.cue": {Data: []byte(src)}, "01-a.md": {},
		"translations/zh.cue": {Data: []byte(`checks: color: choices: ["红", "绿"]`)},
	}, "x")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		lang, check, given, kept string
		right                    bool
	}{
		{"", "color", "green", "Green", true},
		{"", "color", "B", "Green", true},
		{"", "color", "a", "Red", false},
		{"", "color", "blue", "blue", false},
		{"zh", "color", "绿", "Green", true},
		{"zh", "color", "b", "Green", true},
		{"zh", "color", "Green", "Green", true},
		{"zh", "color", "红", "Red", false},
		{"", "letter", "a", "a", true},
		{"", "letter", "b", "b", false},
	} {
		kept := l.In(c.lang).Check(c.check).Quiz.Own(c.given)
		if kept != c.kept {
			t.Errorf("%s %s: %s is kept as %s, not %s", c.lang, c.check, c.given, kept, c.kept)
		}
		for _, lang := range []string{"", "zh"} {
			q := l.In(lang).Check(c.check).Quiz
			if q.Same(kept, q.Answers[0]) != c.right {
				t.Errorf("%s answered in %q and judged in %q: right is not %v", c.given, c.lang, lang, c.right)
			}
		}
	}
}
