package lab

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"golang.org/x/text/language"
)

// translation is a lab in another language: what translations/zh.cue says, and
// the lessons 01-create.zh.md.
type translation struct {
	Title   string                `json:"title"`
	Summary string                `json:"summary"`
	Checks  map[string]checkTexts `json:"checks"`
	Steps   map[string]stepTexts  `json:"steps"`
	lessons map[string][]byte     // by the file of the step
}

type checkTexts struct {
	Title    string   `json:"title"`
	Why      string   `json:"why"`
	Next     string   `json:"next"`
	Hints    []string `json:"hints"`
	Question string   `json:"question"`
	Choices  []string `json:"choices"`
	Criteria []string `json:"criteria"`
}

type stepTexts struct {
	Symptoms []string `json:"symptoms"`
}

// each calls fn for every text.
func (t *translation) each(fn func(*string)) {
	fn(&t.Title)
	fn(&t.Summary)
	for id, c := range t.Checks {
		for _, text := range []*string{&c.Title, &c.Why, &c.Next, &c.Question} {
			fn(text)
		}
		for _, list := range [][]string{c.Hints, c.Choices, c.Criteria} {
			for i := range list {
				fn(&list[i])
			}
		}
		t.Checks[id] = c
	}
	for _, s := range t.Steps {
		for i := range s.Symptoms {
			fn(&s.Symptoms[i])
		}
	}
}

// lessonFile takes the name of a lesson apart: 01-create.zh.md.
var lessonFile = regexp.MustCompile(`^(\d\d-[a-z0-9-]+)\.([A-Za-z0-9-]+)\.md$`)

// translations reads what there is in other languages. Its error is podlab's own
// fault.
func (d *decoder) translations(l *Lab) error {
	l.translations = map[string]translation{}
	files, _ := fs.Glob(l.FS, "translations/*.cue") // the pattern is well-formed
	for _, file := range files {
		lang := strings.TrimSuffix(path.Base(file), ".cue")
		t, err := d.translation(l, file)
		if err != nil {
			return err
		}
		if _, err := language.Parse(lang); err != nil {
			d.report.file(file, "%q is no language; name the file after one, like zh.cue or pt-BR.cue", lang)
			continue
		}
		l.translations[lang] = t
	}
	lessons, _ := fs.Glob(l.FS, "[0-9][0-9]-*.*.md") // the pattern is well-formed
	for _, file := range lessons {
		m := lessonFile.FindStringSubmatch(file)
		if m == nil {
			continue
		}
		step, lang := m[1]+".md", m[2]
		if !slices.ContainsFunc(l.Steps, func(s Step) bool { return s.File == step }) {
			d.report.file(file, "no step has the lesson %s", step)
			continue
		}
		if _, err := language.Parse(lang); err != nil {
			d.report.file(file, "%q is no language; name the file like 01-create.zh.md", lang)
			continue
		}
		text, err := fs.ReadFile(l.FS, file)
		if err != nil {
			return fmt.Errorf("read %s: %w", file, err)
		}
		t := l.translations[lang]
		if t.lessons == nil {
			t.lessons = map[string][]byte{}
		}
		t.lessons[step] = text
		l.translations[lang] = t
	}
	for lang := range l.translations {
		l.Languages = append(l.Languages, lang)
	}
	slices.Sort(l.Languages)
	return nil
}

