package vt

import (
	"bytes"
	"fmt"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// esc does an escape sequence that is no CSI.
func (t *Terminal) esc(cmd ansi.Cmd) {
	switch cmd.Intermediate() {
	case '(', ')':
		t.charset[cmd.Intermediate()-'('] = byte(cmd.Final())
		return
	case '#':
		if cmd.Final() == '8' { // DECALN
			for _, line := range t.lines {
				for x := range line {
					line[x] = cell{text: "E", width: 1}
				}
			}
			t.changed(0, t.height-1)
		}
		return
	case 0:
	default:
		return
	}
	switch cmd.Final() {
	case '7':
		t.saved = t.cursor
	case '8':
		t.restore()
	case 'D':
		t.wrap = false
		t.feed()
	case 'E':
		t.x, t.wrap = 0, false
		t.feed()
	case 'M':
		t.wrap = false
		t.reverse()
	case 'H':
		t.tabs[t.x] = true
	case 'c':
		t.reset()
	}
}

func (t *Terminal) restore() {
	wrap := t.saved.wrap
	t.cursor = t.saved
	t.move(t.x, t.y)
	t.wrap = wrap && t.x == t.width-1
}

// csi does a control sequence.
func (t *Terminal) csi(cmd ansi.Cmd, params ansi.Params) {
	// Of most sequences a parameter that is missing or 0 means 1.
	n := func(i, missing int) int {
		v, _, ok := params.Param(i, missing)
		if !ok || v == 0 {
			return missing
		}
		return v
	}
	switch {
	case cmd.Prefix() == '?' && cmd.Intermediate() == 0:
		for i := range params {
			v, _, _ := params.Param(i, 0)
			switch cmd.Final() {
			case 'h', 'l':
				t.setMode(v, cmd.Final() == 'h')
			}
		}
		return
	case cmd.Prefix() == '?' && cmd.Intermediate() == '$' && cmd.Final() == 'p':
		t.reportMode(n(0, 0))
		return
	case cmd.Prefix() == '>' && cmd.Final() == 'c':
		t.reply("\x1b[>1;10;0c")
		return
	case cmd.Intermediate() == '!' && cmd.Final() == 'p': // DECSTR
		t.top, t.bottom, t.insert = 0, t.height-1, false
		t.style, t.pen, t.origin, t.charset, t.shift = uv.Style{}, nil, false, [2]byte{ascii, ascii}, 0
		t.modes[modeCursor], t.modes[modeWrap] = true, true
		return
	case cmd.Prefix() != 0 || cmd.Intermediate() != 0:
		return // among them what sets the keyboard of other terminals
	}
	if t.moves(cmd.Final(), n) || t.edits(cmd.Final(), n) {
		return
	}
	switch cmd.Final() {
	case 'b':
		for range min(n(0, 1), t.width*t.height) {
			if t.last != 0 {
				t.print(t.last)
			}
		}
	case 'g':
		switch n(0, 0) {
		case 0:
			t.tabs[t.x] = false
		case 3:
			clear(t.tabs)
		}
	case 'h', 'l':
		for i := range params {
			if v, _, _ := params.Param(i, 0); v == 4 {
				t.insert = cmd.Final() == 'h'
			}
		}
	case 'm':
		uv.ReadStyle(params, &t.style)
		t.pen = t.intern(t.style)
	case 'n':
		switch n(0, 0) {
		case 5:
			t.reply("\x1b[0n")
		case 6:
			y := t.y
			if t.origin {
				y -= t.top
			}
			t.reply(fmt.Sprintf("\x1b[%d;%dR", y+1, t.x+1))
		}
	case 'c':
		t.reply("\x1b[?62;22c") // a VT220 with colours
	case 'r':
		if top, bottom := n(0, 1)-1, min(n(1, t.height), t.height)-1; top < bottom {
			t.top, t.bottom = top, bottom
			t.home()
		}
	case 's':
		t.saved = t.cursor
	case 'u':
		t.restore()
	}
}

// moves does the sequences that only move the cursor.
func (t *Terminal) moves(final byte, n func(i, missing int) int) bool {
	above, below := 0, t.height-1 // moving up and down stops where scrolling does
	if t.y >= t.top {
		above = t.top
	}
	if t.y <= t.bottom {
		below = t.bottom
	}
	switch final {
	case 'A':
		t.move(t.x, max(t.y-n(0, 1), above))
	case 'B', 'e':
		t.move(t.x, min(t.y+n(0, 1), below))
	case 'C', 'a':
		t.move(t.x+n(0, 1), t.y)
	case 'D':
		t.move(t.x-n(0, 1), t.y)
	case 'E':
		t.move(0, min(t.y+n(0, 1), below))
	case 'F':
		t.move(0, max(t.y-n(0, 1), above))
	case 'G', '`':
		t.move(n(0, 1)-1, t.y)
	case 'H', 'f':
		t.moveFrom(n(1, 1)-1, n(0, 1)-1)
	case 'd':
		t.moveFrom(t.x, n(0, 1)-1)
	case 'I':
		t.tab(n(0, 1))
	case 'Z':
		t.tab(-n(0, 1))
	default:
		return false
	}
	return true
}

// moveFrom moves to a row counted from where rows are counted.
func (t *Terminal) moveFrom(x, y int) {
	if t.origin {
		y += t.top
	}
	t.move(x, y)
}

func (t *Terminal) home() { t.moveFrom(0, 0) }

// edits does the sequences that erase, insert, delete and scroll.
func (t *Terminal) edits(final byte, n func(i, missing int) int) bool {
	within := t.y >= t.top && t.y <= t.bottom
	switch final {
	case 'J':
		t.eraseDisplay(n(0, 0))
	case 'K':
		switch n(0, 0) {
		case 0:
			t.erase(t.y, t.x, t.width)
		case 1:
			t.erase(t.y, 0, t.x+1)
		case 2:
			t.erase(t.y, 0, t.width)
		}
		t.wrap = false
	case 'X':
		t.erase(t.y, t.x, t.x+min(n(0, 1), t.width))
		t.wrap = false
	case '@':
		t.insertCells(n(0, 1))
		t.wrap = false
	case 'P':
		t.deleteCells(n(0, 1))
		t.wrap = false
	case 'L':
		if within {
			t.scrollDown(t.y, t.bottom, n(0, 1))
			t.x, t.wrap = 0, false
		}
	case 'M':
		if within {
			t.deleteLines(n(0, 1))
		}
	case 'S':
		t.scrollUp(t.top, t.bottom, n(0, 1))
	case 'T':
		t.scrollDown(t.top, t.bottom, n(0, 1))
	default:
		return false
	}
	return true
}

// deleteLines takes rows out at the cursor. They are gone: what an editor deletes
// in the first row is no history.
func (t *Terminal) deleteLines(n int) {
	for n = min(n, t.bottom-t.y+1); n > 0; n-- {
		line := t.lines[t.y]
		copy(t.lines[t.y:t.bottom], t.lines[t.y+1:t.bottom+1])
		fill(line, t.blank())
		t.lines[t.bottom] = line
	}
	t.x, t.wrap = 0, false
	t.changed(t.y, t.bottom)
}

func (t *Terminal) eraseDisplay(what int) {
	switch what {
	case 0:
		t.erase(t.y, t.x, t.width)
		for y := t.y + 1; y < t.height; y++ {
			t.erase(y, 0, t.width)
		}
	case 1:
		for y := range t.y {
			t.erase(y, 0, t.width)
		}
		t.erase(t.y, 0, t.x+1)
	case 2:
		for y := range t.height {
			t.erase(y, 0, t.width)
		}
	case 3:
		t.history = history{}
	}
	t.wrap = false
}

// osc answers the questions about colours; titles, links and the clipboard are
// nobody's business but the outer terminal's.
func (t *Terminal) osc(cmd int, data []byte) {
	_, asked, _ := bytes.Cut(data, []byte(";"))
	if string(asked) != "?" {
		return
	}
	light, dark := "ffff/ffff/ffff", "0000/0000/0000"
	if t.light {
		light, dark = dark, light
	}
	switch cmd {
	case 10:
		t.reply("\x1b]10;rgb:" + light + "\x1b\\")
	case 11:
		t.reply("\x1b]11;rgb:" + dark + "\x1b\\")
	}
}
