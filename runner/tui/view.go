package tui

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"podlab.dev/podlab/content"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/runner/tui/vt"
)

// View is the screen. It is asked for after every message: what has not changed
// is kept, and of the shell only the rows that it wrote are made anew.
func (m *model) View() tea.View {
	if m.fresh && m.chrome != nil { // nil: nothing has been shown yet
		return m.view
	}
	if m.width == 0 || m.height == 0 {
		return tea.NewView("")
	}
	if m.stale || m.chrome == nil {
		m.chrome = m.rows()
		for i, row := range m.chrome {
			m.chrome[i] = m.options.Charset.Fit(row)
		}
		m.stale = false
	}
	var b strings.Builder
	var at *tea.Cursor
	x, y, shown := m.shellAt()
	draw := func(term *vt.Terminal) {
		below := 0
		if term != nil && m.player != nil {
			below = m.below(term)
		}
		for i, row := range m.chrome {
			if i > 0 {
				b.WriteByte('\n')
			}
			if before, after, ok := strings.Cut(row, hole); ok {
				b.WriteString(before)
				if term != nil {
					line := term.Row(i-y+below, m.back)
					if width, _ := term.Size(); width != m.layout.shell { // of a recording
						line = fit(trimBlanks(line), m.layout.shell)
					}
					b.WriteString(m.options.Charset.Fit(line))
				}
				b.WriteString(after)
				continue
			}
			b.WriteString(row)
		}
	}
	if m.shell != nil && shown {
		m.shell.look(draw)
		at = m.cursor(x, y)
	} else {
		draw(nil)
	}
	m.view = tea.NewView(b.String())
	m.view.Cursor = at
	if m.mouse {
		m.view.MouseMode = tea.MouseModeCellMotion
	}
	m.fresh = true
	return m.view
}

// below is how many rows of a recorded shell are left out at its top where it is
// higher than the pane, for what happens in it to be seen.
func (m *model) below(term *vt.Terminal) int {
	_, height := term.Size()
	_, y, _ := term.Cursor()
	return min(max(y+1-m.layout.body, 0), max(height-m.layout.body, 0))
}

// trimBlanks leaves out the blanks at the end of a row, which have no style.
func trimBlanks(row string) string { return strings.TrimRight(row, " ") }

// hole is where the rows of the shell go. No text that is shown can hold it.
const hole = "\x00"

// shellAt is where the shell's pane is on the screen, if it is.
func (m *model) shellAt() (x, y int, shown bool) {
	switch m.layout.form {
	case beside:
		return m.layout.side + 2, 2, true
	case tabbed:
		return 0, 1, m.focus == onShell
	}
	return 0, 0, m.focus == onShell
}

// rows are all rows of the screen, with holes for the shell.
func (m *model) rows() []string {
	var out []string
	switch m.layout.form {
	case beside:
		out = m.besideRows()
	case tabbed:
		out = m.tabbedRows()
	default:
		out = append(m.paneRows(), m.statusLine())
	}
	if m.menu {
		m.lay(out)
	}
	return out
}

func (m *model) besideRows() []string {
	l, t := m.layout, m.theme
	bar := paint(t.faint, "│")
	title := func(name string, on bool, width int) string {
		if on {
			name += " ●"
		}
		name = ansi.Truncate(" "+name+" ", width, "…")
		rest := paint(t.faint, strings.Repeat("─", width-ansi.StringWidth(name)))
		if on {
			return paint(t.accent, name) + rest
		}
		return paint(t.faint, name) + rest
	}
	corner := func(s string) string { return paint(t.faint, s) }
	out := []string{m.header(), corner("┌") + title(m.sideTitle()+m.position(), m.focus == onLesson, l.side) + corner("┬") + title(m.shellTitle(), m.focus == onShell, l.shell) + corner("┐")}
	side, shell := m.sideRows(), m.shellRows()
	for i := range l.body {
		out = append(out, bar+side[i]+bar+shell[i]+bar)
	}
	out = append(out, corner("├")+title(m.checksTitle(), false, l.checks)+corner("┼")+title("Pods, a column is 5 s", false, l.pods)+corner("┤"))
	checks, pods := rows(m.checkLines(l.foot), l.checks, l.foot), rows(m.stripLines(l.pods, l.foot), l.pods, l.foot)
	for i := range l.foot {
		out = append(out, bar+checks[i]+bar+pods[i]+bar)
	}
	out = append(out, corner("└"+strings.Repeat("─", l.side)+"┴"+strings.Repeat("─", l.shell)+"┘"))
	return append(out, m.keyLine())
}

