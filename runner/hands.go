package runner

import (
	"context"

	"k8s.io/client-go/rest"

	"podlab.dev/podlab/cluster/workload"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/live"
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

// Prepare applies the manifests of a page, in their order.
func (h *hands) Prepare(ctx context.Context, s *lab.Setup) error {
	for _, file := range s.Manifests {
		if err := h.work.Apply(ctx, h.lab.FS, file); err != nil {
			return err
		}
	}
	return nil
}

// Break injects a fault.
func (h *hands) Break(ctx context.Context, f *lab.Fault) error {
	return h.work.Break(ctx, h.lab.FS, f)
}
