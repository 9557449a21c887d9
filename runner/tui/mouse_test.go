package tui

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"podlab.dev/podlab/runner/tui/vt"
)

func TestMouse(t *testing.T) {
	wheelUp, wheelDown := tea.MouseWheelUp, tea.MouseWheelDown
	turn := func(x, y int, b tea.MouseButton) tea.Msg { return tea.MouseWheelMsg{X: x, Y: y, Button: b} }
	click := func(x, y int) tea.Msg { return tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft} }
	release := func(x, y int) tea.Msg { return tea.MouseReleaseMsg{X: x, Y: y, Button: tea.MouseLeft} }
	drag := func(x, y int) tea.Msg { return tea.MouseMotionMsg{X: x, Y: y, Button: tea.MouseLeft} }
	long := strings.Repeat("line\r\n", 100)
	for _, c := range []struct {
		name   string
		wrote  string // by the program in the shell
		size   [2]int
		events []tea.Msg
		typed  string
		focus  focus
		top    int // of the lesson
		back   int // in the shell
	}{
		{"a click gives the lesson the keys", "", [2]int{160, 50}, []tea.Msg{click(5, 5)}, "", onLesson, 0, 0},
		{"and the shell", "", [2]int{160, 50}, []tea.Msg{click(5, 5), click(100, 5)}, "", onShell, 0, 0},
		{"a border has none", "", [2]int{160, 50}, []tea.Msg{click(0, 5), click(5, 49), click(5, 1)}, "", onShell, 0, 0},
		{"the name of a pane", "", [2]int{80, 24}, []tea.Msg{click(66, 0)}, "", onLesson, 0, 0},
		{"the wheel scrolls the lesson, whoever has the keys", "", [2]int{160, 20}, []tea.Msg{turn(5, 5, wheelDown), turn(5, 5, wheelDown), turn(5, 5, wheelUp)}, "", onShell, 1, 0},
		{"and what has left the shell's screen", long, [2]int{160, 50}, []tea.Msg{turn(100, 5, wheelUp), turn(100, 5, wheelUp), turn(100, 5, wheelDown)}, "", onShell, 0, 3},
		{"a pager without a mouse gets arrows", "\x1b[?1049h", [2]int{160, 50}, []tea.Msg{turn(100, 5, wheelUp)}, "\x1b[A\x1b[A\x1b[A", onShell, 0, 0},
		{"a program that asks gets what it asks for", "\x1b[?1000h\x1b[?1006h", [2]int{160, 50}, []tea.Msg{click(62, 2), drag(63, 2), release(64, 3), turn(62, 2, wheelUp)},
			"\x1b[<0;1;1M\x1b[<0;3;2m\x1b[<64;1;1M", onShell, 0, 0},
		{"also how it is dragged", "\x1b[?1002h\x1b[?1006h", [2]int{160, 50}, []tea.Msg{drag(63, 2)}, "\x1b[<32;2;1M", onShell, 0, 0},
		{"in the way of old", "\x1b[?1000h", [2]int{160, 50}, []tea.Msg{click(62, 2), release(62, 2)}, "\x1b[M !!\x1b[M#!!", onShell, 0, 0},
		{"until it does no more", "\x1b[?1000h\x1b[?1000l", [2]int{160, 50}, []tea.Msg{click(62, 2)}, "", onShell, 0, 0},
		{"a click into the other pane is for podlab", "\x1b[?1000h", [2]int{160, 50}, []tea.Msg{click(5, 5), click(62, 2)}, "", onShell, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, typed := sized(t, c.size[0], c.size[1])
			if m.View().MouseMode != tea.MouseModeNone {
				t.Error("the mouse is taken unasked")
			}
			m.Update(key("ctrl+g"))
			m.Update(key("m"))
			if m.View().MouseMode != tea.MouseModeCellMotion {
				t.Error("the mouse is not taken")
			}
			m.shell.look(func(t *vt.Terminal) { _, _ = t.Write([]byte(c.wrote)) })
			for _, e := range c.events {
				m.Update(e)
			}
			if got := typed(); got != c.typed || m.focus != c.focus || m.top != c.top || m.back != c.back {
				t.Errorf("typed %q, focus %d, lesson %d, back %d; want %q, %d, %d, %d", got, m.focus, m.top, m.back, c.typed, c.focus, c.top, c.back)
			}
		})
	}
}
