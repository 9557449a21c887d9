package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"podlab.dev/podlab/grader"
)

// flash is how long a check that turns green is lit up.
const flash = 2 * time.Second

// checkLines are the page's checks in lines, what has not passed first; while
// the cluster comes up they are what that does.
func (m *model) checkLines(height int) (lines []string) {
	switch {
	case m.cluster.err != nil:
		return m.failureLines(m.layout.checks, height)
	case !m.cluster.ready:
		return m.startLines(height)
	}
	results := m.report.Step(m.session.Step().ID)
	slices.SortStableFunc(results, func(a, b grader.Result) int {
		return rank(a) - rank(b)
	})
	room := height - len(results) // for what is found where something else is wanted
	for _, x := range results {
		mark, word, color := m.theme.verdict(x.Verdict)
		head := paint(color, fmt.Sprintf("%s %-5s", mark, word))
		if m.now().Sub(m.green[x.Check]) < flash {
			head = paint(bold+";"+reverse+";"+color, fmt.Sprintf("%s %-5s", mark, word))
		}
		text, found := clean(x.Title), finding(x)
		if found != "" && room > 0 {
			room--
			lines = append(lines, " "+head+" "+text, "         "+paint(m.theme.faint, found))
			continue
		}
		if found != "" {
			text += ": " + found
		}
		lines = append(lines, " "+head+" "+text)
	}
	if waits := m.report.Preparing[m.session.Step().ID]; waits != "" {
		lines = append([]string{paint(m.theme.warn, " … "+clean(waits))}, lines...)
	}
	if len(lines) == 0 {
		lines = []string{" This page has no checks."}
	}
	if n := len(lines); n > height && height > 1 {
		lines = append(lines[:height-1], paint(m.theme.faint, fmt.Sprintf(" … and %d more: %s c", n-height+1, m.prefix.name)))
	}
	return lines
}

// rank puts what has to be done before what is done.
func rank(x grader.Result) int {
	switch x.Verdict {
	case grader.Failed, grader.Errored:
		return 0
	case grader.Pending:
		return 1
	case grader.Blocked:
		return 2
	}
	return 3
}

// startLines are the last things that the cluster's start did.
func (m *model) startLines(height int) (lines []string) {
	for _, d := range m.cluster.done {
		mark := paint(m.theme.good, "✓")
		if d.err != nil {
			mark = paint(m.theme.bad, "✗")
		}
		line := " " + mark + " " + d.message
		if d.took > 0 {
			line += paint(m.theme.faint, " "+short(d.took))
		}
		lines = append(lines, line)
	}
	if m.cluster.open != "" {
		lines = append(lines, " "+paint(m.theme.warn, "…")+" "+m.cluster.open+" "+short(m.now().Sub(m.cluster.since)))
	} else if len(lines) == 0 {
		lines = append(lines, " "+paint(m.theme.warn, "…")+" the cluster comes up")
	}
	return lines[max(len(lines)-height, 0):]
}

// failureLines say what went wrong and what to do, in as many rows as there are: 0
// is as many as it takes.
func (m *model) failureLines(width, height int) []string {
	lines := wrapped(" ✗ "+clean(m.cluster.err.Error()), width, 3)
	lines[0] = strings.Replace(lines[0], "✗", paint(m.theme.bad, "✗"), 1)
	if r, ok := m.cluster.err.(interface{ Remedy() string }); ok {
		lines = append(lines, wrapped("   "+clean(r.Remedy()), width, 3)...)
	}
	last := "   " + paint(m.theme.accent, m.prefix.name+" r") + " tries again"
	if height > 0 && len(lines) >= height {
		last += ", " + paint(m.theme.accent, m.prefix.name+" c") + " shows all of this"
		lines = lines[:max(height-1, 1)]
	}
	return append(lines, last)
}

// checksTitle is how far the page is.
func (m *model) checksTitle() string {
	if m.cluster.err != nil {
		return "Cluster failed"
	}
	if !m.cluster.ready {
		return cmp.Or(m.cluster.what, "Cluster starting") + ", " + short(m.now().Sub(m.cluster.began))
	}
	results := m.report.Step(m.session.Step().ID)
	passed := 0
	for _, x := range results {
		if x.Verdict == grader.Passed {
			passed++
		}
	}
	switch {
	case len(results) == 0:
		return "Checks"
	case m.report.Passed:
		return fmt.Sprintf("All checks of the lab pass, %d of %d points", m.report.Earned, m.report.Points)
	case passed == len(results) && m.session.State.Page+1 < len(m.session.Lab.Steps):
		all := fmt.Sprintf("All %d checks pass", passed)
		if passed == 1 {
			all = "The check passes"
		}
		return fmt.Sprintf("%s · %s n next page", all, m.prefix.name)
	}
	return fmt.Sprintf("Checks %d/%d", passed, len(results))
}
