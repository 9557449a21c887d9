package lab

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"cuelang.org/go/cue"

	"podlab.dev/podlab/cue/view"
	"podlab.dev/podlab/cue/want"
)

// decoder makes a [Lab] of what has the shape #Lab, and reports what CUE cannot
// see.
type decoder struct {
	*report
	data, wants cue.Value
	file        string
	ctx         *cue.Context
	kinds       *view.Kinds // of the built-in ones and the lab's own
	crdsBroken  bool        // and what kinds the lab has is not known
}

// raw mirrors #Lab for decoding; [Lab] is what comes out after the checks that
// CUE cannot make.
type raw struct {
	Title    string             `json:"title"`
	Summary  string             `json:"summary"`
	Level    string             `json:"level"`
	Minutes  int                `json:"minutes"`
	Exam     *Exam              `json:"exam"`
	Submit   rawSubmissions     `json:"submissions"`
	Topics   []string           `json:"topics"`
	Needs    Needs              `json:"needs"`
	Mistakes map[string]Mistake `json:"mistakes"`
	Lint     map[string]string  `json:"lint"`
	Survive  map[string]string  `json:"survivors"`
	Steps    []struct {
		ID    string `json:"id"`
		Setup *struct {
			Manifests []string   `json:"manifests"`
			Faults    []rawFault `json:"faults"`
			Symptoms  []struct {
				Title string `json:"title"`
				rawCondition
			} `json:"symptoms"`
		} `json:"setup"`
		Checks []rawCheck `json:"checks"`
	} `json:"steps"`
}

type rawCondition struct {
	Object *rawObject `json:"object"`
	Events *struct {
		Kind string `json:"kind"`
		Name string `json:"name"`
	} `json:"events"`
	Logs *struct {
		Pod       string `json:"pod"`
		Container string `json:"container"`
		Match     string `json:"match"`
	} `json:"logs"`
	Exec  *Exec  `json:"exec"`
	HTTP  *HTTP  `json:"http"`
	Gone  bool   `json:"gone"`
	Holds string `json:"holds"`
}

type rawObject struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
}

type rawCheck struct {
	rawCondition
	ID       string    `json:"id"`
	Title    string    `json:"title"`
	Points   int       `json:"points"`
	Needs    []string  `json:"needs"`
	AsFound  bool      `json:"asFound"`
	Within   string    `json:"within"`
	Why      string    `json:"why"`
	Next     string    `json:"next"`
	Hints    []rawHint `json:"hints"`
	Criteria []struct {
		Title  string `json:"title"`
		Points int    `json:"points"`
	} `json:"criteria"`
	Quiz *struct {
		Question string   `json:"question"`
		Choices  []string `json:"choices"`
		Answer   texts    `json:"answer"`
		Field    *struct {
			rawObject
			Path string `json:"path"`
		} `json:"field"`
	} `json:"quiz"`
	Fault      *rawFault `json:"fault"`
	Throughout *struct {
		Service string `json:"service"`
		Port    int    `json:"port"`
		Path    string `json:"path"`
		Answers int    `json:"answers"`
		For     string `json:"for"`
	} `json:"throughout"`
}

// rawHint is a text, or a struct with one.
type rawHint struct {
	Text    string `json:"text"`
	Missing bool   `json:"missing"`
}

func (h *rawHint) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &h.Text) == nil {
		return nil
	}
	type plain rawHint
	return json.Unmarshal(b, (*plain)(h))
}

// texts is one text, or several.
type texts []string

func (t *texts) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(t))
}

