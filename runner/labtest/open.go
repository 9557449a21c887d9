package labtest

import (
	"context"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/runner"
)

// open begins a session of its own; leave ends it. Sessions of a lab with GPUs come
// one after the other: the cluster has the GPUs of one lab at a time, and one
// learner's faults are not another's. One that breaks nodes has them to itself.
func (c Config) open(ctx context.Context, key, source string, l *lab.Lab, seed string) (s *runner.Session, leave func(), err error) {
	unlock := c.nodes.RUnlock
	if l.BreaksNodes() {
		unlock = c.nodes.Unlock
		c.nodes.Lock()
	} else {
		c.nodes.RLock()
	}
	if l.Needs.GPUs != nil {
		done, err := c.Store.LockGPUs(ctx)
		if err != nil {
			unlock()
			return nil, nil, err
		}
		nodes := unlock
		unlock = func() { done(); nodes() }
		if err := c.Cluster.EnsureGPUs(ctx, l.Needs.GPUs, nil); err != nil {
			unlock()
			return nil, nil, err
		}
	}
	if s, err = c.Store.OpenDemo(key, source, l, seed); err != nil {
		unlock()
		return nil, nil, err
	}
	return s, func() { c.Leave(ctx, s); unlock() }, nil
}
