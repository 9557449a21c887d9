package vt

import (
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
)

// Span is a stretch of a row in one style.
type Span struct {
	Column, Width int
	Text          string
	Style         uv.Style
}

// Spans are the stretches of a row, without the blanks that show nothing.
func (t *Terminal) Spans(y int) (out []Span) {
	column := 0
	for _, c := range t.lines[y] {
		var style uv.Style
		if c.style != nil {
			style = *c.style
		}
		if n := len(out); n > 0 && out[n-1].Style.Equal(&style) {
			out[n-1].Text += c.text
			out[n-1].Width += int(c.width)
		} else if c.width > 0 {
			out = append(out, Span{column, int(c.width), c.text, style})
		}
		column += int(c.width)
	}
	kept := out[:0]
	for _, s := range out {
		if plain := s.Style.IsZero(); !plain || strings.TrimSpace(s.Text) != "" {
			kept = append(kept, s)
		}
	}
	return kept
}
