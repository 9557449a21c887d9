package lint

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"cuelang.org/go/cue"
	"k8s.io/apimachinery/pkg/api/resource"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/cue/view"
	"podlab.dev/podlab/cue/want"
)

// lessons holds what the checks of a step ask for against its lesson: a learner
// cannot guess a name or a number. What stands in a file under files/ that the
// lesson names counts as said.
func (l *linter) lessons() {
	given := l.files("files")
	for _, lang := range l.languages() {
		for i, s := range l.lab.In(lang).Steps {
			if s.Lesson == nil || lang != "" && bytes.Equal(s.Lesson, l.lab.Steps[i].Lesson) {
				continue // the loader says that there is none; a page that is not translated was seen
			}
			text := string(s.Lesson)
			for _, f := range given {
				if stands(text, path.Base(f.name)) {
					text += "\n" + f.text
				}
			}
			said, page := newLesson(text), s.Page(lang)
			for j, c := range s.Checks {
				l.told(said, page, c, l.asked(i, j, c))
			}
		}
	}
}

// asked is something that a check needs the learner to know.
type asked struct {
	at     place
	value  any    // string, int64 or float64
	shown  string // value as the author wrote it
	either int    // as in want.Literal, but different in each want
}

// told finds what the lesson does not say.
func (l *linter) told(text *lesson, page string, c lab.Check, all []asked) {
	said := map[int]bool{} // of alternatives one is enough
	for _, a := range all {
		if a.either > 0 && text.says(a.value) {
			said[a.either] = true
		}
	}
	for _, a := range all {
		if a.either > 0 && said[a.either] || text.says(a.value) {
			continue
		}
		if a.either > 0 {
			said[a.either] = true // and so is one finding
		}
		l.error(a.at, "lesson", "say it there, or leave it open in the check: nobody can guess it",
			"check %s asks for %s, which %s never mentions", c.ID, a.shown, page)
	}
}

// asked lists what a check names; step and n say which it is.
func (l *linter) asked(step, n int, c lab.Check) (out []asked) {
	name := func(field, value string) {
		if value != "" {
			out = append(out, asked{at: l.field("steps[%d].checks[%d].%s", step, n, field), value: value, shown: strconv.Quote(value)})
		}
	}
	switch {
	case c.Logs != nil:
		name("logs.pod", c.Logs.Pod)
		name("logs.container", c.Logs.Container)
	case c.Exec != nil:
		name("exec.pod", c.Exec.Pod)
		name("exec.container", c.Exec.Container)
		for i, arg := range c.Exec.Command {
			if i > 0 && strings.HasPrefix(arg, "/") {
				name(fmt.Sprintf("exec.command[%d]", i), arg)
			}
		}
		return out // what a command prints is observed, not asked for
	case c.HTTP != nil:
		name("http.service", c.HTTP.Service)
		name("http.pod", c.HTTP.Pod)
		if c.HTTP.Path != "/" {
			name("http.path", c.HTTP.Path)
		}
		out = append(out, asked{at: l.field("steps[%d].checks[%d].http.port", step, n), value: int64(c.HTTP.Port), shown: strconv.Itoa(c.HTTP.Port)})
		return out
	case c.Events != nil:
		name("events.name", c.Events.Name)
		return out // Kubernetes writes all of an Event
	case c.Object == nil || c.Object.GVK.Kind == "Event":
		return out
	default:
		name("object.name", c.Object.Name)
	}
	eithers := 0
	for _, w := range l.demanded(step, n, c) {
		most := 0
		for _, lit := range w.literals {
			most = max(most, lit.Either)
			if value, ok := taught(lit); ok {
				a := asked{at: l.spelled(lit.Pos, w.path), value: value, shown: lit.String()}
				if c.Object != nil && c.Object.GVK.Kind == "Secret" && !lit.Key {
					a.value = decoded(value)
				}
				if lit.Either > 0 {
					a.either = eithers + lit.Either
				}
				out = append(out, a)
			}
		}
		eithers += most
	}
	return out
}

