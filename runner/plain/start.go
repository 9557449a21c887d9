package plain

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/content"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/report"
	"podlab.dev/podlab/runner"
)

// Start shows the page that the session is on at once, brings the cluster up
// behind it, and then writes every verdict as it changes, until ctx ends or the
// learner quits. Lines of in are commands; help lists them. At the end of in the
// session goes on without them, or, on a terminal, where it was typed, ends.
// shell runs a command in the lab on this terminal, or opens a shell there for the
// empty one; nil means that there is none.
// What is not to stay when the learner has left is the caller's to remove.
func (f *Front) Start(ctx context.Context, x *runner.Session, in io.Reader, up runner.Up, shell func(command string) error) (runner.Leaving, error) {
	r, err := x.Recorded()
	if err != nil {
		return runner.LeaveAll, err
	}
	if err := f.Page(x, r); err != nil {
		return runner.LeaveAll, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events := make(chan runner.Event)
	work := x.Begin(up, func(e runner.Event) {
		select {
		case events <- e:
		case <-ctx.Done():
		}
	})
	ended := make(chan error, 1)
	go func() { ended <- work.Run(ctx) }()

	file, ok := in.(*os.File)
	l := &live{
		Front: f, session: x, work: work, last: r, resumed: r.Entries > 0, shell: shell,
		typed: ok && term.IsTerminal(int(file.Fd())), more: make(chan struct{}, 1),
	}
	l.progress, l.done = f.Waits()
	defer func() { l.done() }()
	lines := make(chan string)
	go read(in, lines, l.more, l.typed)
	for {
		select {
		case err := <-ended:
			return runner.LeaveAll, err
		case e := <-events:
			l.event(e)
			l.prompt()
		case line, ok := <-lines:
			if !ok {
				lines = nil // go on without commands
				continue
			}
			l.asked = false
			l.catchUp(events)
			quit, err := l.command(strings.TrimSpace(line))
			if quit || err != nil {
				cancel()
				return l.leaving, errors.Join(err, <-ended)
			}
			l.ask()
		}
	}
}

// catchUp tells what waits to be told: a command is answered by what was known when
// it was typed, also behind a shell, while which nothing is told.
func (l *live) catchUp(events <-chan runner.Event) {
	for {
		select {
		case e := <-events:
			l.event(e)
		default:
			return
		}
	}
}

// read reads a line whenever more has a token, so that a shell in between has
// the terminal for itself.
func read(in io.Reader, lines chan<- string, more <-chan struct{}, typed bool) {
	defer close(lines)
	s := bufio.NewScanner(in)
	for range more {
		if !s.Scan() {
			break
		}
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
	work    *runner.Work
	last    grader.Report
	scene   runner.Scene
	told    map[string]bool // steps whose end has been announced
	failing map[string]bool // Pods, by UID, of which that was said
	resumed bool            // something had been recorded before
	ready   bool
	blind   bool // the cluster cannot be seen
	anew    bool // the lab is being begun anew, and no page is to be shown before it is
	shell   func(command string) error
	leaving runner.Leaving

	progress func(cluster.Event)
	done     func()

	typed, asked bool          // in is a terminal; its line begins with the prompt
	more         chan struct{} // a token has the next line read
}

// ask has the next command read.
func (l *live) ask() {
	l.prompt()
	l.more <- struct{}{}
}

// prompt says that a command is waited for, unless the last line does.
func (l *live) prompt() {
	if l.typed && l.ready && !l.asked {
		fmt.Fprint(l.Out, "podlab> ")
		l.asked = true
	}
}

// say begins a line of its own where a prompt waits for one.
func (l *live) say() {
	if l.asked {
		fmt.Fprintln(l.Out)
		l.asked = false
	}
}

// event writes what is new.
func (l *live) event(e runner.Event) {
	switch e := e.(type) {
	case runner.Progress:
		l.say()
		l.progress(e.Event)
	case runner.Ready:
		l.done()
		l.progress, l.done = l.Waits()
		switch {
		case e.Again:
			l.say()
			// Nothing was seen of it yet: each check waits.
			l.last, _ = l.session.Recorded()
			l.anew, l.told = false, nil
			_ = l.Page(l.session, l.last)
			l.clock()
		case e.Fresh && l.resumed:
			fmt.Fprintln(l.Out, "The lab's namespace is new: what you had made in it is gone, what you had passed still counts.")
			if len(e.Lost) > 0 {
				fmt.Fprintf(l.Out, "Type rebuild to bring back: %s.\n", clean(strings.Join(e.Lost, ", ")))
			}
		}
		if !l.ready {
			l.ready = true
			where := "Type shell for one with kubectl"
			if l.shell == nil || !l.typed {
				where = fmt.Sprintf("Work in a second terminal: %s shell", l.Program)
			}
			commands := "next, back, check, hint, answer, page, pods, events, run, reset, rebuild, quit"
			if l.clock() {
				commands = "next, back, check, answer, page, pods, events, run, flag, submit, quit"
			}
			fmt.Fprintf(l.Out, "%s\n%s\n\n", where, l.text("Commands: "+commands+" (help explains them)"))
			l.ask()
		}
	case runner.Reworked:
		l.say()
		fmt.Fprintln(l.Out, content.Text(e.Text))
		if e.Ended && e.Step != "" {
			delete(l.told, e.Step)
		}
	case runner.Warned:
		l.say()
		fmt.Fprintf(l.Out, "Exam: %d minutes left.\n", int(e.Left.Minutes()))
	case runner.Over:
		l.say()
		fmt.Fprintf(l.Out, "\nExam: over. This is the report.\n\n")
		l.last = e.Report
		_ = report.Text(l.Out, e.Report, l.Options()) // a terminal that is gone shows nothing
	case runner.Graded:
		l.report(e.Report)
	case runner.Turned:
		if page := l.session.State.Page; e.Page != page && !l.anew {
			l.session.State = e.State
			l.say()
			_ = l.Page(l.session, l.last) // it was rendered by the other process
		}
		l.session.State = e.State
	case runner.Recorded:
		if l.scene.Observe(e.Entries) {
			l.pods(false)
		}
		_, blind := l.scene.Blind()
		switch was := l.blind; {
		case blind != "" && !was:
			l.say()
			fmt.Fprintf(l.Out, "The cluster cannot be seen: %s. What is made meanwhile is judged when it can be. If it is gone, quit, and %s start brings it up again.\n", clean(blind), l.Program)
		case blind == "" && was:
			l.say()
			fmt.Fprintln(l.Out, "The cluster can be seen again.")
		}
		l.blind = blind != ""
	}
}

// clock writes how much time there is left of an exam, and tells whether there is
// an exam.
func (l *live) clock() bool {
	sitting := l.session.State.Sitting
	if sitting == nil || !l.session.InExam() {
		return false
	}
	fmt.Fprintln(l.Out, l.text(fmt.Sprintf("Exam: %d minutes left, until %s. Pages in any order; no hints, and no verdicts before the end. Type submit when you are done.",
		int(sitting.Left(time.Now()).Round(time.Minute).Minutes()), sitting.Ends.Local().Format(time.TimeOnly))))
	return true
}

// pods writes which Pods fail that did not before, or all with how they are.
func (l *live) pods(all bool) {
	failing := map[string]bool{}
	for _, p := range l.scene.Pods(time.Now()) {
		failing[p.UID] = p.Now() == runner.Failing
		if failing[p.UID] && !l.failing[p.UID] || all {
			line := fmt.Sprintf("Pod %s: %s", p.Name, p.State)
			if p.Restarts > 0 {
				line += fmt.Sprintf(", %d restarts", p.Restarts)
			}
			l.say()
			fmt.Fprintln(l.Out, clean(line))
		}
	}
	l.failing = failing
	switch {
	case !all || len(failing) > 0:
	case l.scene.Looked():
		fmt.Fprintln(l.Out, "There are no Pods in the lab's namespace.")
	default:
		fmt.Fprintln(l.Out, "The cluster has not been looked at yet.")
	}
}

// report writes what is new, and says once when a page or the lab is done.
func (l *live) report(r grader.Report) {
	step := l.session.Step()
	if was, is := l.last.Preparing[step.ID], r.Preparing[step.ID]; was != is || l.last.Entries == 0 {
		switch {
		case is != "":
			l.say()
			fmt.Fprintf(l.Out, "… %s\n", clean(is))
		case was != "":
			l.say()
			fmt.Fprintln(l.Out, "The page is prepared.")
		}
	}
	if news := l.turned(l.last, r, step.ID); news != "" {
		l.say()
		fmt.Fprint(l.Out, news)
	}
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
	l.say()
	switch {
	case r.Passed:
		fmt.Fprintf(l.Out, "\nThe lab is done: %d of %d points. Type quit, or %s stop to clean up.\n", r.Earned, r.Points, l.Program)
	case l.session.State.Page+1 < len(l.session.Lab.Steps):
		fmt.Fprintf(l.Out, "\nThis page is done. Type next to go on.\n")
	}
}
