package batch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"podlab.dev/podlab/cluster/workload"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/class"
	"podlab.dev/podlab/runner"
	"podlab.dev/podlab/runner/batch/submission"
)

// sitting does a submission's work in a session, page by page, while the session is
// watched.
type sitting struct {
	session  *runner.Session
	gate     *gate
	patience time.Duration
	refusals []class.Refusal
	moved    chan struct{} // a token when the report changed

	mu   sync.Mutex
	last grader.Report
}

func newSitting(x *runner.Session, g *gate, patience time.Duration) *sitting {
	return &sitting{session: x, gate: g, patience: patience, moved: make(chan struct{}, 1)}
}

const (
	// preparation is how long podlab itself may take to prepare a page.
	preparation = 3 * time.Minute
	// calm is how long nothing happens on a page on which nothing is done, before the
	// next one is turned to.
	calm = time.Second
	// crowded is how much longer in all a page may take because nodes are busy: a
	// submission can have Pods that start, one after another, without end.
	crowded = 10 * time.Minute
)

// run does the work. Its error is ours or the cluster's: what of the submission is
// not taken is a refusal.
func (s *sitting) run(ctx context.Context, work *submission.Work) error {
	cfg, err := s.session.Cluster()
	if err != nil {
		return err
	}
	hands, err := workload.New(cfg, s.session.State.Namespace)
	if err != nil {
		return err
	}
	watching, stop := context.WithCancelCause(ctx)
	var g errgroup.Group
	g.Go(func() error {
		err := s.session.Watch(watching, s.report)
		stop(err)
		return err
	})
	g.Go(func() error {
		err := s.pages(watching, hands, work)
		stop(nil)
		return err
	})
	err = g.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (s *sitting) report(r grader.Report) {
	s.mu.Lock()
	s.last = r
	s.mu.Unlock()
	select {
	case s.moved <- struct{}{}:
	default:
	}
}

func (s *sitting) now() grader.Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

func (s *sitting) pages(ctx context.Context, hands *workload.Workload, work *submission.Work) error {
	for i, step := range s.session.Lab.Steps {
		if i > 0 {
			if err := s.gate.turn(ctx, s.session.State.Namespace, step.BreaksNodes()); err != nil {
				return err
			}
			if _, err := s.session.Turn(1); err != nil {
				return err
			}
		}
		if err := s.prepared(ctx, step); err != nil {
			return err
		}
		page := work.Pages[i]
		for _, o := range page.Delete {
			if err := s.refusing(o, hands.Remove(ctx, o.Unstructured)); err != nil {
				return err
			}
		}
		for _, o := range page.Apply {
			if err := s.refusing(o, hands.Put(ctx, o.Unstructured)); err != nil {
				return err
			}
		}
		for _, o := range page.Resize {
			if err := s.refusing(o, hands.Resize(ctx, o.Unstructured)); err != nil {
				return err
			}
		}
		for _, a := range page.Answers {
			if _, err := s.session.Answer(a.Check, a.Text); err != nil {
				return err
			}
		}
		patience := calm
		if !idle(page) {
			patience = s.gate.stretched(s.patience + step.Longest())
		}
		if err := s.wait(ctx, patience, func(r grader.Report) bool { return passed(r, step.ID) }); err != nil {
			return err
		}
	}
	return nil
}

// prepared waits until podlab has prepared a page.
func (s *sitting) prepared(ctx context.Context, step lab.Step) error {
	ready := func(r grader.Report) bool {
		_, preparing := r.Preparing[step.ID]
		return r.Entries > 0 && !preparing
	}
	if err := s.wait(ctx, preparation, ready); err != nil {
		return err
	}
	if r := s.now(); !ready(r) {
		return fmt.Errorf("page %s could not be prepared within %s: %s", step.ID, preparation, r.Preparing[step.ID])
	}
	return nil
}

// refusing makes an error that is the student's matter a refusal, and returns others.
func (s *sitting) refusing(o submission.Object, err error) error {
	var refused *workload.RefusedError
	if errors.As(err, &refused) {
		s.refusals = append(s.refusals, class.Refusal{
			File: o.File, Object: o.GetKind() + " " + o.GetName(), Why: "the API server does not take it: " + refused.Error(),
		})
		return nil
	}
	return err
}

// errNoRoom says that a Pod found no room, and would find it if others had none.
var errNoRoom = errors.New("other submissions have the room that a Pod waits for")

// wait waits until the report is as wanted, or patience has run out. While the nodes
// have yet to start a Pod it does not, within reason.
func (s *sitting) wait(ctx context.Context, patience time.Duration, wanted func(grader.Report) bool) error {
	late, last := time.NewTimer(patience), time.Now().Add(patience+crowded)
	defer late.Stop()
	for !wanted(s.now()) {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-s.moved:
		case <-late.C:
			starts, short := s.gate.waits(s.session.State.Namespace)
			switch {
			case patience == calm:
				return nil
			case short:
				return errNoRoom // those that have the room may wait for more themselves
			case !starts || time.Now().After(last):
				return nil
			}
			late.Reset(patience)
		}
	}
	return nil
}