// taught is what a lesson has to say of a literal, if anything: what learners
// set, not what Kubernetes answers, and the lab's own words, not those of the
// API.
func taught(lit want.Literal) (value any, ok bool) {
	last := lit.Path[len(lit.Path)-1]
	switch {
	case lit.Path[0] == "status", lit.Path[0] == "kind", lit.Path[0] == "apiVersion", lit.Closed:
		return nil, false
	case lit.Path[0] == "metadata" && (len(lit.Path) < 2 || !slices.Contains([]string{"labels", "annotations", "finalizers"}, lit.Path[1])):
		return nil, false // its owners, its generation
	case lit.Key && (last == "cpu" || last == "memory"):
		return nil, false
	case lit.Op != cue.NoOp && lit.Form == view.String:
		return nil, false // a pattern is open
	}
	switch last {
	case "kind", "apiVersion", "apiGroup", "fieldPath", "operator":
		return nil, false
	}
	text, isString := lit.Value.(string)
	if !isString {
		return lit.Value, true
	}
	if port, _, _ := strings.Cut(text, "/"); lit.Key && len(lit.Path) > 1 && lit.Path[len(lit.Path)-2] == "ports" {
		if n, err := strconv.ParseInt(port, 10, 64); err == nil {
			return n, true // "53/UDP"
		}
	}
	return text, true
}

// decoded is what stands in a Secret, which shows it in base64.
func decoded(value any) any {
	if s, ok := value.(string); ok {
		if b, err := base64.StdEncoding.DecodeString(s); err == nil && utf8.Valid(b) {
			return string(b)
		}
	}
	return value
}

// lesson is the text of a page, and the numbers in it.
type lesson struct {
	text    string
	numbers []float64
}

// number is a number with or without a unit of Kubernetes, not part of a word.
// A unit and the number alone both count: 8M is 8 of something, and 8 million.
var number = regexp.MustCompile(`(?:^|[^\w.])(\d+(?:\.\d+)?)(?: ?([KMGTPE]i|[mkMGTPE])(?:B\b|\b))?`)

// words are the numbers that prose spells out.
var words = []string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}

func newLesson(text string) *lesson {
	l := &lesson{text: strings.Join(strings.Fields(text), " ")}
	for _, m := range number.FindAllStringSubmatch(l.text, -1) {
		for _, spelling := range []string{m[1], m[1] + m[2]} {
			if spelling == m[1]+"K" {
				spelling = m[1] + "k"
			}
			if q, err := resource.ParseQuantity(spelling); err == nil {
				l.numbers = append(l.numbers, q.AsApproximateFloat64())
			}
		}
	}
	lower := strings.ToLower(l.text)
	for n, word := range words {
		if stands(lower, word) {
			l.numbers = append(l.numbers, float64(n))
		}
	}
	return l
}

// says tells whether the lesson mentions the value, in any spelling.
func (l *lesson) says(value any) bool {
	switch v := value.(type) {
	case string:
		return stands(l.text, strings.Join(strings.Fields(v), " "))
	case int64:
		return slices.Contains(l.numbers, float64(v))
	case float64:
		return slices.Contains(l.numbers, v)
	}
	return true
}

// stands tells whether name is in text as a name of its own: web is not in
// webhook, nor in web-2, but in pod/web and in "It is called web."
func stands(text, name string) bool {
	for at := 0; ; at++ {
		i := strings.Index(text[at:], name)
		if i < 0 || name == "" {
			return name == ""
		}
		at += i
		end := at + len(name)
		left := joinedLeft.MatchString(text[max(at-2, 0):at]) && word.MatchString(name[:1])
		right := joinedRight.MatchString(text[end:min(end+2, len(text))]) && word.MatchString(name[len(name)-1:])
		if !left && !right {
			return true
		}
	}
}

// A dash or a dot joins words only with a letter or digit beyond it.
var (
	word        = regexp.MustCompile(`\w`)
	joinedLeft  = regexp.MustCompile(`\w$|[A-Za-z0-9][-.]$`)
	joinedRight = regexp.MustCompile(`^\w|^[-.][A-Za-z0-9]`)
)
