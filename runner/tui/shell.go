package tui

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/creack/pty"

	"podlab.dev/podlab/runner/tui/vt"
)

// shell is the learner's shell, on a terminal of its own.
type shell struct {
	cmd   *exec.Cmd
	file  *os.File      // our side of the PTY
	typed chan struct{} // a token when there is something to be written to it
	wake  chan struct{} // a token when there is something new to draw
	hurry chan struct{} // and when somebody waits for it

	recorder *recorder // may be nil
	keys     keys
	readline bool // it is bash
	escaped  bool // bash waits for what goes with Esc

	queue sync.Mutex
	input []byte // that is to be written

	mu     sync.Mutex
	term   *vt.Terminal
	ended  bool
	status int
}

// keys is what has to be known for a key to be typed. It is asked without waiting
// for the terminal, which may be busy with what programs write.
type keys struct {
	ended, app atomic.Bool
	last       atomic.Int64 // when something was typed, in nanoseconds
}

// openShell starts cmd on a terminal of the given size. crashed gets what a
// goroutine of its own panicked with.
func openShell(cmd *exec.Cmd, width, height int, light bool, rec *recorder, crashed func(any)) (*shell, error) {
	cmd.Env = terminalEnviron(cmd.Env)
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: uint16(height), Cols: uint16(width)})
	if err != nil {
		return nil, err
	}
	s := &shell{cmd: cmd, file: file, readline: filepath.Base(cmd.Path) == "bash", typed: make(chan struct{}, 1), wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1), term: vt.New(width, height), recorder: rec}
	s.term.SetLight(light)
	guarded := func(f func()) {
		defer func() {
			if r := recover(); r != nil {
				crashed(r)
			}
		}()
		f()
	}
	go guarded(s.read)
	go guarded(s.feed)
	return s, nil
}

// terminalEnviron is an environment for our terminal: what it says about the
// outer one is not true inside.
func terminalEnviron(env []string) []string {
	out := []string{"TERM=xterm-256color", "COLORTERM=truecolor"}
	for _, kv := range env {
		switch name, _, _ := strings.Cut(kv, "="); name {
		case "TERM", "COLORTERM", "TMUX", "TMUX_PANE", "STY", "COLUMNS", "LINES", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "TERM_SESSION_ID", "WINDOWID", "KITTY_WINDOW_ID", "VTE_VERSION":
		default:
			out = append(out, kv)
		}
	}
	return out
}

// atOnce is how many bytes are drawn before others may look at the terminal, a
// fraction of a millisecond's worth.
const atOnce = 4 << 10

// read draws what the programs write, until the shell ends.
func (s *shell) read() {
	b := make([]byte, 32<<10)
	for {
		n, err := s.file.Read(b)
		if n > 0 {
			s.recorder.put(frame{Out: b[:n]})
		}
		for part := range slices.Chunk(b[:n], atOnce) {
			s.mu.Lock()
			s.term.Write(part) //nolint:errcheck // it never fails
			replies := s.term.Replies()
			s.keys.app.Store(s.term.AppCursor())
			s.mu.Unlock()
			if len(replies) > 0 {
				s.send(string(replies))
			}
		}
		s.stir()
		if err != nil {
			break
		}
	}
	err := s.cmd.Wait()
	var exit *exec.ExitError
	s.mu.Lock()
	s.ended = true
	s.keys.ended.Store(true)
	if errors.As(err, &exit) {
		s.status = exit.ExitCode()
	}
	s.mu.Unlock()
	s.stir()
}

// feed writes what is typed; a program that does not read holds up nobody else.
func (s *shell) feed() {
	for range s.typed {
		s.queue.Lock()
		b := s.input
		s.input = nil
		s.queue.Unlock()
		if _, err := s.file.Write(b); err != nil {
			return
		}
	}
}

func (s *shell) stir() { poke(s.wake) }

// maxTyped bounds what is typed and read by nobody, in bytes.
const maxTyped = 1 << 20

// send types text. What nobody reads for too long is dropped, as terminals do.
func (s *shell) send(text string) {
	if text == "" {
		return
	}
	s.queue.Lock()
	if len(s.input)+len(text) <= maxTyped {
		s.input = append(s.input, text...)
	}
	s.queue.Unlock()
	poke(s.typed)
}

func (s *shell) resize(width, height int) {
	s.mu.Lock()
	w, h := s.term.Size()
	s.term.Resize(width, height)
	s.mu.Unlock()
	if w != width || h != height {
		_ = pty.Setsize(s.file, &pty.Winsize{Rows: uint16(height), Cols: uint16(width)}) // it ends with the shell
	}
}

// awaited tells whether somebody has typed just now, and looks for what that does.
func (s *shell) awaited() bool {
	return time.Since(time.Unix(0, s.keys.last.Load())) < attention
}

// attention is how long somebody looks for what a key does.
const attention = 100 * time.Millisecond

// look calls f with the terminal, which must not be kept.
func (s *shell) look(f func(t *vt.Terminal)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.term)
}

// exited tells whether the shell has ended, and how.
func (s *shell) exited() (status int, ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status, s.ended
}

// close hangs up: what runs on the terminal gets SIGHUP.
func (s *shell) close() {
	if s.file != nil { // that of a recording has none
		_ = s.file.Close()
	}
}
