package runner

import (
	"context"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/timeline"
)

// Up brings the cluster of a session up and attaches the session to it. fresh
// tells that the lab's namespace is new.
type Up func(ctx context.Context, x *Session, progress func(cluster.Event)) (fresh bool, err error)

// Event is something that happens while a session is worked on. Front ends show
// these, and nothing else. They differ in what they do with them only.
type Event interface{ event() }

type (
	// Progress is about the cluster coming up, or the namespace being emptied.
	Progress struct{ cluster.Event }
	// Ready: the cluster is up and the session is attached to it. Fresh tells that
	// the lab's namespace is new, Again that it was emptied for a reset. Lost is what
	// the one before held and can be brought back.
	Ready struct {
		Fresh, Again bool
		Lost         []string
	}
	// Graded is the report whenever a verdict may be another one.
	Graded struct{ grader.Report }
	// Turned is the session's state, which was changed by whichever process.
	Turned struct{ State }
	// Recorded are entries about objects and gaps, in order: those of earlier
	// recordings at first, then each as it happens. A [Scene] folds them.
	Recorded struct{ Entries []timeline.Entry }
	// Reworked: a step begins anew, or what a lost namespace held comes back, or that
	// has ended. Text says it; it may have several lines.
	Reworked struct {
		Step        string // that begins anew; empty for a rebuild
		Title, Text string
		Ended       bool
	}
	// Warned: there is only so much time left in the exam.
	Warned struct{ Left time.Duration }
	// Over: the exam is over, and this is its report.
	Over struct{ grader.Report }
)

func (Progress) event() {}
func (Ready) event()    {}
func (Graded) event()   {}
func (Turned) event()   {}
func (Recorded) event() {}
func (Reworked) event() {}
func (Warned) event()   {}
func (Over) event()     {}

// Leaving is what a learner who leaves wants to stay.
type Leaving int

// What can be left.
const (
	LeaveAll        Leaving = iota // the lab's namespace and the cluster
	DeleteNamespace                // progress, and the cluster for other labs
	RemoveCluster                  // progress
)

// Work is a session that is worked on: its cluster comes up, what happens there
// is recorded and graded, and each change is told.
//
//	w := x.Begin(up, func(e runner.Event) { … })
//	err := w.Run(ctx)
type Work struct {
	session Session // of its own: the front end's is changed by the front end only
	up      Up
	show    func(Event)
	reset   chan struct{}
	submit  chan struct{}

	mu     sync.Mutex
	queue  []Event
	queued chan struct{} // a token when there is something in the queue
}

// Begin prepares the work on a session. show gets the events, one at a time; it
// may take its time, and the recording does not wait for it. The session is read
// here, and not any more: what others change reaches the caller as [Turned], and
// the caller's changes reach the work by way of the disk.
func (x *Session) Begin(up Up, show func(Event)) *Work {
	return &Work{session: *x, up: up, show: show, reset: make(chan struct{}, 1), submit: make(chan struct{}, 1), queued: make(chan struct{}, 1)}
}

// tell queues an event. Of reports only the last one counts.
func (w *Work) tell(e Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(w.queue); n > 0 {
		switch last := w.queue[n-1].(type) {
		case Graded:
			if _, ok := e.(Graded); ok {
				w.queue = w.queue[:n-1]
			}
		case Recorded:
			if more, ok := e.(Recorded); ok {
				w.queue = w.queue[:n-1]
				e = Recorded{append(last.Entries, more.Entries...)}
			}
		}
	}
	w.queue = append(w.queue, e)
	select {
	case w.queued <- struct{}{}:
	default:
	}
}

// deliver shows what is queued until end is closed and nothing is left.
func (w *Work) deliver(end <-chan struct{}) {
	for over := false; ; {
		w.mu.Lock()
		queue := w.queue
		w.queue = nil
		w.mu.Unlock()
		for _, e := range queue {
			w.show(e)
		}
		switch {
		case len(queue) > 0:
		case over:
			return
		default:
			select {
			case <-w.queued:
			case <-end:
				over = true
			}
		}
	}
}

