package vt

import "fmt"

// DEC private modes that mean something here.
const (
	modeAppCursor = 1
	modeOrigin    = 6
	modeWrap      = 7
	modeCursor    = 25
	modeAlt47     = 47
	modeMouse     = 1000 // presses, releases and the wheel
	modeMouseDrag = 1002
	modeMouseAll  = 1003
	modeMouseSGR  = 1006
	modeAlt1047   = 1047
	modeSave      = 1048
	modeAlt       = 1049
	modeBracketed = 2004
)

// known are the modes that are reported as set or reset.
func known(mode int) bool {
	switch mode {
	case modeAppCursor, modeOrigin, modeWrap, modeCursor, modeAlt47, modeAlt1047, modeSave, modeAlt, modeBracketed,
		modeMouse, modeMouseDrag, modeMouseAll, modeMouseSGR:
		return true
	}
	return false
}

// SetLight says whether the background is light, for programs that ask.
func (t *Terminal) SetLight(light bool) { t.light = light }

func (t *Terminal) setMode(mode int, on bool) {
	if !known(mode) {
		return
	}
	t.modes[mode] = on
	switch mode {
	case modeOrigin:
		t.origin = on
		t.home()
	case modeSave:
		if on {
			t.saved = t.cursor
		} else {
			t.restore()
		}
	case modeAlt47, modeAlt1047, modeAlt:
		t.switchTo(mode, on)
	}
}

// switchTo shows the alternate screen or the main one.
func (t *Terminal) switchTo(mode int, alt bool) {
	if alt == t.FullScreen() {
		return
	}
	at := t.cursor
	if alt {
		if mode == modeAlt {
			t.main.saved = t.main.cursor
		}
		t.screen = &t.alt
		for _, line := range t.lines {
			fill(line, nil)
		}
		t.cursor = at
	} else {
		t.screen = &t.main
		t.cursor = at
		if mode == modeAlt {
			t.restore()
		}
	}
	t.top, t.bottom = 0, t.height-1
	t.changed(0, t.height-1)
}

// reportMode answers DECRQM.
func (t *Terminal) reportMode(mode int) {
	state := 0 // not recognised
	if known(mode) {
		if state = 2; t.modes[mode] {
			state = 1
		}
	}
	t.reply(fmt.Sprintf("\x1b[?%d;%d$y", mode, state))
}
