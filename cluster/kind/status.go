package kind

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"podlab.dev/podlab/cluster/driver"
)

// Status looks at every cluster of this driver and starts nothing.
func (d *Driver) Status(ctx context.Context) (*driver.Status, error) {
	engine, err := findEngine(ctx, d.commands)
	if err != nil {
		return nil, err
	}
	names, err := d.known(ctx, engine)
	if err != nil {
		return nil, err
	}
	status := &driver.Status{Driver: "kind", Why: d.config.Why, Engine: engine.String(), Clusters: []driver.ClusterStatus{}}
	for _, name := range names {
		cluster, err := d.clusterStatus(ctx, engine, name)
		if err != nil {
			return nil, err
		}
		if cluster != nil {
			status.Clusters = append(status.Clusters, *cluster)
		}
	}
	return status, nil
}

// known lists the clusters of this driver that the engine or the state directory
// knows of.
func (d *Driver) known(ctx context.Context, engine *engine) ([]string, error) {
	containers, err := engine.containers(ctx, "")
	if err != nil {
		return nil, err
	}
	names, err := driver.Homes(d.config.StateDir)
	if err != nil {
		return nil, err
	}
	for _, c := range containers {
		names = append(names, c.Cluster)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !driver.IsNameFor(d.config.Name, name) })
	slices.Sort(names)
	return slices.Compact(names), nil
}

// clusterStatus is nil for a cluster of which only a memory is left, as when the
// engine's data was wiped.
func (d *Driver) clusterStatus(ctx context.Context, engine *engine, name string) (*driver.ClusterStatus, error) {
	home, err := driver.OpenHome(d.config.StateDir, name)
	if err != nil {
		return nil, err
	}
	state := home.State()
	containers, err := engine.containers(ctx, name)
	if err != nil {
		return nil, err
	}
	if len(containers) == 0 && state.Phase != driver.Creating {
		return nil, nil
	}
	cluster := &driver.ClusterStatus{
		Name:      name,
		NodeImage: state.Image,
		Nodes:     []driver.NodeStatus{},
		Remove:    "podlab cluster down",
	}
	for _, c := range containers {
		cluster.Nodes = append(cluster.Nodes, driver.NodeStatus{Name: c.Name, Container: c.Status})
		if cluster.NodeImage == "" {
			cluster.NodeImage = c.image()
		}
		if cluster.Created.IsZero() || c.Created.Before(cluster.Created) {
			cluster.Created = c.Created
		}
	}
	if !cluster.Created.IsZero() {
		cluster.AgeSeconds = int64(time.Since(cluster.Created).Seconds())
	}
	switch action, _ := decide(state, containers, len(containers)); {
	case action == start:
		cluster.State = driver.StateStopped
		return cluster, nil
	case action != use || !home.HasKubeconfig():
		cluster.State = driver.StateHalfMade
		if home.Busy() {
			cluster.State = driver.StateCreating
		}
		return cluster, nil
	}
	config, err := cluster.Look(ctx, home.Kubeconfig(), driver.Ready{Nodes: len(containers), Since: lastStart(containers)})
	if err != nil || cluster.State != driver.StateRunning {
		return cluster, err
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	for i := range cluster.Nodes {
		node := &cluster.Nodes[i]
		node.MemoryBytes = nodeMemory(ctx, config, node.Name)
		cluster.MemoryBytes += node.MemoryBytes
	}
	return cluster, nil
}

// nodeMemory asks a kubelet for the working set of its node, 0 if it does not
// say. The engine would need two seconds to measure the same.
func nodeMemory(ctx context.Context, config *rest.Config, node string) int64 {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return 0
	}
	raw, err := client.CoreV1().RESTClient().Get().
		Resource("nodes").Name(node).SubResource("proxy", "stats", "summary").
		Param("only_cpu_and_memory", "true").DoRaw(ctx)
	if err != nil {
		return 0
	}
	var summary struct {
		Node struct {
			Memory struct{ WorkingSetBytes int64 }
		}
	}
	if json.Unmarshal(raw, &summary) != nil {
		return 0
	}
	return summary.Node.Memory.WorkingSetBytes
}
