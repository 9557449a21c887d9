package workload

import (
	"context"

	"podlab.dev/podlab/cluster/gpu"
	"podlab.dev/podlab/cluster/gpu/bus"
	"podlab.dev/podlab/cue/lab"
)

// breakGPU does what a fault says to a simulated GPU.
func (w *Workload) breakGPU(ctx context.Context, f *lab.GPUFault) error {
	t := gpu.Target{Node: f.Node, Index: f.Index, Namespace: w.namespace, Pod: f.Pod}
	var err error
	if f.Kind == "heal" {
		_, err = gpu.Heal(ctx, w.config, &t)
	} else {
		_, err = gpu.Break(ctx, w.config, t, bus.Fault{Kind: f.Kind, Xid: f.Xid})
	}
	return err
}