func (m *model) tabbedRows() []string {
	l := m.layout
	out := append([]string{m.header()}, m.paneRows()...)
	left := "── " + m.checksTitle() + " "
	right := m.podSummary()
	if l.foot == 0 && m.cluster.ready { // the first that has not passed is all there is room for
		left = "── " + strings.TrimSpace(strings.TrimPrefix(ansi.Strip(m.checkLines(9)[0]), " ")) + " "
	}
	if right != "" {
		right = " " + right + " ──"
	}
	left = ansi.Truncate(left, max(m.width-ansi.StringWidth(right), 0), "…")
	out = append(out, paint(m.theme.faint, left+strings.Repeat("─", max(m.width-ansi.StringWidth(left)-ansi.StringWidth(right), 0))+right))
	if l.foot > 0 {
		checks, pods := rows(m.checkLines(l.foot), l.checks, l.foot), rows(m.stripLines(l.pods, l.foot), l.pods, l.foot)
		for i := range l.foot {
			out = append(out, checks[i]+" "+pods[i])
		}
	}
	return append(out, m.keyLine())
}

// lost is how long a cluster cannot be seen before it is offered to bring it up
// again.
const lost = 5 * time.Second

// podSummary counts the Pods.
func (m *model) podSummary() string {
	if _, blind := m.scene.Blind(); blind != "" {
		return "pods: not seen"
	}
	running, failing, other := 0, 0, 0
	for _, p := range m.scene.Pods(m.now()) {
		switch p.Now() {
		case 'R', 'S':
			running++
		case '!':
			failing++
		default:
			other++
		}
	}
	var parts []string
	for _, c := range []struct {
		n    int
		what string
	}{{running, "running"}, {failing, "failing"}, {other, "other"}} {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.what))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "pods: " + strings.Join(parts, " ")
}

// paneRows are the rows of the one pane that is shown.
func (m *model) paneRows() []string {
	if m.focus == onShell {
		return m.shellRows()
	}
	return m.sideRows()
}

// sideRows are the lesson, and the note below it.
func (m *model) sideRows() []string {
	l := m.layout
	note := m.noteLines()
	lines := m.lines[min(m.top, len(m.lines)):]
	lines = m.mark(lines[:min(len(lines), l.body)], m.top)
	if l.form == beside {
		out := make([]string, 0, l.body)
		for _, row := range rows(lines, l.side-2, l.body-len(note)) {
			out = append(out, " "+row+" ")
		}
		for _, row := range note {
			if len(out) >= l.body-len(note)+1 {
				row = " " + row
			}
			out = append(out, fit(row, l.side))
		}
		return out
	}
	return append(rows(lines, l.side, l.body-len(note)), rows(note, l.side, len(note))...)
}

// sideTab is the name of the lesson's pane where the panes take turns.
func (m *model) sideTab() string { return " " + m.sideTitle() + m.position() + " " }

// position says how much of the lesson is above the lower edge.
func (m *model) position() string {
	if len(m.lines) <= m.sideHeight() {
		return ""
	}
	return fmt.Sprintf(" %d%%", min(100*(m.top+m.sideHeight())/len(m.lines), 100))
}

func (m *model) shellTitle() string {
	if m.back > 0 {
		return fmt.Sprintf("Shell, %d rows back", m.back)
	}
	return "Shell"
}

// shellRows are the rows of the shell's pane.
func (m *model) shellRows() []string {
	l := m.layout
	out := make([]string, l.body)
	for i := range out {
		out[i] = hole
	}
	switch {
	case m.shellErr != nil:
		return rows([]string{"The shell cannot be opened: " + clean(m.shellErr.Error()), "Use " + m.options.Program + " shell in another terminal."}, l.shell, l.body)
	case m.shell == nil:
		return rows(nil, l.shell, l.body)
	}
	if status, ended := m.shell.exited(); ended {
		out[l.body-1] = fit(paint(reverse, fmt.Sprintf(" the shell has ended with code %d; Enter opens a new one ", status)), l.shell)
	}
	return out
}

