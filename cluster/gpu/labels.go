package gpu

import (
	"fmt"
	"strconv"
	"strings"

	"podlab.dev/podlab/cluster/gpu/rig"
)

// Labels are those that GPU feature discovery gives to a node with this inventory.
// That the GPUs are simulated is the label of the machine.
func Labels(inv *rig.Inventory) map[string]string {
	c := inv.Card
	driver, cuda := strings.Split(rig.DriverVersion, "."), strings.Split(rig.CUDAVersion, ".")
	major, minor, _ := strings.Cut(c.Compute, ".")
	out := map[string]string{
		present:                                 vendorTrue,
		machine:                                 simulated,
		vendor + "gpu.product":                  product(c.Product),
		vendor + "gpu.family":                   c.Family,
		vendor + "gpu.compute.major":            major,
		vendor + "gpu.compute.minor":            minor,
		vendor + "gpu.memory":                   strconv.Itoa(c.MemoryMiB),
		vendor + "gpu.count":                    strconv.Itoa(inv.Count),
		vendor + "gpu.replicas":                 strconv.Itoa(max(inv.Replicas, 1)),
		vendor + "gpu.sharing-strategy":         "none",
		vendor + "gpu.mode":                     "compute",
		vendor + "mig.capable":                  strconv.FormatBool(len(c.MIG) > 0),
		vendor + "mps.capable":                  "false",
		vendor + "vgpu.present":                 "false",
		vendor + "cuda.driver-version.full":     rig.DriverVersion,
		vendor + "cuda.driver-version.major":    driver[0],
		vendor + "cuda.driver-version.minor":    driver[1],
		vendor + "cuda.driver-version.revision": driver[2],
		vendor + "cuda.runtime-version.full":    rig.CUDAVersion,
		vendor + "cuda.runtime-version.major":   cuda[0],
		vendor + "cuda.runtime-version.minor":   cuda[1],
	}
	if inv.Replicas > 1 {
		out[vendor+"gpu.sharing-strategy"] = "time-slicing"
		out[vendor+"gpu.product"] += "-SHARED"
	}
	if len(c.MIG) > 0 {
		out[vendor+"mig.strategy"] = "single"
		if inv.Mixed {
			out[vendor+"mig.strategy"] = "mixed"
		}
	}
	for profile, n := range inv.MIG {
		p := c.MIGProfile(profile)
		prefix := vendor + "mig-" + profile + "."
		if !inv.Mixed { // each slice is simply a GPU
			prefix = vendor + "gpu."
			out[vendor+"gpu.product"] += "-MIG-" + profile
			out[vendor+"gpu.count"] = strconv.Itoa(inv.Count * n)
			out[vendor+"gpu.memory"] = strconv.Itoa(p.MemoryMiB)
		} else {
			out[prefix+"count"] = strconv.Itoa(inv.Count * n)
			out[prefix+"memory"] = strconv.Itoa(p.MemoryMiB)
			out[prefix+"product"] = fmt.Sprintf("%s-MIG-%s", product(c.Product), profile)
			out[prefix+"replicas"], out[prefix+"sharing-strategy"] = "1", "none"
		}
		out[prefix+"multiprocessors"] = strconv.Itoa(p.SMs)
		out[prefix+"slices.gi"], out[prefix+"slices.ci"] = strconv.Itoa(p.Compute), strconv.Itoa(p.Compute)
	}
	return out
}

// machine is the label that says that the GPUs are simulated.
const (
	machine    = vendor + "gpu.machine"
	simulated  = "podlab-simulated"
	vendorTrue = "true"
)

// product is the name of a card as a label can hold it.
func product(name string) string { return strings.ReplaceAll(name, " ", "-") }
