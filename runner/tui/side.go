package tui

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"podlab.dev/podlab/content"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/report"
	"podlab.dev/podlab/runner"
)

// maxText bounds strings of the cluster, in columns.
const maxText = 500

func clean(s string) string { return content.Line(s, maxText) }

// sideTitle is what the lesson's pane shows, in a word.
func (m *model) sideTitle() string {
	switch m.side {
	case detailsSide:
		return "Checks"
	case podsSide:
		return "Pods and events"
	case helpSide:
		return "Keys"
	}
	return "Lesson"
}

// layOut makes the lines of the lesson's pane anew.
func (m *model) layOut() {
	m.stale = true
	if m.layout.side == 0 {
		return // no size yet
	}
	width := m.layout.side
	if m.layout.form == beside {
		width -= 2 // air
	}
	m.starts = nil
	switch m.side {
	case detailsSide:
		m.lines = m.detailLines(width)
	case podsSide:
		m.lines = m.podLines(width)
	case helpSide:
		m.lines = m.helpLines(width)
	default:
		m.lines = m.lessonLines(width)
	}
	m.scroll(0)
}

// scroll moves the lesson's pane by n rows, as far as there is anything.
func (m *model) scroll(n int) {
	m.top = max(min(m.top+n, len(m.lines)-m.sideHeight()), 0)
}

// sideHeight is how many rows the lesson has, next to the note.
func (m *model) sideHeight() int {
	return m.layout.body - len(m.noteLines())
}

// pick goes to the next command of the lesson, or the one before.
func (m *model) pick(by int) {
	n := len(m.page.Commands())
	if n == 0 || m.side != lessonSide {
		m.say("this page has no command")
		return
	}
	m.picked += by
	if m.picked < 1 {
		m.picked = n
	} else if m.picked > n {
		m.picked = 1
	}
	m.layOut()
	if m.picked <= len(m.starts) {
		if at := m.starts[m.picked-1]; at < m.top || at >= m.top+m.sideHeight()-2 {
			m.top = 0
			m.scroll(at - m.sideHeight()/2)
		}
	}
}

// label marks the line above a command of the lesson. The number is found again
// when the lines are counted.
func (m *model) label(n int) string {
	text := fmt.Sprintf("[%d]", n)
	if n == m.picked {
		return paint(m.theme.on, text+" Enter puts it into the shell, Enter again runs it")
	}
	return paint(m.theme.faint, text)
}

// lessonLines are the page and its questions.
func (m *model) lessonLines(width int) []string {
	text, err := m.page.Render(content.Options{Width: width, Style: m.theme.page, Color: true, Label: m.label})
	if err != nil {
		text = "This page cannot be laid out: " + clean(err.Error())
	}
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(ansi.Strip(line), fmt.Sprintf("[%d]", len(m.starts)+1)) {
			m.starts = append(m.starts, len(lines))
		}
		// Prose fits; a command that does not is broken where the pane ends,
		// and stays whole where it is copied from.
		lines = append(lines, strings.Split(ansi.Hardwrap(line, width, true), "\n")...)
	}
	return append(lines, m.questionLines(width)...)
}

// questionLines are the open questions of the page.
func (m *model) questionLines(width int) (lines []string) {
	passed := map[string]bool{}
	for _, x := range m.report.Results {
		passed[x.Check] = x.Verdict == grader.Passed
	}
	for _, c := range m.session.Step().Checks {
		if c.Quiz == nil || passed[c.ID] {
			continue
		}
		lines = append(lines, "", paint(m.theme.accent, "Question "+c.ID+" ("+m.prefix.name+" a answers)"))
		lines = append(lines, folded(asked(&c), width)...)
	}
	return lines
}

// folded is a text in lines of that width; what stands two columns in stays so.
func folded(text string, width int) (lines []string) {
	for line := range strings.Lines(text) {
		indent := 0
		if strings.HasPrefix(line, "  ") {
			indent = 5
		}
		lines = append(lines, wrapped(strings.TrimRight(line, "\n"), width, indent)...)
	}
	return lines
}

// asked is a question with its choices, a line each.
func asked(c *lab.Check) string {
	lines := []string{content.Text(c.Quiz.Question)}
	for i, choice := range c.Quiz.Choices {
		lines = append(lines, "  "+lab.Letter(i)+"  "+clean(choice))
	}
	return strings.Join(lines, "\n")
}

// detailLines are the page's checks in full.
func (m *model) detailLines(width int) (lines []string) {
	if m.cluster.err != nil {
		lines = append(m.failureLines(width, 0), "")
	}
	results := m.report.Step(m.session.Step().ID)
	if len(results) == 0 {
		return append(lines, "This page has no checks.")
	}
	for _, x := range results {
		mark, word, color := m.theme.verdict(x.Verdict)
		head := wrapped(fmt.Sprintf("%s %-5s %s", mark, word, clean(x.Title)), width, 8)
		for i, line := range head {
			if rest, ok := strings.CutPrefix(line, mark+" "+word); ok && i == 0 {
				line = paint(color, mark+" "+word) + rest
			}
			lines = append(lines, line)
		}
		lines = append(lines, m.detail(x, width)...)
		lines = append(lines, "")
	}
	return lines
}

