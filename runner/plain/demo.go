package plain

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/runner"
)

// Patience is how long the checks of a page may take by what is known of them: after
// the last command, and anew from when that is another time than it was.
type Patience func(lab.Step, grader.Report) time.Duration

// Demo plays an answer as a learner would, from the page that the session is on: each
// page, the commands typed, the checks turning green as the cluster changes. It stops
// at the first page for whose checks it has no more patience, and returns the final
// report. podlab is the path of this program, which is also kubectl.
func (f *Front) Demo(ctx context.Context, x *runner.Session, a *runner.Answer, podlab string, patience Patience, up runner.Up) (grader.Report, error) {
	r, err := x.Recorded()
	if err != nil {
		return r, err
	}
	if err := f.Page(x, r); err != nil {
		return r, err
	}
	progress, done := f.Waits()
	_, err = up(ctx, x, progress)
	done()
	if err != nil {
		return r, err
	}
	shell, err := x.Shell(a, podlab, f.Out)
	if err != nil {
		return r, err
	}
	defer shell.Close()

	p := &play{Front: f, session: x, shell: shell, answer: a, patience: patience, moved: make(chan struct{}, 1)}
	watching, stop := context.WithCancelCause(ctx)
	var g errgroup.Group
	g.Go(func() error {
		err := x.Watch(watching, p.report)
		stop(err)
		return err
	})
	g.Go(func() error {
		err := p.run(watching)
		stop(nil)
		return err
	})
	err = g.Wait()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		return r, err
	}
	return x.Judge()
}

// play is a demo that is running.
type play struct {
	*Front
	session  *runner.Session
	shell    *runner.Shell
	answer   *runner.Answer
	patience Patience
	moved    chan struct{} // a token when the report changed

	mu          sync.Mutex
	last, shown grader.Report
}

// report keeps the newest report; it is shown between commands, not in the
// middle of what they print.
func (p *play) report(r grader.Report) {
	p.mu.Lock()
	p.last = r
	p.mu.Unlock()
	select {
	case p.moved <- struct{}{}:
	default:
	}
}

func (p *play) show(step string) grader.Report {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.news(p.shown, p.last, step)
	p.shown = p.last
	return p.last
}

func (p *play) run(ctx context.Context) error {
	first := p.session.State.Page
	for i, step := range p.session.Lab.Steps[first:] {
		if i > 0 {
			if p.answer.Turning != nil {
				p.answer.Turning(step)
			}
			if _, err := p.session.Turn(1); err != nil {
				return err
			}
			if err := p.Page(p.session, p.show("")); err != nil {
				return err
			}
		}
		passed, err := p.step(ctx)
		if err != nil || !passed {
			return err
		}
	}
	return nil
}

// step types the commands of a page and waits for its checks.
func (p *play) step(ctx context.Context) (passed bool, err error) {
	step := p.session.Step()
	commands, err := p.answer.Commands(step)
	if err != nil {
		return false, err
	}
	if step.Setup != nil && !p.prepared(ctx, step) {
		return false, nil
	}
	for _, c := range commands {
		fmt.Fprintf(p.Out, "$ %s\n", strings.ReplaceAll(c, "\n", "\n> "))
		status, err := p.shell.Run(ctx, c)
		if err != nil {
			return false, err
		}
		if status != 0 {
			fmt.Fprintf(p.Out, "[exit status %d]\n", status)
		}
		p.show(step.ID)
	}
	waiting, done := p.Waits()
	defer done()
	late, limit, began := (<-chan time.Time)(nil), time.Duration(-1), time.Now()
	for open := ""; ; {
		r := p.show(step.ID)
		if now := p.patience(step, r); now != limit {
			late, limit = time.After(now), now
		}
		pending := unpassed(r, step.ID)
		if pending == "" {
			p.answer.Pace.Wait(step.ID, time.Since(began))
			return r.Entries > 0 || len(step.Checks) == 0, nil
		}
		if pending != open {
			open = pending
			waiting(cluster.Event{Message: "waiting for: " + pending})
		}
		select {
		case <-ctx.Done():
			return false, nil // whoever ended it says why
		case <-late:
			return false, nil
		case <-p.moved:
		}
	}
}

// preparation is how long a page may take to be prepared.
const preparation = 2 * time.Minute

// prepared waits until the page can be worked on.
func (p *play) prepared(ctx context.Context, step lab.Step) bool {
	waiting, done := p.Waits()
	defer done()
	late := time.After(preparation)
	for shown := ""; ; {
		p.mu.Lock()
		r := p.last
		p.mu.Unlock()
		waits := r.Preparing[step.ID]
		switch {
		case r.Entries > 0 && waits == "":
			return true
		case r.Entries == 0:
			waits = "the first look at the cluster"
		}
		if waits != shown {
			shown = waits
			waiting(cluster.Event{Message: waits})
		}
		select {
		case <-ctx.Done():
			return false
		case <-late:
			return false
		case <-p.moved:
		}
	}
}

// unpassed is the title of the first check of a step that has not passed, or "".
func unpassed(r grader.Report, step string) string {
	if r.Entries == 0 {
		return "the first look at the cluster"
	}
	for _, res := range r.Step(step) {
		if res.Verdict != grader.Passed {
			return res.Title
		}
	}
	return ""
}
