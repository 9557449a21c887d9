// Package e2e makes the checks of a lab a feature of sigs.k8s.io/e2e-framework,
// so that a lab can be a test of a cluster in `go test`. It is the only package
// of podlab that imports testing.
//
//	env.Test(t, e2e.Feature(l, time.Minute, func(ctx context.Context, t *testing.T, cfg *envconf.Config) context.Context {
//		// do what the learner would do, in cfg.Namespace()
//		return ctx
//	}))
package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/e2e-framework/pkg/envconf"
	"sigs.k8s.io/e2e-framework/pkg/features"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/live"
	"podlab.dev/podlab/grader/timeline"
)

// Feature records the namespace of the environment while do works in it, and
// assesses every check of the lab, each under its title. A check that has not
// passed patience after the ones before it fails the test with what was found.
func Feature(l *lab.Lab, patience time.Duration, do features.Func) features.Feature {
	f := &feature{lab: l, patience: patience, moved: make(chan struct{}, 1), ended: make(chan error, 1)}
	b := features.New(l.Title).WithLabel("lab", l.ID).
		WithSetup("record the namespace", f.record).
		WithSetup("do the lab", do)
	for _, c := range l.Checks() {
		b = b.Assess(c.Title, f.assess(c.ID))
	}
	return b.WithTeardown("stop recording", f.stop).Feature()
}

type feature struct {
	lab      *lab.Lab
	patience time.Duration
	grading  *live.Grading
	moved    chan struct{}
	cancel   context.CancelFunc
	ended    chan error
}

func (f *feature) record(ctx context.Context, t *testing.T, cfg *envconf.Config) context.Context {
	client, err := cfg.NewClient()
	if err != nil {
		t.Fatalf("connect to the cluster: %v", err)
	}
	f.grading = live.New(f.lab, timeline.New(time.Now))
	var recording context.Context
	recording, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		f.ended <- f.grading.Run(recording, client.RESTConfig(), cfg.Namespace(), func(grader.Report) error {
			select {
			case f.moved <- struct{}{}:
			default:
			}
			return nil
		})
	}()
	return ctx
}

func (f *feature) assess(check string) features.Func {
	return func(ctx context.Context, t *testing.T, _ *envconf.Config) context.Context {
		late := time.After(f.patience)
		for {
			if f.result(check, false).Verdict == grader.Passed {
				return ctx
			}
			select {
			case <-f.moved:
				continue
			case err := <-f.ended:
				f.ended <- err
				t.Errorf("the recording ended: %v", err)
			case <-late:
			case <-ctx.Done():
			}
			x := f.result(check, true)
			var b strings.Builder
			for _, m := range x.Mismatches {
				b.WriteString("\n  " + m.String())
			}
			t.Errorf("%s: %s%s", x.Verdict, x.Message, b.String())
			return ctx
		}
	}
}

func (f *feature) result(check string, final bool) grader.Result {
	for _, x := range f.grading.Report(final).Results {
		if x.Check == check {
			return x
		}
	}
	return grader.Result{}
}

func (f *feature) stop(ctx context.Context, t *testing.T, _ *envconf.Config) context.Context {
	if f.cancel == nil {
		return ctx // it never began
	}
	f.cancel()
	if err := <-f.ended; err != nil {
		t.Errorf("the recording ended: %v", err)
	}
	return ctx
}
