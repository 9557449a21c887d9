// Package plain is the terminal front end that works everywhere: it only appends
// lines, in reading order. Lessons and verdicts go to Out, waits to Err.
//
//	f := plain.New(os.Stdout, os.Stderr, plain.Terminal())
//	err := f.Start(ctx, session, up)   // a learner at work
//	report, err := f.Demo(ctx, session, answer, up)
package plain

import (
	"fmt"
	"io"
	"os"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"

	"podlab.dev/podlab/content"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/report"
	"podlab.dev/podlab/runner"
)

// Look is what the terminal can show.
type Look struct {
	// Color allows ANSI colours on Out; Live allows lines of Err to be written
	// over, for the seconds of a wait.
	Color, Live bool
	Style       content.Style
	// Asks has the terminal be asked which background it has, once a page is to be
	// written: one that does not answer is waited for.
	Asks bool
	// Width is in columns. With Breaks, lines that are not to be copied end there: what
	// reads a pipe wants them whole.
	Width  int
	Breaks bool
	// Charset is what it can show.
	Charset content.Charset
}

// maxWidth is as wide as prose is comfortable to read.
const maxWidth = 100

// Terminal is the look of this process's own terminal. NO_COLOR is obeyed, and
// so is TERM=dumb.
func Terminal() Look {
	l := Look{Width: 80, Style: content.Dark}
	out, dumb := int(os.Stdout.Fd()), os.Getenv("TERM") == "dumb"
	if term.IsTerminal(out) {
		if w, _, err := term.GetSize(out); err == nil && w > 0 {
			l.Width, l.Breaks = min(w, maxWidth), true
		}
		l.Color = os.Getenv("NO_COLOR") == "" && !dumb
	}
	l.Asks = l.Color && term.IsTerminal(int(os.Stdin.Fd()))
	if term.IsTerminal(out) { // a file or a pipe is nobody's locale
		l.Charset = content.Locale()
	}
	l.Live = term.IsTerminal(int(os.Stderr.Fd())) && !dumb
	return l
}

// Front writes a session to a terminal.
type Front struct {
	Look
	Out, Err io.Writer
	// Program is how the user called podlab, for commands that they can copy.
	Program string
}

// New returns a front end that writes to out and err.
func New(out, err io.Writer, look Look) *Front {
	program := "podlab"
	if strings.ContainsRune(os.Args[0], os.PathSeparator) && !strings.HasPrefix(os.Args[0], "/") {
		program = os.Args[0] // ./bin/podlab, typed in a folder that is not in PATH
	}
	return &Front{Look: look, Out: out, Err: err, Program: program}
}

// Fit has all that is written be of the look's charset.
func (f *Front) Fit() {
	if f.Charset != content.UTF8 {
		f.Out, f.Err = fitted{f.Out, f.Charset}, fitted{f.Err, f.Charset}
	}
}

// fitted is a writer that is given whole characters.
type fitted struct {
	io.Writer
	charset content.Charset
}

