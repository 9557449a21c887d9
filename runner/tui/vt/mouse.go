package vt

import (
	"github.com/charmbracelet/x/ansi"

	uv "github.com/charmbracelet/ultraviolet"
)

// Motion is what a mouse does.
type Motion int

// What a mouse does. Turning the wheel is a press of its buttons.
const (
	Press Motion = iota
	Release
	Drag
)

// Mouse is what the program reads of a mouse event at a cell, from 0, or "" where it
// has not asked for such.
func (t *Terminal) Mouse(m uv.Mouse, what Motion) string {
	drags := t.modes[modeMouseDrag] || t.modes[modeMouseAll]
	switch {
	case !t.Mice(), what == Drag && !drags, m.X < 0 || m.Y < 0 || m.X >= t.width || m.Y >= t.height:
		return ""
	}
	button := m.Button
	if what == Release && !t.modes[modeMouseSGR] {
		button = uv.MouseNone // it cannot be told which
	}
	code := ansi.EncodeMouseButton(button, what == Drag, m.Mod.Contains(uv.ModShift), m.Mod.Contains(uv.ModAlt), m.Mod.Contains(uv.ModCtrl))
	const farthest = 94 // more is no ASCII
	switch {
	case t.modes[modeMouseSGR]:
		return ansi.MouseSgr(code, m.X, m.Y, what == Release)
	case m.X > farthest || m.Y > farthest:
		return ""
	}
	return ansi.MouseX10(code, m.X, m.Y)
}

// Mice tells that the program wants to know of the mouse.
func (t *Terminal) Mice() bool {
	return t.modes[modeMouse] || t.modes[modeMouseDrag] || t.modes[modeMouseAll]
}
