package lab

import (
	"fmt"
	"maps"
	"slices"

	"podlab.dev/podlab/cue/gpu"
)

// gpus reports what no node can have, and faults of what none has.
func (d *decoder) gpus(l *Lab) {
	for i, s := range l.Steps {
		for j := 0; s.Setup != nil && j < len(s.Setup.Faults); j++ {
			if at := fmt.Sprintf("steps[%d].setup.faults[%d].gpu", i, j); s.Setup.Faults[j].GPU != nil && l.Needs.GPUs == nil {
				d.add(d.pos(at), at, "no node has a GPU to break: say which in needs: gpus")
			}
		}
		for j, c := range l.Steps[i].Checks {
			if at := checkPath(i, j) + ".fault.gpu"; c.Fault != nil && c.Fault.GPU != nil && l.Needs.GPUs == nil {
				d.add(d.pos(at), at, "no node has a GPU to break: say which in needs: gpus")
			}
		}
	}
	for i, g := range l.Needs.GPUs {
		p := "needs.gpus"
		if d.has(p + "[0]") {
			p = fmt.Sprintf("%s[%d]", p, i)
		}
		c, err := gpu.Card(g.Model)
		if err != nil {
			d.add(d.pos(p+".model"), p+".model", "%v", err)
			continue
		}
		if g.DRA && g.Replicas > 1 {
			d.add(d.pos(p+".dra"), p+".dra", "claims do not share GPUs by time slicing: write one of replicas and dra")
		}
		if len(g.MIG) == 0 {
			continue
		}
		at, known := p+".mig", true
		for _, name := range slices.Sorted(maps.Keys(g.MIG)) {
			if c.MIGProfile(name) == nil {
				known = false
				d.add(d.pos(at), at, "%s cannot be divided into slices of %s%s", g.Model, name, profiles(c.MIGNames()))
			}
		}
		switch {
		case g.Replicas > 1:
			d.add(d.pos(at), at, "a GPU is shared by time slicing or divided by MIG: write one of replicas and mig")
		case len(g.MIG) > 1 && g.Strategy != "mixed" && !g.DRA:
			d.add(d.pos(at), at, "slices of several profiles are told apart by name: add strategy: \"mixed\"")
		case known && !c.Fits(g.MIG):
			d.add(d.pos(at), at, "so many slices do not fit on one %s", g.Model)
		}
	}
}

// gpuFault reports a fault that says too much or too little.
func (d *decoder) gpuFault(f *GPUFault, p string) {
	if (f.Kind == "xid") != (f.Xid != 0) {
		d.add(d.pos(p), p, "xid: 79 goes with kind: \"xid\", and that with it")
	}
	if f.Pod != "" && (f.Node != "" || f.Index != 0) {
		d.add(d.pos(p), p, "the GPU is told by its Pod, or by node and index: leave one out")
	}
}

func profiles(names []string) string {
	if len(names) == 0 {
		return ": it has no MIG"
	}
	return fmt.Sprintf("; it has %v", names)
}
