package labtest

import (
	"context"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/runner"
)

// open begins a session of its own, on the lab's first page; leave ends it. Sessions of
// a lab with GPUs come one after the other: the cluster has the GPUs of one lab at a
// time, and one learner's faults are not another's.
func (c Config) open(ctx context.Context, key, source string, l *lab.Lab, seed string) (s *runner.Session, f *floor, leave func(), err error) {
	f = &floor{nodes: c.nodes}
	free := f.leave
	if l.Needs.GPUs != nil {
		// Before the nodes: who has them may turn to a page on which it waits for all
		// others to be off the nodes.
		done, err := c.Store.LockGPUs(ctx)
		if err != nil {
			return nil, nil, nil, err
		}
		free = func() { f.leave(); done() }
	}
	f.turn(l.Steps[0])
	if l.Needs.GPUs != nil {
		if err := c.Cluster.EnsureGPUs(ctx, l.Needs.GPUs, nil); err != nil {
			free()
			return nil, nil, nil, err
		}
	}
	if s, err = c.Store.OpenDemo(key, source, l, seed); err != nil {
		free()
		return nil, nil, nil, err
	}
	leave = func() {
		c.Leave(ctx, s)
		if f.alone {
			_ = c.Cluster.Whole(ctx) // that it is not is for the cases to say that come next
		}
		free()
	}
	return s, f, leave, nil
}
