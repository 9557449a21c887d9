// Package cluster is where labs run: a Kubernetes cluster that podlab makes,
// finds again, or is lent.
//
// The flow: [Options] choose a driver (kind makes one in a container engine;
// embedded brings its own, without one; existing uses any cluster of a
// kubeconfig), [Up] gives a [Cluster] that is
// ready and meets the lab's needs, and what runs a lab talks to it through
// [Cluster.RESTConfig] and lets the learner's kubectl in through
// [Cluster.Namespaced]. A cluster stays warm between labs; [Down] removes it.
//
//	opts := cluster.Options{StateDir: "/home/me/.local/state/podlab"}
//	c, err := cluster.Up(ctx, opts, lab.Needs{}, func(e cluster.Event) { … })
//	if err != nil {
//		return err // errors.As(err, *cluster.Error) has a Remedy
//	}
//	config, err := c.RESTConfig()
//
// A need that the chosen driver cannot meet is an [Error] of kind [ErrNeeds]: a
// lab is refused, never run on less. The user's own ~/.kube/config is neither
// read nor written.
package cluster

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/client-go/rest"
	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cluster/existing"
	"podlab.dev/podlab/cluster/gpu"
	"podlab.dev/podlab/cluster/image"
	"podlab.dev/podlab/cluster/metrics"
	"podlab.dev/podlab/cue/lab"
)

// Cluster is a cluster that is up and ready for a lab.
type Cluster struct {
	// Driver is [Kind], [Embedded] or [Existing].
	Driver string
	// Name is the cluster's own name: "podlab", or the context's name.
	Name string
	// Kubeconfig is the path of podlab's own kubeconfig file of it (mode 0600).
	Kubeconfig string
	// Version is the Kubernetes version of its nodes, such as "v1.37.0".
	Version string
	// Nodes is how many are Ready, control plane included.
	Nodes int
	// Why says in one line which driver runs and why, and which node image.
	Why string
}

// Up gives a cluster that is ready for a lab with these needs. A warm one is
// used again, a stopped one started, a half-made one removed and made anew;
// progress (may be nil, called from any goroutine) hears of every wait. When ctx
// ends, what was half-made is removed before Up returns. Errors are [*Error]
// where there is something that the user can do.
func Up(ctx context.Context, opts Options, needs lab.Needs, progress func(Event)) (*Cluster, error) {
	d, err := choose(opts)
	if err != nil {
		return nil, err
	}
	if needs.GPUs != nil {
		needs.Images = append(slices.Clone(needs.Images), image.GPU)
	}
	if needs.Faults {
		needs.Images = append(slices.Clone(needs.Images), image.Fault)
	}
	_, lent := d.(*existing.Driver)
	if needs.Metrics && !lent { // to others' clusters podlab adds no API
		needs.Images = append(slices.Clone(needs.Images), image.Metrics)
	}
	running, err := d.Up(ctx, needs, progress)
	if err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	if err := oldEnough(running.Version, needs.Kubernetes); err != nil {
		return nil, err
	}
	made := &Cluster{
		Driver:     running.Driver,
		Name:       running.Name,
		Kubeconfig: running.Kubeconfig,
		Version:    running.Version,
		Nodes:      running.Nodes,
		Why:        running.Why,
	}
	if needs.GPUs != nil {
		if err := made.EnsureGPUs(ctx, needs.GPUs, progress); err != nil {
			return nil, err
		}
	}
	if needs.Metrics && !lent {
		if err := made.ensureMetrics(ctx, progress); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// ensureMetrics makes the cluster have figures of what Pods use.
func (c *Cluster) ensureMetrics(ctx context.Context, progress func(Event)) error {
	config, err := c.RESTConfig()
	if err != nil {
		return err
	}
	return metrics.Ensure(ctx, config, progress)
}

// EnsureGPUs makes the nodes have these simulated GPUs, in place of those of another
// lab; see package gpu. [Up] does so for the lab that it is called for.
func (c *Cluster) EnsureGPUs(ctx context.Context, gpus lab.GPUs, progress func(Event)) error {
	config, err := c.RESTConfig()
	if err != nil {
		return err
	}
	return gpu.Ensure(ctx, config, gpus, progress)
}

// StatusOf says what there is, and changes and starts nothing.
func StatusOf(ctx context.Context, opts Options) (*Status, error) {
	d, err := choose(opts)
	if err != nil {
		return nil, err
	}
	status, err := d.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("cluster status: %w", err)
	}
	return status, nil
}

// Down removes every cluster that podlab made with these options, warm, stopped
// or half-made; none at all is no error. A cluster that podlab was lent is only
// forgotten.
func Down(ctx context.Context, opts Options, progress func(Event)) error {
	d, err := choose(opts)
	if err != nil {
		return err
	}
	if err := d.Down(ctx, progress); err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	return nil
}

// Stop ends every cluster that podlab made with these options and keeps it; the
// next Up starts it again. One that podlab was lent goes on.
func Stop(ctx context.Context, opts Options, progress func(Event)) error {
	d, err := choose(opts)
	if err != nil {
		return err
	}
	if err := d.Stop(ctx, progress); err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	return nil
}

// Capabilities says how much of Linux a cluster of podlab's own could use on this
// machine; nothing for drivers that do not ask.
func Capabilities(ctx context.Context, opts Options) ([]Capability, error) {
	d, err := choose(opts)
	if err != nil {
		return nil, err
	}
	ladder, ok := d.(interface {
		Rungs(ctx context.Context) ([]driver.Capability, error)
	})
	if !ok {
		return nil, nil
	}
	return ladder.Rungs(ctx)
}

// RESTConfig is a client configuration for the cluster, with client-side limits
// high enough for a lab and without an overall timeout: bound each request by
// its context.
func (c *Cluster) RESTConfig() (*rest.Config, error) {
	return driver.RESTConfig(c.Kubeconfig)
}

// Namespaced writes to path (mode 0600, atomically, its folder made if missing) a
// kubeconfig whose only context is this cluster with namespace as its default.
func (c *Cluster) Namespaced(ctx context.Context, path, namespace string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return driver.WriteNamespaced(c.Kubeconfig, path, namespace)
}
