package vt

import (
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// Row is a row of the screen, or, with back above 0, of the screen as it would
// be that many rows further up in the history. It is exactly as wide as the
// terminal, begins and ends in the default style, and holds no escape sequences
// but SGR.
func (t *Terminal) Row(y, back int) string {
	back = min(back, t.History())
	if y < back {
		return render(t.history.at(t.history.len()-back+y), t.width)
	}
	y -= back
	if y >= t.height {
		return strings.Repeat(" ", t.width)
	}
	if t.rows[y] == "" {
		t.rows[y] = render(t.lines[y], t.width)
	}
	return t.rows[y]
}

// Text is the rows of the screen without their styles, and without the blanks at
// their ends.
func (t *Terminal) Text() []string {
	out := make([]string, t.height)
	for y, line := range t.lines {
		var b strings.Builder
		for _, c := range line {
			b.WriteString(c.text)
		}
		out[y] = strings.TrimRight(b.String(), " ")
	}
	return out
}

func render(line []cell, width int) string {
	var b strings.Builder
	b.Grow(width + 32)
	var pen uv.Style
	column, before := 0, ""
	for _, c := range line {
		if column+int(c.width) > width {
			break
		}
		if c.width == 0 {
			continue
		}
		style := uv.Style{}
		if c.style != nil {
			style = *c.style
		}
		if !style.Equal(&pen) {
			if style.IsZero() {
				b.WriteString(ansi.ResetStyle)
			} else {
				b.WriteString(style.Diff(&pen))
			}
			pen = style
		} else if len(c.text)+len(before) > 2 && ansi.StringWidth(before+c.text) != ansi.StringWidth(before)+int(c.width) {
			// Side by side the two would be taken for one character.
			b.WriteString(ansi.ResetStyle + style.String())
		}
		b.WriteString(c.text)
		column, before = column+int(c.width), c.text
	}
	if !pen.IsZero() {
		b.WriteString(ansi.ResetStyle)
	}
	for ; column < width; column++ {
		b.WriteByte(' ')
	}
	return b.String()
}
