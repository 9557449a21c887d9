// Package order is what podlab and its program on a node say to each other about a
// fault: an [Order] to break something, and annotations of the program's Pod.
package order

import (
	"encoding/json"
	"time"
)

// What a program on a node can do. All but Kill and Restart last, and are undone.
const (
	// Kill sends Signal to the container's first process.
	Kill = "kill"
	// Restart ends the node's Program, which whoever keeps it starts again.
	Restart = "restart"
	// Stop keeps the node's Program from running, without its ending.
	Stop = "stop"
	// Pause keeps all that runs on the node from running: kubelet, runtime, containers.
	Pause = "pause"
	// Off ends all that runs on the node, and keeps kubelet and runtime from running: a
	// machine that is switched off, until it is switched on.
	Off = "off"
	// Cut lets nothing in or out of the network of the container's Pod.
	Cut = "cut"
	// DNS lets no question for a name out of it.
	DNS = "dns"
	// Probe refuses what the node asks of its Port, as the kubelet does.
	Probe = "probe"
	// Slow lets Rate bytes a second out of it.
	Slow = "slow"
	// CPU has as many processes as Workers compute in the container's limits.
	CPU = "cpu"
	// Memory takes memory in the container's limits until there is none.
	Memory = "memory"
	// Disk writes Bytes into the container's folder Path, or as much as goes in.
	Disk = "disk"
	// Image takes an image from the node, which cannot be fetched again.
	Image = "image"
	// Hold does nothing on the node: what was changed in the API server is undone.
	Hold = "hold"
)

// Order says what is to break on a node.
type Order struct {
	// ID tells the fault from others, in letters and digits.
	ID   string `json:"id"`
	Kind string `json:"kind"`
	// Container is the runtime's ID of the container that it is about.
	Container string `json:"container,omitempty"`
	Signal    int    `json:"signal,omitempty"`
	Program   string `json:"program,omitempty"`
	Port      int    `json:"port,omitempty"`
	Rate      int    `json:"rate,omitempty"`
	Workers   int    `json:"workers,omitempty"`
	Path      string `json:"path,omitempty"`
	Bytes     int64  `json:"bytes,omitempty"`
	Image     string `json:"image,omitempty"`
	// For is how long it lasts.
	For time.Duration `json:"for"`
	// Undo is what the API server is asked for at its end.
	Undo []Undo `json:"undo,omitempty"`
}

// Undo is one request to the API server.
type Undo struct {
	// Path is the object's, "/api/v1/nodes/podlab-worker".
	Path string `json:"path"`
	// Patch is a JSON patch, of which a test may say that there is nothing to undo.
	Patch json.RawMessage `json:"patch,omitempty"`
	// Merge is a merge patch.
	Merge json.RawMessage `json:"merge,omitempty"`
	// Taint is the key of a taint that a node loses.
	Taint string `json:"taint,omitempty"`
}

// Lasts tells whether there is something to undo.
func (o *Order) Lasts() bool { return o.Kind != Kill && o.Kind != Restart }

// What podlab and the program say to each other stands on the program's Pod, as
// annotations: a kubelet that is stopped passes nothing on.
const (
	// Go is podlab's word that it is time.
	Go = "podlab.dev/go"
	// Done is [OK] once it is broken, or what is in the way.
	Done = "podlab.dev/done"
	OK   = "ok"
)

// Ask says what to ask, as $FAULT of a program that asks and breaks nothing.
type Ask struct {
	// URL is asked every Every, each request on a connection of its own; it is
	// answered with a status below 400, Within.
	URL           string
	Every, Within time.Duration
	// For is how long at most.
	For time.Duration
}

// Served is the annotation in which a program that asks says every second what came of
// it since podlab's word, as a [Count]. It is [Done] when it has been answered several
// times in a row before that.
const Served = "podlab.dev/served"

// Count is what came of requests.
type Count struct {
	Asked    int `json:"asked"`
	Answered int `json:"answered"`
	// Starved is how many were not answered at a moment when the program that asks did
	// not answer itself either: its node was too busy, whoever was asked.
	Starved int `json:"starved,omitempty"`
	// Why is how the last one went that was not answered.
	Why string `json:"why,omitempty"`
}

// State is the folder of the program on the node, which outlives a crash of it.
const State = "/state"
