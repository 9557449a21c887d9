package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"podlab.dev/podlab/content"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/runner"
)

// theme is the colours of a screen, as the parameters of SGR sequences. A state
// is always told by a mark or a word too.
type theme struct {
	page                               content.Style
	faint, accent, good, bad, warn, on string
}

const bold, reverse = "1", "7"

func themeOf(light bool) theme {
	if light {
		return theme{content.Light, "38;5;241", "38;5;25", "38;5;28", "38;5;124", "38;5;94", "1;38;5;255;48;5;25"}
	}
	return theme{content.Dark, "38;5;245", "38;5;75", "38;5;78", "38;5;203", "38;5;221", "1;38;5;16;48;5;75"}
}

// paint styles a string that has no styles.
func paint(sgr, s string) string {
	if sgr == "" || s == "" {
		return s
	}
	return "\x1b[" + sgr + "m" + s + "\x1b[m"
}

// verdict is the mark and the word of a verdict.
func (t theme) verdict(v grader.Verdict) (mark, word, color string) {
	switch v {
	case grader.Passed:
		return "✓", "PASS", t.good
	case grader.Failed:
		return "✗", "FAIL", t.bad
	case grader.Blocked:
		return "-", "LATER", t.faint
	case grader.Errored:
		return "?", "ERROR", t.warn
	}
	return "·", "WAIT", t.warn
}

func (t theme) phase(p runner.Phase) string {
	switch p {
	case runner.Running, runner.Succeeded:
		return t.good
	case runner.Failing:
		return t.bad
	case runner.Absent, runner.Terminating:
		return t.faint
	}
	return t.warn
}

// fit makes a string exactly width columns wide.
func fit(s string, width int) string {
	width = max(width, 0)
	n := ansi.StringWidth(s)
	if n > width {
		s = ansi.Truncate(s, width, "…")
		n = ansi.StringWidth(s)
	}
	return s + strings.Repeat(" ", width-n)
}

// split puts one string to the left and one to the right; the left one gives way.
func split(left, right string, width int) string {
	n := ansi.StringWidth(right)
	if n >= width {
		return fit(right, width)
	}
	return fit(left, width-n) + right
}

// rows makes a block of exactly height rows of exactly width columns.
func rows(lines []string, width, height int) []string {
	out := make([]string, height)
	for i := range out {
		if i < len(lines) {
			out[i] = fit(lines[i], width)
		} else {
			out[i] = strings.Repeat(" ", max(width, 0))
		}
	}
	return out
}

// wrapped breaks a line at words, and what is longer anywhere; all but its first
// line are indented.
func wrapped(s string, width, indent int) []string {
	width, indent = max(width, 10), min(indent, max(width, 10)-8)
	if ansi.StringWidth(s) <= width {
		return []string{s}
	}
	lines := strings.Split(ansi.Wrap(s, width, ""), "\n")
	if len(lines) == 1 || indent == 0 {
		return lines
	}
	rest := strings.TrimSpace(strings.Join(lines[1:], " "))
	out := lines[:1]
	for _, line := range strings.Split(ansi.Wrap(rest, width-indent, ""), "\n") {
		out = append(out, strings.Repeat(" ", indent)+line)
	}
	return out
}
