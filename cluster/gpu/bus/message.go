// Package bus is how programs talk to the simulated GPUs of their node: what a real
// one asks of the kernel's driver, over a Unix socket. Requests and replies are
// JSON, one a line, each request answered by one reply.
//
// Memory that a program takes is its own until it gives it back or its connection
// ends, as a real driver frees what a process leaves behind:
//
//	c, err := bus.Dial(ctx, bus.Socket)
//	node, err := c.Node()
//	err = c.Use(bus.Use{Devices: []string{node.GPUs[0].UUID}, MemoryMiB: 8192, Util: 40})
//
// The package imports no Kubernetes: the toolbox of the labs has it too.
package bus

import (
	"time"

	"podlab.dev/podlab/cue/gpu/card"
)

// Where things are: on the node, and in a container that was given a GPU.
const (
	// Host is podlab's folder on the node: the socket for programs in bus/,
	// nvidia-smi in bin/.
	Host = "/var/lib/podlab-gpu"
	// Folder is mounted into it; it has the socket, which programs may use.
	Folder = "/run/podlab-gpu"
	Socket = Folder + "/gpu.sock"
	// Visible names the devices of the container, by UUID, separated by commas.
	Visible = "NVIDIA_VISIBLE_DEVICES"
)

// Node is a node's GPUs as they are at a moment.
type Node struct {
	Name string    `json:"name"`
	Card card.Card `json:"card"`
	// Driver and CUDA are the versions that nvidia-smi shows.
	Driver string `json:"driver"`
	CUDA   string `json:"cuda"`
	GPUs   []GPU  `json:"gpus"`
	// Faults are those that have happened, and those that wait for their moment.
	Faults []Fault `json:"faults,omitempty"`
}

// GPU is one card.
type GPU struct {
	Index  int    `json:"index"`
	UUID   string `json:"uuid"`
	Serial string `json:"serial"`
	// BusID is its place, "00000000:07:00.0"; NUMA the processor that it hangs on.
	BusID string `json:"busID"`
	NUMA  int    `json:"numa"`
	// UsedMiB is what programs have taken; in MIG mode the sum over its instances.
	UsedMiB int `json:"usedMiB"`
	// Util is how busy it is, in percent.
	Util int `json:"util"`
	// Temperature in °C, power in watts, clocks in MHz.
	Temperature int     `json:"temperature"`
	Power       float64 `json:"power"`
	SMClock     int     `json:"smClock"`
	MemoryClock int     `json:"memoryClock"`
	// Energy is what it has used since its driver started, in millijoules.
	Energy int64 `json:"energy"`
	// Corrected and Uncorrected are ECC errors since then.
	Corrected   int `json:"corrected"`
	Uncorrected int `json:"uncorrected"`
	// Xid is the last error that the driver logged, 0 for none.
	Xid int `json:"xid"`
	// Lost says that it does not answer any more, Throttled that heat slows it.
	Lost      bool `json:"lost"`
	Throttled bool `json:"throttled"`
	// Unhealthy says why Kubernetes must not hand it out; empty if it may.
	Unhealthy string `json:"unhealthy,omitempty"`
	// MIG says that it is divided, into Instances.
	MIG       bool       `json:"mig"`
	Instances []Instance `json:"instances,omitempty"`
	// Holders are the containers that the kubelet gave it, or a part of it, to; nil
	// where nobody asked.
	Holders []Holder `json:"holders,omitempty"`
}

// Instance is a MIG device: a part of a GPU.
type Instance struct {
	UUID    string     `json:"uuid"`
	GI      int        `json:"gi"`
	Profile card.Slice `json:"profile"`
	UsedMiB int        `json:"usedMiB"`
	Util    int        `json:"util"`
}

// Holder is a container that has a device.
type Holder struct {
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"`
	Container string `json:"container"`
	// Device is what the kubelet calls the device.
	Device string `json:"device"`
}

// Use is what a program takes of devices, of each the same. It replaces what the
// same connection took before.
type Use struct {
	Devices   []string `json:"devices"` // UUIDs of GPUs or of MIG instances
	MemoryMiB int      `json:"memoryMiB"`
	Util      int      `json:"util"` // percent
}

// Kinds of [Fault].
const (
	// FaultXid is an error that the driver logs; Xid says which.
	FaultXid = "xid"
	// FaultECC is a double-bit memory error.
	FaultECC = "ecc"
	// FaultThermal makes a GPU so hot that it slows itself down. It stays healthy.
	FaultThermal = "thermal"
	// FaultLost makes a GPU vanish from its bus.
	FaultLost = "lost"
	// FaultPlugin ends the device plugin of the node, once.
	FaultPlugin = "plugin-crash"
)

// Fault is something that is made to go wrong.
type Fault struct {
	Kind string `json:"kind"`
	GPU  int    `json:"gpu"`
	Xid  int    `json:"xid,omitempty"`
	// It happens at once, or so long after it was ordered, or after so many more
	// containers have been given a GPU of this node.
	After            time.Duration `json:"after,omitempty"`
	AfterAllocations int           `json:"afterAllocations,omitempty"`
	// Ordered and Happened are when; Happened is zero before.
	Ordered  time.Time `json:"ordered,omitzero"`
	Happened time.Time `json:"happened,omitzero"`
}

// Heal undoes faults, of one GPU or of all.
type Heal struct {
	GPU *int `json:"gpu,omitempty"`
}

// Request is one thing that is asked. The last group only podlab's own sockets
// answer.
type Request struct {
	Node bool `json:"node,omitempty"`
	Use  *Use `json:"use,omitempty"`

	Fault     *Fault   `json:"fault,omitempty"`
	Heal      *Heal    `json:"heal,omitempty"`
	Allocated []string `json:"allocated,omitempty"` // devices that a container gets
	Holders   bool     `json:"holders,omitempty"`   // like Node, with holders
	// Watch waits until something differs from the reply with this version.
	Watch *uint64 `json:"watch,omitempty"`
}

// Reply is the answer to one Request.
type Reply struct {
	Error   string `json:"error,omitempty"`
	Node    *Node  `json:"node,omitempty"`
	Version uint64 `json:"version,omitempty"`
	// Crash tells a device plugin that watches to end.
	Crash bool `json:"crash,omitempty"`
}
