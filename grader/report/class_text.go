package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/charmbracelet/x/ansi"

	"podlab.dev/podlab/grader/class"
)

// hardest is how many checks are named as the hardest.
const hardest = 5

// ClassText writes a table of the class, a student a row, and what there is to say
// of all of them.
func ClassText(w io.Writer, c *class.Class, o Options) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s): %s\n\n", o.Clean(c.Title), o.Clean(c.Lab), counts(c))
	classTable(&b, c, o)
	classFigures(&b, c, o)
	classRefusals(&b, c, o)
	classQuestions(&b, c, o)
	_, err := io.WriteString(w, b.String())
	return err
}

func classTable(b *strings.Builder, c *class.Class, o Options) {
	var table strings.Builder
	t := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tNAME\tSCORE\tSTATE\tLATE\tWHY")
	for i := range c.Students {
		s := &c.Students[i]
		score, state, late := fmt.Sprintf("%s/%d", Number(s.Score), c.Points), string(s.State), ""
		switch {
		case s.State == class.Errored || s.State == class.Missing:
			score = fmt.Sprintf("-/%d", c.Points)
		case s.Unjudged > 0:
			state += fmt.Sprintf(", %d not judged", s.Unjudged)
		}
		if s.Late > 0 {
			late = Span(s.Late)
			if s.Lost > 0 {
				late += ", -" + Number(s.Lost)
			}
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", cell(o.Clean(s.ID)), cell(o.Clean(s.Name)), score, state, late, o.Clean(s.Why))
	}
	_ = t.Flush() // a Builder takes everything
	for line := range strings.Lines(table.String()) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
}

func classFigures(b *strings.Builder, c *class.Class, o Options) {
	sum, points := c.Summary(), float64(c.Points)
	b.WriteString("\n")
	if sum.Judged > 0 {
		fmt.Fprintf(b, "Mean %s of %d points (%s), median %s (%s), of %d students\n", Number(sum.Mean*points), c.Points, Percent(sum.Mean),
			Number(sum.Median*points), Percent(sum.Median), sum.Judged)
	}
	if sum.Partly > 0 {
		fmt.Fprintf(b, "Of %d of them only a part could be judged, and that part counts\n", sum.Partly)
	}
	if n := c.Count(class.Errored); n > 0 {
		fmt.Fprintf(b, "%d could not be graded, which is not their loss and counts nowhere; grade again\n", n)
	}
	if hard := sum.Hardest(hardest); len(hard) > 0 {
		b.WriteString("\nHardest checks\n")
		t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
		for _, k := range hard {
			fmt.Fprintf(t, "  %d of %d passed\t%s\n", k.Passed, k.Judged(), o.Clean(k.Title))
		}
		_ = t.Flush()
	}
}

func classRefusals(b *strings.Builder, c *class.Class, o Options) {
	head := "\nRefused\n"
	for i := range c.Students {
		for _, r := range c.Students[i].Refusals {
			fmt.Fprintf(b, "%s  %s: %s\n", head, cell(Who(&c.Students[i], o)), Refused(r, o))
			head = ""
		}
	}
}

// classQuestions asks what the record cannot answer.
func classQuestions(b *strings.Builder, c *class.Class, o Options) {
	head, who := "\nQuestions, not verdicts\n", names(c, o)
	for _, a := range c.Alike {
		b.WriteString(head)
		head = ""
		fmt.Fprintf(b, "  Did %s and %s work together? %s\n", cell(who(a.A)), cell(who(a.B)), alike(a))
		for _, why := range a.Why {
			fmt.Fprintf(b, "    %s\n", o.Clean(why))
		}
	}
	for i := range c.Students {
		for _, q := range c.Students[i].Questions {
			fmt.Fprintf(b, "%s  %s: %s\n", head, cell(Who(&c.Students[i], o)), o.Clean(q))
			head = ""
		}
	}
}

// cell keeps one student from widening the table for all.
func cell(s string) string { return ansi.Truncate(s, 32, "…") }

// alike is how alike two submissions are.
func alike(a class.Alike) string {
	return Percent(a.Share) + " of what the task leaves open is the same."
}
