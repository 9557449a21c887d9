package live

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/util/wait"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/record"
	"podlab.dev/podlab/grader/timeline"
)

// Hands are what changes the namespace in podlab's name, where the grader says
// that it is time.
type Hands interface {
	// Prepare puts what a page needs into the namespace. Done twice it changes
	// nothing.
	Prepare(ctx context.Context, s *lab.Setup) error
	// Break injects a fault.
	Break(ctx context.Context, f *lab.Fault) error
}

// Use lets hands prepare the given page, and break what its checks say. Call it
// before Run or Once.
func (g *Grading) Use(hands Hands, step string) {
	g.hands = hands
	g.Turn(step)
}

// Turn says that the learner has come to another page.
func (g *Grading) Turn(step string) {
	g.mu.Lock()
	g.page = step
	g.mu.Unlock()
	signal(g.todo)
}

// Answer appends the learner's answer to a question.
func (g *Grading) Answer(check, text string) error {
	return g.sink(timeline.Entry{Kind: timeline.Answer, Answer: &timeline.AnswerGiven{Check: check, Text: text}})
}

// run records, and acts as soon as the namespace has been seen in full.
func (g *Grading) run(ctx context.Context, rec *record.Recorder) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var group errgroup.Group
	group.Go(func() error {
		defer cancel()
		return rec.Run(ctx)
	})
	if g.hands != nil {
		group.Go(func() error {
			select {
			case <-ctx.Done():
				return nil
			case <-rec.Synced():
				defer cancel()
				return g.act(ctx)
			}
		})
	}
	return group.Wait()
}

// act does what there is to do until ctx ends. What fails is recorded, and tried
// again after a while.
func (g *Grading) act(ctx context.Context) error {
	backoff := wait.Backoff{Duration: time.Second, Factor: 2, Steps: 6, Cap: 30 * time.Second}
	var again <-chan time.Time
	for {
		g.setIdle(false)
		failed, err := g.acts(ctx)
		g.setIdle(true)
		if err != nil || ctx.Err() != nil {
			return err
		}
		again = nil
		if failed {
			again = time.After(backoff.Step())
		}
		for waiting := true; waiting; {
			select {
			case <-ctx.Done():
				return nil
			case <-again:
				waiting = false
			case <-g.todo:
				waiting = again != nil // what failed would fail again
			}
		}
	}
}

// acts does what is due by now. Its error is the sink's.
func (g *Grading) acts(ctx context.Context) (failed bool, err error) {
	g.mu.Lock()
	var setup *lab.Setup
	step := g.page
	if i := g.lab.Step(step); i >= 0 && !g.grader.Prepared(step) {
		setup = g.lab.Steps[i].Setup
	}
	faults := g.grader.Faults()
	g.mu.Unlock()
	did := func(kind timeline.Kind, id string, trouble error) error {
		if ctx.Err() != nil {
			return nil // whoever ended it did not wait for this
		}
		act := &timeline.Act{For: id}
		if trouble != nil {
			failed, act.Error = true, trouble.Error()
		}
		if kind == timeline.Setup {
			return g.sink(timeline.Entry{Kind: kind, Setup: act})
		}
		return g.sink(timeline.Entry{Kind: kind, Fault: act})
	}
	if setup != nil {
		if err := did(timeline.Setup, step, g.hands.Prepare(ctx, setup)); err != nil {
			return failed, err
		}
	}
	for _, c := range faults {
		if err := did(timeline.Fault, c.ID, g.hands.Break(ctx, c.Fault)); err != nil {
			return failed, err
		}
	}
	return failed, nil
}

// busy tells whether hands are at work, or what they did has yet to show.
func (g *Grading) busy() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.hands != nil && (!g.idle || g.grader.Prepared(g.page) && g.grader.Report(false).Preparing[g.page] != "")
}

func (g *Grading) setIdle(idle bool) {
	g.mu.Lock()
	g.idle = idle
	g.mu.Unlock()
	signal(g.stirred)
}
