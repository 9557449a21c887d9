package tui

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	uv "github.com/charmbracelet/ultraviolet"

	"podlab.dev/podlab/runner/tui/vt"
)

// Prefix is the key that the screen keeps for itself; pressed twice it goes to the
// shell.
type Prefix struct {
	key  string // as bubbletea calls it
	name string // ^G
	long string // Ctrl-G
}

// ParsePrefix takes a key with Ctrl, such as ctrl-g, C-g or ^G. The empty string is
// Ctrl-G.
func ParsePrefix(s string) (Prefix, error) {
	key := strings.ToLower(cmp.Or(s, "ctrl-g"))
	for _, ctrl := range []string{"ctrl-", "ctrl+", "c-", "^"} {
		rest, ok := strings.CutPrefix(key, ctrl)
		// A terminal sends the same for Ctrl-I and Tab, Ctrl-M and Enter, Ctrl-[ and
		// Esc; without Ctrl-C a program could not be stopped.
		if !ok || len(rest) != 1 || !strings.Contains("abdefghjklnopqrstuvwxyz]\\_", rest) {
			continue
		}
		upper := strings.ToUpper(rest)
		return Prefix{"ctrl+" + rest, "^" + upper, "Ctrl-" + upper}, nil
	}
	return Prefix{}, &PrefixError{s}
}

// PrefixError says that a key cannot be the prefix.
type PrefixError struct{ Key string }

func (e *PrefixError) Error() string {
	return fmt.Sprintf("%q cannot be the key before podlab's keys", e.Key)
}

// Remedy says which can.
func (e *PrefixError) Remedy() string {
	return "use Ctrl and a letter, like ctrl-g or ctrl-b; not c, i or m"
}

// Usage marks the error as one of input.
func (e *PrefixError) Usage() {}

// menuAfter is how long the prefix waits for its key before it lists them.
const menuAfter = 400 * time.Millisecond

// binding is a key after the prefix. The same action has a word in the palette.
type binding struct {
	key, word string
	short     string // in the line of keys
	help      string
	do        func(*model) tea.Cmd
}

// bindings are all keys, in the order in which they are shown.
func bindings() []binding {
	return []binding{
		{"s", "shell", "shell", "type in the shell", (*model).toShell},
		{"l", "lesson", "lesson", "read the lesson: arrows scroll, / searches, Tab picks a command, Enter puts it into the shell, Esc goes back", (*model).toLesson},
		{"n", "next", "next", "turn to the next page; nothing has to pass first", func(m *model) tea.Cmd { return m.turn(1) }},
		{"b", "back", "back", "turn to the page before", func(m *model) tea.Cmd { return m.turn(-1) }},
		{"h", "hint", "hint", "the next hint for the first check that has not passed", (*model).hint},
		{"c", "check", "checks", "what is found, what is wanted, why, and where to look", (*model).details},
		{"a", "answer", "answer", "answer the page's question", (*model).answer},
		{"x", "close", "close", "put the hint, the checks, the Pods or the keys away", (*model).closeSide},
		{"z", "zoom", "zoom", "give the whole screen to the shell or the lesson, and back", (*model).toggleZoom},
		{"1", "", "", "put command 1 of the lesson (to 9) into the shell, without Enter", func(m *model) tea.Cmd { return m.insert(1) }},
		{"y", "copy", "copy", "copy a command of the lesson (then 1 to 9) to the clipboard", (*model).copy},
		{"[", "scroll", "scroll", "scroll back in the shell: arrows and pages, Esc ends", (*model).scrollBack},
		{"p", "pods", "pods", "the Pods and the last events of the lab", (*model).podsAndEvents},
		{"t", "theme", "theme", "colours for a dark or a light background", (*model).toggleTheme},
		{"m", "mouse", "mouse", "the mouse for podlab, or for your terminal", (*model).toggleMouse},
		{"f", "flag", "flag", "in an exam: mark the page as one to come back to, or unmark it", (*model).flag},
		{"S", "submit", "submit", "in an exam: end it, and get the report (asks)", (*model).submit},
		{"R", "reset", "reset", "begin this page, or the whole lab, anew (asks)", (*model).reset},
		{"B", "rebuild", "rebuild", "bring back what you had made before the cluster was lost (asks)", (*model).rebuild},
		{"r", "retry", "bring up", "bring the cluster up again", (*model).tryAgain},
		{":", "", "", "say it in a word: next, hint, check, answer, quit …", (*model).palette},
		{"?", "help", "help", "all keys", (*model).help},
		{"q", "quit", "quit", "leave; podlab start goes on from here. Also deletes the namespace or the cluster (asks)", (*model).quit},
	}
}

// key does what a key asks for.
func (m *model) key(k tea.KeyPressMsg) tea.Cmd {
	name := k.String()
	switch {
	case m.question != nil:
		return m.question.key(m, k)
	case m.armed:
		m.armed, m.menu = false, false
		m.seq++
		switch {
		case name == m.prefix.key:
			m.type_(vt.Encode(uv.Key(k), false))
			return nil
		case name == "esc":
			return nil
		}
		return m.command(k)
	case name == m.prefix.key:
		m.armed = true
		m.seq++
		seq := m.seq
		return tea.Tick(menuAfter, func(time.Time) tea.Msg { return menuDue(seq) })
	case m.back > 0:
		return m.inHistory(k)
	case m.focus == onLesson:
		return m.inLesson(k)
	}
	m.inShell(k)
	return nil
}