// header is where the learner is: lab, page, cluster.
func (m *model) header() string {
	x, t := m.session, m.theme
	page := fmt.Sprintf("page %d/%d", x.State.Page+1, len(x.Lab.Steps))
	title := content.Line(x.Lab.Title, 60)
	left := " " + paint(bold, "podlab") + "  " + paint(t.accent, title) + "  " + page
	if m.width < besideWidth {
		tabs := []string{m.sideTab(), " Shell "}
		on := 0
		if m.focus == onShell {
			on = 1
		}
		for i := range tabs {
			if i == on {
				tabs[i] = paint(t.on, tabs[i])
			} else {
				tabs[i] = paint(t.faint, tabs[i])
			}
		}
		status := m.clusterText()
		if exam := m.examText(); exam != "" && m.cluster.ready {
			status = paint(bold+";"+t.warn, exam)
		}
		// The title gives way to what changes.
		left = " " + paint(bold, "podlab") + "  "
		if room := m.width - ansi.StringWidth(left+"  "+page+"  "+status+" "+tabs[0]+tabs[1]); room >= 8 {
			left += paint(t.accent, ansi.Truncate(title, room, "…")) + "  "
		}
		left += page + "  " + status
		return split(left, tabs[0]+tabs[1], m.width)
	}
	left += "  " + m.dots()
	time := clock(m.now().Sub(m.began))
	if exam := m.examText(); exam != "" {
		time = paint(bold+";"+t.warn, exam)
	}
	return split(left, m.clusterText()+"   "+time+" ", m.width)
}

// dots are the pages: done, this one, and those to come.
func (m *model) dots() string {
	x := m.session
	if len(x.Lab.Steps) > 20 {
		return ""
	}
	var b strings.Builder
	for i, s := range x.Lab.Steps {
		done := len(m.report.Step(s.ID)) > 0
		for _, r := range m.report.Step(s.ID) {
			done = done && r.Verdict == grader.Passed
		}
		switch {
		case m.flagged(s.ID):
			b.WriteString(paint(m.theme.warn, "⚑"))
		case done && i == x.State.Page:
			b.WriteString(paint(bold+";"+m.theme.good, "●"))
		case done:
			b.WriteString(paint(m.theme.good, "●"))
		case i == x.State.Page:
			b.WriteString(paint(m.theme.accent, "◐"))
		default:
			b.WriteString(paint(m.theme.faint, "○"))
		}
	}
	return b.String()
}

// clusterText says in a few words how the cluster is.
func (m *model) clusterText() string {
	t := m.theme
	switch since, reason := m.scene.Blind(); {
	case m.cluster.err != nil:
		return paint(t.bad, "cluster failed")
	case !m.cluster.ready && m.cluster.open != "":
		return paint(t.warn, "… "+content.Line(m.cluster.open, 48)+" "+short(m.now().Sub(m.cluster.since)))
	case !m.cluster.ready:
		return paint(t.warn, "… the cluster comes up "+short(m.now().Sub(m.cluster.began)))
	case reason != "":
		return paint(t.bad, "? cannot see the cluster, "+short(m.now().Sub(since)))
	}
	where := m.session.State.Namespace
	if m.session.State.Cluster != "" && m.width >= besideWidth {
		where = m.session.State.Cluster + " / " + where
	}
	return paint(t.faint, content.Line(where, 48)) + "   " + paint(t.good, "live")
}

