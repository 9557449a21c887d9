package runner

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"

	"podlab.dev/podlab/cluster/fault"
	"podlab.dev/podlab/cluster/workload"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/live"
	"podlab.dev/podlab/grader/timeline"
)

// hands prepare the pages of a session and break what its checks say.
type hands struct {
	lab  *lab.Lab
	work *workload.Workload
}

func (x *Session) hands(cfg *rest.Config) (live.Hands, error) {
	w, err := workload.New(cfg, x.State.Namespace)
	if err != nil {
		return nil, err
	}
	return &hands{x.Lab, w}, nil
}

// thereWithin is how long what a setup brought may take to be there, so that it can be
// broken.
const thereWithin = 90 * time.Second

// Prepare applies the manifests of a page, in their order, and breaks what its setup
// says.
func (h *hands) Prepare(ctx context.Context, s lab.Step) error {
	for _, file := range s.Setup.Manifests {
		if err := h.work.Apply(ctx, h.lab.FS, file); err != nil {
			return err
		}
	}
	for i, f := range s.Setup.Faults {
		select {
		case <-time.After(f.Delay):
		case <-ctx.Done():
			return ctx.Err()
		}
		var trouble error
		err := wait.PollUntilContextTimeout(ctx, time.Second, thereWithin, true, func(ctx context.Context) (bool, error) {
			trouble = h.work.Break(ctx, h.lab.FS, setupFault(s, i), f, nil)
			return trouble == nil, nil
		})
		if err != nil && trouble != nil {
			return fmt.Errorf("what podlab %s: %w", f, trouble)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Restore undoes what the setup of a page broke.
func (h *hands) Restore(ctx context.Context, s lab.Step) error {
	for i, f := range s.Setup.Faults {
		if !f.Lasts() {
			continue
		}
		if err := h.work.Mend(ctx, setupFault(s, i)); err != nil {
			return err
		}
	}
	return nil
}

// setupFault is what a fault of a setup is for, in place of a check. No check has a
// name like it.
func setupFault(s lab.Step, n int) string { return fmt.Sprintf("%s.setup.%d", s.ID, n) }

// Break injects the fault of a check.
func (h *hands) Break(ctx context.Context, c *lab.Check) error {
	return h.work.Break(ctx, h.lab.FS, c.ID, c.Fault, c.Throughout)
}

// Mend undoes it.
func (h *hands) Mend(ctx context.Context, c *lab.Check) error {
	if c.Fault.Exec.Undoes() {
		if err := h.work.Undo(ctx, c.Fault.Exec); err != nil {
			return err
		}
	}
	if !c.Lasts() {
		return nil
	}
	return h.work.Mend(ctx, c.ID)
}

// Follow tells what comes of asking Services.
func (h *hands) Follow(ctx context.Context, tell func(timeline.ServedSoFar)) {
	h.work.Follow(ctx, func(s fault.Served) {
		tell(timeline.ServedSoFar{Check: s.Check, Asked: s.Asked, Answered: s.Answered, Starved: s.Starved, Why: s.Why, Error: s.Trouble})
	})
}

// Clear deletes all at a time: some objects wait for others to go first. What is
// broken for the step is mended before.
func (h *hands) Clear(ctx context.Context, redo *timeline.Rework) error {
	if i := h.lab.Step(redo.Step); i >= 0 {
		if s := h.lab.Steps[i]; s.Setup != nil {
			if err := h.Restore(ctx, s); err != nil {
				return err
			}
		}
		for _, c := range h.lab.Steps[i].Checks {
			if !c.Lasts() {
				continue
			}
			if err := h.work.Mend(ctx, c.ID); err != nil {
				return err
			}
		}
	}
	var g errgroup.Group
	for _, n := range redo.Objects {
		obj := &unstructured.Unstructured{}
		obj.SetAPIVersion(n.APIVersion)
		obj.SetKind(n.Kind)
		obj.SetName(n.Name)
		g.Go(func() error { return h.work.Clear(ctx, obj) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	brought, err := setupObjects(h.lab, before(h.lab, redo.Step))
	if err != nil {
		return err
	}
	for _, obj := range brought {
		if !slices.Contains(redo.Objects, nameOf(obj)) {
			continue
		}
		if err := h.work.Restore(ctx, obj, false); err != nil {
			return err
		}
	}
	return nil
}

// before are the steps that come before one.
func before(l *lab.Lab, step string) (out []string) {
	for _, s := range l.Steps[:max(l.Step(step), 0)] {
		out = append(out, s.ID)
	}
	return out
}

// Rebuild brings the pages' setups back first, as far as the record does not say
// how the learner left them, and then what the record says.
func (h *hands) Rebuild(ctx context.Context, entries []timeline.Entry, steps []string) (did timeline.Rework) {
	brought, err := setupObjects(h.lab, steps)
	if err != nil {
		return timeline.Rework{Error: err.Error()}
	}
	r := remainsOf(h.lab, entries, false)
	did.Left = r.Left
	put := func(obj *unstructured.Unstructured, over bool) {
		if ctx.Err() != nil {
			return
		}
		name := nameOf(obj)
		if err := h.work.Restore(ctx, obj, over); err != nil {
			did.Left = append(did.Left, timeline.Left{Name: name, Why: err.Error()})
			return
		}
		if did.Objects = append(did.Objects, name); r.untouched[name] || !r.known[name] {
			did.Brought = append(did.Brought, name)
		}
	}
	for _, obj := range brought {
		name := nameOf(obj)
		switch {
		case slices.ContainsFunc(r.Objects, func(o *unstructured.Unstructured) bool { return nameOf(o) == name }):
		case r.gone(name): // by the learner
			if err := h.work.Clear(ctx, obj); err != nil {
				return timeline.Rework{Error: err.Error()}
			}
		default:
			put(obj, false)
			did.Left = slices.DeleteFunc(did.Left, func(l timeline.Left) bool { return l.Name == name })
		}
	}
	for _, obj := range r.Objects {
		name := nameOf(obj)
		put(obj, slices.ContainsFunc(brought, func(o *unstructured.Unstructured) bool { return nameOf(o) == name }))
	}
	did.Steps = steps
	return did
}

// setupObjects are what the setups of the given steps bring, in their order.
func setupObjects(l *lab.Lab, steps []string) (out []*unstructured.Unstructured, err error) {
	for _, s := range l.Steps {
		if s.Setup == nil || !slices.Contains(steps, s.ID) {
			continue
		}
		for _, file := range s.Setup.Manifests {
			objects, err := workload.Read(l.FS, file)
			if err != nil {
				return nil, err
			}
			out = append(out, objects...)
		}
	}
	return out, nil
}

func nameOf(obj *unstructured.Unstructured) timeline.Name {
	return timeline.Name{APIVersion: obj.GetAPIVersion(), Kind: obj.GetKind(), Name: obj.GetName()}
}