func (d *decoder) lab(l *Lab) {
	var in raw
	if err := d.data.Decode(&in); err != nil {
		d.report.cue(err, d.file, cue.Value{})
		return
	}
	l.Title, l.Summary, l.Level, l.Minutes, l.Exam = in.Title, in.Summary, in.Level, in.Minutes, in.Exam
	l.Topics, l.Needs, l.Mistakes = in.Topics, in.Needs, in.Mistakes
	l.Silenced, l.Survivors = in.Lint, in.Survive
	l.Submissions = d.submissions(in.Submit)

	ids := map[string]string{} // id → path of the step or check that has it
	own := func(what, id, path string) {
		if first, ok := ids[what+id]; ok {
			d.add(d.pos(path+".id"), path+".id", "the id %q is taken by %s", id, first)
		}
		ids[what+id] = path
	}
	for i, s := range in.Steps {
		p := fmt.Sprintf("steps[%d]", i)
		own("step ", s.ID, p)
		step := Step{ID: s.ID, File: fmt.Sprintf("%02d-%s.md", i+1, s.ID)}
		lesson, err := fs.ReadFile(l.FS, step.File)
		if err != nil {
			d.add(d.pos(p+".id"), p, "its lesson %s is missing", step.File)
		}
		step.Lesson = lesson
		if s.Setup != nil {
			step.Setup = &Setup{Manifests: s.Setup.Manifests}
			for j, m := range s.Setup.Manifests {
				d.exists(l.FS, m, fmt.Sprintf("%s.setup.manifests[%d]", p, j))
			}
			if len(s.Setup.Manifests)+len(s.Setup.Faults) == 0 {
				d.add(d.pos(p+".setup"), p+".setup", "a setup prepares something: write manifests or faults")
			}
			for j := range s.Setup.Faults {
				fp := fmt.Sprintf("%s.setup.faults[%d]", p, j)
				f := d.broken(&s.Setup.Faults[j], fp)
				if f.Apply != "" {
					d.exists(l.FS, f.Apply, fp+".apply")
				}
				if f.Lasts() && s.Setup.Faults[j].For == "" {
					f.For = longest
				}
				l.Needs.Faults = l.Needs.Faults || f.OnNode()
				step.Setup.Faults = append(step.Setup.Faults, f)
			}
			for j, x := range s.Setup.Symptoms {
				c := Check{ID: fmt.Sprintf("%s/setup[%d]", s.ID, j), Title: x.Title}
				c.Condition = d.condition(x.rawCondition, fmt.Sprintf("%s.setup.symptoms[%d]", p, j), true)
				c.shape = c.shapeIn(d.kinds)
				step.Setup.Symptoms = append(step.Setup.Symptoms, c)
			}
		}
		for j, c := range s.Checks {
			cp := checkPath(i, j)
			own("check ", c.ID, cp)
			check := d.check(c, cp)
			if check.Fault != nil && check.Fault.Apply != "" {
				d.exists(l.FS, check.Fault.Apply, cp+".fault.apply")
			}
			l.Needs.Faults = l.Needs.Faults || check.Fault != nil && (check.Fault.OnNode() || check.Throughout != nil)
			step.Checks = append(step.Checks, check)
		}
		l.Steps = append(l.Steps, step)
	}
	d.times(l)
	d.needs(l)
	d.gpus(l)
	for _, name := range slices.Sorted(maps.Keys(l.Mistakes)) {
		if m := l.Mistakes[name]; ids["check "+m.Fails] == "" {
			d.add(d.pos("mistakes."+name+".fails"), "mistakes."+name+".fails", "%s", d.unknown(m.Fails, l))
		}
	}
}

// Paths of what has more than one place.
func checkPath(step, n int) string { return fmt.Sprintf("steps[%d].checks[%d]", step, n) }
func seenPath(n int) string        { return fmt.Sprintf("seen[%d]", n) }
func whenPath(n int) string        { return fmt.Sprintf("hints[%d].when", n) }
func criterionPath(n int) string   { return fmt.Sprintf("criteria[%d]", n) }

func (d *decoder) exists(fsys fs.FS, file, path string) {
	if info, err := fs.Stat(fsys, file); err != nil || !info.Mode().IsRegular() {
		d.add(d.pos(path), path, "the lab has no file %s", file)
	}
}

