// Package rig is the simulated hardware of a node: what its GPUs are ([Inventory]),
// how they are ([Rig]: load, heat, faults), and the sockets on which programs, the
// device plugin and podlab ask for it ([Rig.Serve]).
//
//	r, err := rig.New("podlab-worker", inventory, "/var/lib/podlab-gpu/state.json")
//	err = r.Serve(ctx, listener, rig.Programs)
//
// All that it shows follows from the inventory, from what programs take, from the
// faults that were ordered, and from the clock: there is no chance in it.
package rig

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"podlab.dev/podlab/cluster/gpu/bus"
	"podlab.dev/podlab/cue/gpu/card"
)

// The versions that the driver says it has.
const (
	DriverVersion = "570.124.06"
	CUDAVersion   = "12.8"
)

// Inventory is what a node has.
type Inventory struct {
	// Seed decides the UUIDs and serial numbers.
	Seed  string    `json:"seed"`
	Card  card.Card `json:"card"`
	Count int       `json:"count"`
	// Replicas is how many containers may share a GPU, by time slicing; 0 and 1 mean
	// that none do.
	Replicas int `json:"replicas,omitempty"`
	// MIG is how many slices of each profile every GPU is divided into; empty for
	// whole GPUs. Mixed names each profile's devices after it; otherwise a slice is
	// simply an nvidia.com/gpu.
	MIG   map[string]int `json:"mig,omitempty"`
	Mixed bool           `json:"mixed,omitempty"`
	// DRA says that claims ask for the GPUs, by Dynamic Resource Allocation, and not
	// the resources of a device plugin.
	DRA bool `json:"dra,omitempty"`
	// CDI says that the node's container runtime knows the Container Device
	// Interface.
	CDI bool `json:"cdi,omitempty"`
}

// Check says what is wrong with an inventory.
func (i *Inventory) Check() error {
	switch {
	case i.Count < 1 || i.Count > 16:
		return fmt.Errorf("a node has 1 to 16 GPUs, not %d", i.Count)
	case len(i.MIG) > 0 && i.Replicas > 1:
		return errors.New("a GPU is shared by time slicing or by MIG, not both")
	case len(i.MIG) > 0 && !i.Card.Fits(i.MIG):
		return fmt.Errorf("%s cannot be divided into %v", i.Card.Name, i.MIG)
	case i.DRA && i.Replicas > 1:
		return errors.New("claims do not share GPUs by time slicing")
	case i.DRA && !i.CDI:
		return errors.New("claims need a container runtime with CDI, such as containerd 2")
	case len(i.MIG) > 1 && !i.Mixed && !i.DRA:
		return errors.New("slices of several profiles need the mixed strategy")
	}
	return nil
}

// gpus are the GPUs at rest.
func (i *Inventory) gpus() []bus.GPU {
	var out []bus.GPU
	for n := range i.Count {
		// A second machine's worth sits on the next buses.
		slot := i.Card.Slots[n%len(i.Card.Slots)]
		g := bus.GPU{
			Index:  n,
			UUID:   "GPU-" + i.uuid("gpu", n),
			Serial: fmt.Sprintf("16%011d", i.hash("serial", n)%1e11),
			BusID:  fmt.Sprintf("00000000:%02X:00.0", slot.Bus+n/len(i.Card.Slots)),
			NUMA:   slot.NUMA,
			MIG:    len(i.MIG) > 0,
		}
		// The larger ones first, as the driver hands out the numbers of instances.
		gi := 1
		for _, p := range i.profiles() {
			for k := range i.MIG[p.Name] {
				g.Instances = append(g.Instances, bus.Instance{UUID: "MIG-" + i.uuid(p.Name, n*16+k), GI: gi, Profile: p})
				gi++
			}
		}
		out = append(out, g)
	}
	return out
}

// profiles are those that the GPUs are divided into, the largest first.
func (i *Inventory) profiles() []card.Slice {
	var out []card.Slice
	for _, name := range slices.Sorted(maps.Keys(i.MIG)) {
		out = append(out, *i.Card.MIGProfile(name))
	}
	slices.SortStableFunc(out, func(a, b card.Slice) int { return b.Compute - a.Compute })
	return out
}

func (i *Inventory) digest(what string, n int) [32]byte {
	return sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s\n%d", i.Seed, i.Card.Name, what, n))
}

func (i *Inventory) hash(what string, n int) uint64 {
	d := i.digest(what, n)
	return binary.BigEndian.Uint64(d[:])
}

// uuid has the form of a random one (version 4).
func (i *Inventory) uuid(what string, n int) string {
	d := i.digest(what, n)
	d[6], d[8] = d[6]&0x0f|0x40, d[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", d[0:4], d[4:6], d[6:8], d[8:10], d[10:16])
}

// Resource is a kind of device as Kubernetes counts it.
type Resource struct {
	// Name is "nvidia.com/gpu" or "nvidia.com/mig-1g.10gb".
	Name    string
	Devices []Device
}

// Device is what the kubelet can give to one container: a GPU, a turn on it, or a
// part of it.
type Device struct {
	// ID is what the kubelet calls it.
	ID string
	// GPU is the index of its card, UUID what the program calls it.
	GPU  int
	UUID string
}

// WholeGPU is the resource that is not named after a MIG profile.
const WholeGPU = "nvidia.com/gpu"

// Resources are what the node offers, sorted by name.
func (i *Inventory) Resources() []Resource {
	byName := map[string][]Device{}
	for _, g := range i.gpus() {
		switch {
		case g.MIG:
			for _, inst := range g.Instances {
				name := WholeGPU
				if i.Mixed {
					name = "nvidia.com/mig-" + inst.Profile.Name
				}
				byName[name] = append(byName[name], Device{ID: inst.UUID, GPU: g.Index, UUID: inst.UUID})
			}
		case i.Replicas > 1:
			for r := range i.Replicas {
				byName[WholeGPU] = append(byName[WholeGPU], Device{ID: fmt.Sprintf("%s::%d", g.UUID, r), GPU: g.Index, UUID: g.UUID})
			}
		default:
			byName[WholeGPU] = append(byName[WholeGPU], Device{ID: g.UUID, GPU: g.Index, UUID: g.UUID})
		}
	}
	var out []Resource
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		out = append(out, Resource{name, byName[name]})
	}
	return out
}
