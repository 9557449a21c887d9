package rig

import (
	"slices"

	"podlab.dev/podlab/cluster/gpu/bus"
)

// gpu is one GPU as it is now. The lock is held.
func (r *Rig) gpu(index int) bus.GPU {
	g := r.inv.gpus()[index]
	card := r.inv.Card
	for k := range g.Instances {
		i := &g.Instances[k]
		i.UsedMiB, i.Util = r.taken(i.UUID)
		g.UsedMiB += i.UsedMiB
		// A part of the card's processors that is busy keeps that part of it busy.
		g.Util += i.Util * i.Profile.Compute / 7
	}
	if !g.MIG {
		g.UsedMiB, g.Util = r.taken(g.UUID)
	}
	g.Util = min(g.Util, 100)
	r.damage(&g)
	if g.Lost {
		g.UsedMiB, g.Util = 0, 0
		return g
	}
	busy := float64(g.Util) / 100
	g.SMClock, g.MemoryClock = card.SM.Idle, card.Memory.Idle
	if g.UsedMiB > 0 || g.Util > 0 { // a program is there: the clocks are up
		g.SMClock, g.MemoryClock = card.SM.Max, card.Memory.Max
	}
	g.Power = float64(card.Power.Idle) + busy*0.95*float64(card.Power.Max-card.Power.Idle)
	g.Temperature = card.Temperature.Idle + int(busy*float64(card.Temperature.Load-card.Temperature.Idle))
	if g.Throttled {
		g.Temperature = card.Temperature.Slowdown + 1
		g.SMClock = min(g.SMClock, card.SM.Max/3)
		g.Power = min(g.Power, float64(card.Power.Max)/2)
	}
	// A few watts and degrees apart, as no two cards are alike.
	d := r.inv.hash("trim", index)
	g.Power += float64(d%400) / 100
	if !g.Throttled {
		g.Temperature += int(d / 400 % 3)
	}
	g.Energy = int64(r.energy[index])
	return g
}

// taken is the memory that programs have taken of a device, in MiB, and how busy
// they keep it.
func (r *Rig) taken(uuid string) (mib, util int) {
	for _, u := range r.uses {
		if slices.Contains(u.Devices, uuid) {
			mib, util = mib+u.MemoryMiB, util+u.Util
		}
	}
	return mib, min(util, 100)
}

// meter adds up the energy that the GPUs have used since it was last called, while
// their load was the same. The lock is held.
func (r *Rig) meter() {
	now := r.now()
	past := now.Sub(r.metered).Seconds()
	r.metered = now
	for i := range r.inv.Count {
		r.energy[i] += r.gpu(i).Power * past * 1000
	}
}