func (d *decoder) check(in rawCheck, p string) Check {
	c := Check{
		ID: in.ID, Title: in.Title, Points: in.Points, Needs: in.Needs,
		AsFound: in.AsFound, Within: duration(in.Within), Why: in.Why, Next: in.Next,
	}
	if in.Quiz != nil {
		c.Quiz = d.quiz(in, p)
	} else {
		c.Condition = d.condition(in.rawCondition, p, in.Fault == nil && len(in.Criteria) == 0)
	}
	d.asFound(&c, in, p)
	c.shape = c.shapeIn(d.kinds)
	if len(in.Criteria) > 0 {
		d.criteria(&c, in, p)
	}
	if in.Fault != nil || d.has(p+".after") || in.Throughout != nil {
		d.fault(&c, in, p)
	}
	for i, h := range in.Hints {
		hint := Hint{Text: h.Text, Missing: h.Missing}
		if at := p + "." + whenPath(i); d.has(at) {
			hint.When = d.constraint(at, c.Shape())
			if c.Shape() == nil && c.Object == nil {
				d.add(d.pos(at), at, "there is nothing that a check of logs, or a question, could look like: leave when out")
			}
		}
		if h.Missing && c.Object == nil {
			d.add(d.pos(p+fmt.Sprintf(".hints[%d]", i)), p+fmt.Sprintf(".hints[%d].missing", i), "only an object can be missing")
		}
		c.Hints = append(c.Hints, hint)
	}
	d.secrets(&c, p)
	return c
}

// condition reads what is observed. wanted says that it needs a want.
func (d *decoder) condition(in rawCondition, p string, wanted bool) Condition {
	c := Condition{Gone: in.Gone, Holds: duration(in.Holds), Exec: in.Exec, HTTP: in.HTTP}
	hasWant, hasSeen, hasNever := d.has(p+".want"), d.has(p+".seen"), d.has(p+".never")
	switch {
	case count(in.Object != nil, in.Events != nil, in.Logs != nil, in.Exec != nil, in.HTTP != nil) != 1:
		d.add(d.pos(p), p, "a check is about one thing: write one of object, events, logs, exec, http and quiz")
		return c
	case in.Object != nil:
		if n := count(hasWant, hasSeen, in.Gone); n > 1 || n == 0 && wanted {
			d.add(d.pos(p), p, "a check of an object has one of want, seen and gone")
		}
		c.Object = d.object(*in.Object, p+".object")
	case in.Events != nil:
		gvk, err := d.kinds.Kind("", in.Events.Kind)
		if err != nil {
			// Events know their object's kind, whose API they need not.
			gvk.Kind = in.Events.Kind
		}
		c.Events = &Events{Kind: gvk.GroupKind(), Name: in.Events.Name}
		d.onlyWant(p, "events", "the Event that is looked for", hasWant, hasSeen, in.Gone)
	case in.Logs != nil:
		if hasWant || hasSeen || in.Gone {
			d.add(d.pos(p), p, "a check of logs says what it wants in logs.match")
		}
		re, err := regexp.Compile(in.Logs.Match)
		if err != nil {
			d.add(d.pos(p+".logs.match"), p+".logs.match", "%v", err)
		}
		c.Logs = &Logs{Pod: in.Logs.Pod, Container: in.Logs.Container, Match: re}
	case in.Exec != nil:
		d.onlyWant(p, "exec", "exitCode, stdout and stderr", hasWant || !wanted, hasSeen, in.Gone)
	case in.HTTP != nil:
		if count(in.HTTP.Service != "", in.HTTP.Pod != "") != 1 {
			d.add(d.pos(p+".http"), p+".http", "a request goes to a service or to a pod: write one of the two")
		}
		d.onlyWant(p, "http", "status, body and headers", hasWant || !wanted, hasSeen, in.Gone)
	}
	if c.Holds > 0 && (c.Gone || hasSeen || c.Logs != nil || c.Events != nil) {
		d.add(d.pos(p+".holds"), p+".holds", "only the want of an object, exec or http can hold for a time")
	}
	if hasNever && (c.Object == nil || !hasWant && !hasSeen && !d.has(p+".criteria")) {
		d.add(d.pos(p+".never"), p+".never", "never says what an object must not have been by the time it is as wanted: write it beside object and want or seen")
	}
	shape := (&Check{Condition: c}).shapeIn(d.kinds)
	if hasWant {
		c.Want = d.constraint(p+".want", shape)
	}
	if hasNever {
		c.Never = d.constraint(p+".never", shape)
	}
	if hasSeen {
		v := d.data.LookupPath(cue.ParsePath(p + ".seen"))
		n, _ := v.Len().Int64()
		for i := range int(n) {
			c.Seen = append(c.Seen, *d.constraint(p+"."+seenPath(i), shape))
		}
	}
	return c
}

func (d *decoder) onlyWant(p, kind, over string, hasWant, hasSeen, gone bool) {
	if !hasWant || hasSeen || gone {
		d.add(d.pos(p), p, "a check with %s has a want over %s", kind, over)
	}
}

