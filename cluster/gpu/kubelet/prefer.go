package kubelet

import (
	"slices"

	"podlab.dev/podlab/cluster/gpu/rig"
)

// prefer chooses n of the free devices, must among them: GPUs of one processor
// rather than of two, since what goes between processors is slow (all GPUs of a
// switch are equally near in NVLink), and of shared GPUs different ones, the least
// used first. It takes the processor on which the fewest are left over, so that the
// next large request finds room.
func (p *Plugin) prefer(free, must []rig.Device, n int) []string {
	chosen := slices.Clone(must)
	left := map[int]int{} // free devices of a GPU: the fewer, the more used it is
	for _, d := range free {
		left[d.GPU]++
	}
	home := p.home(free, must, n)
	for len(chosen) < n {
		best := -1
		for i, d := range free {
			if slices.Contains(chosen, d) {
				continue
			}
			if best < 0 || p.better(d, free[best], chosen, left, home) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		chosen = append(chosen, free[best])
	}
	ids := make([]string, len(chosen))
	for i, d := range chosen {
		ids[i] = d.ID
	}
	return ids
}

// better tells whether a is to be chosen before b.
func (p *Plugin) better(a, b rig.Device, chosen []rig.Device, left map[int]int, home int) bool {
	has := func(d rig.Device) int {
		n := 0
		for _, c := range chosen {
			if c.GPU == d.GPU {
				n++
			}
		}
		return n
	}
	far := func(d rig.Device) int {
		if p.numa[d.GPU] == home {
			return 0
		}
		return 1
	}
	for _, by := range []int{has(a) - has(b), far(a) - far(b), left[b.GPU] - left[a.GPU], a.GPU - b.GPU} {
		if by != 0 {
			return by < 0
		}
	}
	return false
}

// home is the processor to take GPUs of first.
func (p *Plugin) home(free, must []rig.Device, n int) int {
	if len(must) > 0 {
		return p.numa[must[0].GPU]
	}
	gpus := map[int]map[int]bool{} // free GPUs by processor
	for _, d := range free {
		numa := p.numa[d.GPU]
		if gpus[numa] == nil {
			gpus[numa] = map[int]bool{}
		}
		gpus[numa][d.GPU] = true
	}
	best, bestLeft := -1, 0
	for numa, has := range gpus {
		left := len(has) - n
		switch {
		case best < 0,
			left >= 0 && (bestLeft < 0 || left < bestLeft),
			left < 0 && bestLeft < 0 && left > bestLeft,
			left == bestLeft && numa < best:
			best, bestLeft = numa, left
		}
	}
	return best
}
