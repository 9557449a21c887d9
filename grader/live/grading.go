// Package live grades while things happen: what the recorder sees goes into the
// timeline, which the grader folds, and whoever watches hears of each change.
//
//	g := live.New(l, file)
//	err := g.Run(ctx, cfg, "first-pod", func(r grader.Report) error { … })
package live

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/client-go/rest"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/record"
	"podlab.dev/podlab/grader/timeline"
)

// Grading is a lab that is being graded. It is safe for concurrent use, for one
// Run or Once at a time.
type Grading struct {
	lab   *lab.Lab
	file  *timeline.File
	hands Hands // nil: only what is recorded is graded

	mu     sync.Mutex
	grader *grader.Grader
	listen func(timeline.Entry) // nil: nobody does
	page   string               // the step whose setup is due
	idle   bool                 // hands have done what they could
	tired  bool                 // nothing is broken again that came to nothing
	// moved holds a token when a verdict may have changed, stirred when any
	// entry arrived, todo when there may be something for hands to do.
	moved, stirred, todo chan struct{}
}

// New returns a grading that has folded what the timeline holds already. New
// entries are appended to it.
func New(l *lab.Lab, file *timeline.File) *Grading {
	g := &Grading{
		lab: l, file: file, grader: grader.New(l),
		moved: make(chan struct{}, 1), stirred: make(chan struct{}, 1), todo: make(chan struct{}, 1),
	}
	for _, e := range file.Entries() {
		g.grader.Observe(e)
	}
	return g
}

// Listen has each entry that is appended handed to listen, in order. Call it
// before Run; listen must not call the grading.
func (g *Grading) Listen(listen func(timeline.Entry)) { g.listen = listen }

func (g *Grading) sink(e timeline.Entry) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	e, err := g.file.Append(e)
	if err != nil {
		return err
	}
	due := g.grader.Due()
	if g.grader.Observe(e) || !g.grader.Due().Equal(due) { // who waits until then waits anew
		signal(g.moved)
	}
	if g.listen != nil {
		g.listen(e)
	}
	signal(g.stirred)
	signal(g.todo)
	return nil
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // one token is enough
	}
}

func (g *Grading) waiting(check string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.grader.Waiting(check)
}

func (g *Grading) counts(check string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.grader.Counts(check)
}

// Report is the outcome by now; see [grader.Grader.Report].
func (g *Grading) Report(final bool) grader.Report {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.grader.Report(final)
}

func (g *Grading) due() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.grader.Due()
}

func (g *Grading) recorder(cfg *rest.Config, namespace string) *record.Recorder {
	return record.New(record.Config{
		REST: cfg, Namespace: namespace, Lab: g.lab,
		Known: g.file.Entries(), Sink: g.sink, Waiting: g.waiting, Counts: g.counts,
	})
}

// Run records until ctx ends and calls changed with each new report.
func (g *Grading) Run(ctx context.Context, cfg *rest.Config, namespace string, changed func(grader.Report) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ended := make(chan error, 1)
	go func() { ended <- g.run(ctx, g.recorder(cfg, namespace)) }()
	for {
		select {
		case err := <-ended:
			return err
		case <-g.moved:
			if err := changed(g.Report(false)); err != nil {
				cancel(err)
				<-ended
				return err
			}
		case <-g.window():
			if err := g.sink(timeline.Entry{Kind: timeline.Clock}); err != nil {
				cancel(err)
			}
		}
	}
}

// window fires when the next condition will have held for long enough.
func (g *Grading) window() <-chan time.Time {
	due := g.due()
	if due.IsZero() {
		return nil
	}
	return time.After(time.Until(due) + time.Millisecond)
}

const (
	// calm is how long nothing may arrive before a single look at logs and
	// commands counts as complete.
	calm = 300 * time.Millisecond
	// reach is how long the first listing may take.
	reach = 15 * time.Second
	// preparation is how long a page's setup may take to show its symptoms.
	preparation = 2 * time.Minute
)

// Once records until the namespace has been seen in full and nothing more
// arrives, and then for up to patience until the checks of the step have passed.
func (g *Grading) Once(ctx context.Context, cfg *rest.Config, namespace, step string, patience time.Duration) (grader.Report, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	rec := g.recorder(cfg, namespace)
	ended := make(chan error, 1)
	go func() { ended <- g.run(ctx, rec) }()
	select {
	case err := <-ended:
		if err == nil {
			err = ctx.Err()
		}
		return g.Report(false), err
	case <-time.After(reach):
		cancel()
		<-ended
		return g.Report(false), &UnreachableError{After: reach}
	case <-rec.Synced():
	}
	patient, prepared := time.After(patience), time.NewTimer(preparation)
	preparing := true
	still := time.NewTimer(calm)
	quiet := !g.slow()
	for {
		report := g.Report(false)
		hopeful := patience > 0 && !settled(report, step)
		if quiet && !hopeful && g.due().IsZero() && !rec.Busy() && !(preparing && g.busy()) {
			cancel()
			return report, <-ended
		}
		select {
		case err := <-ended:
			return g.Report(false), err
		case <-g.stirred:
			quiet = false
			still.Reset(calm)
		case <-still.C:
			quiet = true
			still.Reset(calm)
		case <-patient:
			patience = 0
			g.mu.Lock()
			g.tired = true
			g.mu.Unlock()
		case <-prepared.C:
			preparing = false
		case <-g.window():
			if err := g.sink(timeline.Entry{Kind: timeline.Clock}); err != nil {
				return g.Report(false), err
			}
		}
	}
}

// UnreachableError says that the cluster of a session does not answer.
type UnreachableError struct {
	After time.Duration // how long it was waited for; 0 when it refused at once
	Err   error         // the client's error, may be nil
}

func (e *UnreachableError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("the lab's cluster does not answer: %v", e.Err)
	}
	return fmt.Sprintf("the lab's cluster has not answered within %s", e.After)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// Remedy brings the cluster back.
func (e *UnreachableError) Remedy() string {
	return "podlab start brings the cluster and the lab back; your progress is kept"
}

// slow tells whether a check waits for logs, commands or requests, which come in
// after the listing.
func (g *Grading) slow() bool {
	for _, c := range g.lab.Checks() {
		if (c.Logs != nil || c.Exec != nil || c.HTTP != nil) && g.waiting(c.ID) {
			return true
		}
	}
	return false
}

// settled tells whether all checks of a step, or with "" of the lab, passed.
func settled(r grader.Report, step string) bool {
	for _, x := range r.Results {
		if (step == "" || x.Step == step) && x.Verdict != grader.Passed {
			return false
		}
	}
	return true
}
