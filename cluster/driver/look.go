package driver

import (
	"context"
	"slices"
	"time"

	"k8s.io/client-go/rest"
)

// Look completes the status of a cluster that should run with what its API server
// says of it within a moment: its state, its version, and which of its nodes are
// Ready. The configuration is for further questions.
func (c *ClusterStatus) Look(ctx context.Context, kubeconfig string, want Ready) (*rest.Config, error) {
	c.Kubeconfig = kubeconfig
	config, err := RESTConfig(kubeconfig)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	seen, err := Look(ctx, config, want)
	if err != nil && (seen == nil || len(seen.Nodes) == 0) {
		c.State = StateUnreachable
		return config, nil
	}
	c.State = StateRunning
	c.Version = seen.Version
	for i := range c.Nodes {
		c.Nodes[i].Ready = slices.Contains(seen.ReadyNames, c.Nodes[i].Name)
	}
	return config, nil
}
