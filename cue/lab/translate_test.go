package lab_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"podlab.dev/podlab/cue/lab"
)

const inTwoLanguages = `
schema: "v1", title: "Title", summary: "Summary", minutes: 1
steps: [{id: "a", checks: [{
	id: "pod", title: "Pod p is Running", why: "why", next: "kubectl get pods", points: 3, hints: ["one", {text: "two", missing: true}]
	object: {kind: "Pod", name: "p"}
	want: status: phase: "Running"
}, {
	id: "quiz", title: "asked", why: "why", needs: ["pod"], hints: ["hint"]
	quiz: {question: "Which?", choices: ["red", "green", "blue"], answer: ["green", "blue"]}
}, {
	id: "open", title: "How many?", why: "why"
	quiz: {question: "How many?", answer: "2"}
}]}, {id: "b"}]
`

func translated(t testing.TB, more map[string]string) *lab.Lab {
	t.Helper()
	fsys := fstest.MapFS{}
	files := map[string]string{
		"lab.cue":    inTwoLanguages,
		"01-a.md":    "# A\n",
		"02-b.md":    "# B\n",
		"01-a.zh.md": "# 一\n",
		"translations/zh.cue": `
title: "题"
checks: pod: {title: "Pod p 在运行", hints: ["一", "二"]}
checks: quiz: {question: "哪个?", choices: ["红", "绿", "蓝"]}
`,
		"translations/pt-BR.cue": `summary: "Resumo"
checks: open: {question: "Quantos?", next: "n"}`,
	}
	for name, text := range more {
		files[name] = text
	}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	l, err := lab.Load(fsys, "my-lab")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLanguageThatFits(t *testing.T) {
	l := translated(t, map[string]string{"02-b.de.md": "# B auf Deutsch\n"})
	if want := []string{"de", "pt-BR", "zh"}; !slices.Equal(l.Languages, want) {
		t.Errorf("the languages are %v, not %v", l.Languages, want)
	}
	for asked, want := range map[string]string{
		"zh": "zh", "zh-CN": "zh", "zh-Hans-CN": "zh", "ZH_cn": "zh",
		"pt-BR": "pt-BR", "pt": "pt-BR", "de-AT": "de",
		"": "", "fr": "", "ja": "", "en": "", "en-US": "", "und": "", "C": "", "no language": "",
	} {
		in := l.In(asked)
		if in.Lang != want {
			t.Errorf("asked for %q: %q and not %q", asked, in.Lang, want)
		}
		if want == "" && in != l {
			t.Errorf("asked for %q: another lab", asked)
		}
	}
}

// A lab may be written in any language, and be translated into English.
func TestTranslatedIntoEnglish(t *testing.T) {
	l := translated(t, map[string]string{"translations/en.cue": `title: "English"`})
	for asked, want := range map[string]string{"en": "en", "en-US": "en", "en-GB": "en", "zh": "zh", "fr": ""} {
		if got := l.In(asked).Lang; got != want {
			t.Errorf("asked for %q: %q and not %q", asked, got, want)
		}
	}
}

func TestTextsInAnotherLanguage(t *testing.T) {
	l := translated(t, nil)
	zh := l.In("zh-CN")
	pod, quiz, open := zh.Check("pod"), zh.Check("quiz"), zh.Check("open")
	for _, x := range []struct{ got, want string }{
		{zh.Title, "题"},
		{zh.Summary, "Summary"},
		{string(zh.Steps[0].Lesson), "# 一\n"},
		{string(zh.Steps[1].Lesson), "# B\n"},
		{pod.Title, "Pod p 在运行"},
		{pod.Why, "why"},
		{pod.Next, "kubectl get pods"},
		{pod.Hints[0].Text, "一"},
		{pod.Hints[1].Text, "二"},
		{quiz.Title, "asked"},
		{quiz.Hints[0].Text, "hint"},
		{quiz.Quiz.Question, "哪个?"},
		{open.Quiz.Question, "How many?"},
		{open.Title, "How many?"},
	} {
		if x.got != x.want {
			t.Errorf("got %q, want %q", x.got, x.want)
		}
	}
	if !slices.Equal(quiz.Quiz.Choices, []string{"红", "绿", "蓝"}) || !slices.Equal(quiz.Quiz.Answers, []string{"绿", "蓝"}) {
		t.Errorf("choices %v, answers %v", quiz.Quiz.Choices, quiz.Quiz.Answers)
	}
	for _, answer := range []string{"b", "C", "绿"} {
		if !slices.ContainsFunc(quiz.Quiz.Answers, func(right string) bool { return quiz.Quiz.Same(answer, right) }) {
			t.Errorf("the answer %q is not right", answer)
		}
	}
	if !slices.Equal(open.Quiz.Answers, []string{"2"}) {
		t.Errorf("answers %v", open.Quiz.Answers)
	}

	// What is checked is the same.
	for i, c := range zh.Checks() {
		own := l.Checks()[i]
		if c.ID != own.ID || c.Points != own.Points || !slices.Equal(c.Needs, own.Needs) || c.Want != own.Want || c.Object != own.Object || c.Shape() != own.Shape() || len(c.Hints) != len(own.Hints) {
			t.Errorf("check %s is another one: %+v", own.ID, c)
		}
	}
	if !pod.Hints[1].Missing || zh.Digest != l.Digest || zh.Points() != l.Points() {
		t.Error("more than the language is another one")
	}

	// And the lab itself is as it was.
	if c := l.Check("quiz"); l.Title != "Title" || string(l.Steps[0].Lesson) != "# A\n" || l.Check("pod").Hints[0].Text != "one" || c.Quiz.Choices[0] != "red" || c.Quiz.Answers[0] != "green" {
		t.Error("the lab itself was translated")
	}
}

// What is not translated is in the lab's own language, whichever it was shown in
// before.
func TestFromOneLanguageToAnother(t *testing.T) {
	l := translated(t, nil)
	pt := l.In("zh").In("pt-BR")
	if pt.Title != "Title" || pt.Summary != "Resumo" || pt.Check("pod").Title != "Pod p is Running" || pt.Check("quiz").Quiz.Choices[0] != "red" {
		t.Errorf("in pt-BR: %q, %q, %q", pt.Title, pt.Summary, pt.Check("pod").Title)
	}
	if l.In("zh").In("fr") != l || l.In("zh").In("") != l {
		t.Error("a language that is not there is not the lab's own one")
	}
}

func TestSameAnswer(t *testing.T) {
	colors := []string{"red", "Dark Green", "blue"}
	letters := []string{"b", "a", "c"}
	sizes := []string{"500m", "2", "128M", "128m"}
	versions := []string{"1.3", "1.30"}
	for _, x := range []struct {
		choices       []string
		answer, right string
		want          bool
	}{
		{nil, "Running", "Running", true},
		{nil, "  running ", "Running", true},
		{nil, "image  pull\tbackoff", "Image Pull BackOff", true},
		{nil, "imagepull", "image pull", false},
		{nil, "", "Running", false},
		{nil, "1", "10", false},
		{nil, "10", "1", false},
		{nil, "1.0", "1", true},
		{nil, "0.5", "500m", true},
		{nil, " 500m ", "0.5", true},
		{nil, "256Mi", "0.25Gi", true},
		{nil, "0.25Gi", "256Mi", true},
		{nil, "256mi", "256Mi", true},
		{nil, "256M", "256Mi", false},
		{nil, "1M", "1m", false},
		{nil, "1K", "1k", true},
		{nil, "10.0.0.1", "10.0.0.1", true},
		{nil, "10.0.0.1", "10.0.0.10", false},
		{nil, "a", "red", false}, // there are no letters
		{nil, "a", "a", true},
		{colors, "a", "red", true},
		{colors, " A ", "red", true},
		{colors, "b", "Dark Green", true},
		{colors, "dark  green", "Dark Green", true},
		{colors, "c", "Dark Green", false},
		{colors, "ab", "red", false},
		{colors, "d", "blue", false},
		{colors, "", "red", false},
		// The text wins: the choice "a" has the letter b.
		{letters, "a", "a", true},
		{letters, "b", "a", false},
		{letters, "b", "b", true},
		{letters, "a", "b", false},
		{letters, "c", "c", true},
		{sizes, "0.5", "500m", true},
		{sizes, "a", "500m", true},
		{sizes, "b", "500m", false},
		{sizes, "2", "500m", false},
		{sizes, "128m", "128M", false},
		{sizes, "128M", "128M", true},
		{sizes, "0.128k", "128M", false},
		{sizes, "128000k", "128M", true},
		{versions, "1.30", "1.3", false},
		{versions, "1.30", "1.30", true},
		// A field of the cluster that is none of the choices.
		{colors, "10.1.2.3", "10.1.2.3", true},
		{colors, "a", "10.1.2.3", false},
	} {
		q := &lab.Quiz{Choices: x.choices}
		if got := q.Same(x.answer, x.right); got != x.want {
			t.Errorf("of %v, is %q the answer %q: %v", x.choices, x.answer, x.right, got)
		}
	}
}

// What a page waits for is read, too.
func TestSymptomsInAnotherLanguage(t *testing.T) {
	files := map[string]string{
		"lab.cue": `
schema: "v1", title: "Title", summary: "Summary", minutes: 1
steps: [{
	id: "a"
	setup: {manifests: ["m.yaml"], symptoms: [{title: "Pod p waits", object: {kind: "Pod", name: "p"}, want: status: phase: "Pending"}]}
	checks: [{id: "pod", title: "t", why: "w", object: {kind: "Pod", name: "p"}, want: status: phase: "Running"}]
}, {id: "b"}]
`,
		"m.yaml":              "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n",
		"translations/zh.cue": `steps: a: symptoms: ["Pod p 在等"]`,
	}
	load := func() (*lab.Lab, error) {
		fsys := fstest.MapFS{"01-a.md": {Data: []byte("# A\n")}, "02-b.md": {Data: []byte("# B\n")}}
		for name, text := range files {
			fsys[name] = &fstest.MapFile{Data: []byte(text)}
		}
		return lab.Load(fsys, "my-lab")
	}
	l, err := load()
	if err != nil {
		t.Fatal(err)
	}
	if got := l.In("zh").Steps[0].Setup.Symptoms[0].Title; got != "Pod p 在等" || l.Steps[0].Setup.Symptoms[0].Title != "Pod p waits" {
		t.Errorf("in Chinese it is %q, and was %q", got, l.Steps[0].Setup.Symptoms[0].Title)
	}
	for wrong, says := range map[string]string{
		`steps: c: symptoms: ["x"]`:      `the lab has no step "c"`,
		`steps: a: symptoms: ["x", "y"]`: "the step has 1 symptoms, and these are 2",
		`steps: b: symptoms: ["x"]`:      "the step has 0 symptoms, and these are 1",
	} {
		files["translations/zh.cue"] = wrong
		if _, err := load(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}
