package rig

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"podlab.dev/podlab/cluster/gpu/bus"
)

// metric is one of the exporter's, of a GPU.
type metric struct {
	name, kind, help string
	value            func(n *bus.Node, g *bus.GPU) float64
}

// metrics are those that DCGM's exporter has by default and that mean something
// here, in its order and words.
func metrics() []metric {
	return []metric{
		{"DCGM_FI_DEV_SM_CLOCK", "gauge", "SM clock frequency (in MHz).", func(_ *bus.Node, g *bus.GPU) float64 { return float64(g.SMClock) }},
		{"DCGM_FI_DEV_MEM_CLOCK", "gauge", "Memory clock frequency (in MHz).", func(_ *bus.Node, g *bus.GPU) float64 { return float64(g.MemoryClock) }},
		{"DCGM_FI_DEV_GPU_TEMP", "gauge", "GPU temperature (in C).", func(_ *bus.Node, g *bus.GPU) float64 { return float64(g.Temperature) }},
		{"DCGM_FI_DEV_POWER_USAGE", "gauge", "Power draw (in W).", func(_ *bus.Node, g *bus.GPU) float64 { return g.Power }},
		{"DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "counter", "Total energy consumption since boot (in mJ).", func(_ *bus.Node, g *bus.GPU) float64 { return float64(g.Energy) }},
		{"DCGM_FI_DEV_GPU_UTIL", "gauge", "GPU utilization (in %).", func(_ *bus.Node, g *bus.GPU) float64 { return float64(g.Util) }},
		{"DCGM_FI_DEV_MEM_COPY_UTIL", "gauge", "Memory utilization (in %).", func(_ *bus.Node, g *bus.GPU) float64 { return float64(bus.MemoryUtil(g)) }},
		{"DCGM_FI_DEV_XID_ERRORS", "gauge", "Value of the last XID error encountered.", func(_ *bus.Node, g *bus.GPU) float64 { return float64(g.Xid) }},
		{"DCGM_FI_DEV_FB_FREE", "gauge", "Framebuffer memory free (in MiB).", func(n *bus.Node, g *bus.GPU) float64 { return float64(bus.Free(n, g)) }},
		{"DCGM_FI_DEV_FB_USED", "gauge", "Framebuffer memory used (in MiB).", func(_ *bus.Node, g *bus.GPU) float64 { return float64(g.UsedMiB) }},
		{"DCGM_FI_DEV_FB_RESERVED", "gauge", "Framebuffer memory reserved (in MiB).", func(n *bus.Node, _ *bus.GPU) float64 { return float64(bus.Reserved(n.Card.MemoryMiB)) }},
		{"DCGM_FI_DEV_ECC_SBE_VOL_TOTAL", "counter", "Total number of single-bit volatile ECC errors.", func(_ *bus.Node, g *bus.GPU) float64 { return float64(g.Corrected) }},
		{"DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", "counter", "Total number of double-bit volatile ECC errors.", func(_ *bus.Node, g *bus.GPU) float64 { return float64(g.Uncorrected) }},
	}
}

// WriteMetrics writes what Prometheus scrapes: the metrics of DCGM's exporter, with
// its labels. Holders say which Pod has a GPU; one that several have is written for
// each. A lost GPU is not written, as its exporter cannot read it.
func WriteMetrics(w io.Writer, n *bus.Node) {
	fmt.Fprintf(w, "# Simulated by podlab: node %s has no real GPU.\n", n.Name)
	for _, m := range metrics() {
		fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", m.name, m.help, m.name, m.kind)
		for i := range n.GPUs {
			g := &n.GPUs[i]
			if g.Lost && m.name != "DCGM_FI_DEV_XID_ERRORS" {
				continue
			}
			value := strconv.FormatFloat(m.value(n, g), 'f', -1, 64)
			holders := g.Holders
			if len(holders) == 0 {
				holders = []bus.Holder{{}}
			}
			for _, h := range holders {
				fmt.Fprintf(w, "%s{%s} %s\n", m.name, labels(n, g, h), value)
			}
		}
	}
}

func labels(n *bus.Node, g *bus.GPU, h bus.Holder) string {
	pairs := [][2]string{
		{"gpu", strconv.Itoa(g.Index)}, {"UUID", g.UUID}, {"pci_bus_id", g.BusID}, {"device", fmt.Sprintf("nvidia%d", g.Index)},
		{"modelName", n.Card.Product}, {"Hostname", n.Name}, {"DCGM_FI_DRIVER_VERSION", n.Driver},
	}
	for _, i := range g.Instances {
		if h.Device == i.UUID {
			pairs = append(pairs, [2]string{"GPU_I_PROFILE", i.Profile.Name}, [2]string{"GPU_I_ID", strconv.Itoa(i.GI)})
		}
	}
	if h.Pod != "" {
		pairs = append(pairs, [2]string{"container", h.Container}, [2]string{"namespace", h.Namespace}, [2]string{"pod", h.Pod})
	}
	var b strings.Builder
	for i, p := range pairs {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%s=%q", p[0], p[1])
	}
	return b.String()
}
