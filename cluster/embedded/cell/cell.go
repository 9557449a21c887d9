//go:build linux

// Package cell is the place in which an embedded cluster lives: a set of Linux
// namespaces, with a root file system and a network of its own, in which the
// programs of a node run unchanged. It needs no container engine and no root.
//
// The flow: [Start] starts the program podlab-cell in new namespaces, writes the
// user mapping and joins the cgroups that the [Rung] allows, and lets it go; there
// it is process 1 ([Main]): it builds the root file system, the network
// and the configuration of the parts, starts them and keeps them running, and
// passes on what comes to the one port on loopback that was opened outside.
// Everything inside dies with process 1.
//
//	ladder := cell.Probe(ctx, program, dir)
//	spec := cell.Spec{Program: program, Cluster: "podlab", Nodes: 1, Parts: parts, Dir: dir, Rung: ladder.Rung()}
//	err := cell.Start(ctx, spec, listener)
//	…
//	err = cell.Stop(ctx, dir, 10*time.Second)
//
// Of a cell that was killed no process, mount or network interface is left: they
// belong to the namespaces. Its cgroup directories are, and [Sweep] removes them.
package cell

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
)

// Spec is what process 1 of a cell is told, as JSON.
type Spec struct {
	// Program is the path of podlab-cell, outside.
	Program string `json:"program"`
	// Cluster is the name of the cluster; nodes are named after it as kind names
	// them: CLUSTER-control-plane, CLUSTER-worker, CLUSTER-worker2.
	Cluster string `json:"cluster"`
	// Nodes is how many there are, control plane included.
	Nodes int `json:"nodes"`
	// Args are further arguments of the control plane's parts, by their names, and Kubelet
	// is more of every kubelet's configuration, in YAML.
	Args    map[string][]string `json:"args,omitempty"`
	Kubelet string              `json:"kubelet,omitempty"`
	// Node is which one this process is, from 1; the first has the control plane.
	Node int `json:"node"`
	// Parts is the folder of programs, images and manifests; see package embedded.
	Parts string `json:"parts"`
	// Dir is the cluster's own folder. In it: pki/, nodes/N/{etc,var,run}, log/.
	Dir string `json:"dir"`
	// Pause is the image that holds a Pod's namespaces.
	Pause string `json:"pause"`
	Rung  Rung   `json:"rung"`
	// Cgroups are the cgroup directories of the cell, by hierarchy; empty without
	// limits.
	Cgroups []Cgroup `json:"cgroups,omitempty"`
}

// Addresses. Every cell has the same ones: each has a network of its own.
var (
	nodeNet    = netip.MustParsePrefix("10.89.0.0/24")
	podNet     = netip.MustParsePrefix("10.244.0.0/16")
	serviceNet = netip.MustParsePrefix("10.96.0.0/16")
	ServiceAPI = netip.MustParseAddr("10.96.0.1")
	serviceDNS = netip.MustParseAddr("10.96.0.10") // also in manifests/dns.yaml of the parts
)

// NodeName is what the node with this number is called.
func NodeName(cluster string, number int) string {
	switch number {
	case 1:
		return cluster + "-control-plane"
	case 2:
		return cluster + "-worker"
	}
	return fmt.Sprintf("%s-worker%d", cluster, number-1)
}

// NodeIP is the address of the node with this number.
func NodeIP(number int) netip.Addr {
	b := nodeNet.Addr().As4()
	b[3] = byte(number)
	return netip.AddrFrom4(b)
}

// podRange is the part of the Pod network that belongs to a node.
func podRange(number int) netip.Prefix {
	b := podNet.Addr().As4()
	b[2] = byte(number - 1)
	return netip.PrefixFrom(netip.AddrFrom4(b), 24)
}

func (s *Spec) nodeName() string { return NodeName(s.Cluster, s.Node) }

// nodeDir is the folder of this node: what it has at /etc, /var and /run.
func (s *Spec) nodeDir() string { return filepath.Join(s.Dir, "nodes", fmt.Sprint(s.Node)) }

// root is the file system that all nodes share.
func (s *Spec) root() string { return filepath.Join(s.Parts, "root") }

// Files in the folder of a cluster.
const (
	specFile   = "cell.json"
	aliveFile  = "alive"  // locked as long as process 1 lives; holds its pid
	StatusFile = "status" // the parts and how they are, as JSON; see [Status]
	logFile    = "cell.log"
)

// ReadSpec reads what the cell in dir was last started with.
func ReadSpec(dir string) (*Spec, error) {
	raw, err := os.ReadFile(filepath.Join(dir, specFile))
	if err != nil {
		return nil, err
	}
	var s Spec
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, fmt.Errorf("%s: %w", specFile, err)
	}
	return &s, nil
}

func (s *Spec) write() error {
	raw, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.Dir, specFile), raw, 0o600)
}
