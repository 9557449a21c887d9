package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"podlab.dev/podlab/runner"
)

// A column of the strip of Pods stands for five seconds; the list of Pods goes
// back as far as stripTime.
const (
	column    = 5 * time.Second
	stripTime = 10 * time.Minute
)

// stripLines are the Pods with their past, a column for every five seconds.
func (m *model) stripLines(width, height int) (lines []string) {
	pods := m.scene.Pods(m.now().Add(-time.Minute))
	switch {
	case len(pods) == 0 && width < 60:
		return []string{paint(m.theme.faint, " no Pods yet")}
	case len(pods) == 0:
		return []string{paint(m.theme.faint, " no Pods yet: each gets a line here, with what it went through")}
	case height == 1:
		return []string{m.stripRow(pods, width)}
	}
	room := height
	if len(pods) > room {
		room--
	}
	hidden := byUrgency(pods)[min(len(pods), room):]
	for _, p := range pods { // in the order of their age
		if !slices.ContainsFunc(hidden, func(h runner.PodLife) bool { return h.UID == p.UID }) {
			lines = append(lines, m.strip(p, width))
		}
	}
	if len(hidden) > 0 {
		lines = append(lines, paint(m.theme.faint, fmt.Sprintf(" … and %d more: %s p", len(hidden), m.prefix.name)))
	} else if len(lines) < height && width >= 60 {
		lines = append(lines, paint(m.theme.faint, " P pending  C creating  r not ready  R running  S succeeded  ! failing  T terminating"))
	}
	return lines
}

// byUrgency puts the Pods that fail first, and then the youngest.
func byUrgency(pods []runner.PodLife) []runner.PodLife {
	pods = slices.Clone(pods)
	slices.SortStableFunc(pods, func(a, b runner.PodLife) int {
		if (a.Now() == runner.Failing) != (b.Now() == runner.Failing) {
			if a.Now() == runner.Failing {
				return -1
			}
			return 1
		}
		return b.Born.Compare(a.Born)
	})
	return pods
}

// strip is a Pod's line.
func (m *model) strip(p runner.PodLife, width int) string {
	state := clean(p.State)
	if p.Restarts > 0 {
		state += fmt.Sprintf(" ×%d", p.Restarts)
	}
	name := min(max(width/4, 8), 28)
	tail := min(max(width/4, 6), 24)
	if _, blind := m.scene.Blind(); blind != "" {
		state = "not seen"
	}
	return " " + fit(clean(p.Name), name) + " " + m.cells(p, max(width-name-tail-4, 0)) + " " + paint(m.theme.phase(p.Now()), fit(state, tail))
}

// stripRow has the Pods side by side, where there is one row for all.
func (m *model) stripRow(pods []runner.PodLife, width int) string {
	const each, name = 16, 6
	n := min(len(pods), max(width/each, 1))
	var b strings.Builder
	for _, p := range byUrgency(pods)[:n] {
		short := p.Name
		if i := strings.LastIndexByte(short, '-'); i >= 0 && len(pods) > 1 {
			short = short[i+1:]
		}
		b.WriteString(" " + fit(clean(short), name) + " " + m.cells(p, width/n-name-2))
	}
	return b.String()
}

// cells are n columns of a Pod's past, the last one now.
func (m *model) cells(p runner.PodLife, n int) string {
	var b, run strings.Builder
	var color string
	flush := func() {
		b.WriteString(paint(color, run.String()))
		run.Reset()
	}
	since, blind := m.scene.Blind()
	last := m.now().Truncate(column) // columns stand still between two of them
	for i := n - 1; i >= 0; i-- {
		end := last.Add(time.Duration(1-i) * column)
		phase := p.During(end.Add(-column), end)
		letter, c := byte(phase), m.theme.phase(phase)
		if blind != "" && end.Add(-column).After(since) {
			letter, c = '?', m.theme.warn
		}
		if c != color {
			flush()
			color = c
		}
		run.WriteByte(letter)
	}
	flush()
	return b.String()
}
