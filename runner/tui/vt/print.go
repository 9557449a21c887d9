package vt

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// single holds the text of every cell with one ASCII character: cells share it.
const single = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f" +
	"\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f" +
	" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\x7f"

// drawing and drawn are the line drawing characters of the VT100, and how they
// look.
const drawing, drawn = "`afgjklmnopqrstuvwxyz{|}~", "◆▒°±┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·"

// maxMarks bounds the combining marks on a character: more only draw over the
// neighbours.
const maxMarks = 8

// print puts a character at the cursor.
func (t *Terminal) print(r rune) {
	if r >= 0x7f && !showable(r) {
		return
	}
	if t.charset[t.shift] == '0' && r < 0x7f {
		if i := strings.IndexRune(drawing, r); i >= 0 {
			r = []rune(drawn)[i]
		}
	}
	text, width := "", 1
	if r < 0x80 {
		text = single[r : r+1]
	} else {
		text = string(r)
		width = ansi.StringWidth(text)
	}
	if width == 0 {
		t.mark(text)
		return
	}
	if t.wrap && t.modes[modeWrap] {
		t.x = 0
		t.feed()
	}
	t.wrap = false
	if width == 2 && t.x+2 > t.width {
		if !t.modes[modeWrap] || t.width < 2 {
			return
		}
		t.erase(t.y, t.x, t.width)
		t.x = 0
		t.feed()
	}
	if t.insert {
		t.insertCells(width)
	}
	t.put(text, width)
	t.last = r
	if t.x+width < t.width {
		t.x += width
	} else {
		t.x, t.wrap = t.width-1, true
	}
}

// put writes a cell, and blanks what is left of wide characters under it.
func (t *Terminal) put(text string, width int) {
	line := t.lines[t.y]
	whole := line[t.x].width == 1 && (width == 1 || line[t.x+1].width == 1)
	line[t.x] = cell{text: text, style: t.pen, width: uint8(width)}
	if width == 2 {
		line[t.x+1] = cell{style: t.pen}
	}
	if !whole {
		mend(line)
	}
	t.rows[t.y] = ""
}

// mark adds a combining mark to the character before the cursor. One that would
// make it wider or narrower is left out: the outer terminal would disagree about
// the columns of all that follows.
func (t *Terminal) mark(text string) {
	x := t.x - 1
	if t.wrap {
		x = t.x
	}
	line := t.lines[t.y]
	if x > 0 && line[x].width == 0 {
		x--
	}
	if x < 0 || utf8.RuneCountInString(line[x].text) > maxMarks {
		return
	}
	if joined := line[x].text + text; ansi.StringWidth(joined) == int(line[x].width) {
		line[x].text = joined
		t.rows[t.y] = ""
	}
}

// showable says whether a character may be the text of a cell: no controls of
// any kind, and nothing that has the outer terminal reorder or join characters.
func showable(r rune) bool {
	switch {
	case r < 0xa0:
		return false // DEL and C1
	case r >= 0x1f3fb && r <= 0x1f3ff: // skin tones join what stands before
		return false
	case r >= 0x1f1e6 && r <= 0x1f1ff: // so do halves of flags
		return false
	case r&0xfffe == 0xfffe, r >= 0xfdd0 && r <= 0xfdef: // noncharacters
		return false
	}
	return !unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs)
}

// execute does a control character.
func (t *Terminal) execute(b byte) {
	switch b {
	case '\b':
		t.x, t.wrap = max(t.x-1, 0), false
	case '\t':
		t.tab(1)
	case '\n', '\v', '\f':
		t.wrap = false
		t.feed()
	case '\r':
		t.x, t.wrap = 0, false
	case 0x0e: // SO
		t.shift = 1
	case 0x0f: // SI
		t.shift = 0
	}
}

// tab goes n stops to the right, or to the left.
func (t *Terminal) tab(n int) {
	t.wrap = false
	by := 1
	if n < 0 {
		by, n = -1, -n
	}
	for n = min(n, t.width); n > 0; n-- {
		for x := t.x + by; x >= 0 && x < t.width; x += by {
			t.x = x
			if t.tabs[x] {
				break
			}
		}
	}
}
