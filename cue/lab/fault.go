package lab

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cuelang.org/go/cue"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/labels"
)

// Fault is one thing that podlab breaks. Exactly one of its fields is set, besides
// Delay and For; Apply is a file of the lab.
type Fault struct {
	Delete  *Object
	Evict   *PodFault
	Exec    *ExecFault
	Apply   string
	Kill    *Kill
	CPU     *CPUFault
	Memory  *PodFault
	Disk    *DiskFault
	Network *NetworkFault
	Node    *NodeFault
	Image   *ImageFault
	Data    *DataFault
	GPU     *GPUFault
	// Delay is how long is waited before: with a check, from when its condition is met,
	// and without a break.
	Delay time.Duration
	// For is how long it lasts at most, where it lasts.
	For time.Duration
}

// usual is how long a fault lasts that says nothing, longest how long any may, and latest
// how long it may be waited for.
const (
	usual   = 10 * time.Minute
	longest = time.Hour
	latest  = time.Minute
)

// PodChoice is a Pod, by its name or by a selector of labels; one of them is set. Of
// those with the labels that run it is the first one, by name.
type PodChoice struct {
	Pod      string `json:"pod"`
	Selector string `json:"selector"`
}

// PodFault is about a Pod; Container may be empty for its first one.
type PodFault struct {
	PodChoice
	Container string `json:"container"`
}

// ExecFault is a command that breaks something, and, where Undo is not empty, the one in
// the same container that makes it whole again: it is run before the fault is tried once
// more.
type ExecFault struct {
	Exec
	Undo []string `json:"undo"`
}

// Undoes tells whether there is such a command; not of nil.
func (e *ExecFault) Undoes() bool { return e != nil && len(e.Undo) > 0 }

// Kill is a signal, "KILL", to the first process of a container.
type Kill struct {
	PodFault
	Signal string `json:"signal"`
}

// CPUFault is so many processes that compute within a container's limits.
type CPUFault struct {
	PodFault
	Workers int `json:"workers"`
}

// DiskFault is a folder of a container that is filled with at most Bytes.
type DiskFault struct {
	PodFault
	Path  string `json:"path"`
	Size  string `json:"size"`
	Bytes int64  `json:"-"`
}

// NetworkFault is a Pod's network: Do is "cut", "dns", "slow" (Bytes a second) or
// "refuse" (Port).
type NetworkFault struct {
	PodChoice
	Do    string `json:"do"`
	Rate  string `json:"rate"`
	Bytes int64  `json:"-"`
	Port  int    `json:"port"`
}

// NodeFault is about a node, or that of a Pod; Do is what happens to it, as in the
// schema.
type NodeFault struct {
	PodChoice
	Node  string `json:"node"`
	Do    string `json:"do"`
	Taint string `json:"taint"`
}

// ImageFault takes an image from a node, or that of a Pod.
type ImageFault struct {
	PodChoice
	Image string `json:"image"`
	Node  string `json:"node"`
}

// DataFault changes a key; a nil Value takes it away.
type DataFault struct {
	Kind  string  `json:"kind"`
	Name  string  `json:"name"`
	Key   string  `json:"key"`
	Value *string `json:"value"`
}

// GPUFault is what happens to a simulated GPU.
type GPUFault struct {
	// Kind is "xid", "ecc", "thermal", "lost", "plugin-crash" or "heal"; Xid is set
	// with "xid".
	Kind string `json:"kind"`
	Xid  int    `json:"xid"`
	// Pod is whose first GPU it is; else Index says which one of Node, which may be
	// empty where only one node has GPUs.
	Pod   string `json:"pod"`
	Index int    `json:"index"`
	Node  string `json:"node"`
}

// OnNode tells whether a program on a node does it.
func (f *Fault) OnNode() bool {
	return f.Kill != nil || f.CPU != nil || f.Memory != nil || f.Disk != nil || f.Network != nil || f.Node != nil || f.Image != nil || f.Data != nil
}

// Shared tells whether it is about a node, and all that is on it.
func (f *Fault) Shared() bool { return f.Node != nil || f.Image != nil }

// BreaksNodes tells whether a fault of the lab is about a node: then no two sessions
// of it can share one.
func (l *Lab) BreaksNodes() bool { return slices.ContainsFunc(l.Steps, Step.BreaksNodes) }

// BreaksNodes tells whether a fault of the step is about a node: whoever else has Pods
// there, or wants one there, notices it.
func (s Step) BreaksNodes() bool { return slices.ContainsFunc(s.faults(), (*Fault).Shared) }

// Faults are those of all setups and checks.
func (l *Lab) Faults() (out []*Fault) {
	for _, s := range l.Steps {
		out = append(out, s.faults()...)
	}
	return out
}

