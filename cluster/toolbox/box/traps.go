//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
	"mvdan.cc/sh/v3/interp"
)

// traps is the shell's signal handlers, and its EXIT trap. The interpreter knows
// no signals, but `trap 'echo bye; exit 0' TERM` is how a container's script
// stops; and it takes the end of every statement that it is given for an exit.
//
// As in every shell, a trap runs between two commands: while a command runs in
// the foreground the signal waits for its end, and only wait is cut short.
type traps struct {
	mu       sync.Mutex
	handlers map[os.Signal]string
	pending  []os.Signal
	exit     string         // what to do at the end
	running  int            // programs under way
	onEnd    func(code int) // told when one ended; may be nil
	signals  chan os.Signal
	wake     chan struct{}
}

func newTraps() *traps {
	t := &traps{handlers: map[os.Signal]string{}, signals: make(chan os.Signal, 8), wake: make(chan struct{}, 1)}
	go func() {
		for s := range t.signals {
			t.mu.Lock()
			if t.handlers[s] != "" {
				t.pending = append(t.pending, s)
			}
			t.mu.Unlock()
			select {
			case t.wake <- struct{}{}:
			default:
			}
		}
	}()
	return t
}

func (t *traps) stop() { signal.Stop(t.signals) }

// set takes the arguments of the builtin trap. What is not about signals is
// returned, for the interpreter.
func (t *traps) set(args []string) (rest []string, err error) {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 || strings.HasPrefix(args[0], "-") && args[0] != "-" {
		return append([]string{}, args...), nil
	}
	action, words := args[0], args[1:]
	if len(words) == 0 {
		action, words = "-", args // trap TERM: back to the default
	}
	var others []string
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, word := range words {
		if word == "0" {
			word = "EXIT"
		}
		switch word {
		case "EXIT":
			if t.exit = action; action == "-" {
				t.exit = ""
			}
			continue
		case "ERR":
			others = append(others, word)
			continue
		}
		number, err := signalNumber(word)
		if err != nil {
			return nil, err
		}
		switch action {
		case "-":
			delete(t.handlers, number)
			signal.Reset(number)
		case "":
			// Ignored for good, by children too.
			delete(t.handlers, number)
			signal.Ignore(number)
		default:
			t.handlers[number] = action
			signal.Notify(t.signals, number)
		}
	}
	if len(others) == 0 {
		return nil, nil
	}
	return append([]string{action}, others...), nil
}

// take returns the handlers of the signals that came, as a script.
func (t *traps) take() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var script []string
	for _, s := range t.pending {
		script = append(script, t.handlers[s])
	}
	t.pending = nil
	return strings.Join(script, "\n")
}

// await returns when no program is under way or a trapped signal has come. The
// interpreter's own wait cannot be cut short.
func (t *traps) await(ctx context.Context) {
	for {
		t.mu.Lock()
		over := len(t.handlers) == 0 || len(t.pending) > 0 || t.running == 0
		t.mu.Unlock()
		if over {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-t.wake:
		case <-time.After(50 * time.Millisecond): // a program in the background ended
		}
	}
}

// count keeps the number of programs under way.
func (t *traps) count(next interp.ExecHandlerFunc) interp.ExecHandlerFunc {
	return func(ctx context.Context, args []string) error {
		t.add(1)
		defer t.add(-1)
		hc := interp.HandlerCtx(ctx)
		if _, err := interp.LookPathDir(hc.Dir, hc.Env, args[0]); err != nil {
			fmt.Fprintf(hc.Stderr, "sh: %s: not found\n", args[0])
			return interp.ExitStatus(127)
		}
		err := next(ctx, args)
		t.mu.Lock()
		onEnd := t.onEnd
		t.mu.Unlock()
		if onEnd != nil {
			code, _ := interp.IsExitStatus(err)
			onEnd(int(code))
		}
		return err
	}
}

func (t *traps) setOnEnd(f func(code int)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.onEnd = f
}

// idle says that no program is under way.
func (t *traps) idle() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.running == 0
}

func (t *traps) add(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running += n
}

// takeExit returns the EXIT trap, which runs once.
func (t *traps) takeExit() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	script := t.exit
	t.exit = ""
	return script
}

// runLeft runs the traps that came with the last command. The script's exit code
// stays its last command's.
func (t *traps) runLeft(ctx context.Context, s *shell, name string) {
	_ = s.handle(ctx, t.take(), name)
}

// signalNumber reads TERM, SIGTERM or 15.
func signalNumber(word string) (unix.Signal, error) {
	if n, err := strconv.Atoi(word); err == nil && n > 0 && n < 65 {
		return unix.Signal(n), nil
	}
	name := strings.ToUpper(word)
	if !strings.HasPrefix(name, "SIG") {
		name = "SIG" + name
	}
	if n := unix.SignalNum(name); n != 0 {
		return n, nil
	}
	return 0, fmt.Errorf("%s: bad signal; known: %s", word, strings.Join(signalNames(), " "))
}

func signalNames() []string {
	var names []string
	for n := unix.Signal(1); n < 32; n++ {
		if name := unix.SignalName(n); name != "" {
			names = append(names, strings.TrimPrefix(name, "SIG"))
		}
	}
	return slices.Clip(names)
}
