package tui

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"podlab.dev/podlab/runner/tui/vt"
)

// Where nothing happens nothing is written, and what happens is written alone.
func TestOnlyWhatChangesIsWritten(t *testing.T) {
	m := newScreen(t, lesson)
	_, o, end := run(t, m, 160, 50)
	defer end()
	o.await(t, "lab$")
	quiet := func() string {
		before := o.written()
		time.Sleep(1100 * time.Millisecond) // a second is told in the header
		return strings.TrimPrefix(o.written(), before)
	}
	if s := quiet(); s != "" && quiet() != "" { // what was on its way may still come
		t.Errorf("nothing happens, and this is written: %q", s)
	}
	before := len(o.written())
	o.press(t, "x")
	o.await(t, "lab$ x")
	if s := o.written()[before:]; len(s) > 100 {
		t.Errorf("for one key this is written: %q", s)
	}
}

// A terminal that shows pictures at once is told where they begin and end; one that
// measures characters by cluster is asked to.
func TestWhatTheTerminalCan(t *testing.T) {
	m := newScreen(t, lesson)
	p, o, end := run(t, m, 80, 24)
	o.await(t, "Make it reachable")
	o.press(t, "\x1b[?2026;2$y\x1b[?2027;2$y")
	width := 70
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		all := o.written()
		if strings.Contains(all, "\x1b[?2026h") && strings.Contains(all, "\x1b[?2027h") {
			break
		}
		if time.Since(began) > 5*time.Second {
			t.Fatalf("it is not told: %q", all)
		}
		width ^= 1
		p.Send(tea.WindowSizeMsg{Width: width, Height: 20}) // another picture
	}
	end()
	for began := time.Now(); !strings.Contains(o.written(), "\x1b[?2027l"); time.Sleep(time.Millisecond) {
		if time.Since(began) > 5*time.Second {
			t.Fatal("it goes on measuring by cluster")
		}
	}
}

// What is pasted in several lines is asked about where each would be run at once,
// however the terminal separates them.
func TestAPasteOfSeveralLinesIsAskedAbout(t *testing.T) {
	m := newScreen(t, lesson)
	_, o, end := run(t, m, 160, 50)
	defer end()
	o.await(t, "lab$")
	for _, line := range []string{"\n", "\r", "\r\n"} {
		o.press(t, "\x1b[200~echo o''ne"+line+"echo t''wo"+line+"\x1b[201~")
		o.await(t, "Paste 2 lines?")
		o.press(t, "n")
		o.await(t, "typing goes to the shell")
	}
	if s := o.text(); strings.Contains(s, "one") {
		t.Errorf("it was pasted:\n%s", s)
	}
	o.press(t, "\x1b[200~echo o''ne\recho t''wo\r\x1b[201~")
	o.await(t, "Paste 2 lines?")
	o.press(t, "y")
	o.await(t, "one  ", "two  ")
}

// Esc that was pressed in the shell, to put away a hint, does not spoil what is pasted
// afterwards; programs that fill the screen know Esc.
func TestAPasteAfterEsc(t *testing.T) {
	for _, c := range []struct {
		name, modes string
		escaped     bool
		want        string
	}{
		{"after another key", "\x1b[?2004h", false, "\x1b[200~ls\x1b[201~"},
		{"after Esc", "\x1b[?2004h", true, "\x07\x1b[200~ls\x1b[201~"},
		{"after Esc, where no paste is told", "", true, "ls"},
		{"after Esc in an editor", "\x1b[?2004h\x1b[?1049h", true, "\x1b[200~ls\x1b[201~"},
	} {
		s := &shell{term: vt.New(80, 24), escaped: c.escaped}
		_, _ = s.term.Write([]byte(c.modes))
		if got := s.pasted("ls"); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// However fast it comes, all that is typed arrives.
func TestNothingThatIsTypedIsLost(t *testing.T) {
	m := newScreen(t, lesson)
	_, o, end := run(t, m, 160, 50)
	defer end()
	o.await(t, "lab$")
	var typed strings.Builder
	typed.WriteString("echo ")
	for i := range 300 {
		typed.WriteString("word" + string(rune('a'+i%26)))
	}
	typed.WriteString(" | wc -c\r")
	o.press(t, typed.String())
	o.await(t, "1501") // and the new line
}
