package lab

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Needs is what a lab asks of a cluster. A driver refuses a lab whose needs it
// cannot meet; it never runs the lab in a degraded form.
type Needs struct {
	// Nodes is how many nodes the lab needs, control plane included; 0 means 1.
	Nodes int `json:"nodes,omitempty"`
	// Images are the workload images that must be on every node before the lab
	// starts, by reference.
	Images []string `json:"images,omitempty"`
	// Limits says that the memory and CPU limits of containers must hold.
	Limits bool `json:"limits,omitempty"`
	// Users says that Pods must be able to run as users of their own (runAsUser,
	// fsGroup) and images to have files of several.
	Users bool `json:"users,omitempty"`
	// Metrics says that there must be figures of what Pods use, for kubectl top.
	Metrics bool `json:"metrics,omitempty"`
	// Kubernetes is the oldest minor version that will do, "1.33"; empty for any.
	Kubernetes string `json:"kubernetes,omitempty"`
	// GPUs are simulated GPUs; nil for none.
	GPUs GPUs `json:"gpus,omitempty"`
	// Times are how long the cluster waits, where that is not as Kubernetes has it.
	Times Times `json:"times,omitzero"`
	// Faults says that something is broken by a program on a node, which the lab's
	// faults say and its author need not.
	Faults bool `json:"-"`
}

// With is what both need, of one cluster for both.
func (n Needs) With(o Needs) Needs {
	n.Nodes = max(n.Nodes, o.Nodes)
	n.Images = slices.Clone(n.Images)
	for _, image := range o.Images {
		if !slices.Contains(n.Images, image) {
			n.Images = append(n.Images, image)
		}
	}
	n.Limits, n.Users = n.Limits || o.Limits, n.Users || o.Users
	n.Metrics, n.Faults = n.Metrics || o.Metrics, n.Faults || o.Faults
	if n.minor() < o.minor() {
		n.Kubernetes = o.Kubernetes
	}
	if n.GPUs == nil {
		n.GPUs = o.GPUs
	}
	n.Times = cmp.Or(n.Times, o.Times)
	return n
}

// Alike tells whether clusters for both have as many nodes, and the same times.
func (n Needs) Alike(o Needs) bool {
	return max(n.Nodes, 1) == max(o.Nodes, 1) && n.Times == o.Times
}

// minor is the number after "1."; 0 for any.
func (n Needs) minor() int {
	minor, _ := strconv.Atoi(strings.TrimPrefix(n.Kubernetes, "1."))
	return minor
}

// GPUs are the simulated GPUs of the nodes that run Pods, in the order of the
// nodes' names. The last entry is also that of every node after it.
type GPUs []GPU

// GPU is what one node has.
type GPU struct {
	// Model is the name of a model in package cue/gpu; Count is how many, 0 for a
	// node without.
	Model string `json:"model"`
	Count int    `json:"count"`
	// Replicas is how many containers share a GPU by time slicing.
	Replicas int `json:"replicas"`
	// MIG is how many slices of each profile every GPU is divided into; Strategy
	// says what they are called, "single" or "mixed".
	MIG      map[string]int `json:"mig,omitempty"`
	Strategy string         `json:"strategy,omitempty"`
	// DRA says that claims ask for them, by Dynamic Resource Allocation.
	DRA bool `json:"dra,omitempty"`
}

// Of is what the node with this number has, from 0.
func (g GPUs) Of(node int) GPU {
	if len(g) == 0 {
		return GPU{}
	}
	return g[min(node, len(g)-1)]
}

// UnmarshalJSON reads one entry, or a list of them.
func (g *GPUs) UnmarshalJSON(b []byte) error {
	var one GPU
	if json.Unmarshal(b, &one) == nil {
		*g = GPUs{one}
		return nil
	}
	return json.Unmarshal(b, (*[]GPU)(g))
}

// String says what the nodes have, for people.
func (g GPUs) String() string {
	var all []string
	for _, one := range g {
		s := fmt.Sprintf("%d × %s", one.Count, one.Model)
		switch {
		case one.Count == 0:
			s = "none"
		case len(one.MIG) > 0:
			var parts []string
			for _, name := range slices.Sorted(maps.Keys(one.MIG)) {
				parts = append(parts, fmt.Sprintf("%d × %s", one.MIG[name], name))
			}
			s += " in " + strings.Join(parts, " and ") + " each"
		case one.Replicas > 1:
			s += fmt.Sprintf(" shared by %d each", one.Replicas)
		}
		if one.DRA {
			s += " for claims"
		}
		all = append(all, s)
	}
	return strings.Join(all, ", then ")
}