func (s Step) faults() (out []*Fault) {
	if s.Setup != nil {
		out = append(out, s.Setup.Faults...)
	}
	for _, c := range s.Checks {
		if c.Fault != nil {
			out = append(out, c.Fault)
		}
	}
	return out
}

// Lasts tells whether there is something to mend once the page is done with.
func (s *Setup) Lasts() bool {
	return s != nil && slices.ContainsFunc(s.Faults, (*Fault).Lasts)
}

// Lasts tells whether there is something to mend.
func (f *Fault) Lasts() bool {
	return f.OnNode() && f.Kill == nil && (f.Node == nil || f.Node.Do != "restart-kubelet" && f.Node.Do != "restart-runtime")
}

// Throughout is a Service that is asked ten times a second from a fault on, by a Pod
// in the cluster.
type Throughout struct {
	Service string
	Port    int
	Path    string
	// Answers is how many percent of the requests must be answered, within a second
	// and with a status below 400.
	Answers int
	// For is how long it is asked on once what has to come of the fault has come.
	For time.Duration
}

// Lasts tells whether a check leaves something in the cluster that is to be removed
// when the check is done with: what its fault broke, or who asks throughout.
func (c *Check) Lasts() bool {
	return c.Fault != nil && (c.Fault.Lasts() || c.Throughout != nil)
}

type rawFault struct {
	Delete  *rawObject    `json:"delete"`
	Evict   *PodFault     `json:"evict"`
	Exec    *ExecFault    `json:"exec"`
	Apply   string        `json:"apply"`
	Kill    *Kill         `json:"kill"`
	CPU     *CPUFault     `json:"cpu"`
	Memory  *PodFault     `json:"memory"`
	Disk    *DiskFault    `json:"disk"`
	Network *NetworkFault `json:"network"`
	Node    *NodeFault    `json:"node"`
	Image   *ImageFault   `json:"image"`
	Data    *DataFault    `json:"data"`
	GPU     *GPUFault     `json:"gpu"`
	Delay   string        `json:"delay"`
	For     string        `json:"for"`
}

// fault reads what is broken, and what must be true afterwards.
func (d *decoder) fault(c *Check, in rawCheck, p string) {
	if c.Within > 0 && c.Within <= c.Holds {
		d.add(d.pos(p+".within"), p+".within", "what holds for %s is not all within %s: write more than holds says", c.Holds, c.Within)
	}
	hasAfter := d.has(p + ".after")
	switch {
	case in.Fault == nil:
		for _, field := range []string{".after", ".throughout"} {
			if d.has(p + field) {
				d.add(d.pos(p+field), p+field, "%s what? write the fault beside it", field[1:])
			}
		}
		return
	case c.Quiz != nil, c.Logs != nil, c.Events != nil, c.Gone, len(c.Seen) > 0:
		d.add(d.pos(p+".fault"), p+".fault", "a fault goes with an object, exec or http, and with after")
		return
	case !hasAfter:
		d.add(d.pos(p+".fault"), p+".fault", "write in after what must be true once it is broken")
		return
	}
	if t := in.Throughout; t != nil {
		c.Throughout = &Throughout{Service: t.Service, Port: t.Port, Path: t.Path, Answers: t.Answers, For: duration(t.For)}
	}
	c.Fault, c.After = d.broken(in.Fault, p+".fault"), d.constraint(p+".after", c.Shape())
}

// broken reads a fault.
func (d *decoder) broken(in *rawFault, p string) *Fault {
	f := &Fault{
		Evict: in.Evict, Exec: in.Exec, Apply: in.Apply, Kill: in.Kill, CPU: in.CPU, Memory: in.Memory, Disk: in.Disk,
		Network: in.Network, Node: in.Node, Image: in.Image, Data: in.Data, GPU: in.GPU,
		Delay: duration(in.Delay), For: duration(in.For),
	}
	if in.Delete != nil {
		f.Delete = d.object(*in.Delete, p+".delete")
	}
	no := func(field, format string, args ...any) { d.add(d.pos(p+field), p+field, format, args...) }
	if count(f.Delete != nil, f.Evict != nil, f.Exec != nil, f.Apply != "", f.Kill != nil, f.CPU != nil, f.Memory != nil, f.Disk != nil,
		f.Network != nil, f.Node != nil, f.Image != nil, f.Data != nil, f.GPU != nil) != 1 {
		no("", "one thing is broken at a time: write one of delete, evict, exec, apply, kill, cpu, memory, disk, network, node, image, data and gpu")
	}
	switch {
	case f.GPU != nil:
		d.gpuFault(f.GPU, p+".gpu")
	case f.Disk != nil:
		f.Disk.Bytes = d.bytes(f.Disk.Size, p+".disk.size")
	case f.Network != nil:
		if slow := f.Network.Do == "slow"; slow != (f.Network.Rate != "") {
			no(".network", `rate: "2Ki" goes with do: "slow", and that with it`)
		} else if slow {
			f.Network.Bytes = d.bytes(f.Network.Rate, p+".network.rate")
		}
		if (f.Network.Do == "refuse") != (f.Network.Port != 0) {
			no(".network", `port: 8080 goes with do: "refuse", and that with it`)
		}
	case f.Node != nil:
		if (f.Node.Do == "taint") != (f.Node.Taint != "") {
			no(".node", `taint: "key=value:NoSchedule" goes with do: "taint", and that with it`)
		}
	}
	d.choice(f, p)
	if f.Delay > latest {
		no(".delay", "no fault is waited for longer than a minute")
	}
	switch {
	case f.For != 0 && !f.Lasts():
		no(".for", "this fault does not last: leave for out")
	case f.For > longest:
		no(".for", "no fault lasts longer than an hour")
	case f.For == 0 && f.Lasts():
		f.For = usual
	}
	return f
}

