// Package report renders a grader's report: text for people, JSON for programs.
//
//	report.Text(os.Stdout, r, report.Options{Color: true, Clean: content.Line})
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"podlab.dev/podlab/cue/want"
	"podlab.dev/podlab/grader"
)

// Options say how text looks.
type Options struct {
	// Color adds ANSI colours; a verdict is always told by mark and word too.
	Color bool
	// Clean makes a string from the cluster safe for a terminal: one line, no
	// escape sequences. It is required.
	Clean func(string) string
	// Width is after how many columns lines are broken, between words; 0 leaves them
	// whole. Commands stay whole in any case.
	Width int
	// All shows why and where to look for results that are still pending.
	All bool
}

// maxMismatches is how many differing fields of one check are printed; how many
// more there are is said.
const maxMismatches = 8

// JSON writes the report as one indented JSON object.
func JSON(w io.Writer, r grader.Report) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// Text writes the whole report, step by step, with the score at the end.
func Text(w io.Writer, r grader.Report, o Options) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n", o.Clean(r.Title), o.Clean(r.Lab))
	step, by := "", "  "
	o.Width = max(o.Width-len(by), 0)
	for _, x := range r.Results {
		if x.Step != step {
			step = x.Step
			fmt.Fprintf(&b, "\n%s%s\n", by, step)
		}
		b.WriteString(indent(Result(x, o), by))
	}
	b.WriteString("\n" + Score(r) + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// Score is the last line: "9 of 10 points".
func Score(r grader.Report) string {
	s := fmt.Sprintf("%d of %d points", r.Earned, r.Points)
	if r.Unjudged > 0 {
		s += fmt.Sprintf("; %d could not be judged and are not lost", r.Unjudged)
	}
	if r.Passed {
		s += ", all checks passed"
	}
	return s
}

// Line is the one line of a result: mark, word, title.
func Line(x grader.Result, o Options) string {
	m := marks[x.Verdict]
	word := fmt.Sprintf("%s %-5s", m.mark, m.word)
	if o.Color {
		word = lipgloss.NewStyle().Foreground(m.color).Render(word)
	}
	title := o.Clean(x.Title)
	if x.Earned > 0 && x.Verdict != grader.Passed {
		title += fmt.Sprintf(" (%d of %d points)", x.Earned, x.Points)
	}
	return word + " " + o.wrap(title, lipgloss.Width(word)+1)
}

// margin is how far what is said of a result is indented.
const margin = 10

// wrap breaks a line that is indented; what follows the first is, too.
func (o Options) wrap(s string, by int) string {
	if o.Width < 2*by {
		return s
	}
	return strings.ReplaceAll(ansi.Wrap(s, o.Width-by, ""), "\n", "\n"+strings.Repeat(" ", by))
}

// Result is the line of a result and, for one that did not pass, what was found
// where something else was wanted, why it matters and where to look. Of a
// question that was answered it says why the answer is right.
func Result(x grader.Result, o Options) string {
	var b strings.Builder
	b.WriteString(Line(x, o) + "\n")
	write := func(s string) { b.WriteString(strings.Repeat(" ", margin) + s + "\n") }
	line := func(format string, args ...any) { write(o.wrap(fmt.Sprintf(format, args...), margin)) }
	if x.Verdict == grader.Passed {
		if x.Why != "" {
			line("%s", o.Clean(x.Why))
		}
		return b.String()
	}
	for _, c := range x.Criteria {
		mark := marks[grader.Failed].mark
		if c.Met {
			mark = marks[grader.Passed].mark
		}
		line("%s %s, %d", mark, o.Clean(c.Title), c.Points)
	}
	if x.Message != "" {
		line("%s", o.Clean(x.Message))
	}
	for i, m := range x.Mismatches {
		if i == maxMismatches {
			line("… and %d more", len(x.Mismatches)-i)
			break
		}
		line("%s", Mismatch(m, o))
	}
	if x.Verdict == grader.Failed || x.Verdict == grader.Pending && o.All {
		if x.Why != "" {
			line("why:  %s", o.Clean(x.Why))
		}
		if x.Next != "" {
			write("look: " + o.Clean(x.Next))
		}
	}
	return b.String()
}

// Mismatch is one differing field in one line.
func Mismatch(m want.Mismatch, o Options) string {
	return fmt.Sprintf("%s: wanted %s, found %s", o.Clean(m.Path), o.Clean(m.Want), o.Clean(m.Got))
}

type mark struct {
	mark, word string
	color      lipgloss.ANSIColor
}

// marks tell a verdict by shape, word and colour, so that none is needed alone.
var marks = map[grader.Verdict]mark{
	grader.Passed:  {"✓", "PASS", lipgloss.ANSIColor(2)},
	grader.Failed:  {"✗", "FAIL", lipgloss.ANSIColor(1)},
	grader.Pending: {"·", "WAIT", lipgloss.ANSIColor(3)},
	grader.Blocked: {"-", "LATER", lipgloss.ANSIColor(8)},
	grader.Errored: {"?", "ERROR", lipgloss.ANSIColor(5)},
}

func indent(s, by string) string {
	return by + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n"+by) + "\n"
}
