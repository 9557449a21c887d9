package smi

import (
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"podlab.dev/podlab/cluster/gpu/bus"
)

// layout is what the log says of a GPU, a line each: a name, and a value with
// {words} that stand for what [view.words] knows.
//
//go:embed query.txt
var layout string

// printLog prints nvidia-smi -q. display selects sections; empty means all.
func printLog(w io.Writer, now time.Time, views []view, display string) int {
	wanted, ok := sections(display)
	if !ok {
		fmt.Fprintf(w, "Invalid display type %q. Please run 'nvidia-smi -h' for help.\n", display)
		return codeArgument
	}
	node := views[0].node
	fmt.Fprintf(w, "\n==============NVSMI LOG==============\n%s\n\n", Simulated)
	line(w, "", "Timestamp", now.Format("Mon Jan _2 15:04:05 2006"))
	line(w, "", "Driver Version", node.Driver)
	line(w, "", "CUDA Version", node.CUDA)
	fmt.Fprintln(w)
	line(w, "", "Attached GPUs", fmt.Sprint(len(views)))
	for _, v := range views {
		fmt.Fprintf(w, "GPU %s\n", v.gpu.BusID)
		words := strings.NewReplacer(v.words()...)
		show := true
		for text := range strings.Lines(layout) {
			text = strings.TrimSuffix(text, "\n")
			bare := strings.TrimLeft(text, " ")
			indent := text[:len(text)-len(bare)]
			name, value, has := strings.Cut(bare, ": ")
			if len(indent) == 4 {
				show = wanted == nil || slices.Contains(wanted, strings.TrimSpace(name))
			}
			switch {
			case !show:
			case has:
				line(w, indent, name, words.Replace(value))
			default:
				fmt.Fprintln(w, text)
			}
		}
		fmt.Fprintln(w)
	}
	return codeOK
}

// line prints a name and its value, the colon in column 43.
func line(w io.Writer, indent, name, value string) {
	fmt.Fprintf(w, "%-42s: %s\n", indent+name, value)
}

// sections are those of the log that -d selects; nil means all.
func sections(display string) (names []string, ok bool) {
	if display == "" {
		return nil, true
	}
	for word := range strings.SplitSeq(display, ",") {
		switch strings.ToUpper(strings.TrimSpace(word)) {
		case "MEMORY":
			names = append(names, "FB Memory Usage", "BAR1 Memory Usage", "Conf Compute Protected Memory Usage")
		case "UTILIZATION":
			names = append(names, "Utilization")
		case "ECC":
			names = append(names, "ECC Mode", "ECC Errors")
		case "TEMPERATURE":
			names = append(names, "Temperature")
		case "POWER":
			names = append(names, "GPU Power Readings", "GPU Memory Power Readings", "Module Power Readings")
		case "CLOCK":
			names = append(names, "Clocks", "Applications Clocks", "Default Applications Clocks", "Deferred Clocks", "Max Clocks", "Max Customer Boost Clocks", "Clock Policy")
		case "COMPUTE":
			names = append(names, "Compute Mode")
		case "PIDS":
			names = append(names, "Processes")
		case "PERFORMANCE":
			names = append(names, "Performance State", "Clocks Event Reasons", "Sparse Operation Mode")
		default:
			return nil, false
		}
	}
	return names, true
}

// words are the values of a GPU, each after the {word} that stands for it.
func (v view) words() []string {
	g, card := v.gpu, v.node.Card
	util, memory, none := fmt.Sprintf("%d %%", g.Util), fmt.Sprintf("%d %%", bus.MemoryUtil(g)), "0 %"
	if g.MIG {
		util, memory, none = "N/A", "N/A", "N/A"
	}
	recovery, remap := "None", "No"
	if g.Uncorrected > 0 {
		recovery, remap = "Reset", "Yes"
	}
	place := strings.Split(g.BusID, ":")[1]
	return []string{
		"{name}", card.Product, "{brand}", card.Brand, "{family}", strings.ToUpper(card.Family[:1]) + card.Family[1:],
		"{mig}", v.mig(), "{serial}", g.Serial, "{uuid}", g.UUID, "{minor}", fmt.Sprint(g.Index), "{vbios}", card.VBIOS,
		"{board}", "0x" + strings.TrimLeft(strings.ToLower(place), "0") + "00", "{part}", card.PartNumber, "{module}", fmt.Sprint(g.Index + 1),
		"{recovery}", recovery, "{driver}", v.node.Driver, "{bus}", "0x" + place, "{busid}", g.BusID, "{pcie}", fmt.Sprint(card.PCIe),
		"{pstate}", v.performance(), "{idle}", active(g.Util == 0 && !g.Throttled), "{throttled}", active(g.Throttled),
		"{total}", fmt.Sprint(card.MemoryMiB), "{reserved}", fmt.Sprint(bus.Reserved(card.MemoryMiB)), "{used}", fmt.Sprint(g.UsedMiB), "{free}", fmt.Sprint(bus.Free(v.node, g)),
		"{bar1}", fmt.Sprint(card.BAR1MiB), "{bar1free}", fmt.Sprint(card.BAR1MiB - 1),
		"{util}", util, "{memutil}", memory, "{none%}", none,
		"{corrected}", fmt.Sprint(g.Corrected), "{uncorrected}", fmt.Sprint(g.Uncorrected), "{remap}", remap,
		"{temp}", fmt.Sprint(g.Temperature), "{shutdown}", fmt.Sprint(card.Temperature.Shutdown), "{slowdown}", fmt.Sprint(card.Temperature.Slowdown),
		"{power}", fmt.Sprintf("%.2f", g.Power), "{cap}", fmt.Sprintf("%.2f", float64(card.Power.Max)),
		"{sm}", fmt.Sprint(g.SMClock), "{smmax}", fmt.Sprint(card.SM.Max), "{mem}", fmt.Sprint(g.MemoryClock), "{memmax}", fmt.Sprint(card.Memory.Max),
	}
}

func active(yes bool) string {
	if yes {
		return "Active"
	}
	return "Not Active"
}
