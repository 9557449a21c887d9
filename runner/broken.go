package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"

	"podlab.dev/podlab/cluster/fault"
	"podlab.dev/podlab/cluster/gpu"
	"podlab.dev/podlab/grader/live"
	"podlab.dev/podlab/grader/timeline"
)

// heal undoes what was broken for the lab before, and what was done to its GPUs: a lab
// begins with whole ones.
func (x *Session) heal(ctx context.Context, cfg *rest.Config) error {
	if err := x.mend(ctx, cfg); err != nil {
		return err
	}
	if x.Lab.Needs.GPUs == nil {
		return nil
	}
	_, err := gpu.Heal(ctx, cfg, nil)
	return err
}

// mend undoes whatever was broken for the lab and lasts.
func (x *Session) mend(ctx context.Context, cfg *rest.Config) error {
	err := fault.HealAll(ctx, cfg, fault.Target{Namespace: x.State.Namespace})
	if apierrors.IsForbidden(err) {
		return nil // then nothing can have been broken
	}
	return err
}

// Broke records something that was broken by hand, in a line. Where another process
// records the session, that one does.
func (x *Session) Broke(what string) error {
	if err := x.Update(func(st *State) { st.Broken = append(st.Broken, what) }); err != nil {
		return err
	}
	unlock, err := x.lock()
	if busy := (*BusyError)(nil); errors.As(err, &busy) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unlock()
	file, err := timeline.Open(x.timeline())
	if err != nil {
		return fmt.Errorf("open the timeline: %w", err)
	}
	defer file.Close()
	return x.hand(live.New(x.Lab, file), file, x.State)
}

// answerWithin is how long the cluster of a session may take to say that it is there.
const answerWithin = 5 * time.Second

// Reach returns an error when the session's cluster does not answer.
func (x *Session) Reach(ctx context.Context) error {
	cfg, err := x.rest()
	if err != nil {
		return err
	}
	cfg.Timeout = answerWithin
	client, err := discovery.NewDiscoveryClientForConfig(cfg)
	if err != nil {
		return fmt.Errorf("connect to the cluster: %w", err)
	}
	if _, err := client.ServerVersion(); err != nil && ctx.Err() == nil {
		return &live.UnreachableError{Err: err}
	}
	return ctx.Err()
}

// Cluster is the client configuration of the session's cluster.
func (x *Session) Cluster() (*rest.Config, error) { return x.rest() }
