package lab

import (
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
	// Kubernetes is the oldest minor version that will do, "1.33"; empty for any.
	Kubernetes string `json:"kubernetes,omitempty"`
	// GPUs are simulated GPUs on a node; nil for none.
	GPUs *GPUs `json:"gpus,omitempty"`
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
	if n.minor() < o.minor() {
		n.Kubernetes = o.Kubernetes
	}
	if n.GPUs == nil {
		n.GPUs = o.GPUs
	}
	return n
}

// minor is the number after "1."; 0 for any.
func (n Needs) minor() int {
	minor, _ := strconv.Atoi(strings.TrimPrefix(n.Kubernetes, "1."))
	return minor
}

// GPUs are simulated GPUs of one model.
type GPUs struct {
	Model string `json:"model"`
	Count int    `json:"count"`
}
