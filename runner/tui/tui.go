// Package tui is the terminal front end that fills the screen: the lesson, a
// live shell, the checks as they change and the Pods with their past.
//
// The noun is the screen, a bubbletea model. It shows the [runner.Event]s of a
// session that is worked on, and what the shell writes, which package vt turns
// into rows; keys go to the shell, but for those after Ctrl-G.
//
//	leaving, err := tui.Run(ctx, session, up, tui.Options{Podlab: podlab, Shell: os.Getenv("SHELL"), In: os.Stdin, Out: os.Stdout})
package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"podlab.dev/podlab/content"
	"podlab.dev/podlab/runner"
)

// Options are what a screen needs besides its session.
type Options struct {
	// Podlab is the path of this program, Shell that of the learner's shell;
	// empty means the system's.
	Podlab, Shell string
	// Theme is "dark", "light", or "auto" for what the terminal says.
	Theme string
	// Mouse takes the mouse from the terminal to begin with.
	Mouse bool
	// Charset is what the terminal can show.
	Charset content.Charset
	// Prefix is the key before the screen's own, as [ParsePrefix] takes it.
	Prefix string
	// Program is how the user called podlab, for commands that they can copy.
	Program string
	// Record is where the session is recorded; nil is nowhere.
	Record io.Writer
	// In and Out are the terminal.
	In, Out *os.File
}

// Themes are the values of [Options.Theme].
var Themes = []string{"auto", "dark", "light"}

// frames is how many pictures a second are drawn at most. With more, keys would be
// seen sooner (at 120 half of all within 11 ms instead of 19, on a machine with
// other work to do), but every one is a wakeup, also of a screen on which nothing
// happens: with 60 that is just below 1 % of a processor.
const frames = 60

// Many terminals make arrow keys of the wheel where a program fills the screen
// (mode 1007): the shell's history would go by. wheelBack puts it back to what it
// was.
const wheelOff, wheelBack = "\x1b[?1007s\x1b[?1007l", "\x1b[?1007r"

// afterwards is what bubbletea does not undo: the shape of the cursor, and the
// wheel.
const afterwards = "\x1b[0 q" + wheelBack

// Run fills the terminal until the learner leaves or ctx ends, which is no
// error. Whatever happens, the terminal is as it was before. What is to be done
// then is the caller's: nothing records any more.
func Run(ctx context.Context, x *runner.Session, up runner.Up, o Options) (runner.Leaving, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m, err := newModel(x, o)
	if err != nil {
		return runner.LeaveAll, err
	}
	if o.Record != nil {
		if m.recorder, err = newRecorder(o.Record, x, m.began); err != nil {
			return runner.LeaveAll, err
		}
	}
	p := program(ctx, m, o.In, o.Out)

	// A panic in a goroutine of ours would leave the terminal as it is.
	var crash crash
	crashed := func(r any) {
		crash.set(r)
		end(p)
	}
	m.crashed = crashed

	work := x.Begin(up, func(e runner.Event) {
		if _, ok := e.(runner.Ready); ok {
			// Loading the lab and finding the cluster left garbage worth tens of
			// megabytes, and the collector keeps as much in reserve.
			debug.FreeOSMemory()
		}
		p.Send(e)
	})
	m.work = work
	var g sync.WaitGroup
	g.Go(func() {
		defer func() {
			if r := recover(); r != nil {
				crashed(r)
			}
		}()
		for {
			p.Send(begun{})
			err := work.Run(ctx)
			if ctx.Err() != nil {
				return
			}
			p.Send(failed{err})
			select {
			case <-ctx.Done():
				return
			case <-m.retry:
			}
		}
	})
	_, err = p.Run()
	_, _ = o.Out.WriteString(afterwards)
	cancel()
	m.leave()
	g.Wait()
	switch {
	case crash.get() != nil:
		return runner.LeaveAll, crash.get()
	case errors.Is(err, tea.ErrProgramPanic):
		return runner.LeaveAll, fmt.Errorf("podlab crashed; its own words are above: %w", err)
	case errors.Is(err, tea.ErrProgramKilled), errors.Is(err, context.Canceled):
		return runner.LeaveAll, nil // whoever ended ctx says so
	}
	return m.leaving, err
}

func program(ctx context.Context, m *model, in, out *os.File, more ...tea.ProgramOption) *tea.Program {
	options := []tea.ProgramOption{
		tea.WithInput(in), tea.WithOutput(out), tea.WithFPS(frames),
		tea.WithoutSignalHandler(), // signals end ctx
	}
	p := tea.NewProgram(m, append(options, more...)...)
	context.AfterFunc(ctx, func() { end(p) })
	return p
}

// end ends the program as a key would, so that it has let go of the terminal when
// Run returns; one that is killed may still be reading. Killed is what does not
// end.
func end(p *tea.Program) {
	p.Quit()
	time.AfterFunc(2*time.Second, p.Kill)
}

// begun says that the work begins, failed that it ended and why.
type (
	begun  struct{}
	failed struct{ err error }
)

// crash is the first panic of a goroutine.
type crash struct {
	mu  sync.Mutex
	err error
}

func (c *crash) set(r any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = fmt.Errorf("podlab crashed: %v\n%s", r, debug.Stack())
	}
}

func (c *crash) get() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}
