package rig

import (
	"fmt"
	"slices"
	"time"

	"podlab.dev/podlab/cluster/gpu/bus"
)

// ofProgram tells errors of the program that ran from those of the card, which is
// then no longer handed out.
func ofProgram(xid int) bool {
	switch xid {
	case 13, 31, 43, 45, 68, 109:
		return true
	}
	return false
}

// Numbers of errors, as the driver logs them.
const (
	xidDoubleBit = 48
	xidLost      = 79
	// A high rate of errors that were corrected: a warning.
	xidManySingleBit = 92
)

// Order makes a fault happen, at once or at its moment.
func (r *Rig) Order(f bus.Fault) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.check(f); err != nil {
		return err
	}
	f.Ordered, f.Happened = r.now(), time.Time{}
	r.faults, r.left = append(r.faults, f), append(r.left, f.AfterAllocations)
	if f.After == 0 && f.AfterAllocations == 0 {
		r.happen(len(r.faults) - 1)
	}
	r.wait()
	return r.save()
}

func (r *Rig) check(f bus.Fault) error {
	switch {
	case f.Kind != bus.FaultPlugin && (f.GPU < 0 || f.GPU >= r.inv.Count):
		return fmt.Errorf("node %s has no GPU %d; it has GPUs 0 to %d", r.name, f.GPU, r.inv.Count-1)
	case f.Kind == bus.FaultXid && f.Xid <= 0:
		return fmt.Errorf("there is no Xid %d", f.Xid)
	case f.After < 0 || f.AfterAllocations < 0 || f.After > 0 && f.AfterAllocations > 0:
		return fmt.Errorf("a fault waits for a time or for a number of allocations")
	case !slices.Contains([]string{bus.FaultXid, bus.FaultECC, bus.FaultThermal, bus.FaultLost, bus.FaultPlugin}, f.Kind):
		return fmt.Errorf("there is no fault %q", f.Kind)
	}
	return nil
}

// happen makes the fault with this number happen now. The lock is held.
func (r *Rig) happen(i int) {
	f := &r.faults[i]
	f.Happened = r.now()
	r.left[i] = 0
	if f.Kind == bus.FaultPlugin {
		r.crash = true
		return
	}
	xid := xidOf(*f)
	if xid == 0 {
		return
	}
	// What ran on the card does not survive it.
	for who, u := range r.uses {
		for _, uuid := range u.Devices {
			if _, index := r.size(uuid); index == f.GPU {
				r.broken[who] = fmt.Errorf("CUDA error: unspecified launch failure (Xid %d on GPU %d)", xid, f.GPU)
			}
		}
	}
	for who := range r.broken {
		delete(r.uses, who)
	}
}

// xidOf is the number that the driver logs for a fault; 0 for none.
func xidOf(f bus.Fault) int {
	switch f.Kind {
	case bus.FaultXid:
		return f.Xid
	case bus.FaultECC:
		return xidDoubleBit
	case bus.FaultLost:
		return xidLost
	}
	return 0
}

// wait sets clocks for the faults that wait for a time. The lock is held, or the
// rig is new.
func (r *Rig) wait() {
	for _, t := range r.timers {
		t.Stop()
	}
	r.timers = nil
	for _, f := range r.faults {
		if f.After > 0 && f.Happened.IsZero() {
			r.timers = append(r.timers, time.AfterFunc(f.Ordered.Add(f.After).Sub(r.now()), r.due))
		}
	}
}

// due makes what it is time for happen.
func (r *Rig) due() {
	r.mu.Lock()
	defer r.mu.Unlock()
	changed := false
	for i, f := range r.faults {
		if f.After > 0 && f.Happened.IsZero() && !r.now().Before(f.Ordered.Add(f.After)) {
			r.happen(i)
			changed = true
		}
	}
	if changed {
		_ = r.save() // the next change keeps it too
	}
}

// Heal undoes the faults of one GPU, or of all and what waits for the plugin.
func (r *Rig) Heal(h bus.Heal) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if h.GPU != nil && (*h.GPU < 0 || *h.GPU >= r.inv.Count) {
		return fmt.Errorf("node %s has no GPU %d; it has GPUs 0 to %d", r.name, *h.GPU, r.inv.Count-1)
	}
	var faults []bus.Fault
	var left []int
	for i, f := range r.faults {
		if h.GPU != nil && (f.GPU != *h.GPU || f.Kind == bus.FaultPlugin) {
			faults, left = append(faults, f), append(left, r.left[i])
		}
	}
	r.faults, r.left = faults, left
	r.wait()
	return r.save()
}

// damage sets on g what the faults that have happened have done to it.
func (r *Rig) damage(g *bus.GPU) {
	for _, f := range r.faults {
		if f.GPU != g.Index || f.Happened.IsZero() || f.Kind == bus.FaultPlugin {
			continue
		}
		if f.Kind == bus.FaultThermal {
			g.Throttled = true
			continue
		}
		g.Xid = xidOf(f)
		switch {
		case g.Xid == xidLost:
			g.Lost = true
		case g.Xid == xidDoubleBit || g.Xid == 94 || g.Xid == 95:
			g.Uncorrected++
		case g.Xid == xidManySingleBit:
			g.Corrected += 10
		}
		if !ofProgram(g.Xid) && g.Xid != xidManySingleBit {
			g.Unhealthy = fmt.Sprintf("Xid %d", g.Xid)
		}
	}
	if g.Lost {
		g.Unhealthy = fmt.Sprintf("Xid %d, GPU is lost", xidLost)
	}
}