// Run works until ctx ends, which is no error, or something fails. It may be
// called again then.
func (w *Work) Run(ctx context.Context) error {
	end, delivered := make(chan struct{}), make(chan struct{})
	go func() { w.deliver(end); close(delivered) }()
	defer func() { close(end); <-delivered }()

	fresh, err := w.up(ctx, &w.session, func(e cluster.Event) { w.tell(Progress{e}) })
	if err != nil {
		return err
	}
	// What it took to make a cluster, whole images among it, is given back: a session
	// stays for hours, beside the cluster.
	go debug.FreeOSMemory()
	for again := false; ; again = true {
		if err := w.session.Sit(); err != nil {
			return err
		}
		w.tell(Turned{w.session.State})
		ready := Ready{Fresh: fresh || again, Again: again}
		if fresh && !again && !w.session.Examined() {
			lost, err := w.session.Remains(true)
			if err != nil {
				return err
			}
			ready.Lost = lost.Names()
		}
		w.tell(ready)
		reset, err := w.round(ctx)
		if !reset || err != nil {
			return err
		}
		if err := w.empty(ctx); err != nil {
			return err
		}
	}
}

// warnings are how much before the end of an exam it is said.
func warnings() []time.Duration {
	return []time.Duration{15 * time.Minute, 5 * time.Minute, time.Minute}
}

// examine waits for the end of an exam, stops the recording and tells the report.
// What comes afterwards does not count.
func (w *Work) examine(ctx context.Context, stop func(), stopped <-chan struct{}) error {
	for _, left := range append(warnings(), 0) {
		wait := w.session.State.Sitting.Left(time.Now()) - left
		if wait < 0 && left > 0 {
			continue // it was said before, or the exam is shorter
		}
		select {
		case <-ctx.Done():
			return nil
		case <-w.submit:
			stop()
			<-stopped
			// What was done a moment ago may not have been seen yet.
			if _, err := w.session.Check(ctx, "", 0); err != nil {
				return err
			}
			if err := w.session.Submit(); err != nil {
				return err
			}
		case <-time.After(wait):
			if left > 0 {
				w.tell(Warned{left})
				continue
			}
		}
		break
	}
	stop()
	<-stopped
	r, err := w.session.Judge()
	if err != nil {
		return err
	}
	if err := w.session.score(r); err != nil {
		return err
	}
	w.tell(Turned{w.session.State})
	w.tell(Over{r})
	return nil
}

// Submit ends an exam before its time.
func (w *Work) Submit() {
	select {
	case w.submit <- struct{}{}:
	default:
	}
}

// Reset has the learner's work thrown away and the lab begun anew, by Run.
func (w *Work) Reset() {
	select {
	case w.reset <- struct{}{}:
	default: // it was asked for already
	}
}

// round records until ctx ends or a reset is asked for, and of an exam until it is
// over.
func (w *Work) round(ctx context.Context) (reset bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	recording, stop := context.WithCancel(ctx)
	defer stop()
	stopped := make(chan struct{})
	var g errgroup.Group
	if w.session.Examined() {
		close(stopped)
	} else {
		g.Go(func() error {
			defer close(stopped)
			own := w.session // whoever watches the clock changes the other one
			err := own.watch(recording, watched{
				changed:  func(r grader.Report) { w.tell(Graded{own.veiled(r)}) },
				turned:   func(st State) { w.tell(Turned{st}) },
				recorded: w.recorded,
				reworked: func(e timeline.Entry) { w.tell(own.reworked(e)) },
			})
			if recording.Err() != nil {
				return nil // it was told to stop, and may have been busy with something
			}
			cancel()
			return err
		})
	}
	if w.session.Lab.Exam != nil {
		g.Go(func() error {
			err := w.examine(ctx, stop, stopped)
			if err != nil {
				cancel()
			}
			return err
		})
	}
	g.Go(func() error {
		select {
		case <-ctx.Done():
		case <-w.reset:
			reset = true
			cancel()
		}
		return nil
	})
	err = g.Wait()
	return reset, err
}

func (w *Work) empty(ctx context.Context) error {
	e := cluster.Event{Message: "emptying the lab's namespace"}
	w.tell(Progress{e})
	began := time.Now()
	e.Err = w.session.Reset(context.WithoutCancel(ctx)) // half of it would be worse
	e.Done, e.Elapsed = true, time.Since(began)
	w.tell(Progress{e})
	if e.Err == nil {
		w.tell(Turned{w.session.State})
	}
	return e.Err
}

// recorded tells of the entries that are worth showing.
func (w *Work) recorded(entries []timeline.Entry) {
	var shown []timeline.Entry
	for _, e := range entries {
		switch e.Kind {
		case timeline.Start, timeline.Reset, timeline.Gap, timeline.Resumed, timeline.Synced, timeline.Object, timeline.Deleted:
			shown = append(shown, e)
		}
	}
	if len(shown) > 0 {
		w.tell(Recorded{shown})
	}
}
