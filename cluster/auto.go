package cluster

import (
	"context"
	"errors"
	"fmt"

	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cluster/embedded"
	"podlab.dev/podlab/cluster/kind"
	"podlab.dev/podlab/cue/lab"
)

// auto is the driver that decides when it is used: kind where a container engine
// answers, else embedded. What either has made it shows, stops and removes.
type auto struct {
	kind     *kind.Driver
	embedded *embedded.Driver
}

// Up implements the choice.
func (a *auto) Up(ctx context.Context, needs lab.Needs, report driver.Report) (*driver.Running, error) {
	noEngine := a.kind.Engine(ctx)
	if noEngine == nil {
		return a.kind.Up(ctx, needs, report)
	}
	if ctx.Err() != nil || !errors.Is(noEngine, ErrNoEngine) {
		return nil, noEngine
	}
	running, err := a.embedded.Up(ctx, needs, report)
	if errors.Is(err, ErrUnsupported) {
		// Neither can be had: which one to help out is the user's choice, and an
		// engine is the one that most have heard of.
		known, _ := errors.AsType[*Error](err)
		return nil, &Error{
			Kind: ErrNoEngine,
			What: fmt.Sprintf("%v, and %s", noEngine, known.What),
			Do:   known.Do,
			Err:  errors.Join(noEngine, err),
		}
	}
	return running, err
}

// Status shows the clusters of both.
func (a *auto) Status(ctx context.Context) (*driver.Status, error) {
	theirs, noEngine := a.kind.Status(ctx)
	own, err := a.embedded.Status(ctx)
	switch {
	case noEngine == nil && err == nil:
		theirs.Clusters = append(theirs.Clusters, own.Clusters...)
		return theirs, nil
	case noEngine == nil:
		return theirs, nil
	case errors.Is(err, ErrUnsupported):
		return nil, noEngine
	}
	return own, err
}

// Stop stops the clusters of both.
func (a *auto) Stop(ctx context.Context, report driver.Report) error {
	return a.both(ctx, report, (*kind.Driver).Stop, (*embedded.Driver).Stop)
}

// Down removes the clusters of both.
func (a *auto) Down(ctx context.Context, report driver.Report) error {
	return a.both(ctx, report, (*kind.Driver).Down, (*embedded.Driver).Down)
}

// both does the same with both drivers. That there is no engine to ask, or no
// Linux, says that this driver has nothing there.
func (a *auto) both(ctx context.Context, report driver.Report,
	kindDo func(*kind.Driver, context.Context, driver.Report) error,
	embeddedDo func(*embedded.Driver, context.Context, driver.Report) error,
) error {
	err := embeddedDo(a.embedded, ctx, report)
	unsupported := errors.Is(err, ErrUnsupported)
	if err != nil && !unsupported {
		return err
	}
	noEngine := kindDo(a.kind, ctx, report)
	if errors.Is(noEngine, ErrNoEngine) && !unsupported {
		return nil
	}
	return noEngine
}

// Rungs are those of the embedded driver.
func (a *auto) Rungs(ctx context.Context) ([]driver.Capability, error) {
	return a.embedded.Rungs(ctx)
}
