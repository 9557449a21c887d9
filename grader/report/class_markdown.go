package report

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/class"
)

// Markdown writes the feedback for one student: what was found where something else
// was wanted, why that matters, where to look, and what was not taken.
//
// What a student or a cluster wrote stands in fences or code spans that it cannot
// close, or is escaped; it becomes no heading, no link and no HTML.
func Markdown(w io.Writer, s *class.Student, c *class.Class, o Options) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", escape(o.Clean(c.Title)))
	fmt.Fprintf(&b, "**%s**: %s\n", escape(Who(s, o)), StudentScore(s, c))
	if late := Lateness(s); late != "" {
		fmt.Fprintf(&b, "\nHanded in %s.\n", late)
	}
	if s.Why != "" {
		b.WriteString("\n" + fence(o.Clean(s.Why)))
	}
	switch s.State {
	case class.Errored:
		b.WriteString("\nThis is no fault of yours. Your work is kept and will be graded again.\n")
	case class.Refused:
		b.WriteString("\nNothing of the submission could be graded. Mend what is named above and hand it in again.\n")
	}
	if len(s.Refusals) > 0 {
		b.WriteString("\n## Not taken\n\n")
		if s.State != class.Refused {
			b.WriteString("These parts of the submission were left out, and the rest was graded.\n\n")
		}
		for _, r := range s.Refusals {
			fmt.Fprintf(&b, "- %s\n", code(Refused(r, o)))
		}
	}
	step := ""
	if s.Report != nil {
		for i := range s.Report.Results {
			x := &s.Report.Results[i]
			if x.Step != step {
				step = x.Step
				fmt.Fprintf(&b, "\n## %s\n", escape(o.Clean(step)))
			}
			markdownResult(&b, x, o)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func markdownResult(b *strings.Builder, x *grader.Result, o Options) {
	m := marks[x.Verdict]
	fmt.Fprintf(b, "\n### %s %s: %s\n\n%s, %d of %d points\n", m.mark, m.word, escape(o.Clean(x.Title)), x.Verdict, x.Earned, x.Points)
	if x.Verdict == grader.Errored {
		b.WriteString("\npodlab or the cluster could not tell. It is no loss of yours.\n")
	}
	for i, k := range x.Criteria {
		if i == 0 {
			b.WriteString("\n")
		}
		done := " "
		if k.Met {
			done = "x"
		}
		fmt.Fprintf(b, "- [%s] %s, %d\n", done, escape(o.Clean(k.Title)), k.Points)
	}
	if lines := found(x, o); len(lines) > 0 {
		b.WriteString("\n" + fence(lines...))
	}
	if x.Why != "" {
		fmt.Fprintf(b, "\n**Why:** %s\n", escape(o.Clean(x.Why)))
	}
	if x.Next != "" && x.Verdict != grader.Passed {
		fmt.Fprintf(b, "\n**Look next:** %s\n", code(o.Clean(x.Next)))
	}
}

// found is what was observed, and what was wanted in its place.
func found(x *grader.Result, o Options) (lines []string) {
	if x.Message != "" {
		lines = append(lines, o.Clean(x.Message))
	}
	for i, k := range x.Mismatches {
		if i == maxMismatches {
			return append(lines, fmt.Sprintf("… and %d more", len(x.Mismatches)-i))
		}
		lines = append(lines, o.Clean(k.Path), "  wanted  "+o.Clean(k.Want), "  found   "+o.Clean(k.Got))
		if k.Why != "" {
			lines = append(lines, "  because "+o.Clean(k.Why))
		}
	}
	return lines
}

var (
	// markup is every character that Markdown or one of its dialects gives a meaning
	// within a line: emphasis, code, links, HTML, mathematics, mentions, and what
	// bare addresses are known by.
	markup    = regexp.MustCompile("[\\\\`*_{}\\[\\]<>#|~&!$@]|:/|\\.\\S|^[-+=]|^\\d+[.)]")
	backticks = regexp.MustCompile("`+")
)

// escape makes one line be read as it is written.
func escape(line string) string {
	return markup.ReplaceAllStringFunc(line, func(s string) string {
		if n := len(s); n > 1 && s[0] >= '0' && s[0] <= '9' {
			return s[:n-1] + "\\" + s[n-1:]
		}
		if s[0] == '.' {
			return "\\." + escape(s[1:])
		}
		return "\\" + s
	})
}

// ticks is a run of backticks that is longer than any in the lines, and at least n.
func ticks(n int, lines ...string) string {
	for _, run := range backticks.FindAllString(strings.Join(lines, "\n"), -1) {
		n = max(n, len(run)+1)
	}
	return strings.Repeat("`", n)
}

// code is one line as a code span.
func code(line string) string {
	t := ticks(1, line)
	if line == "" || strings.HasPrefix(line, "`") || strings.HasSuffix(line, "`") {
		line = " " + line + " "
	}
	return t + line + t
}

// fence is lines as a block of code. A line cannot end it: it holds no run of
// backticks as long as the fence.
func fence(lines ...string) string {
	t := ticks(3, lines...)
	return t + "text\n" + strings.Join(lines, "\n") + "\n" + t + "\n"
}
