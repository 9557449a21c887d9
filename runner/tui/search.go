package tui

import (
	"fmt"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// search is what is looked for in the lesson's pane.
type search struct {
	text string // empty: nothing is
	at   int    // the row that was gone to last
}

// find asks what to look for in the lesson's pane.
func (m *model) find() tea.Cmd {
	m.ask("/", func(m *model, said string) tea.Cmd {
		m.search = search{text: said, at: m.top - 1}
		m.findNext(1)
		return nil
	})
	return nil
}

// findNext goes to the next row that has what is looked for, or the one before.
func (m *model) findNext(by int) {
	n := len(m.lines)
	for i := 1; i <= n; i++ {
		row := ((m.search.at+by*i)%n + n) % n
		if len(m.search.in(ansi.Strip(m.lines[row]))) == 0 {
			continue
		}
		if by > 0 && row <= m.search.at || by < 0 && row >= m.search.at {
			m.say("the search goes on from the other end")
		}
		m.search.at = row
		if row < m.top || row >= m.top+m.sideHeight() {
			m.top = 0
			m.scroll(row - m.sideHeight()/2)
		}
		return
	}
	m.say(fmt.Sprintf("%q is not here", clean(m.search.text)))
	m.search = search{}
}

// in are the places in a row that match, as pairs of byte offsets. Capitals count
// when there are some in what is looked for.
func (s search) in(row string) (places [][2]int) {
	if s.text == "" {
		return nil
	}
	text, where := s.text, row
	if strings.IndexFunc(text, unicode.IsUpper) < 0 {
		if low := strings.ToLower(row); len(low) == len(row) { // offsets stay what they are
			where = low
		}
	}
	for from := 0; ; {
		i := strings.Index(where[from:], text)
		if i < 0 {
			return places
		}
		places = append(places, [2]int{from + i, from + i + len(text)})
		from += i + len(text)
	}
}

// mark lights up what is looked for in the rows, which are n-th and following ones
// of the pane's lines.
func (m *model) mark(lines []string, n int) []string {
	if m.search.text == "" {
		return lines
	}
	out := make([]string, len(lines))
	for i, line := range lines {
		row := ansi.Strip(line)
		places := m.search.in(row)
		if out[i] = line; len(places) == 0 {
			continue
		}
		color := reverse
		if n+i == m.search.at {
			color = m.theme.on
		}
		var b strings.Builder
		from := 0
		for _, p := range places {
			b.WriteString(row[from:p[0]] + paint(color, row[p[0]:p[1]]))
			from = p[1]
		}
		out[i] = b.String() + row[from:]
	}
	return out
}
