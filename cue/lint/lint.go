// Package lint says what is wrong with a lab before a learner meets it: what the
// loader refuses, and what would load and teach badly.
//
// The noun is the [Report] of a lab, a list of findings. The flow is folder →
// lab.Inspect → rules → Report; each file of this package holds the rules about
// one thing. Nothing is run and nothing outside the folder is read.
//
//	r, err := lint.Lint(os.DirFS("labs/first-pod"), "labs/first-pod")
//	if err != nil {
//		return err // the folder could not be read
//	}
//	for _, f := range r.Findings {
//		fmt.Println(f) // labs/first-pod/lab.cue:12: error: … [lesson]
//	}
package lint

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"cuelang.org/go/cue/token"

	"podlab.dev/podlab/cue/lab"
)

// Severity says whether a lab may be handed out with a finding.
type Severity string

// An error must be mended; a warning is for the author to weigh.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Finding is one thing to mend.
type Finding struct {
	// File is the path as the user can open it; Line counts from 1 and is 0
	// where the whole file is meant.
	File     string   `json:"file"`
	Line     int      `json:"line,omitempty"`
	Severity Severity `json:"severity"`
	// Rule is the short name of the rule.
	Rule string `json:"rule"`
	// What is wrong, and what to do about it, a line each.
	What string `json:"what"`
	Do   string `json:"do"`
}

func (f Finding) String() string {
	at := f.File
	if f.Line > 0 {
		at = fmt.Sprintf("%s:%d", at, f.Line)
	}
	return fmt.Sprintf("%s: %s: %s [%s]", at, f.Severity, f.What, f.Rule)
}

// Report is what was found in one lab.
type Report struct {
	// Points and Checks are the lab's sums, as far as it could be read.
	Points int `json:"points"`
	Checks int `json:"checks"`
	// Findings are sorted by file and line; none means that the lab is clean.
	Findings []Finding `json:"findings"`
	// Manifests are the files of the lab that are sent to an API server, sound as
	// far as can be told without one; FS is the lab's folder, params filled in.
	Manifests []string `json:"-"`
	FS        fs.FS    `json:"-"`
}

// Count is how many findings are of a severity.
func (r *Report) Count(s Severity) (n int) {
	for _, f := range r.Findings {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// Lint looks at the lab in fsys. dir is how the user named the folder; files in
// findings begin with it. The error is trouble with reading.
func Lint(fsys fs.FS, dir string) (*Report, error) {
	src, err := lab.Inspect(fsys, dir)
	if err != nil {
		return nil, err
	}
	l := &linter{src: src, fsys: fsys, dir: dir, report: Report{Findings: []Finding{}}}
	l.loaded()
	if l.lab = src.Lab; l.lab != nil {
		l.report.Points, l.report.Checks = l.lab.Points(), len(l.lab.Checks())
		l.params()
		l.fsys = l.lab.FS // with the params filled in
		l.steps()
		l.checks()
		l.wants()
		l.lessons()
		l.security()
		l.hints()
		l.answers()
		l.translations()
		l.outputs()
	}
	l.pages()
	l.images()
	l.manifests()
	l.silence()
	l.report.FS = l.fsys
	slices.SortStableFunc(l.report.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return &l.report, nil
}

type linter struct {
	src    *lab.Source
	lab    *lab.Lab // nil if lab.cue could not be read
	fsys   fs.FS
	dir    string
	report Report
}

// place is where a finding is shown.
type place struct {
	file string // within the lab
	line int
}

// field is the place of a field of lab.cue.
func (l *linter) field(format string, args ...any) place {
	line, _ := l.src.Pos(fmt.Sprintf(format, args...))
	return place{"lab.cue", line}
}

// spelled is the place of what a want spells out, or of the want if CUE does not
// know where that is.
func (l *linter) spelled(pos token.Pos, want string) place {
	if pos.IsValid() {
		return place{"lab.cue", pos.Line()}
	}
	return l.field("%s", want)
}

func (l *linter) error(at place, rule, do, what string, args ...any) {
	l.add(at, Error, rule, do, fmt.Sprintf(what, args...))
}

func (l *linter) warn(at place, rule, do, what string, args ...any) {
	l.add(at, Warning, rule, do, fmt.Sprintf(what, args...))
}

func (l *linter) add(at place, s Severity, rule, do, what string) {
	f := Finding{File: path.Join(l.dir, at.file), Line: at.line, Severity: s, Rule: rule, What: what, Do: do}
	if !slices.Contains(l.report.Findings, f) { // several checks may share a field
		l.report.Findings = append(l.report.Findings, f)
	}
}

// constraint is the path of a field that holds a want; an author may also call a
// mistake so.
var constraint = regexp.MustCompile(`^steps\b.*\.(want|seen|never|after|when)\b`)

// unsilenced are the rules about what does not load.
var unsilenced = []string{"lab", "want"}

// silence leaves out what the lab may break, as it says.
func (l *linter) silence() {
	if l.lab == nil {
		return
	}
	for _, rule := range slices.Sorted(maps.Keys(l.lab.Silenced)) {
		at := l.field("lint.%s", rule)
		switch {
		case slices.Contains(unsilenced, rule):
			l.error(at, "lint", "mend what it finds", "the rule %s cannot be silenced: what it finds does not load", rule)
		case !slices.Contains(rules, rule):
			l.error(at, "lint", "there are "+strings.Join(rules, ", "), "there is no rule %s", rule)
		}
	}
	l.report.Findings = slices.DeleteFunc(l.report.Findings, func(f Finding) bool {
		_, silenced := l.lab.Silenced[f.Rule]
		return silenced && !slices.Contains(unsilenced, f.Rule)
	})
}

// rules are the names of all rules.
var rules = []string{
	"answer", "hints", "image", "lab", "lesson", "link", "lint", "manifest", "mistake", "page", "params", "pasteable", "points", "ready",
	"security", "sentence", "shown", "solution", "translation", "want",
}

// loaded passes on what the loader refuses. Its messages say what to write
// instead, where that is known, after a semicolon.
func (l *linter) loaded() {
	for _, e := range l.src.Errors {
		rule := "lab"
		if constraint.MatchString(e.Path) {
			rule = "want"
		}
		what, do := e.Msg, "docs/authoring.md shows what a lab is made of"
		if i := strings.LastIndex(e.Msg, "; "); i >= 0 {
			what, do = e.Msg[:i], e.Msg[i+2:]
		}
		if e.Path != "" {
			what = e.Path + ": " + what
		}
		l.report.Findings = append(l.report.Findings, Finding{File: e.File, Line: e.Line, Severity: Error, Rule: rule, What: what, Do: do})
	}
}
