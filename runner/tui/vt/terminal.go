// Package vt is a terminal without a window: what a program writes to its
// terminal goes in, rows for another terminal come out.
//
// The noun is the [Terminal], as much of an xterm as full-screen programs use:
//
//	t := vt.New(80, 24)
//	t.Write(output)              // of the program, as it comes
//	reply := t.Replies()         // what the program asked the terminal
//	for y := range 24 {
//		line := t.Row(y, 0)  // 80 columns, styled, nothing but SGR in it
//	}
//
// Nothing of what the program writes goes through: rows are made anew from cells,
// and a cell holds no control character. Titles, links and the clipboard stay
// inside. [Encode] and [Paste] go the other way, from the user to the program.
package vt

import (
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/ansi/parser"

	uv "github.com/charmbracelet/ultraviolet"
)

// Terminal is the state of a terminal. It is not safe for concurrent use.
type Terminal struct {
	width, height int
	main, alt     screen
	*screen           // the one that is shown
	top, bottom   int // the rows that scroll, both included

	parser  *ansi.Parser
	modes   map[int]bool // DEC private modes that were set or reset
	insert  bool         // IRM
	light   bool         // the background is
	tabs    []bool
	last    rune // for REP
	styles  map[uv.Style]*uv.Style
	replies []byte

	history history
	rows    []string // as rendered; empty when a row has changed since
}

// New returns an empty terminal of at least one cell.
func New(width, height int) *Terminal {
	t := &Terminal{width: max(width, 1), height: max(height, 1), parser: ansi.NewParser()}
	t.parser.SetDataSize(4096) // of an OSC; more is cut off, and none of it is used
	t.parser.SetHandler(ansi.Handler{Print: t.print, Execute: t.execute, HandleCsi: t.csi, HandleEsc: t.esc, HandleOsc: t.osc})
	t.reset()
	return t
}

// reset is power on, but for the history.
func (t *Terminal) reset() {
	t.main, t.alt = newScreen(t.width, t.height), newScreen(t.width, t.height)
	t.screen = &t.main
	t.top, t.bottom = 0, t.height-1
	t.modes = map[int]bool{modeWrap: true, modeCursor: true}
	t.insert, t.last = false, 0
	t.styles = map[uv.Style]*uv.Style{}
	t.setTabs(0)
	t.rows = make([]string, t.height)
}

// Write takes what the program writes. It never fails.
func (t *Terminal) Write(b []byte) (int, error) {
	for i := 0; i < len(b); {
		// Nearly everything is text in the ground state; the parser's way, a
		// table and a callback a byte, is ten times as long.
		if n := t.plain(b[i:]); n > 0 {
			i += n
			continue
		}
		t.parser.Advance(b[i])
		i++
	}
	return len(b), nil
}

// plain prints the ASCII text at the beginning of b, if it can be printed as it
// is, and returns its length in bytes.
func (t *Terminal) plain(b []byte) (n int) {
	if t.parser.State() != parser.GroundState || t.insert || t.charset[t.shift] != ascii {
		return 0
	}
	for n < len(b) && b[n] >= ' ' && b[n] < 0x7f {
		if t.wrap || t.x+1 >= t.width { // the margin has rules of its own
			t.print(rune(b[n]))
			n++
			continue
		}
		line := t.lines[t.y]
		from := t.x
		for t.x+1 < t.width && n < len(b) && b[n] >= ' ' && b[n] < 0x7f && line[t.x].width == 1 {
			line[t.x] = cell{text: single[b[n] : b[n]+1], style: t.pen, width: 1}
			t.x++
			n++
		}
		if t.x == from { // half of a wide character is written over
			t.print(rune(b[n]))
			n++
			continue
		}
		t.last = rune(b[n-1])
		t.rows[t.y] = ""
	}
	return n
}

// Size is the size in columns and rows.
func (t *Terminal) Size() (width, height int) { return t.width, t.height }

// Cursor is where the cursor is, from 0, and whether it is to be seen.
func (t *Terminal) Cursor() (x, y int, visible bool) { return t.x, t.y, t.modes[modeCursor] }

// FullScreen tells whether the program uses the alternate screen, as editors and
// pagers do.
func (t *Terminal) FullScreen() bool { return t.screen == &t.alt }

// AppCursor tells that the program wants the arrow keys in their application
// form.
func (t *Terminal) AppCursor() bool { return t.modes[modeAppCursor] }

// Bracketed tells that the program wants to know what is pasted.
func (t *Terminal) Bracketed() bool { return t.modes[modeBracketed] }

// Replies returns what the terminal has to tell the program since the last call:
// the answers to its questions.
func (t *Terminal) Replies() []byte {
	r := t.replies
	t.replies = nil
	return r
}

// maxReplies bounds the answers that nobody has taken yet, in bytes.
const maxReplies = 4096

func (t *Terminal) reply(s string) {
	if len(t.replies)+len(s) <= maxReplies {
		t.replies = append(t.replies, s...)
	}
}

// Resize changes the size. Lines are not broken anew: what gets too long is cut
// off. Rows that no longer fit above the cursor go into the history and come
// back when there is room again.
func (t *Terminal) Resize(width, height int) {
	width, height = max(width, 1), max(height, 1)
	if width == t.width && height == t.height {
		return
	}
	for n := t.main.y - (height - 1); n > 0; n-- {
		t.history.push(t.main.lines[0])
		t.main.lines = t.main.lines[1:]
		t.main.y--
	}
	if t.screen == &t.main {
		for len(t.main.lines) < height {
			line, ok := t.history.pop()
			if !ok {
				break
			}
			t.main.lines = append([][]cell{line}, t.main.lines...)
			t.main.y++
		}
	}
	t.width, t.height = width, height
	t.main.resize(width, height)
	t.alt.resize(width, height)
	t.top, t.bottom = 0, height-1
	t.setTabs(len(t.tabs))
	t.rows = make([]string, height)
}

// changed has rows rendered anew.
func (t *Terminal) changed(from, to int) {
	clear(t.rows[max(from, 0):min(to+1, t.height)])
}

// setTabs puts a stop every eight columns, from the given one on.
func (t *Terminal) setTabs(from int) {
	tabs := make([]bool, t.width)
	copy(tabs, t.tabs[:min(from, len(t.tabs))])
	for x := from; x < t.width; x++ {
		tabs[x] = x%8 == 0
	}
	t.tabs = tabs
}

// intern is the one pointer for a style; nil is the default one.
func (t *Terminal) intern(s uv.Style) *uv.Style {
	if s.IsZero() {
		return nil
	}
	if p := t.styles[s]; p != nil {
		return p
	}
	if len(t.styles) >= maxStyles { // a rainbow; who uses the old ones keeps them
		clear(t.styles)
	}
	t.styles[s] = &s
	return &s
}

const maxStyles = 1024
