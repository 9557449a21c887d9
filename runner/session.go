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

	"podlab.dev/podlab/cluster/workload"
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

	store   Store
	dir     string
	through string // what shells have as their kubeconfig, where that is another one
	fence   *workload.Fence
	marks   map[string]string
}

// Fenced has the namespace made for work that is not trusted, behind a fence and with
// these annotations. Call it before Attach.
func (x *Session) Fenced(f workload.Fence, annotations map[string]string) {
	x.fence, x.marks = &f, annotations
}

// Kubeconfig is the path of the session's kubeconfig, whose default namespace
// is the lab's.
func (x *Session) Kubeconfig() string { return filepath.Join(x.dir, "kubeconfig") }

// Through has the session's shells in this process use another kubeconfig. What
// the recorder does is not changed by it.
func (x *Session) Through(kubeconfig string) { x.through = kubeconfig }

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

// Attached returns a [NoSessionError] when the session has no cluster.
func (x *Session) Attached() error {
	_, err := x.rest()
	return err
}

// Workable returns an error when nothing that is done in the session counts: it has
// no cluster, or was an exam.
func (x *Session) Workable() error {
	if x.Examined() {
		return &ExamOverError{Key: x.Key}
	}
	return x.Attached()
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
	// Whoever looks for sessions that were left behind holds it for a moment. Tries are
	// counted, and not the time: a machine under load may do nothing for a while.
	for range 15 {
		ok, err := l.TryLock()
		if err != nil {
			return nil, fmt.Errorf("lock the timeline: %w", err)
		}
		if ok {
			return func() { _ = l.Unlock() }, nil // it ends with the process at the latest
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil, &BusyError{Key: x.Key}
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
	return x.watch(ctx, watched{changed: changed})
}

// watched is who hears of what happens while a session is recorded; all but
// changed may be nil, the last two only together. They are called from several goroutines.
type watched struct {
	changed  func(grader.Report)
	turned   func(State)
	recorded func([]timeline.Entry)
	reworked func(timeline.Entry) // podlab began anew or rebuilt what it was asked for
}

func (x *Session) watch(ctx context.Context, w watched) error {
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
	g, err := x.grading(cfg, file)
	if err != nil {
		return err
	}
	if w.recorded != nil {
		w.recorded(file.Entries())
		g.Listen(func(e timeline.Entry) {
			w.recorded([]timeline.Entry{e})
			if r := e.Rework; r != nil && (r.Ended || r.Error != "" || r.Step == "" || len(r.Objects) > 0) {
				w.reworked(e)
			}
		})
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	following := make(chan error, 1)
	go func() {
		err := x.Follow(ctx, func(st State) {
			if w.turned != nil {
				w.turned(st)
			}
			g.Turn(x.Lab.Steps[st.Page].ID)
			if err := x.hand(g, file, st); err != nil {
				cancel(err)
			}
		})
		if err != nil {
			cancel(err)
		}
		following <- err
	}()
	err = g.Run(ctx, cfg, x.State.Namespace, func(r grader.Report) error {
		w.changed(r)
		return x.score(r)
	})
	if cause := context.Cause(ctx); (err == nil || errors.Is(err, context.Canceled)) && cause != nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	cancel(nil)
	<-following
	return err
}

// grading grades the session as it is recorded in file, and prepares its page.
func (x *Session) grading(cfg *rest.Config, file *timeline.File) (*live.Grading, error) {
	hands, err := x.hands(cfg)
	if err != nil {
		return nil, err
	}
	g := live.New(x.Lab, file)
	g.Use(hands, x.Step().ID)
	return g, x.hand(g, file, x.State)
}

// hand appends what the learner answered and asked for, and the timeline does not
// have yet. Whoever records does so: the learner may do so in another process.
func (x *Session) hand(g *live.Grading, file *timeline.File, st State) error {
	recorded, broken, redone, rebuilt := 0, 0, 0, 0
	for _, e := range file.Entries() {
		switch {
		case e.Kind == timeline.Answer:
			recorded++
		case e.Kind == timeline.Fault && e.Fault.What != "":
			broken++
		case e.Kind == timeline.Redo && !e.Rework.Ended && e.Rework.Error == "":
			redone++
		case e.Kind == timeline.Rebuild && !e.Rework.Ended:
			rebuilt++
		case e.Kind == timeline.Reset:
			recorded, broken, redone, rebuilt = 0, 0, 0, 0
		}
	}
	if rebuilt < st.Rebuilt {
		if err := g.Rebuild(); err != nil {
			return err
		}
	}
	for _, step := range st.Redone[min(redone, len(st.Redone)):] {
		objects, err := x.belongings(step)
		if err != nil {
			return err
		}
		if err := g.Redo(step, objects); err != nil {
			return err
		}
	}
	for _, what := range st.Broken[min(broken, len(st.Broken)):] {
		if err := g.Broke(what); err != nil {
			return err
		}
	}
	for _, a := range st.Answers[min(recorded, len(st.Answers)):] {
		if err := g.Answer(a.Check, a.Text); err != nil {
			return err
		}
	}
	return nil
}

// Check looks at the cluster once and returns the report. What it sees is
// recorded, unless another process records the session already. It waits up to
// patience for checks of the given step ("" for all) that have not passed.
func (x *Session) Check(ctx context.Context, step string, patience time.Duration) (grader.Report, error) {
	cfg, err := x.rest()
	if err != nil {
		return grader.Report{}, err
	}
	file, shared, done, err := x.forCheck()
	if err != nil {
		return grader.Report{}, err
	}
	defer done()
	var g *live.Grading
	if shared { // the other process prepares and breaks
		g = live.New(x.Lab, file)
	} else if g, err = x.grading(cfg, file); err != nil {
		return grader.Report{}, err
	}
	r, err := g.Once(ctx, cfg, x.State.Namespace, step, patience)
	if err != nil {
		return r, err
	}
	return r, x.score(r)
}

// Prepare brings what the page begins with into the namespace, unless it is there, and
// waits until it is as it has to be; what is missing still is returned. In a session
// that another process records, that one sees to it.
func (x *Session) Prepare(ctx context.Context) (missing string, err error) {
	step := x.Step()
	if step.Setup == nil || x.Examined() {
		return "", nil
	}
	if err := x.Free(); err != nil {
		if busy := (*BusyError)(nil); errors.As(err, &busy) {
			return "", nil
		}
		return "", err
	}
	r, err := x.Check(ctx, step.ID, 0)
	return r.Preparing[step.ID], err
}

// Within is the longest time that a check of the step ("" for all) asks for: one that
// may pass, and of which this process can see it. Who watches the session breaks what
// is to be broken, and shows what comes of it.
func (x *Session) Within(step string) (longest time.Duration, err error) {
	watched := x.Free() != nil
	r, err := x.Recorded()
	for _, res := range r.Results {
		c := x.Lab.Check(res.Check)
		switch {
		case step != "" && res.Step != step, res.Verdict == grader.Passed, len(res.Needs) > 0:
		case c.Fault != nil && watched:
		default:
			longest = max(longest, c.Takes())
		}
	}
	return longest, err
}

// forCheck opens the timeline. It is shared when another process appends to it.
func (x *Session) forCheck() (file *timeline.File, shared bool, done func(), err error) {
	unlock, err := x.lock()
	if busy := (*BusyError)(nil); errors.As(err, &busy) {
		file, err = timeline.Read(x.timeline())
		return file, true, func() {}, err
	}
	if err != nil {
		return nil, false, nil, err
	}
	file, err = timeline.Open(x.timeline())
	if err != nil {
		unlock()
		return nil, false, nil, fmt.Errorf("open the timeline: %w", err)
	}
	return file, false, func() { file.Close(); unlock() }, nil
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
	return x.veiled(live.New(x.Lab, file).Report(false)), nil
}

func (x *Session) score(r grader.Report) error {
	if x.InExam() {
		return nil // podlab status would tell
	}
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

// Follow calls changed with the session's state, and again whenever a process changes
// it (podlab next in another terminal), until ctx ends.
func (x *Session) Follow(ctx context.Context, changed func(State)) error {
	w, err := fsnotify.NewWatcher()
	if err == nil {
		defer w.Close()
		err = w.Add(x.dir)
	}
	if err != nil {
		// Editors and clusters use the kernel's watches up, and a learner cannot
		// do much about it.
		return x.poll(ctx, changed)
	}
	// What was changed right before is not heard of.
	if st, err := readState(x.dir); err == nil {
		changed(st)
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-w.Errors:
			return fmt.Errorf("watch the session's folder: %w", err)
		case e := <-w.Events:
			if filepath.Base(e.Name) != stateFile {
				continue
			}
			if st, err := readState(x.dir); err == nil {
				changed(st)
			}
		}
	}
}

// poll is Follow by looking again and again.
func (x *Session) poll(ctx context.Context, changed func(State)) error {
	ticks := time.NewTicker(500 * time.Millisecond)
	defer ticks.Stop()
	last, _ := os.Stat(filepath.Join(x.dir, stateFile))
	if st, err := readState(x.dir); err == nil {
		changed(st)
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
		now, err := os.Stat(filepath.Join(x.dir, stateFile))
		if err != nil || last != nil && os.SameFile(last, now) && now.ModTime().Equal(last.ModTime()) {
			continue
		}
		last = now
		if st, err := readState(x.dir); err == nil {
			changed(st)
		}
	}
}
