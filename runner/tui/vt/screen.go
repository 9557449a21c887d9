package vt

import uv "github.com/charmbracelet/ultraviolet"

// cell is one column of one row. The second half of a wide character is a cell of
// no width and no text.
type cell struct {
	text  string    // one character with its marks
	style *uv.Style // nil is the default
	width uint8     // 1, 2 or 0
}

// cursor is what DECSC saves.
type cursor struct {
	x, y    int
	style   uv.Style
	pen     *uv.Style // style, interned
	wrap    bool      // the last column was written: the next character wraps
	origin  bool      // DECOM
	charset [2]byte
	shift   int // which charset is in use
}

// screen is a grid and the cursor on it.
type screen struct {
	cursor
	saved cursor
	lines [][]cell
}

const ascii = 'B' // as a charset

func newScreen(width, height int) screen {
	c := cursor{charset: [2]byte{ascii, ascii}}
	s := screen{cursor: c, saved: c, lines: make([][]cell, height)}
	for y := range s.lines {
		s.lines[y] = blankLine(width, nil)
	}
	return s
}

func blankLine(width int, style *uv.Style) []cell {
	line := make([]cell, width)
	fill(line, style)
	return line
}

func fill(line []cell, style *uv.Style) {
	for x := range line {
		line[x] = cell{text: " ", style: style, width: 1}
	}
}

func (s *screen) resize(width, height int) {
	lines := make([][]cell, height)
	for y := range lines {
		lines[y] = blankLine(width, nil)
		if y < len(s.lines) {
			copy(lines[y], s.lines[y])
			mend(lines[y])
		}
	}
	s.lines = lines
	for _, c := range []*cursor{&s.cursor, &s.saved} {
		c.x, c.y, c.wrap = min(c.x, width-1), min(max(c.y, 0), height-1), false
	}
}

// mend blanks the halves of wide characters that lost the other half.
func mend(line []cell) {
	for x := range line {
		switch line[x].width {
		case 2:
			if x+1 == len(line) || line[x+1].width != 0 {
				line[x] = cell{text: " ", style: line[x].style, width: 1}
			}
		case 0:
			if x == 0 || line[x-1].width != 2 {
				line[x] = cell{text: " ", style: line[x].style, width: 1}
			}
		}
	}
}

// blank is the style of what is erased: only its background is the pen's.
func (t *Terminal) blank() *uv.Style {
	if t.style.Bg == nil {
		return nil
	}
	return t.intern(uv.Style{Bg: t.style.Bg})
}

// erase blanks the columns from x0 up to x1 of a row.
func (t *Terminal) erase(y, x0, x1 int) {
	if y < 0 || y >= t.height {
		return
	}
	x0, x1 = max(x0, 0), min(x1, t.width)
	if x0 >= x1 {
		return
	}
	fill(t.lines[y][x0:x1], t.blank())
	mend(t.lines[y])
	t.rows[y] = ""
}

// insertCells moves the rest of the row n columns to the right, deleteCells to
// the left.
func (t *Terminal) insertCells(n int) {
	line := t.lines[t.y]
	n = min(n, t.width-t.x)
	copy(line[t.x+n:], line[t.x:])
	fill(line[t.x:t.x+n], t.blank())
	mend(line)
	t.rows[t.y] = ""
}

func (t *Terminal) deleteCells(n int) {
	line := t.lines[t.y]
	n = min(n, t.width-t.x)
	copy(line[t.x:], line[t.x+n:])
	fill(line[t.width-n:], t.blank())
	mend(line)
	t.rows[t.y] = ""
}

// scrollUp moves rows from..to up by n; those that leave the main screen at its
// top go into the history.
func (t *Terminal) scrollUp(from, to, n int) {
	keep := from == 0 && t.screen == &t.main
	for n = min(n, to-from+1); n > 0; n-- {
		line := t.lines[from]
		copy(t.lines[from:to], t.lines[from+1:to+1])
		if keep {
			line = t.history.push(line)
		}
		if len(line) != t.width {
			line = make([]cell, t.width)
		}
		fill(line, t.blank())
		t.lines[to] = line
	}
	t.changed(from, to)
}

func (t *Terminal) scrollDown(from, to, n int) {
	for n = min(n, to-from+1); n > 0; n-- {
		line := t.lines[to]
		copy(t.lines[from+1:to+1], t.lines[from:to])
		fill(line, t.blank())
		t.lines[from] = line
	}
	t.changed(from, to)
}

// feed goes to the next row, and scrolls where there is none.
func (t *Terminal) feed() {
	switch {
	case t.y == t.bottom:
		t.scrollUp(t.top, t.bottom, 1)
	case t.y < t.height-1:
		t.y++
	}
}

// reverse goes to the row before.
func (t *Terminal) reverse() {
	switch {
	case t.y == t.top:
		t.scrollDown(t.top, t.bottom, 1)
	case t.y > 0:
		t.y--
	}
}

// move puts the cursor into the screen, or, with DECOM, into the rows that
// scroll.
func (t *Terminal) move(x, y int) {
	low, high := 0, t.height-1
	if t.origin {
		low, high = t.top, t.bottom
	}
	t.x, t.y, t.wrap = min(max(x, 0), t.width-1), min(max(y, low), high), false
}
