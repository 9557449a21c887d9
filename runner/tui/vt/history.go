package vt

// maxHistory is how many rows are kept that have left the screen.
const maxHistory = 2000

// history is a ring of the rows that have left the main screen at its top.
type history struct {
	lines [][]cell
	next  int // where the next one goes, once the ring is full
}

func (h *history) len() int { return len(h.lines) }

// push keeps a line, and returns one that may be used again, or nil.
func (h *history) push(line []cell) (free []cell) {
	if len(h.lines) < maxHistory {
		h.lines = append(h.lines, line)
		return nil
	}
	free, h.lines[h.next] = h.lines[h.next], line
	h.next = (h.next + 1) % maxHistory
	return free
}

// pop takes the youngest line back.
func (h *history) pop() ([]cell, bool) {
	n := len(h.lines)
	if n == 0 {
		return nil, false
	}
	if h.next > 0 { // in order again, so that the last one is the youngest
		h.lines = append(append(make([][]cell, 0, n), h.lines[h.next:]...), h.lines[:h.next]...)
		h.next = 0
	}
	line := h.lines[n-1]
	h.lines = h.lines[:n-1]
	return line, true
}

// at is the i-th line, from the oldest.
func (h *history) at(i int) []cell { return h.lines[(h.next+i)%len(h.lines)] }

// History is how many rows there are above the screen.
func (t *Terminal) History() int {
	if t.FullScreen() {
		return 0
	}
	return t.history.len()
}
