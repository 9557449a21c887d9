package tui

import (
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	uv "github.com/charmbracelet/ultraviolet"

	"podlab.dev/podlab/runner/tui/vt"
)

// wheel is how many rows a notch of the wheel goes.
const wheel = 3

func (m *model) toggleMouse() tea.Cmd {
	m.mouse = !m.mouse
	if m.mouse {
		m.say("the mouse is podlab's: click to type there, the wheel scrolls; most terminals select with Shift")
	} else {
		m.say("the mouse is your terminal's")
	}
	return nil
}

// pointed takes a mouse event: a click gives a pane the keys, the wheel scrolls the
// pane that it is over, and a program that asked for the mouse gets what is on it.
func (m *model) pointed(msg tea.MouseMsg) tea.Cmd {
	at, what := msg.Mouse(), vt.Press
	_, clicked := msg.(tea.MouseClickMsg)
	switch msg.(type) {
	case tea.MouseReleaseMsg:
		what = vt.Release
	case tea.MouseMotionMsg:
		what = vt.Drag
	}
	if m.question != nil || m.armed {
		return nil // a key is awaited
	}
	pane, in := m.paneAt(at.X, at.Y)
	if !in {
		return nil
	}
	if clicked && m.focus != pane {
		m.focus = pane
		return nil // it says where, and nothing else
	}
	turned := map[tea.MouseButton]int{tea.MouseWheelUp: -wheel, tea.MouseWheelDown: wheel}[at.Button]
	if pane == onLesson {
		m.scroll(turned)
		return nil
	}
	if m.shell == nil {
		return nil
	}
	x, y, _ := m.shellAt()
	at.X, at.Y = at.X-x, at.Y-y
	var typed string
	var full, asked, app bool
	history := 0
	m.shell.look(func(t *vt.Terminal) {
		typed = t.Mouse(uv.Mouse(at), what)
		full, asked, app, history = t.FullScreen(), t.Mice(), t.AppCursor(), t.History()
	})
	switch {
	case asked && m.back == 0:
		m.type_(typed)
	case turned == 0:
	case full: // a pager that knows no mouse knows arrows
		code := tea.KeyDown
		if turned < 0 {
			code = tea.KeyUp
		}
		for range wheel {
			m.type_(vt.Encode(uv.Key{Code: code}, app))
		}
	default:
		m.back = min(max(m.back-turned, 0), history)
	}
	return nil
}

// paneAt tells whose a cell of the screen is: that of a pane, or, where the panes
// take turns, of its name in the first row.
func (m *model) paneAt(x, y int) (pane focus, ok bool) {
	l := m.layout
	shellX, shellY, shown := m.shellAt()
	switch {
	case l.form == tabbed && y == 0:
		shell := m.width - ansi.StringWidth(" Shell ")
		lesson := shell - ansi.StringWidth(m.sideTab())
		if x >= shell {
			return onShell, true
		}
		return onLesson, x >= lesson
	case y < shellY || y >= shellY+l.body:
		return 0, false
	case l.form != beside:
		return m.focus, true
	case x >= shellX && x < shellX+l.shell && shown:
		return onShell, true
	}
	return onLesson, x >= 1 && x <= l.side
}