func (d *decoder) object(in rawObject, p string) *Object {
	gvk, err := d.kinds.Kind(in.APIVersion, in.Kind)
	if err != nil {
		if !d.crdsBroken {
			d.add(d.pos(p+".kind"), p+".kind", "%v", err)
		}
		gvk.Kind = in.Kind
	}
	return &Object{GVK: gvk, Name: in.Name}
}

// quiz reads a question, which leaves nothing to observe.
func (d *decoder) quiz(in rawCheck, p string) *Quiz {
	q := &Quiz{Question: in.Quiz.Question, Choices: in.Quiz.Choices, Answers: in.Quiz.Answer}
	c := in.rawCondition
	if c.Object != nil || c.Events != nil || c.Logs != nil || c.Exec != nil || c.HTTP != nil || c.Gone || c.Holds != "" ||
		d.has(p+".want") || d.has(p+".seen") || d.has(p+".never") {
		d.add(d.pos(p), p, "a check is about one thing: write one of object, events, logs, exec, http and quiz")
	}
	at := p + ".quiz"
	switch f := in.Quiz.Field; {
	case count(len(q.Answers) > 0, f != nil) != 1:
		d.add(d.pos(at), at, "write either answer, or the field of an object that has it")
	case f != nil:
		q.Field = &Field{Object: *d.object(f.rawObject, at+".field"), Path: splitPath(f.Path)}
		d.fieldPath(q.Field, at+".field.path")
	}
	for _, a := range q.Answers {
		if len(q.Choices) > 0 && !slices.Contains(q.Choices, a) {
			d.add(d.pos(at+".answer"), at+".answer", "%q is not one of the choices", a)
		}
	}
	return q
}

// splitPath takes "spec.containers.web.image" apart; a key with dots stands in
// quotes.
func splitPath(path string) (out []string) {
	p := cue.ParsePath(path)
	if p.Err() != nil {
		return strings.Split(path, ".")
	}
	for _, s := range p.Selectors() {
		if s.LabelType() == cue.StringLabel {
			out = append(out, s.Unquoted())
		} else {
			out = append(out, s.String())
		}
	}
	return out
}

// fieldPath holds the path of a field against the shape of its object.
func (d *decoder) fieldPath(f *Field, p string) {
	shape := d.kinds.ShapeOf(f.GVK)
	if shape == nil {
		return
	}
	s := *shape
	for _, name := range f.Path {
		switch s.Form {
		case view.Struct:
			fields := s.Fields()
			i := slices.IndexFunc(fields, func(x view.Field) bool { return x.Name == name })
			if i < 0 {
				meant := ""
				if near := s.Nearest(name); near != "" {
					meant = "; did you mean " + near + "?"
				}
				d.add(d.pos(p), p, "%s has no field %s%s", s.Name(), name, meant)
				return
			}
			s = fields[i].Shape
		case view.Keyed, view.Map, view.List:
			s = s.Elem()
		case view.Any:
			return
		default:
			d.add(d.pos(p), p, "there is nothing below %s", name)
			return
		}
	}
	if s.Form == view.Struct || s.Form == view.Keyed || s.Form == view.Map || s.Form == view.List {
		d.add(d.pos(p), p, "the answer has to be a single value; lead the path further down")
	}
}

func duration(s string) time.Duration {
	d, _ := time.ParseDuration(s) // #Duration is its grammar
	return d
}

func (d *decoder) has(path string) bool { return d.data.LookupPath(cue.ParsePath(path)).Exists() }

// constraint is the want at p, which is the zero one if the wants do not build.
func (d *decoder) constraint(p string, t *view.Shape) *want.Constraint {
	if !d.wants.Exists() {
		return &want.Constraint{}
	}
	v := d.wants.LookupPath(cue.ParsePath(p))
	c, err := want.New(v)
	if err != nil {
		d.report.cue(err, d.file, cue.Value{})
	}
	if t != nil {
		for _, f := range want.Lint(v, t) {
			d.add(f.Pos, p+"."+f.Path, "%s", f.Msg)
		}
	}
	return &c
}

func count(bs ...bool) (n int) {
	for _, b := range bs {
		if b {
			n++
		}
	}
	return n
}
