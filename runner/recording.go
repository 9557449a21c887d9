package runner

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

// recording joins the three that grade live: the recorder, whose entries go into
// the timeline, which the grader folds.
type recording struct {
	lab  *lab.Lab
	file *timeline.File

	mu     sync.Mutex
	grader *grader.Grader
	// moved holds a token when a verdict may have changed, stirred when any
	// entry arrived.
	moved, stirred chan struct{}
}

func newRecording(l *lab.Lab, file *timeline.File) *recording {
	r := &recording{
		lab: l, file: file, grader: grader.New(l),
		moved: make(chan struct{}, 1), stirred: make(chan struct{}, 1),
	}
	for _, e := range file.Entries() {
		r.grader.Observe(e)
	}
	return r
}

func (r *recording) sink(e timeline.Entry) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, err := r.file.Append(e)
	if err != nil {
		return err
	}
	if r.grader.Observe(e) {
		signal(r.moved)
	}
	signal(r.stirred)
	return nil
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // one token is enough
	}
}

func (r *recording) waiting(check string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.grader.Waiting(check)
}

func (r *recording) report() grader.Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.grader.Report(false)
}

func (r *recording) due() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.grader.Due()
}

func (r *recording) recorder(cfg *rest.Config, namespace string) *record.Recorder {
	return record.New(record.Config{
		REST: cfg, Namespace: namespace, Lab: r.lab,
		Known: r.file.Entries(), Sink: r.sink, Waiting: r.waiting,
	})
}

// run records until ctx ends and calls changed with each new report.
func (r *recording) run(ctx context.Context, cfg *rest.Config, namespace string, changed func(grader.Report) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ended := make(chan error, 1)
	go func() { ended <- r.recorder(cfg, namespace).Run(ctx) }()
	for {
		select {
		case err := <-ended:
			return err
		case <-r.moved:
			if err := changed(r.report()); err != nil {
				cancel(err)
				<-ended
				return err
			}
		case <-r.window():
			if err := r.sink(timeline.Entry{Kind: timeline.Clock}); err != nil {
				cancel(err)
			}
		}
	}
}

// window fires when the next condition will have held for long enough.
func (r *recording) window() <-chan time.Time {
	due := r.due()
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
)

// once records until the namespace has been seen in full and nothing more
// arrives, and then for up to patience until the checks of the step have passed.
func (r *recording) once(ctx context.Context, cfg *rest.Config, namespace, step string, patience time.Duration) (grader.Report, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	rec := r.recorder(cfg, namespace)
	ended := make(chan error, 1)
	go func() { ended <- rec.Run(ctx) }()
	select {
	case err := <-ended:
		if err == nil {
			err = ctx.Err()
		}
		return r.report(), err
	case <-time.After(reach):
		cancel()
		<-ended
		return r.report(), &UnreachableError{After: reach}
	case <-rec.Synced():
	}
	patient := time.After(patience)
	still := time.NewTimer(calm)
	quiet := !r.slow()
	for {
		report := r.report()
		hopeful := patience > 0 && !settled(report, step)
		if quiet && !hopeful && r.due().IsZero() && !rec.Busy() {
			cancel()
			return report, <-ended
		}
		select {
		case err := <-ended:
			return r.report(), err
		case <-r.stirred:
			quiet = false
			still.Reset(calm)
		case <-still.C:
			quiet = true
			still.Reset(calm)
		case <-patient:
			patience = 0
		case <-r.window():
			if err := r.sink(timeline.Entry{Kind: timeline.Clock}); err != nil {
				return r.report(), err
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

// slow tells whether a check waits for logs or commands, which come in after
// the listing.
func (r *recording) slow() bool {
	for _, c := range r.lab.Checks() {
		if (c.Logs != nil || c.Exec != nil) && r.waiting(c.ID) {
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
