package tui

import (
	"context"
	"errors"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/runner"
	"podlab.dev/podlab/runner/tui/vt"
)

// However it ends, the terminal is as it was before.
func TestTheTerminalIsRestored(t *testing.T) {
	waits := func(ctx context.Context, _ *runner.Session, _ func(cluster.Event)) (bool, error) {
		<-ctx.Done()
		return false, ctx.Err()
	}
	seen := make(chan struct{})
	for _, test := range []struct {
		name string
		up   runner.Up
		end  func(t *testing.T, o *outer, cancel func())
		err  string
	}{
		{"quit", waits, func(t *testing.T, o *outer, _ func()) { o.press(t, "\aq"); o.await(t, "Leave?"); o.press(t, "y") }, ""},
		{"a signal", waits, func(_ *testing.T, _ *outer, cancel func()) { cancel() }, ""},
		{"a panic in a goroutine", func(context.Context, *runner.Session, func(cluster.Event)) (bool, error) {
			<-seen
			panic("oh no")
		}, func(*testing.T, *outer, func()) { close(seen) }, "podlab crashed: oh no"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newScreen(t, lesson)
			o := newOuter(t, 80, 24)
			if _, err := o.theirs.WriteString("what was there before\r\n"); err != nil {
				t.Fatal(err)
			}
			o.await(t, "what was there before")
			before, err := term.GetState(int(o.theirs.Fd()))
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			options := m.options
			options.In, options.Out = o.theirs, o.theirs
			go func() {
				_, err := Run(ctx, m.session, test.up, options)
				ended <- err
			}()
			o.await(t, "page 1/2")
			test.end(t, o, cancel)
			select {
			case err := <-ended:
				if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
					t.Errorf("it ended with %v, want %q", err, test.err)
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("it does not end:\n%s", o.text())
			}
			o.await(t, "what was there before")
			after, err := term.GetState(int(o.theirs.Fd()))
			if err != nil || !reflect.DeepEqual(before, after) {
				t.Errorf("the terminal is in another mode: %v, %v, %v", before, after, err)
			}
			if strings.Contains(o.text(), "page 1/2") {
				t.Errorf("the screen is still there:\n%s", o.text())
			}
			for end := time.Now().Add(10 * time.Second); !strings.Contains(o.written(), wheelBack) && time.Now().Before(end); {
				time.Sleep(10 * time.Millisecond) // the last words are on their way
			}
			all := o.written()
			for _, sequence := range []struct{ set, reset string }{
				{"\x1b[?1049h", "\x1b[?1049l"}, {"\x1b[?25l", "\x1b[?25h"}, {"\x1b[?2004h", "\x1b[?2004l"}, {wheelOff, wheelBack},
			} {
				if strings.LastIndex(all, sequence.set) > strings.LastIndex(all, sequence.reset) {
					t.Errorf("%q was not undone", sequence.set)
				}
			}
			if regexp.MustCompile(`\x1b\[\d* q`).MatchString(all) {
				t.Error("the cursor has another shape")
			}
		})
	}
}

// A panic of the screen itself is an error too, and leaves the terminal as it was.
func TestAPanicIsAnError(t *testing.T) {
	m := newScreen(t, lesson)
	m.now = nil
	o := newOuter(t, 80, 24)
	if err := program(t.Context(), m, o.theirs, o.theirs, []string{"TERM=xterm-256color"}).Run(); !errors.Is(err, tea.ErrProgramPanic) {
		t.Errorf("it ended with %v", err)
	}
	for began := time.Now(); !strings.Contains(o.written(), ansi.ResetModeAltScreenSaveCursor); time.Sleep(time.Millisecond) {
		if time.Since(began) > 5*time.Second {
			t.Fatalf("the alternate screen is still there: %q", o.written())
		}
	}
}

// The mouse is taken from a real terminal, and given back.
func TestTheMouseIsGivenBack(t *testing.T) {
	m := newScreen(t, lesson)
	_, o, end := run(t, m, 160, 50)
	o.await(t, "lab$")
	o.press(t, "\am")
	o.await(t, "the mouse is podlab's")
	o.press(t, "\x1b[<0;5;6M\x1b[<0;5;6m")
	o.await(t, "Lesson ●")
	end()
	for began := time.Now(); ; time.Sleep(time.Millisecond) { // what was written last is still to be read
		all := o.written()
		on, off := strings.LastIndex(all, "\x1b[?1002h"), strings.LastIndex(all, "\x1b[?1002l")
		if on >= 0 && off > on {
			break
		}
		if time.Since(began) > 5*time.Second {
			t.Fatalf("on at %d, off at %d", on, off)
		}
	}
}

// What runs in the shell cannot reach the terminal around it.
func TestTheShellIsContained(t *testing.T) {
	m := newScreen(t, lesson)
	_, o, end := run(t, m, 160, 50)
	defer end()
	o.await(t, "lab$")
	for _, s := range hostile {
		if len(s) < 1000 {
			m.shell.look(func(t *vt.Terminal) { _, _ = t.Write([]byte(s)) })
			m.shell.stir()
		}
	}
	m.shell.look(func(t *vt.Terminal) { _, _ = t.Write([]byte("\x1b[2J\x1b[Hthe end")) })
	m.shell.stir()
	o.await(t, "the end")
	all := o.written()
	for _, s := range []string{"\x1bP", "\x1b_", "\x1b^", "\x1bX", "\x1bc", "\x1b]8", "\x1b]52", "\x1b]0", "\u009b", "\u0090", "\u202e", "\x9b31m", "\U000e0041"} {
		if i := strings.Index(all, s); i >= 0 {
			t.Errorf("%q reached the terminal: %q", s, all[max(i-20, 0):min(i+40, len(all))])
		}
	}
	if n := strings.Count(all, "\x1b[?1049l"); n > 0 {
		t.Error("the alternate screen was left")
	}
}
