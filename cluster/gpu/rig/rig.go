package rig

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"podlab.dev/podlab/cluster/gpu/bus"
)

// Rig is the hardware of one node. It is safe for concurrent use.
type Rig struct {
	name  string
	inv   Inventory
	file  string
	now   func() time.Time
	began time.Time

	mu      sync.Mutex
	faults  []bus.Fault
	left    []int           // allocations until each fault happens
	uses    map[any]bus.Use // by who uses
	energy  map[int]float64 // millijoules, by GPU
	metered time.Time       // when energy was last added up
	version uint64          // grows with every change of health or faults
	crash   bool            // the plugin is to end
	changed chan struct{}   // closed and replaced at each change
	timers  []*time.Timer   // of faults that wait
	broken  map[any]error   // programs whose device failed under them
}

// New is the rig of the node called name. file keeps its faults across restarts.
func New(name string, inv Inventory, file string) (*Rig, error) {
	return newRig(name, inv, file, time.Now)
}

func newRig(name string, inv Inventory, file string, now func() time.Time) (*Rig, error) {
	if err := inv.Check(); err != nil {
		return nil, err
	}
	r := &Rig{
		name: name, inv: inv, file: file, now: now, began: now(), metered: now(), version: 1,
		uses: map[any]bus.Use{}, energy: map[int]float64{}, changed: make(chan struct{}), broken: map[any]error{},
	}
	return r, r.load()
}

// kept is what the file holds.
type kept struct {
	Card   string      `json:"card"`
	Faults []bus.Fault `json:"faults"`
	Left   []int       `json:"left"`
}

// load reads the faults that were there before a restart. Those of other cards
// went with the cards.
func (r *Rig) load() error {
	raw, err := os.ReadFile(r.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var k kept
	if err := json.Unmarshal(raw, &k); err != nil {
		return fmt.Errorf("%s: %w", r.file, err)
	}
	if k.Card != r.inv.Card.Name || len(k.Left) != len(k.Faults) {
		return nil
	}
	for i, f := range k.Faults {
		if f.GPU < r.inv.Count {
			r.faults, r.left = append(r.faults, f), append(r.left, k.Left[i])
		}
	}
	r.wait()
	return nil
}

// save keeps the faults, and tells who watches. The lock is held.
func (r *Rig) save() error {
	r.version++
	close(r.changed)
	r.changed = make(chan struct{})
	raw, err := json.Marshal(kept{r.inv.Card.Name, r.faults, r.left})
	if err != nil {
		return err
	}
	part := r.file + ".part"
	if err := os.WriteFile(part, raw, 0o600); err != nil {
		return err
	}
	return os.Rename(part, r.file)
}

// Use takes memory and compute for who, in place of what it took before.
func (r *Rig) Use(who any, u bus.Use) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.broken[who]; err != nil {
		return err
	}
	if u.MemoryMiB < 0 || u.Util < 0 || u.Util > 100 {
		return errors.New("CUDA error: invalid argument")
	}
	r.meter()
	before, had := r.uses[who]
	delete(r.uses, who)
	err := r.fits(u)
	if err == nil {
		r.uses[who] = u
	} else if had {
		r.uses[who] = before
	}
	return err
}

// fits tells whether there is room for u beside the other uses. The lock is held.
func (r *Rig) fits(u bus.Use) error {
	for _, uuid := range u.Devices {
		total, index := r.size(uuid)
		if total == 0 {
			return fmt.Errorf("CUDA error: no device %s", uuid)
		}
		if g := r.gpu(index); g.Lost {
			return errors.New("CUDA error: no CUDA-capable device is detected (GPU is lost)")
		}
		used := 0
		for _, other := range r.uses {
			if slices.Contains(other.Devices, uuid) {
				used += other.MemoryMiB
			}
		}
		if used+u.MemoryMiB > total {
			return fmt.Errorf("CUDA error: out of memory: %d MiB wanted, %d MiB of %d MiB free", u.MemoryMiB, total-used, total)
		}
	}
	return nil
}

// size is how much memory a program can take of a GPU or an instance, in MiB, and
// which GPU it is on; 0 for none of this node.
func (r *Rig) size(uuid string) (mib, index int) {
	for _, g := range r.inv.gpus() {
		if g.UUID == uuid && !g.MIG {
			return r.inv.Card.MemoryMiB - bus.Reserved(r.inv.Card.MemoryMiB), g.Index
		}
		for _, i := range g.Instances {
			if i.UUID == uuid {
				return i.Profile.MemoryMiB, g.Index
			}
		}
	}
	return 0, 0
}

// Release frees what who took.
func (r *Rig) Release(who any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.meter()
	delete(r.uses, who)
	delete(r.broken, who)
}

// Allocated counts that a container has been given devices of this node, which may
// be what a fault waits for.
func (r *Rig) Allocated() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	changed := false
	for i := range r.faults {
		if r.left[i] > 0 {
			changed = true
			if r.left[i]--; r.left[i] == 0 {
				r.happen(i)
			}
		}
	}
	if !changed {
		return nil
	}
	return r.save()
}

// Node is the node as it is now.
func (r *Rig) Node() bus.Node {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.meter()
	n := bus.Node{Name: r.name, Card: r.inv.Card, Driver: DriverVersion, CUDA: CUDAVersion, Faults: slices.Clone(r.faults)}
	for i := range r.inv.Count {
		n.GPUs = append(n.GPUs, r.gpu(i))
	}
	return n
}

// Watch waits until the version differs from seen, or stop is closed, and returns
// the node as it is then. crash says that the plugin is to end; it is said once.
func (r *Rig) Watch(stop <-chan struct{}, seen uint64) (n bus.Node, version uint64, crash bool) {
	for {
		r.mu.Lock()
		changed, now := r.changed, r.version
		crash, r.crash = r.crash, false
		r.mu.Unlock()
		if now != seen || crash {
			return r.Node(), now, crash
		}
		select {
		case <-changed:
		case <-stop:
			return r.Node(), now, false
		}
	}
}