// chosen is the Pod that a fault is about, or on the node of which something happens,
// under the name of the fault's kind; nil where there is none.
func (f *Fault) chosen() (kind string, c *PodChoice) {
	switch {
	case f.Evict != nil:
		return "evict", &f.Evict.PodChoice
	case f.Kill != nil:
		return "kill", &f.Kill.PodChoice
	case f.CPU != nil:
		return "cpu", &f.CPU.PodChoice
	case f.Memory != nil:
		return "memory", &f.Memory.PodChoice
	case f.Disk != nil:
		return "disk", &f.Disk.PodChoice
	case f.Network != nil:
		return "network", &f.Network.PodChoice
	case f.Node != nil:
		return "node", &f.Node.PodChoice
	case f.Image != nil:
		return "image", &f.Image.PodChoice
	}
	return "", nil
}

// choice sees to it that a fault says in one way what it is about.
func (d *decoder) choice(f *Fault, p string) {
	kind, c := f.chosen()
	if c == nil {
		return
	}
	p += "." + kind
	ways := count(c.Pod != "", c.Selector != "")
	switch {
	case f.Node != nil || f.Image != nil:
		if ways+count(f.Node != nil && f.Node.Node != "", f.Image != nil && f.Image.Node != "") != 1 {
			d.add(d.pos(p), p, "a node is told by its name, or by a Pod on it: write one of node, pod and selector")
		}
	case ways != 1:
		d.add(d.pos(p), p, "a Pod is told by its name or by its labels: write one of pod and selector")
	}
	if _, err := labels.Parse(c.Selector); err != nil {
		d.add(d.pos(p+".selector"), p+".selector", "%v", err)
	}
}

// bytes reads a quantity of them.
func (d *decoder) bytes(text, p string) int64 {
	q, err := resource.ParseQuantity(text)
	if err != nil || q.Sign() <= 0 {
		d.add(d.pos(p), p, "%q is no number of bytes: write one like 64Mi", text)
		return 0
	}
	return q.Value()
}

// ReadFault reads a fault in words: "kill pod=web signal=TERM", "network pod=web do=cut
// for=30s". The error is an [Errors].
func ReadFault(words []string) (*Fault, error) {
	what, whole := map[string]any{}, map[string]any{}
	for i, w := range words {
		name, value, ok := strings.Cut(w, "=")
		switch n, err := strconv.Atoi(value); {
		case i == 0 && ok:
			return nil, Errors{{File: w, Msg: "the kind of fault comes first, and then its fields: network pod=web do=cut"}}
		case i == 0:
			whole[w] = what
		case !ok:
			return nil, Errors{{File: w, Msg: "after the kind of fault come its fields, as pod=web"}}
		case name == "for" || name == "delay":
			whole[name] = value
		case err == nil && (name == "port" || name == "workers"):
			what[name] = n
		default:
			what[name] = value
		}
	}
	ctx := newContext()
	schema, err := definition(ctx, "#Fault")
	if err != nil {
		return nil, err
	}
	var in rawFault
	d := &decoder{report: &report{dir: "fault"}, ctx: ctx}
	fault := schema.Unify(ctx.Encode(whole))
	d.data = ctx.CompileString("{}").FillPath(cue.ParsePath("fault"), fault)
	if err := fault.Validate(cue.Concrete(true)); err != nil {
		d.report.cue(err, "", schema)
		return nil, d.sorted()
	}
	if err := fault.Decode(&in); err != nil {
		return nil, fmt.Errorf("read the fault: %w", err)
	}
	f := d.broken(&in, "fault")
	if all := d.sorted(); len(all) > 0 {
		for i := range all {
			all[i].Path = strings.TrimPrefix(strings.TrimPrefix(all[i].Path, "fault"), ".")
		}
		return nil, all
	}
	return f, nil
}
