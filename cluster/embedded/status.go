//go:build linux

package embedded

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cluster/embedded/cell"
)

// Status looks at every cluster of this driver and starts nothing.
func (d *Driver) Status(ctx context.Context) (*driver.Status, error) {
	names, err := d.known()
	if err != nil {
		return nil, err
	}
	status := &driver.Status{Driver: "embedded", Why: d.config.Why, Clusters: []driver.ClusterStatus{}}
	for _, name := range names {
		cluster, err := d.clusterStatus(ctx, name)
		if err != nil {
			return nil, err
		}
		if cluster != nil {
			status.Clusters = append(status.Clusters, *cluster)
		}
	}
	return status, nil
}

// clusterStatus is nil where nothing is left of a cluster.
func (d *Driver) clusterStatus(ctx context.Context, name string) (*driver.ClusterStatus, error) {
	home, err := driver.OpenHome(d.config.StateDir, homePrefix+name)
	if err != nil {
		return nil, err
	}
	state, dir := home.State(), home.Scratch("cell")
	pid := cell.Alive(dir)
	if state.Phase == "" && pid == 0 {
		return nil, nil
	}
	cluster := &driver.ClusterStatus{
		Name:       name,
		State:      driver.StateStopped,
		NodeImage:  "parts " + state.Image,
		Nodes:      []driver.NodeStatus{},
		Created:    state.Created,
		AgeSeconds: int64(time.Since(state.Created).Seconds()),
		Remove:     "podlab cluster down",
	}
	nodes := 1
	if spec, err := cell.ReadSpec(dir); err == nil {
		nodes = spec.Nodes
	}
	for n := 1; n <= nodes; n++ {
		node := driver.NodeStatus{Name: cell.NodeName(name, n)}
		if parts, err := cell.ReadStatus(dir, n); err == nil && pid != 0 {
			for _, p := range parts.Parts {
				node.Parts = append(node.Parts, driver.PartStatus{Name: p.Name, State: p.State, Restarts: p.Restarts, LastEnd: p.LastEnd})
			}
		}
		cluster.Nodes = append(cluster.Nodes, node)
	}
	switch {
	case home.Busy():
		cluster.State = driver.StateCreating
		return cluster, nil
	case state.Phase != driver.Made:
		cluster.State = driver.StateHalfMade
		return cluster, nil
	case pid == 0:
		return cluster, nil
	}
	cluster.MemoryBytes = memory(pid)
	_, err = cluster.Look(ctx, home.Kubeconfig(), driver.Ready{Nodes: nodes, Since: state.Started})
	return cluster, err
}

// memory is what all processes of the cell hold, in bytes, shared pages counted
// once (PSS). It is asked of the kernel and true with or without cgroups, unlike
// what a kubelet without them says.
func memory(pid int) int64 {
	users, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/user", pid))
	if err != nil {
		return 0
	}
	var sum int64
	spaces, _ := filepath.Glob("/proc/[0-9]*/ns/user")
	for _, space := range spaces {
		if of, err := os.Readlink(space); err != nil || of != users {
			continue
		}
		f, err := os.Open(filepath.Join(filepath.Dir(filepath.Dir(space)), "smaps_rollup"))
		if err != nil {
			continue
		}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if kib, ok := strings.CutPrefix(lines.Text(), "Pss:"); ok {
				n, _ := strconv.ParseInt(strings.Fields(kib)[0], 10, 64)
				sum += n << 10
			}
		}
		f.Close()
	}
	return sum
}