type menuDue int

// command does what the key after the prefix asks for.
func (m *model) command(k tea.KeyPressMsg) tea.Cmd {
	typed := k.Text
	if typed >= "1" && typed <= "9" && len(typed) == 1 {
		return m.insert(int(typed[0] - '0'))
	}
	for _, b := range m.bindings {
		if b.key == typed {
			return b.do(m)
		}
	}
	m.say(fmt.Sprintf("%s %s is no key here; %s ? lists them", m.prefix.name, k.String(), m.prefix.name))
	return nil
}

// inShell types a key, or opens a new shell where the last one has ended.
func (m *model) inShell(k tea.KeyPressMsg) {
	if m.shell == nil {
		return
	}
	if m.shell.keys.ended.Load() {
		if k.Code == tea.KeyEnter {
			m.openShell()
		}
		return
	}
	m.type_(vt.Encode(uv.Key(k), m.shell.keys.app.Load()))
}

func (m *model) type_(text string) {
	if m.shell != nil {
		m.shell.escaped = m.shell.readline && text == escape
		m.shell.keys.last.Store(time.Now().UnixNano())
		poke(m.shell.hurry)
		m.shell.send(text)
	}
}

// escape is what the key Esc types, and abort what bash gives it up for. The line that
// was begun stays.
const escape, abort = "\x1b", "\x07"

// pasted is what is typed when text is pasted into the shell. Who presses Esc, to put
// away a hint, presses it in the shell: bash waits for a key to go with it, would take
// the beginning of what is pasted for that, and show the rest of it.
func (s *shell) pasted(text string) string {
	var bracketed, full bool
	s.look(func(t *vt.Terminal) { bracketed, full = t.Bracketed(), t.FullScreen() })
	text = vt.Paste(text, bracketed)
	if s.escaped && bracketed && !full {
		return abort + text
	}
	return text
}

// inLesson does a key of the lesson. Letters do nothing: who types a command into
// the wrong pane turns no pages and takes no hints.
func (m *model) inLesson(k tea.KeyPressMsg) tea.Cmd {
	page := max(m.sideHeight()-2, 1)
	switch k.String() {
	case "esc":
		if m.search.text != "" {
			m.search = search{}
			return nil
		}
		if m.side != lessonSide || m.note != nil {
			m.showLesson()
			return nil
		}
		return m.toShell()
	case "up", "k":
		m.scroll(-1)
	case "down", "j":
		m.scroll(1)
	case "pgup":
		m.scroll(-page)
	case "pgdown", "space":
		m.scroll(page)
	case "home", "g":
		m.scroll(-1 << 20)
	case "end", "G":
		m.scroll(1 << 20)
	case "tab":
		m.pick(1)
	case "shift+tab":
		m.pick(-1)
	case "enter":
		return m.insert(m.picked)
	case "/":
		return m.find()
	default:
		switch {
		case m.search.text != "" && (k.Text == "n" || k.Text == "N"):
			m.findNext(map[string]int{"n": 1, "N": -1}[k.Text])
		case len(k.Text) == 1 && k.Text >= "1" && k.Text <= "9":
			return m.insert(int(k.Text[0] - '0'))
		case k.Text != "":
			m.say("the lesson has the keys: Esc gives them back to the shell")
		}
	}
	return nil
}

// inHistory scrolls in what has left the shell's screen. Any other key ends it,
// and is typed.
func (m *model) inHistory(k tea.KeyPressMsg) tea.Cmd {
	page := max(m.layout.body-2, 1)
	history := 0
	m.shell.look(func(t *vt.Terminal) { history = t.History() })
	to := func(n int) { m.back = min(max(n, 0), history) }
	switch k.String() {
	case "up", "k":
		to(m.back + 1)
	case "down", "j":
		to(m.back - 1)
	case "pgup":
		to(m.back + page)
	case "pgdown", "space":
		to(m.back - page)
	case "home", "g":
		to(history)
	case "esc", "q", "enter", "end", "G":
		to(0)
	default:
		to(0)
		m.inShell(k)
	}
	return nil
}

// paste takes what the terminal says was pasted.
func (m *model) paste(text string) tea.Cmd {
	switch {
	case m.question != nil:
		m.question.paste(text)
	case m.focus == onShell && m.shell != nil:
		m.back = 0
		var bracketed bool
		m.shell.look(func(t *vt.Terminal) { bracketed = t.Bracketed() })
		send := func(m *model) tea.Cmd {
			m.type_(m.shell.pasted(text))
			return nil
		}
		// Most terminals send Enter, not a new line, where one was copied.
		lines := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
		if n := strings.Count(strings.TrimRight(lines, "\n"), "\n") + 1; n > 1 && !bracketed {
			m.confirm(fmt.Sprintf("Paste %d lines? The program would run each of them at once.", n), send)
			return nil
		}
		return send(m)
	}
	return nil
}
