package live

import (
	"context"
	"slices"
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
	Prepare(ctx context.Context, s lab.Step) error
	// Restore undoes what the setup of a page broke. Done twice it changes nothing.
	Restore(ctx context.Context, s lab.Step) error
	// Break injects the fault of a check.
	Break(ctx context.Context, c *lab.Check) error
	// Mend undoes it. Done twice it changes nothing.
	Mend(ctx context.Context, c *lab.Check) error
	// Follow tells who was served while the faults of checks last, until ctx ends.
	Follow(ctx context.Context, tell func(timeline.ServedSoFar))
	// Clear deletes what a step that begins anew names, and brings back what of it
	// the setups of earlier steps had brought. Done twice it does no harm.
	Clear(ctx context.Context, redo *timeline.Rework) error
	// Rebuild brings back what the namespace held that was before this one by these
	// entries, in which the given steps had been prepared. What comes of it is what
	// it returns.
	Rebuild(ctx context.Context, entries []timeline.Entry, steps []string) timeline.Rework
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

// Broke appends what was broken by hand, in a line.
func (g *Grading) Broke(what string) error {
	return g.sink(timeline.Entry{Kind: timeline.Fault, Fault: &timeline.Act{What: what}})
}

// Redo has a step begun anew, for which these objects are deleted.
func (g *Grading) Redo(step string, objects []timeline.Name) error {
	return g.sink(timeline.Entry{Kind: timeline.Redo, Rework: &timeline.Rework{Step: step, Objects: objects}})
}

// Rebuild has brought back what a namespace that is gone held.
func (g *Grading) Rebuild() error {
	return g.sink(timeline.Entry{Kind: timeline.Rebuild, Rework: &timeline.Rework{}})
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
		if slices.ContainsFunc(g.lab.Checks(), func(c *lab.Check) bool { return c.Throughout != nil }) {
			group.Go(func() error { return g.follow(ctx, cancel) })
		}
	}
	return group.Wait()
}

// follow appends who was served, until ctx ends. Its error is the sink's.
func (g *Grading) follow(ctx context.Context, stop context.CancelFunc) (err error) {
	g.hands.Follow(ctx, func(s timeline.ServedSoFar) {
		if err == nil && ctx.Err() == nil {
			if err = g.sink(timeline.Entry{Kind: timeline.Served, Served: &s}); err != nil {
				stop()
			}
		}
	})
	return err
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
	step := g.page
	page := g.lab.Step(step)
	prepare := page >= 0 && !g.grader.Prepared(step)
	restorable := g.grader.Restorable()
	faults, mendable := g.grader.Faults(step, g.tired), g.grader.Mendable(step)
	redo := g.grader.Clearing()
	steps, rebuild := g.grader.Rebuilding()
	g.mu.Unlock()
	if rebuild {
		did := g.hands.Rebuild(ctx, g.file.Entries(), steps)
		if ctx.Err() != nil {
			return false, nil // the next recording does it
		}
		did.Ended = true
		return false, g.sink(timeline.Entry{Kind: timeline.Rebuild, Rework: &did})
	}
	if redo != nil {
		did := timeline.Rework{Step: redo.Step, Ended: true}
		err := g.hands.Clear(ctx, redo)
		if ctx.Err() != nil {
			return false, nil
		}
		if err != nil {
			did.Ended, did.Error = false, err.Error()
		}
		return err != nil, g.sink(timeline.Entry{Kind: timeline.Redo, Rework: &did})
	}
	did := func(act timeline.Act, kind timeline.Kind, trouble error) error {
		if ctx.Err() != nil {
			return nil // whoever ended it did not wait for this
		}
		if trouble != nil {
			failed, act.Error = true, trouble.Error()
		}
		if kind == timeline.Setup {
			return g.sink(timeline.Entry{Kind: kind, Setup: &act})
		}
		return g.sink(timeline.Entry{Kind: kind, Fault: &act})
	}
	for _, c := range mendable {
		if err := did(timeline.Act{For: c.ID, Mended: true}, timeline.Fault, g.hands.Mend(ctx, c)); err != nil {
			return failed, err
		}
	}
	for _, id := range restorable {
		if err := did(timeline.Act{For: id, Mended: true}, timeline.Setup, g.hands.Restore(ctx, g.lab.Steps[g.lab.Step(id)])); err != nil {
			return failed, err
		}
	}
	if prepare {
		if err := did(timeline.Act{For: step}, timeline.Setup, g.hands.Prepare(ctx, g.lab.Steps[page])); err != nil {
			return failed, err
		}
	}
	for _, c := range faults {
		if err := did(timeline.Act{For: c.ID}, timeline.Fault, g.hands.Break(ctx, c)); err != nil {
			return failed, err
		}
	}
	return failed, nil
}

// busy tells whether hands are at work, or what they did has yet to show.
func (g *Grading) busy() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.hands == nil {
		return false
	}
	_, rebuilds := g.grader.Rebuilding()
	return rebuilds || g.grader.Clearing() != nil || (!g.idle || g.grader.Prepared(g.page) && g.grader.Report(false).Preparing[g.page] != "")
}

func (g *Grading) setIdle(idle bool) {
	g.mu.Lock()
	g.idle = idle
	g.mu.Unlock()
	signal(g.stirred)
}
