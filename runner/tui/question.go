package tui

import (
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"

	"podlab.dev/podlab/content"
)

// question is asked in the line of keys, and has all keys until it is answered.
type question struct {
	text string
	line bool   // wants a line of text; otherwise one of the keys, or n
	said string // of the line, so far
	keys string // letters that are answers
	done func(m *model, said string) tea.Cmd
}

// maxSaid is how long an answer may be, in characters.
const maxSaid = 1000

// confirm asks before something is done.
func (m *model) confirm(text string, do func(*model) tea.Cmd) {
	m.choose(text+" [y/n]", "y", func(m *model, _ string) tea.Cmd { return do(m) })
}

// choose asks for one of the letters of keys, which n must not be among.
func (m *model) choose(text, keys string, do func(m *model, key string) tea.Cmd) {
	m.question = &question{text: text, keys: keys, done: do}
}

// ask asks for a line of text.
func (m *model) ask(text string, done func(m *model, said string) tea.Cmd) {
	m.question = &question{text: text, line: true, done: done}
}

func (q *question) key(m *model, k tea.KeyPressMsg) tea.Cmd {
	switch name := k.String(); {
	case name == "esc", name == "ctrl+c", name == m.prefix.key, !q.line && name == "n":
		m.question = nil
	case !q.line && len(name) == 1 && strings.Contains(q.keys, name):
		m.question = nil
		return q.done(m, name)
	case !q.line:
	case name == "enter":
		m.question = nil
		if said := strings.TrimSpace(q.said); said != "" {
			return q.done(m, said)
		}
	case name == "backspace":
		if r := []rune(q.said); len(r) > 0 {
			q.said = string(r[:len(r)-1])
		}
	case name == "ctrl+u":
		q.said = ""
	default:
		q.paste(k.Text)
	}
	return nil
}

func (q *question) paste(text string) {
	if !q.line {
		return
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, content.Text(text))
	if len(q.said)+len(text) <= maxSaid {
		q.said += text
	}
}
