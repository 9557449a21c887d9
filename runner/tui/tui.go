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
	"io"
	"os"
	"runtime/debug"
	"sync"

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

// Many terminals make arrow keys of the wheel where a program fills the screen
// (mode 1007): the shell's history would go by. wheelBack puts it back to what it
// was.
const wheelOff, wheelBack = "\x1b[?1007s\x1b[?1007l", "\x1b[?1007r"

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
	p := program(ctx, m, o.In, o.Out, os.Environ())

	// A panic in a goroutine of ours would leave the terminal as it is.
	var crash crash
	crashed := func(r any) {
		crash.set(r)
		end(p.program)
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
		for ctx.Err() == nil {
			p.Send(begun{})
			round, stop := context.WithCancel(ctx)
			ended := make(chan error, 1)
			go func() {
				defer close(ended)
				defer func() {
					if r := recover(); r != nil {
						crashed(r)
					}
				}()
				ended <- work.Run(round)
			}()
			select {
			case err := <-ended:
				if ctx.Err() == nil {
					p.Send(failed{err})
					select {
					case <-ctx.Done():
					case <-m.retry:
					}
				}
			case <-m.retry: // the cluster cannot be seen any more
				stop()
				<-ended
			}
			stop()
		}
	})
	err = p.Run()
	cancel()
	m.leave()
	g.Wait()
	if failed := crash.or(err); failed != nil || err != nil {
		return runner.LeaveAll, failed
	}
	return m.leaving, nil
}

// begun says that the work begins, failed that it ended and why.
type (
	begun  struct{}
	failed struct{ err error }
)
