package smi

import (
	"fmt"
	"io"
	"strings"
	"time"

	"podlab.dev/podlab/cue/gpu/card"
)

// rule is a line across three columns.
const rule = "+-----------------------------------------+------------------------+----------------------+\n"

// wide is a line across one.
const wide = "+-----------------------------------------------------------------------------------------+\n"

// printTable prints what nvidia-smi prints without arguments.
func printTable(w io.Writer, now time.Time, views []view) {
	node := views[0].node
	fmt.Fprintf(w, "%s       %s\n", now.Format("Mon Jan _2 15:04:05 2006"), Simulated)
	fmt.Fprint(w, wide)
	fmt.Fprintf(w, "| NVIDIA-SMI %-23sDriver Version: %-15sCUDA Version: %-9s|\n", node.Driver, node.Driver, node.CUDA)
	fmt.Fprint(w, "|"+rule[1:])
	fmt.Fprint(w, "| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |\n")
	fmt.Fprint(w, "| Fan  Temp   Perf          Pwr:Usage/Cap |           Memory-Usage | GPU-Util  Compute M. |\n")
	fmt.Fprint(w, "|                                         |                        |               MIG M. |\n")
	fmt.Fprint(w, "|=========================================+========================+======================|\n")
	for _, v := range views {
		g, of := v.gpu, v.node.Card
		ecc, util := fmt.Sprint(g.Uncorrected), fmt.Sprintf("%d%%", g.Util)
		if g.MIG {
			ecc, util = "On", "N/A"
		}
		fmt.Fprintf(w, "|%4d  %-30s %-3s |%19s %3s |%21s |\n", v.index, of.Product, "On", g.BusID, "Off", ecc)
		fmt.Fprintf(w, "| %3s%5dC%6s%15.0fW / %4dW |%8dMiB / %6dMiB |%8s%13s |\n", "N/A", g.Temperature, v.performance(), g.Power, of.Power.Max, g.UsedMiB, of.MemoryMiB, util, "Default")
		fmt.Fprintf(w, "|%41s|%24s|%21s |\n", "", "", v.mig())
		fmt.Fprint(w, rule)
	}
	printInstances(w, views)
	// Programs of other PID namespaces are not shown, as in a real container.
	fmt.Fprintf(w, "%89s\n", "")
	fmt.Fprint(w, wide)
	fmt.Fprint(w, "| Processes:                                                                              |\n")
	fmt.Fprint(w, "|  GPU   GI   CI              PID   Type   Process name                        GPU Memory |\n")
	fmt.Fprint(w, "|        ID   ID                                                               Usage      |\n")
	fmt.Fprint(w, "|=========================================================================================|\n")
	fmt.Fprint(w, "|  No running processes found                                                             |\n")
	fmt.Fprint(w, wide)
}

// printInstances prints the table of MIG devices, if there are any.
func printInstances(w io.Writer, views []view) {
	if !views[0].gpu.MIG {
		return
	}
	const rule = "+------------------+----------------------------------+-----------+-----------------------+\n"
	fmt.Fprint(w, "\n"+wide)
	fmt.Fprint(w, "| MIG devices:                                                                            |\n")
	fmt.Fprint(w, rule)
	fmt.Fprint(w, "| GPU  GI  CI  MIG |                     Memory-Usage |        Vol|        Shared         |\n")
	fmt.Fprint(w, "|      ID  ID  Dev |                       BAR1-Usage | SM     Unc| CE ENC  DEC  OFA  JPG |\n")
	fmt.Fprint(w, "|                  |                                  |        ECC|                       |\n")
	fmt.Fprint(w, "|==================+==================================+===========+=======================|\n")
	for _, v := range views {
		for k, i := range v.gpu.Instances {
			decoders, other := i.Profile.Share/2, 0
			if i.Profile.Share == card.MemorySlices {
				decoders, other = 5, 1
			}
			fmt.Fprintf(w, "|%3d%5d%4d%4d  |%16dMiB / %5dMiB    | %-3d%6d |%3d%4d%5d%5d%5d |\n", v.index, i.GI, 0, k,
				i.UsedMiB, i.Profile.MemoryMiB, i.Profile.SMs, v.gpu.Uncorrected, i.Profile.Compute, 0, decoders, other, other)
			fmt.Fprintf(w, "|%18s|%18dMiB / %5dMiB  |%11s|%23s|\n", "", 0, v.node.Card.BAR1MiB/8*i.Profile.Share-1, "", "")
			fmt.Fprint(w, rule)
		}
	}
}

// performance is the state that the clocks are in. Data centre cards stay in P0.
func (v view) performance() string {
	if v.node.Card.Family == "turing" && v.gpu.SMClock == v.node.Card.SM.Idle {
		return "P8"
	}
	return "P0"
}

// mig is the mode of a card that can be divided.
func (v view) mig() string {
	switch {
	case len(v.node.Card.MIG) == 0:
		return "N/A"
	case v.gpu.MIG:
		return "Enabled"
	}
	return "Disabled"
}

// printTopology prints how the GPUs are joined.
func printTopology(w io.Writer, views []view) int {
	fmt.Fprintf(w, "\t")
	for _, v := range views {
		fmt.Fprintf(w, "GPU%d\t", v.index)
	}
	fmt.Fprintf(w, "CPU Affinity\tNUMA Affinity\tGPU NUMA ID\n")
	for _, v := range views {
		fmt.Fprintf(w, "GPU%d\t", v.index)
		for _, o := range views {
			link := "SYS"
			switch {
			case o.index == v.index:
				link = " X "
			case v.node.Card.NVLinks > 0:
				link = fmt.Sprintf("NV%d", v.node.Card.NVLinks)
			case o.gpu.NUMA == v.gpu.NUMA:
				link = "NODE"
			}
			fmt.Fprintf(w, "%s\t", link)
		}
		fmt.Fprintf(w, "%d\t%d\t\tN/A\n", v.gpu.NUMA, v.gpu.NUMA)
	}
	fmt.Fprint(w, "\n"+strings.TrimPrefix(legend, "\n"))
	return codeOK
}

const legend = `
Legend:

  X    = Self
  SYS  = Connection traversing PCIe as well as the SMP interconnect between NUMA nodes (e.g., QPI/UPI)
  NODE = Connection traversing PCIe as well as the interconnect between PCIe Host Bridges within a NUMA node
  PHB  = Connection traversing PCIe as well as a PCIe Host Bridge (typically the CPU)
  PXB  = Connection traversing multiple PCIe bridges (without traversing the PCIe Host Bridge)
  PIX  = Connection traversing at most a single PCIe bridge
  NV#  = Connection traversing a bonded set of # NVLinks
`