func clock(d time.Duration) string {
	s := int(d.Seconds())
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

// keyLine is the last row: a question, what just happened, or the keys that fit.
func (m *model) keyLine() string {
	t := m.theme
	if m.player != nil {
		return m.player.keyLine()
	}
	if q := m.question; q != nil {
		text := " " + q.text
		if q.line {
			text += " " + q.said + "▏"
		}
		if n := ansi.StringWidth(text) - m.width + 1; n > 0 {
			text = "…" + ansi.TruncateLeft(text, n+1, "")
		}
		return paint(reverse, fit(text, m.width))
	}
	if m.saying != "" {
		return fit(" "+paint(t.warn, clean(m.saying)), m.width)
	}
	if m.back > 0 {
		return fit(" scrolling back: arrows, pages; Esc ends", m.width)
	}
	lead, room := "typing goes to the shell", besideWidth
	if m.focus == onLesson && m.width < besideWidth {
		lead, room = "Tab picks · / finds", 100
	} else if m.focus == onLesson {
		lead = "arrows scroll · / finds · Tab picks · Esc to the shell"
	}
	if m.focus == onLesson && m.search.text != "" {
		lead = "n and N go to the next and the one before · Esc ends the search"
	}
	line := " "
	if m.width >= room || m.search.text != "" && m.focus == onLesson {
		line += paint(t.faint, lead) + "   "
	}
	line += paint(t.accent, m.prefix.name) + " then  "
	for _, k := range m.offered() {
		if part := paint(t.accent, k[0]) + " " + k[1]; ansi.StringWidth(line)+ansi.StringWidth(part) <= m.width {
			line += part + "  "
		}
	}
	return fit(strings.TrimRight(line, " "), m.width)
}

// offered are the keys after the prefix that are of use now, and what they do in a
// word, the ones that are needed most first: there may not be room for all.
func (m *model) offered() (keys [][2]string) {
	add := func(on bool, key, what string) {
		if on {
			keys = append(keys, [2]string{key, what})
		}
	}
	exam, done := m.session.InExam(), m.pageDone()
	since, blind := m.scene.Blind()
	add(m.cluster.err != nil || m.cluster.ready && blind != "" && m.now().Sub(since) >= lost, "r", "bring up")
	add(m.focus == onShell, "l", "lesson")
	add(m.focus != onShell, "s", "shell")
	add(true, "?", "help")
	add(m.side != lessonSide || m.note != nil, "x", "close")
	add(done, "n", "next page")
	add(exam, "S", "submit")
	add(exam, "f", "flag")
	add(!exam, "h", "hint")
	add(len(m.page.Commands()) > 0, "1-9", "command")
	add(m.openQuestion() != nil, "a", "answer")
	add(true, "c", "checks")
	add(!done, "n", "next")
	add(true, "q", "quit")
	add(true, "b", "back")
	add(len(m.page.Commands()) > 0, "y", "copy")
	add(true, "z", "zoom")
	add(!exam, "R", "reset")
	add(true, "t", "theme")
	return keys
}

// statusLine is the one line of a pane that is alone.
func (m *model) statusLine() string {
	if m.player != nil || m.question != nil || m.saying != "" || m.back > 0 {
		return m.keyLine()
	}
	if exam := m.examText(); exam != "" && m.cluster.ready {
		return split(paint(m.theme.warn, " "+exam), paint(m.theme.accent, m.prefix.name)+" keys ", m.width)
	}
	left := fmt.Sprintf(" %d/%d  %s", m.session.State.Page+1, len(m.session.Lab.Steps), m.checksTitle())
	return split(paint(m.theme.faint, left), paint(m.theme.accent, m.prefix.name)+" keys ", m.width)
}

// lay puts the list of keys over the lower rows.
func (m *model) lay(out []string) {
	var parts []string
	widest := 0
	for _, b := range m.bindings {
		short := b.short
		if b.key == "1" {
			b.key, short = "1-9", "insert command"
		} else if b.key == ":" {
			short = "say it in a word"
		}
		part := fmt.Sprintf(" %-3s %s ", b.key, short)
		parts = append(parts, part)
		widest = max(widest, len(part))
	}
	columns := max(m.width/(widest+1), 1)
	height := (len(parts) + columns - 1) / columns
	first := max(len(out)-1-height, 0)
	for i := range height {
		if first+i >= len(out)-1 {
			break
		}
		line := ""
		for c := range columns {
			if n := c*height + i; n < len(parts) {
				line += fit(parts[n], widest+1)
			}
		}
		out[first+i] = paint(reverse, fit(line, m.width))
	}
	out[len(out)-1] = fit(" Esc leaves · "+m.prefix.name+" "+m.prefix.name+" sends "+m.prefix.long+" to the shell", m.width)
}