func (w fitted) Write(b []byte) (int, error) {
	if _, err := io.WriteString(w.Writer, w.charset.Fit(string(b))); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Theme has pages be written for a dark or a light background, or, with "auto", for
// the terminal's.
func (f *Front) Theme(name string) {
	switch name {
	case "dark":
		f.Style, f.Asks = content.Dark, false
	case "light":
		f.Style, f.Asks = content.Light, false
	}
}

// maxText is the longest string from a cluster that is shown, in characters.
const maxText = 300

func clean(s string) string { return content.Line(s, maxText) }

// Options are the options for rendering reports with this look.
func (f *Front) Options() report.Options {
	o := report.Options{Color: f.Color, Clean: clean}
	if f.Breaks {
		o.Width = f.Width
	}
	return o
}

// Page writes the page that the session is on: where it is, the lesson, and its
// checks as they are known.
func (f *Front) Page(x *runner.Session, r grader.Report) error {
	step := x.Step()
	page, err := content.Parse(step.Lesson)
	if err != nil {
		return fmt.Errorf("read %s: %w", step.File, err)
	}
	if f.Asks {
		if f.Asks = false; !lipgloss.HasDarkBackground(os.Stdin, os.Stdout) {
			f.Style = content.Light
		}
	}
	text, err := page.Render(content.Options{Width: f.Width, Style: f.Style, Color: f.Color})
	if err != nil {
		return fmt.Errorf("render %s: %w", step.File, err)
	}
	f.rule(fmt.Sprintf("%s · page %d of %d", x.Lab.Title, x.State.Page+1, len(x.Lab.Steps)))
	fmt.Fprintf(f.Out, "%s\n", text)
	f.Checks(r.Step(step.ID))
	f.Questions(step, r)
	return nil
}

// Questions writes the questions of a page that have not been answered rightly.
func (f *Front) Questions(step lab.Step, r grader.Report) {
	for _, res := range r.Step(step.ID) {
		for _, c := range step.Checks {
			if c.ID != res.Check || c.Quiz == nil || res.Verdict == grader.Passed {
				continue
			}
			f.Question(c)
		}
	}
}

// Question writes a question, its choices, and how it is answered.
func (f *Front) Question(c lab.Check) {
	fmt.Fprintln(f.Out, content.Text(c.Quiz.Question))
	for i, choice := range c.Quiz.Choices {
		fmt.Fprintf(f.Out, "  %s  %s\n", lab.Letter(i), clean(choice))
	}
	fmt.Fprintf(f.Out, "Answer with: %s answer %s …\n\n", f.Program, c.ID)
}

// Checks writes one line per result.
func (f *Front) Checks(results []grader.Result) {
	for _, res := range results {
		fmt.Fprintln(f.Out, report.Line(res, f.Options()))
	}
	if len(results) > 0 {
		fmt.Fprintln(f.Out)
	}
}

// Results writes the results in full: found, wanted, why, where to look.
func (f *Front) Results(results []grader.Result) {
	o := f.Options()
	o.All = true
	for _, res := range results {
		fmt.Fprint(f.Out, report.Result(res, o))
	}
}

// Hint writes a hint.
func (f *Front) Hint(h runner.Hint) {
	fmt.Fprintf(f.Out, "%s\n%s\n", f.text(fmt.Sprintf("Hint %d of %d for: %s", h.Number, h.Of, clean(h.Title))), f.text(content.Text(h.Text)))
}

// text is prose as it fits the terminal: lines end between words.
func (f *Front) text(s string) string {
	if !f.Breaks {
		return s
	}
	return ansi.Wrap(s, f.Width, "")
}

// rule writes a heading line across the screen.
func (f *Front) rule(title string) {
	line := "── " + clean(title) + " "
	if n := f.Width - lipgloss.Width(line); n > 0 {
		line += strings.Repeat("─", n)
	}
	if f.Color {
		line = lipgloss.NewStyle().Bold(true).Render(line)
	}
	fmt.Fprintf(f.Out, "\n%s\n\n", line)
}

// news writes the results that differ from before, as they turn.
func (f *Front) news(before, now grader.Report, step string) {
	fmt.Fprint(f.Out, f.turned(before, now, step))
}

// turned is what news writes.
func (f *Front) turned(before, now grader.Report, step string) string {
	var b strings.Builder
	was := map[string]grader.Result{}
	for _, res := range before.Results {
		was[res.Check] = res
	}
	for _, res := range now.Step(step) {
		old := was[res.Check]
		if res.Broken && !old.Broken {
			fmt.Fprintln(&b, f.text("! podlab has broken something. What is wanted now: "+clean(res.Title)))
		}
		switch {
		case res.Verdict == grader.Passed && old.Verdict != grader.Passed,
			res.Verdict == grader.Errored && old.Verdict != grader.Errored,
			res.Verdict == grader.Pending && res.Answers > old.Answers,
			res.Verdict == grader.Pending && (old.Verdict == grader.Errored || len(res.Mismatches) > 0 && res.Message+fmt.Sprint(res.Mismatches) != old.Message+fmt.Sprint(old.Mismatches)):
			b.WriteString(report.Result(res, f.Options()))
		}
	}
	return b.String()
}