// translation reads one file, which may only speak of what the lab has.
func (d *decoder) translation(l *Lab, file string) (t translation, err error) {
	src, err := fs.ReadFile(l.FS, file)
	if err != nil {
		return t, fmt.Errorf("read %s: %w", file, err)
	}
	name := join(d.dir, file)
	f, err := parse(name, src)
	if err != nil {
		d.report.cue(err, name, cue.Value{})
		return t, nil
	}
	schema, err := definition(d.ctx, "#Translation")
	if err != nil {
		return t, err
	}
	v := schema.Unify(d.ctx.BuildFile(f))
	if err := v.Validate(cue.Concrete(true)); err != nil {
		d.report.cue(err, name, schema)
		return t, nil
	}
	if err := v.Decode(&t); err != nil {
		d.report.cue(err, name, schema)
		return t, nil
	}
	in := decoder{report: d.report, data: v, file: name}
	values := valuesOf(l.Params)
	t.each(func(text *string) { *text = values.fill(*text) })
	for _, id := range slices.Sorted(maps.Keys(t.Checks)) {
		c := t.Checks[id]
		at := cue.MakePath(cue.Str("checks"), cue.Str(id)).String()
		check := l.Check(id)
		switch {
		case check == nil:
			d.add(in.pos(at), at, "%s", d.unknown(id, l))
		case c.Hints != nil && len(c.Hints) != len(check.Hints):
			d.add(in.pos(at+".hints"), at+".hints", "the check has %d hints, and these are %d", len(check.Hints), len(c.Hints))
		case c.Criteria != nil && len(c.Criteria) != len(check.Criteria):
			d.add(in.pos(at+".criteria"), at+".criteria", "the check has %d criteria, and these are %d", len(check.Criteria), len(c.Criteria))
		case (c.Question != "" || c.Choices != nil) && check.Quiz == nil:
			d.add(in.pos(at), at, "the check asks no question")
		case c.Choices != nil && len(c.Choices) != len(check.Quiz.Choices):
			d.add(in.pos(at+".choices"), at+".choices", "the question has %d choices, and these are %d", len(check.Quiz.Choices), len(c.Choices))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(t.Steps)) {
		at := cue.MakePath(cue.Str("steps"), cue.Str(id), cue.Str("symptoms")).String()
		i := l.Step(id)
		switch {
		case i < 0:
			d.add(in.pos(at), at, "the lab has no step %q", id)
		case l.Steps[i].Setup == nil || len(l.Steps[i].Setup.Symptoms) != len(t.Steps[id].Symptoms):
			had := 0
			if l.Steps[i].Setup != nil {
				had = len(l.Steps[i].Setup.Symptoms)
			}
			d.add(in.pos(at), at, "the step has %d symptoms, and these are %d", had, len(t.Steps[id].Symptoms))
		}
	}
	return t, nil
}

// In is the lab in the language that fits best the one that is asked for, a BCP
// 47 tag such as "zh" or "pt-BR"; in its own language if it has none that does.
// What is not translated stays as it is. What is checked is the same.
func (l *Lab) In(lang string) *Lab {
	if l.untranslated != nil {
		l = l.untranslated
	}
	t, tag, ok := l.translated(lang)
	if !ok {
		return l
	}
	out := *l
	out.Lang, out.untranslated = tag, l
	set := func(to *string, text string) {
		if text != "" {
			*to = text
		}
	}
	set(&out.Title, t.Title)
	set(&out.Summary, t.Summary)
	out.Steps = slices.Clone(l.Steps)
	for i := range out.Steps {
		s := &out.Steps[i]
		if text, ok := t.lessons[s.File]; ok {
			s.Lesson = text
		}
		if titles := t.Steps[s.ID].Symptoms; s.Setup != nil && len(titles) > 0 {
			setup := *s.Setup
			setup.Symptoms = slices.Clone(setup.Symptoms)
			for k := range min(len(titles), len(setup.Symptoms)) {
				setup.Symptoms[k].Title = titles[k]
			}
			s.Setup = &setup
		}
		s.Checks = slices.Clone(s.Checks)
		for j := range s.Checks {
			c := &s.Checks[j]
			texts, ok := t.Checks[c.ID]
			if !ok {
				continue
			}
			set(&c.Title, texts.Title)
			set(&c.Why, texts.Why)
			set(&c.Next, texts.Next)
			c.Hints = slices.Clone(c.Hints)
			for k := range min(len(texts.Hints), len(c.Hints)) {
				c.Hints[k].Text = texts.Hints[k]
			}
			c.Criteria = slices.Clone(c.Criteria)
			for k := range min(len(texts.Criteria), len(c.Criteria)) {
				c.Criteria[k].Title = texts.Criteria[k]
			}
			if c.Quiz == nil {
				continue
			}
			quiz := *c.Quiz
			set(&quiz.Question, texts.Question)
			quiz.translate(texts.Choices)
			c.Quiz = &quiz
		}
	}
	return &out
}

// translate replaces the choices, and with them the answers.
func (q *Quiz) translate(choices []string) {
	if len(choices) == 0 {
		return
	}
	answers := slices.Clone(q.Answers)
	for i, a := range answers {
		if n := slices.Index(q.Choices, a); n >= 0 && n < len(choices) {
			answers[i] = choices[n]
		}
	}
	q.own, q.Choices, q.Answers = q.Choices, choices, answers
}

func (l *Lab) translated(lang string) (translation, string, bool) {
	want, err := language.Parse(lang)
	if err != nil || len(l.Languages) == 0 {
		return translation{}, "", false
	}
	// The lab's own language is not known; it stands first, for those whose
	// language there is none for.
	tags := []language.Tag{language.Und}
	for _, name := range l.Languages {
		tags = append(tags, language.Make(name))
	}
	_, n, confidence := language.NewMatcher(tags).Match(want)
	if n == 0 || confidence < language.Low {
		return translation{}, "", false
	}
	return l.translations[l.Languages[n-1]], l.Languages[n-1], true
}
