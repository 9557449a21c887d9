package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/gofrs/flock"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/live"
	"podlab.dev/podlab/grader/timeline"
)

// Session is a lab that someone works on.
type Session struct {
	Lab   *lab.Lab
	Key   string
	State State

	store Store
	dir   string
}

// Kubeconfig is the path of the session's kubeconfig, whose default namespace
// is the lab's.
func (x *Session) Kubeconfig() string { return filepath.Join(x.dir, "kubeconfig") }

// Work is the folder in which the learner's shell opens.
func (x *Session) Work() string { return filepath.Join(x.dir, "work") }

func (x *Session) timeline() string { return filepath.Join(x.dir, "timeline.jsonl") }

// Step is the page that the learner is on.
func (x *Session) Step() lab.Step { return x.Lab.Steps[x.State.Page] }

// rest is the client configuration of the session's kubeconfig.
func (x *Session) rest() (*rest.Config, error) {
	cfg, err := clientcmd.BuildConfigFromFlags("", x.Kubeconfig())
	if errors.Is(err, os.ErrNotExist) {
		return nil, &NoSessionError{Key: x.Key}
	}
	if err != nil {
		return nil, fmt.Errorf("read the session's kubeconfig: %w", err)
	}
	cfg.QPS, cfg.Burst = 100, 200 // one learner's laptop is not a shared cluster
	return cfg, nil
}

// BusyError says that another process records the session.
type BusyError struct{ Key string }

func (e *BusyError) Error() string {
	return fmt.Sprintf("lab %s is open in another terminal (podlab start)", e.Key)
}

// Remedy says how to share it.
func (e *BusyError) Remedy() string {
	return "work there, use podlab shell, check, hint and next here, or end the other one with Ctrl-C first"
}

// lock makes this process the only one that appends to the timeline.
func (x *Session) lock() (unlock func(), err error) {
	l := flock.New(filepath.Join(x.dir, "record.lock"))
	ok, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the timeline: %w", err)
	}
	if !ok {
		return nil, &BusyError{Key: x.Key}
	}
	return func() { _ = l.Unlock() }, nil // it ends with the process at the latest
}

// Free returns a [BusyError] when another process records the session.
func (x *Session) Free() error {
	unlock, err := x.lock()
	if err == nil {
		unlock()
	}
	return err
}

// Watch records and grades the session until ctx ends, and calls changed with
// the report whenever a verdict may be another one. The error is a [BusyError]
// when another process does so already.
func (x *Session) Watch(ctx context.Context, changed func(grader.Report)) error {
	unlock, err := x.lock()
	if err != nil {
		return err
	}
	defer unlock()
	file, err := timeline.Open(x.timeline())
	if err != nil {
		return fmt.Errorf("open the timeline: %w", err)
	}
	defer file.Close()
	cfg, err := x.rest()
	if err != nil {
		return err
	}
	return live.New(x.Lab, file).Run(ctx, cfg, x.State.Namespace, func(r grader.Report) error {
		changed(r)
		return x.score(r)
	})
}

// Check looks at the cluster once and returns the report. What it sees is
// recorded, unless another process records the session already. It waits up to
// patience for checks of the given step ("" for all) that have not passed.
func (x *Session) Check(ctx context.Context, step string, patience time.Duration) (grader.Report, error) {
	file, done, err := x.forCheck()
	if err != nil {
		return grader.Report{}, err
	}
	defer done()
	cfg, err := x.rest()
	if err != nil {
		return grader.Report{}, err
	}
	r, err := live.New(x.Lab, file).Once(ctx, cfg, x.State.Namespace, step, patience)
	if err != nil {
		return r, err
	}
	return r, x.score(r)
}

func (x *Session) forCheck() (file *timeline.File, done func(), err error) {
	unlock, err := x.lock()
	if busy := (*BusyError)(nil); errors.As(err, &busy) {
		file, err = timeline.Read(x.timeline())
		return file, func() {}, err
	}
	if err != nil {
		return nil, nil, err
	}
	file, err = timeline.Open(x.timeline())
	if err != nil {
		unlock()
		return nil, nil, fmt.Errorf("open the timeline: %w", err)
	}
	return file, func() { file.Close(); unlock() }, nil
}

// Judge is the final report by what has been recorded: what has not passed has
// failed.
func (x *Session) Judge() (grader.Report, error) {
	file, err := timeline.Read(x.timeline())
	if err != nil {
		return grader.Report{}, err
	}
	return live.New(x.Lab, file).Report(true), nil
}

// Recorded is the report by what has been recorded so far; no cluster is asked.
func (x *Session) Recorded() (grader.Report, error) {
	file, err := timeline.Read(x.timeline())
	if err != nil {
		return grader.Report{}, err
	}
	return live.New(x.Lab, file).Report(false), nil
}

func (x *Session) score(r grader.Report) error {
	if r.Earned == x.State.Earned && r.Points == x.State.Points {
		return nil
	}
	return x.Update(func(st *State) { st.Earned, st.Points = r.Earned, r.Points })
}

// Turn moves the learner to another page: by +1 or -1. It reports false at
// either end of the lab.
func (x *Session) Turn(by int) (moved bool, err error) {
	err = x.Update(func(st *State) {
		page := min(max(st.Page+by, 0), len(x.Lab.Steps)-1)
		moved = page != st.Page
		st.Page = page
	})
	return moved, err
}

// Hint is one hint for a check: the Number-th of Of.
type Hint struct {
	Check, Title, Text string
	Number, Of         int
}

// Hint takes the next hint for the first check of the current page that has not
// passed. ok is false when there is none to give; a check whose hints are used
// up gives its last one again.
func (x *Session) Hint(r grader.Report) (h Hint, ok bool, err error) {
	step := x.Step()
	for _, res := range r.Step(step.ID) {
		if res.Verdict == grader.Passed || res.Verdict == grader.Blocked {
			continue
		}
		for _, c := range step.Checks {
			if c.ID != res.Check || len(c.Hints) == 0 {
				continue
			}
			err := x.Update(func(st *State) {
				if st.Hints == nil {
					st.Hints = map[string]int{}
				}
				st.Hints[c.ID] = min(st.Hints[c.ID]+1, len(c.Hints))
			})
			n := x.State.Hints[c.ID]
			if err != nil {
				return Hint{}, false, err
			}
			return Hint{c.ID, c.Title, c.Hints[n-1], n, len(c.Hints)}, true, nil
		}
	}
	return Hint{}, false, nil
}

// Follow calls changed whenever another process changes the session's state
// (podlab next in another terminal), until ctx ends.
func (x *Session) Follow(ctx context.Context, changed func(State)) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch the session's folder: %w", err)
	}
	defer w.Close()
	if err := w.Add(x.dir); err != nil {
		return fmt.Errorf("watch the session's folder: %w", err)
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-w.Errors:
			return fmt.Errorf("watch the session's folder: %w", err)
		case e := <-w.Events:
			if filepath.Base(e.Name) != "session.json" {
				continue
			}
			if st, err := readState(x.dir); err == nil {
				changed(st)
			}
		}
	}
}
