package tui

import (
	"encoding/json"
	"fmt"
	"html"
	"image/color"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"

	"podlab.dev/podlab/runner/tui/vt"
)

// picture is the screen of a player at a time, in rows.
func (p *player) picture(at time.Duration) []string {
	p.seek(at)
	return strings.Split(p.View().Content, "\n")
}

// Cast writes a recording as one of asciinema (version 2), on a screen of a size.
// Where nothing happens for long, it does not wait for long.
func Cast(w io.Writer, rec *Recording, width, height int, light bool) error {
	const every = 100 * time.Millisecond
	p := offline(rec, width, height, light)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	if err := e.Encode(map[string]any{
		"version": 2, "width": width, "height": height, "timestamp": rec.header.Began.Unix(), "title": rec.header.Title + " (podlab)",
	}); err != nil {
		return fmt.Errorf("write the cast: %w", err)
	}
	before := make([]string, height)
	skipped, last := time.Duration(0), time.Duration(0)
	for at := time.Duration(0); ; at += every {
		at = min(at, rec.Length())
		if frames := rec.frames; p.next < len(frames) && frames[p.next].at()-at > idle {
			to := frames[p.next].at() - idle/2
			skipped, at = skipped+to-at, to
		}
		var b strings.Builder
		if at == 0 {
			b.WriteString("\x1b[?25l\x1b[2J")
		}
		for y, row := range p.picture(at) {
			if row != before[y] {
				fmt.Fprintf(&b, "\x1b[%d;1H%s", y+1, row)
				before[y] = row
			}
		}
		if b.Len() > 0 || at-last > 2*time.Second {
			last = at
			if err := e.Encode([]any{(at - skipped).Seconds(), "o", b.String()}); err != nil {
				return fmt.Errorf("write the cast: %w", err)
			}
		}
		if at >= rec.Length() {
			return nil
		}
	}
}

// Still writes the screen at a time of a recording as an SVG.
func Still(w io.Writer, rec *Recording, at time.Duration, width, height int, light bool) error {
	p := offline(rec, width, height, light)
	rows := p.picture(at)
	cursor := p.view.Cursor
	t := vt.New(width, height)
	_, _ = t.Write([]byte("\x1b[?7l" + strings.Join(rows, "\r\n"))) // it never fails
	const pad = 10
	back, text := "#16181d", "#d7dae0"
	if light {
		back, text = "#ffffff", "#24292f"
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="13.29" role="img">`+"\n",
		width*cw+2*pad, height*ch+2*pad)
	fmt.Fprintf(&b, "<title>%s, a recording of podlab</title>\n", html.EscapeString(clean(rec.header.Title)))
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="8" fill="%s"/>`+"\n", back)
	lines := map[string]*strings.Builder{} // of the frames, by colour
	for y := range height {
		for _, s := range t.Spans(y) {
			fg, bg := hex(s.Style.Fg, text), hex(s.Style.Bg, "")
			if s.Style.Attrs&uv.AttrReverse != 0 {
				fg, bg = hex(s.Style.Bg, back), hex(s.Style.Fg, text)
			}
			x, top := pad+s.Column*cw, pad+y*ch
			if bg != "" {
				fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s"/>`+"\n", x, top, s.Width*cw, ch, bg)
			}
			more := ""
			if s.Style.Attrs&uv.AttrBold != 0 {
				more += ` font-weight="bold"`
			}
			if s.Style.Attrs&uv.AttrItalic != 0 {
				more += ` font-style="italic"`
			}
			if s.Style.Underline != uv.UnderlineNone {
				more += ` text-decoration="underline"`
			}
			if lines[fg] == nil {
				lines[fg] = &strings.Builder{}
			}
			for _, s := range framed(lines[fg], s, x, top) {
				words := strings.TrimSpace(s.Text)
				lead := len(s.Text) - len(strings.TrimLeft(s.Text, " "))
				tail := len(s.Text) - len(strings.TrimRight(s.Text, " "))
				if words != "" {
					fmt.Fprintf(&b, `<text x="%d" y="%d" fill="%s" textLength="%d" xml:space="preserve"%s>%s</text>`+"\n",
						pad+(s.Column+lead)*cw, top+13, fg, (s.Width-lead-tail)*cw, more, html.EscapeString(words))
				}
			}
		}
	}
	for _, color := range slices.Sorted(maps.Keys(lines)) {
		if path := lines[color].String(); path != "" {
			fmt.Fprintf(&b, `<path d="%s" stroke="%s" fill="none"/>`+"\n", path, color)
		}
	}
	if cursor != nil {
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s" opacity="0.6"/>`+"\n", pad+cursor.X*cw, pad+cursor.Y*ch, cw, ch, text)
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// A cell in the unit of the picture. In most fonts of one width a character of the
// size 13.29 is 8 wide; textLength sees to the others.
const cw, ch = 8, 17

// arms are which of its neighbours a character of a frame reaches: to the left, to
// the right, up and down.
var arms = map[rune][4]bool{
	'─': {true, true, false, false}, '│': {false, false, true, true},
	'┌': {false, true, false, true}, '┐': {true, false, false, true}, '└': {false, true, true, false}, '┘': {true, false, true, false},
	'├': {false, true, true, true}, '┤': {true, false, true, true}, '┬': {true, true, false, true}, '┴': {true, true, true, false},
	'┼': {true, true, true, true},
}

// framed draws the frames in a stretch of a row, for fonts leave gaps between
// rows, and returns what else stands in it. The stretch begins at x and top.
func framed(path *strings.Builder, s vt.Span, x, top int) (others []vt.Span) {
	column := 0
	for text := s.Text; text != ""; {
		frame := strings.IndexFunc(text, func(r rune) bool { return arms[r] != [4]bool{} })
		if frame != 0 {
			other := text
			if frame > 0 {
				other = text[:frame]
			}
			width := ansi.StringWidth(other)
			others = append(others, vt.Span{Column: s.Column + column, Width: width, Text: other, Style: s.Style})
			column, text = column+width, text[len(other):]
			continue
		}
		r, size := utf8.DecodeRuneInString(text)
		n := 1 // as many of them in a row
		for r == '─' && strings.HasPrefix(text[n*size:], "─") {
			n++
		}
		a, cx, cy := arms[r], x+column*cw, top
		if a[0] || a[1] {
			from, to := cx+cw/2, cx+n*cw-cw/2
			if a[0] {
				from = cx
			}
			if a[1] {
				to = cx + n*cw
			}
			fmt.Fprintf(path, "M%d %d.5H%d", from, cy+ch/2, to)
		}
		if a[2] || a[3] {
			from, to := cy+ch/2, cy+ch/2
			if a[2] {
				from = cy
			}
			if a[3] {
				to = cy + ch
			}
			fmt.Fprintf(path, "M%d.5 %dV%d", cx+cw/2, from, to)
		}
		column, text = column+n, text[n*size:]
	}
	return others
}

// offline is a player that nobody looks at.
func offline(rec *Recording, width, height int, light bool) *player {
	theme := "dark"
	if light {
		theme = "light"
	}
	p := newPlayer(rec, Options{Theme: theme, Program: "podlab"})
	p.resized(width, height)
	return p
}

// hex is a colour as pictures write it.
func hex(c color.Color, none string) string {
	if c == nil {
		return none
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}
