package plain

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/runner"
)

// Up brings the cluster of a session up and attaches the session to it. fresh
// tells that the lab's namespace is new.
type Up func(ctx context.Context, progress func(cluster.Event)) (fresh bool, err error)

// Start shows the page that the session is on at once, brings the cluster up
// behind it, and then writes every verdict as it changes, until ctx ends or the
// learner quits. Lines of in are commands (next, back, check, hint, answer, page, reset,
// help, quit). At its end the session goes on without them, or, on a terminal,
// where it was typed, ends.
func (f *Front) Start(ctx context.Context, x *runner.Session, in io.Reader, up Up) error {
	r, err := x.Recorded()
	if err != nil {
		return err
	}
	resumed := r.Entries > 0
	if err := f.Page(x, r); err != nil {
		return err
	}
	if err := f.bringUp(ctx, x, up, resumed); err != nil {
		return err
	}
	fmt.Fprintf(f.Out, "Work in a second terminal: %s shell\nCommands here: next, back, check, hint, answer, page, reset, quit (help explains them)\n\n", f.Program)

	live := &live{Front: f, session: x, last: r}
	lines := make(chan string)
	file, ok := in.(*os.File)
	go read(in, lines, ok && term.IsTerminal(int(file.Fd())))
	for {
		again, err := live.round(ctx, lines)
		if !again || err != nil {
			return err
		}
	}
}

func (f *Front) bringUp(ctx context.Context, x *runner.Session, up Up, resumed bool) error {
	progress, done := f.Waits()
	fresh, err := up(ctx, progress)
	done()
	if err != nil {
		return err
	}
	if fresh && resumed {
		fmt.Fprintln(f.Out, "The lab's namespace is new: what you had made in it is gone, what you had passed still counts.")
	}
	return nil
}

func read(in io.Reader, lines chan<- string, typed bool) {
	defer close(lines)
	s := bufio.NewScanner(in)
	for s.Scan() {
		lines <- s.Text()
	}
	if typed {
		lines <- "quit"
	}
}

// live is a session that someone looks at.
type live struct {
	*Front
	session *runner.Session

	mu   sync.Mutex
	last grader.Report
	told map[string]bool // steps whose end has been announced
}

// round records and listens until the learner quits (again is false) or resets.
func (l *live) round(ctx context.Context, lines <-chan string) (again bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var g errgroup.Group
	g.Go(func() error {
		defer cancel()
		return l.session.Watch(ctx, l.report)
	})
	g.Go(func() error {
		defer cancel()
		return l.session.Follow(ctx, l.turned)
	})
	reset := false
	g.Go(func() error {
		defer cancel()
		for {
			select {
			case <-ctx.Done():
				return nil
			case line, ok := <-lines:
				if !ok {
					lines = nil // go on without commands
					continue
				}
				quit, err := l.command(strings.TrimSpace(line), &reset)
				if quit || err != nil {
					return err
				}
			}
		}
	})
	if err := g.Wait(); err != nil {
		return false, err
	}
	if !reset {
		return false, nil
	}
	progress, done := l.Waits()
	progress(cluster.Event{Message: "emptying the lab's namespace"})
	began := time.Now()
	err = l.session.Reset(context.WithoutCancel(ctx))
	progress(cluster.Event{Message: "emptying the lab's namespace", Done: true, Elapsed: time.Since(began), Err: err})
	done()
	if err != nil {
		return false, err
	}
	l.last, l.told = grader.Report{}, nil
	r, err := l.session.Recorded()
	if err != nil {
		return false, err
	}
	return true, l.Page(l.session, r)
}

// report writes what is new, and says once when a page or the lab is done.
func (l *live) report(r grader.Report) {
	l.mu.Lock()
	defer l.mu.Unlock()
	step := l.session.Step()
	if was, is := l.last.Preparing[step.ID], r.Preparing[step.ID]; was != is || l.last.Entries == 0 {
		switch {
		case is != "":
			fmt.Fprintf(l.Out, "… %s\n", clean(is))
		case was != "":
			fmt.Fprintln(l.Out, "The page is prepared.")
		}
	}
	l.news(l.last, r, step.ID)
	l.last = r
	if l.told == nil {
		l.told = map[string]bool{}
	}
	results := r.Step(step.ID)
	for _, res := range results {
		if res.Verdict != grader.Passed {
			return
		}
	}
	if l.told[step.ID] || len(results) == 0 {
		return
	}
	l.told[step.ID] = true
	switch {
	case r.Passed:
		fmt.Fprintf(l.Out, "\nThe lab is done: %d of %d points. Type quit, or %s stop to clean up.\n", r.Earned, r.Points, l.Program)
	case l.session.State.Page+1 < len(l.session.Lab.Steps):
		fmt.Fprintf(l.Out, "\nThis page is done. Type next to go on.\n")
	}
}

// turned shows the page that another terminal turned to.
func (l *live) turned(st runner.State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if st.Page == l.session.State.Page {
		return
	}
	l.session.State = st
	_ = l.Page(l.session, l.last) // it was rendered by the other process
}

const help = `next, back   turn the page; nothing has to pass first
check        what is found, what is wanted, why, where to look
hint         the next hint for the first check that has not passed
answer Q …   answer the question Q of this page
page         show this page again
reset        throw the work away and begin the lab anew (asks)
quit         leave; podlab start goes on from here
`

// command does what a line asks for.
func (l *live) command(line string, reset *bool) (quit bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	x, step := l.session, l.session.Step()
	if words := strings.Fields(line); len(words) > 0 && words[0] == "answer" {
		return false, l.answer(words[1:])
	}
	switch line {
	case "":
	case "next", "back":
		by := 1
		if line == "back" {
			by = -1
		}
		moved, err := x.Turn(by)
		if err != nil {
			return false, err
		}
		if !moved {
			fmt.Fprintln(l.Out, "There is no other page in that direction.")
			return false, nil
		}
		return false, l.Page(x, l.last)
	case "page":
		return false, l.Page(x, l.last)
	case "check":
		l.Results(l.last.Step(step.ID))
	case "hint":
		h, ok, err := x.Hint(l.last)
		if err != nil {
			return false, err
		}
		if !ok {
			fmt.Fprintln(l.Out, "There is no hint to give: no check of this page waits for something that has one.")
			return false, nil
		}
		l.Hint(h)
	case "reset":
		fmt.Fprintln(l.Out, "This deletes everything in the lab's namespace and your progress in it. Type reset! to do so.")
	case "reset!":
		*reset = true
		return true, nil
	case "quit", "exit", "q":
		return true, nil
	case "help", "?":
		fmt.Fprint(l.Out, help)
	default:
		fmt.Fprintf(l.Out, "%q is not a command here; type help, or use %s shell in a second terminal for kubectl.\n", clean(line), l.Program)
	}
	return false, nil
}

// answer gives an answer; how it is judged comes with the next report. What is
// wrong with the line is said and ends nothing.
func (l *live) answer(words []string) error {
	if len(words) < 2 {
		fmt.Fprintln(l.Out, "Write the question and the answer: answer node-name podlab-control-plane")
		return nil
	}
	_, err := l.session.Answer(words[0], strings.Join(words[1:], " "))
	if unknown := (*runner.NoQuestionError)(nil); errors.As(err, &unknown) {
		fmt.Fprintf(l.Out, "%s\n%s\n", clean(unknown.Error()), clean(unknown.Remedy()))
		return nil
	}
	return err
}
