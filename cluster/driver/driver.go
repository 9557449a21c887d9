// Package driver is what every cluster driver is given and gives back: a place
// to keep its things ([Home]), a way to say what it waits for ([Report]), the
// words for what went wrong ([Error]) and for what is there ([Running],
// [Status]).
//
// The flow is the same for each driver: lock the home of a cluster, bring the
// cluster up, wait until it is ready, say what runs and why:
//
//	home, err := driver.OpenHome(stateDir, "podlab")
//	unlock, err := home.Lock(ctx, report)
//	defer unlock()
//	… make or find the cluster, write home.Kubeconfig() …
//	err = driver.WaitReady(ctx, config, driver.Ready{Nodes: 1, DNS: true}, report)
//	return &driver.Running{Name: "podlab", Kubeconfig: home.Kubeconfig()}, nil
//
// The driver interface itself is declared where it is used, in package cluster;
// the drivers are cluster/kind, cluster/embedded and cluster/existing.
package driver

import "time"

// Running is a cluster that is up and ready for a lab.
type Running struct {
	// Driver is what the user calls the driver: "kind".
	Driver string
	// Name is the cluster's own name, for instance "podlab".
	Name string
	// Kubeconfig is the path of a kubeconfig file of podlab's own (mode 0600)
	// whose current context is this cluster.
	Kubeconfig string
	// Version is the Kubernetes version of the nodes, for instance "v1.37.0".
	Version string
	// Nodes is how many nodes are Ready, control plane included.
	Nodes int
	// Why says in one line which driver runs, why, and on which node image.
	Why string
}

// Status is what a driver knows of its clusters without changing anything.
type Status struct {
	Driver string `json:"driver"`
	// Why says why this driver was chosen.
	Why string `json:"why"`
	// Engine is the container engine with its version, "docker 28.1.0"; empty
	// where the driver has none.
	Engine   string          `json:"engine,omitempty"`
	Clusters []ClusterStatus `json:"clusters"`
}

// States of a cluster in [ClusterStatus].
const (
	StateRunning     = "running"     // the API server answers
	StateStopped     = "stopped"     // it is there, but its containers do not run
	StateUnreachable = "unreachable" // it should run, but the API server does not answer
	StateCreating    = "creating"    // another process is making it
	StateHalfMade    = "half-made"   // an interrupted create; the next Up repairs it
)

// ClusterStatus is one cluster of a [Status].
type ClusterStatus struct {
	Name       string       `json:"name"`
	State      string       `json:"state"`
	Version    string       `json:"version,omitempty"`
	NodeImage  string       `json:"nodeImage,omitempty"`
	Nodes      []NodeStatus `json:"nodes"`
	Created    time.Time    `json:"created,omitzero"`
	AgeSeconds int64        `json:"ageSeconds,omitempty"`
	// MemoryBytes is the working set of all nodes, their control plane and Pods
	// included; 0 when nobody could say cheaply.
	MemoryBytes int64  `json:"memoryBytes,omitempty"`
	Kubeconfig  string `json:"kubeconfig,omitempty"`
	// Remove is the command that gets rid of the cluster, or says why none does.
	Remove string `json:"remove"`
}

// NodeStatus is one node of a [ClusterStatus].
type NodeStatus struct {
	Name  string `json:"name"`
	Ready bool   `json:"ready"`
	// Container is the state of the node's container ("running", "exited"); empty
	// where a node is not a container.
	Container   string `json:"container,omitempty"`
	MemoryBytes int64  `json:"memoryBytes,omitempty"`
	// Parts are the programs of the node, where podlab keeps them running itself.
	Parts []PartStatus `json:"parts,omitempty"`
}

// PartStatus is one program of a node.
type PartStatus struct {
	Name  string `json:"name"`
	State string `json:"state"` // "waiting", "running", "ended", "stopped"
	// Restarts counts the ends that nobody asked for; LastEnd is how the last was.
	Restarts int    `json:"restarts,omitempty"`
	LastEnd  string `json:"lastEnd,omitempty"`
}

// Capability is one thing that a driver can or cannot do on this machine.
type Capability struct {
	Name string `json:"name"`
	Has  bool   `json:"has"`
	// Found is what was found; Do is what to do to have it.
	Found string `json:"found"`
	Do    string `json:"do,omitempty"`
	// Optional says that only some labs need it.
	Optional bool `json:"optional,omitempty"`
}