// detail is what there is to say about a result.
func (m *model) detail(x grader.Result, width int) (lines []string) {
	add := func(name, text string) {
		if text == "" {
			return
		}
		for i, line := range wrapped(fmt.Sprintf("%-7s %s", name, text), width-2, 8) {
			if i == 0 {
				line = paint(m.theme.faint, fmt.Sprintf("%-7s", name)) + strings.TrimPrefix(line, fmt.Sprintf("%-7s", name))
			}
			lines = append(lines, "  "+line)
		}
	}
	if x.Verdict == grader.Passed {
		if x.At != nil {
			add("passed", x.At.Local().Format(time.TimeOnly))
		}
		add("why", clean(x.Why)) // of a question
		return lines
	}
	add("found", clean(x.Message))
	for _, c := range x.Criteria {
		mark := "·"
		if c.Met {
			mark = "✓"
		}
		add("part", fmt.Sprintf("%s %s (%d)", mark, clean(c.Title), c.Points))
	}
	for _, d := range x.Mismatches {
		add("field", clean(d.Path))
		add("wanted", clean(d.Want))
		add("found", clean(d.Got))
	}
	add("why", clean(x.Why))
	add("look", clean(x.Next))
	c := m.session.Lab.Check(x.Check)
	for _, n := range m.session.State.Hints[x.Check] {
		if c != nil && n < len(c.Hints) {
			add("hint", clean(c.Hints[n].Text))
		}
	}
	if name := subject(c); name != "" {
		var about []runner.SceneEvent
		for _, e := range m.scene.Events(200) {
			if e.Object == name {
				about = append(about, e)
			}
		}
		for _, e := range about[max(len(about)-3, 0):] {
			add("event", fmt.Sprintf("%s ago: %s", short(m.now().Sub(e.Seen)), clean(e.Reason+": "+e.Message)))
		}
	}
	return lines
}

// subject is the name of the object that a check looks at, empty where there is
// none: a question looks at nothing, and events may be about all of a kind.
func subject(c *lab.Check) string {
	switch {
	case c == nil:
		return ""
	case c.Object != nil:
		return c.Object.Name
	case c.Events != nil:
		return c.Events.Name
	case c.Logs != nil:
		return c.Logs.Pod
	case c.Exec != nil:
		return c.Exec.Pod
	case c.HTTP != nil:
		return cmp.Or(c.HTTP.Pod, c.HTTP.Service)
	}
	return ""
}

// podLines are the Pods and the last events.
func (m *model) podLines(width int) (lines []string) {
	pods := m.scene.Pods(m.now().Add(-stripTime))
	if len(pods) == 0 {
		lines = append(lines, "There are no Pods in the lab's namespace.")
	}
	for _, p := range pods {
		state := clean(p.State)
		if p.Restarts > 0 {
			state += fmt.Sprintf(", %d restarts", p.Restarts)
		}
		lines = append(lines, paint(m.theme.phase(p.Now()), string(p.Now()))+" "+clean(p.Name)+"  "+state)
	}
	lines = append(lines, "", paint(bold, "Events"))
	events := m.scene.Events(50)
	for i := len(events) - 1; i >= 0; i-- {
		e := events[i]
		text := fmt.Sprintf("%s ago  %s %s: %s: %s", short(m.now().Sub(e.Seen)), clean(e.Kind), clean(e.Object), clean(e.Reason), clean(e.Message))
		lines = append(lines, wrapped(text, width, 4)...)
	}
	return lines
}

// helpLines are all keys.
func (m *model) helpLines(width int) (lines []string) {
	lines = append(lines, wrapped("Keys go to the shell. "+m.prefix.name+" ("+m.prefix.long+") comes before a key of podlab's.", width, 0)...)
	lines = append(lines, "")
	for _, b := range m.bindings {
		for i, line := range wrapped(fmt.Sprintf("%s %s   %s", m.prefix.name, b.key, b.help), width, 7) {
			if rest, ok := strings.CutPrefix(line, m.prefix.name+" "+b.key); ok && i == 0 {
				line = paint(m.theme.accent, m.prefix.name+" "+b.key) + rest
			}
			lines = append(lines, line)
		}
	}
	lines = append(lines, wrapped(m.prefix.name+" "+m.prefix.name+"  sends "+m.prefix.long+" to the shell", width, 7)...)
	return append(lines, "", m.prefix.name+" x goes back to the lesson.")
}

// noteLines are the rows of the note below the lesson.
func (m *model) noteLines() (lines []string) {
	if m.note == nil || m.side != lessonSide || m.layout.side == 0 {
		return nil
	}
	width := m.layout.side - 2
	lines = folded(m.note.text, width)
	found := m.answerFound(width)
	if most := m.layout.body/2 - 1 - len(found); len(lines) > most {
		lines = append(lines[:max(most-1, 0)], "…")
	}
	lines = append(lines, found...)
	title := "─ " + m.note.title + " (" + m.prefix.name + " x puts it away) "
	title += strings.Repeat("─", max(m.layout.side-ansi.StringWidth(title), 0))
	return append([]string{paint(m.theme.accent, ansi.Truncate(title, m.layout.side, ""))}, lines...)
}

// answerFound is what has become of the answer to the note's question: a row, or
// none where the note is no question. In the list of checks, which is narrow, it
// is often cut off.
func (m *model) answerFound(width int) []string {
	c := m.session.Lab.Check(m.note.check)
	if c == nil || c.Quiz == nil || m.session.InExam() {
		return nil
	}
	for _, x := range m.report.Results {
		if text := finding(x); x.Check == c.ID && text != "" {
			return []string{paint(m.theme.accent, ansi.Truncate(text, width, "…"))}
		}
	}
	return nil
}

// finding is in one line what was found where something else is wanted, or "".
func finding(x grader.Result) string {
	switch {
	case x.Verdict == grader.Passed:
		return ""
	case len(x.Mismatches) > 0:
		return report.Mismatch(x.Mismatches[0], report.Options{Clean: clean})
	}
	return clean(x.Message)
}
