package smi

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"podlab.dev/podlab/cluster/gpu/bus"
)

// field is what --query-gpu knows: its unit, empty for none, and its value.
type field struct {
	unit  string
	value func(v view) string
}

// absent is what the card has no value for.
const absent = "[N/A]"

// fields are those of --query-gpu, by every name that they have.
func fields(now time.Time, count int) map[string]field {
	text := func(value func(v view) string) field { return field{"", value} }
	number := func(unit string, value func(v view) int) field {
		return field{unit, func(v view) string { return fmt.Sprint(value(v)) }}
	}
	constant := func(s string) field { return text(func(view) string { return s }) }
	busy := func(value func(v view) int) field {
		return field{"%", func(v view) string {
			if v.gpu.MIG {
				return absent
			}
			return fmt.Sprint(value(v))
		}}
	}
	all := map[string]field{
		"timestamp":                             text(func(view) string { return now.Format("2006/01/02 15:04:05.000") }),
		"driver_version":                        text(func(v view) string { return v.node.Driver }),
		"count":                                 constant(fmt.Sprint(count)),
		"name":                                  text(func(v view) string { return v.node.Card.Product }),
		"serial":                                text(func(v view) string { return v.gpu.Serial }),
		"uuid":                                  text(func(v view) string { return v.gpu.UUID }),
		"index":                                 text(func(v view) string { return fmt.Sprint(v.index) }),
		"pci.bus_id":                            text(func(v view) string { return v.gpu.BusID }),
		"vbios_version":                         text(func(v view) string { return v.node.Card.VBIOS }),
		"compute_cap":                           text(func(v view) string { return v.node.Card.Compute }),
		"compute_mode":                          constant("Default"),
		"persistence_mode":                      constant("Enabled"),
		"display_mode":                          constant("Disabled"),
		"display_active":                        constant("Disabled"),
		"accounting.mode":                       constant("Disabled"),
		"mig.mode.current":                      text(func(v view) string { return orAbsent(v.mig()) }),
		"mig.mode.pending":                      text(func(v view) string { return orAbsent(v.mig()) }),
		"pcie.link.gen.current":                 text(func(v view) string { return fmt.Sprint(v.node.Card.PCIe) }),
		"pcie.link.gen.max":                     text(func(v view) string { return fmt.Sprint(v.node.Card.PCIe) }),
		"pcie.link.width.current":               constant("16"),
		"pcie.link.width.max":                   constant("16"),
		"fan.speed":                             constant(absent),
		"pstate":                                text(view.performance),
		"memory.total":                          number("MiB", func(v view) int { return v.node.Card.MemoryMiB }),
		"memory.reserved":                       number("MiB", func(v view) int { return bus.Reserved(v.node.Card.MemoryMiB) }),
		"memory.used":                           number("MiB", func(v view) int { return v.gpu.UsedMiB }),
		"memory.free":                           number("MiB", func(v view) int { return bus.Free(v.node, v.gpu) }),
		"utilization.gpu":                       busy(func(v view) int { return v.gpu.Util }),
		"utilization.memory":                    busy(func(v view) int { return bus.MemoryUtil(v.gpu) }),
		"temperature.gpu":                       text(func(v view) string { return fmt.Sprint(v.gpu.Temperature) }),
		"temperature.memory":                    constant("N/A"),
		"power.draw":                            {"W", func(v view) string { return fmt.Sprintf("%.2f", v.gpu.Power) }},
		"power.limit":                           {"W", func(v view) string { return fmt.Sprintf("%d.00", v.node.Card.Power.Max) }},
		"power.max_limit":                       {"W", func(v view) string { return fmt.Sprintf("%d.00", v.node.Card.Power.Max) }},
		"clocks.current.sm":                     number("MHz", func(v view) int { return v.gpu.SMClock }),
		"clocks.current.graphics":               number("MHz", func(v view) int { return v.gpu.SMClock }),
		"clocks.current.memory":                 number("MHz", func(v view) int { return v.gpu.MemoryClock }),
		"clocks.max.sm":                         number("MHz", func(v view) int { return v.node.Card.SM.Max }),
		"clocks.max.graphics":                   number("MHz", func(v view) int { return v.node.Card.SM.Max }),
		"clocks.max.memory":                     number("MHz", func(v view) int { return v.node.Card.Memory.Max }),
		"ecc.mode.current":                      constant("Enabled"),
		"ecc.mode.pending":                      constant("Enabled"),
		"ecc.errors.corrected.volatile.total":   text(func(v view) string { return fmt.Sprint(v.gpu.Corrected) }),
		"ecc.errors.uncorrected.volatile.total": text(func(v view) string { return fmt.Sprint(v.gpu.Uncorrected) }),
		"clocks_event_reasons.hw_thermal_slowdown": text(func(v view) string { return active(v.gpu.Throttled) }),
		"clocks_event_reasons.hw_slowdown":         text(func(v view) string { return active(v.gpu.Throttled) }),
	}
	for also, name := range map[string]string{
		"gpu_name": "name", "gpu_serial": "serial", "gpu_uuid": "uuid", "gpu_bus_id": "pci.bus_id",
		"power.draw.instant": "power.draw", "power.draw.average": "power.draw", "power.default_limit": "power.limit",
		"clocks.sm": "clocks.current.sm", "clocks.gr": "clocks.current.graphics", "clocks.mem": "clocks.current.memory",
		"clocks.max.gr": "clocks.max.graphics", "clocks.max.mem": "clocks.max.memory",
		"clocks_throttle_reasons.hw_thermal_slowdown": "clocks_event_reasons.hw_thermal_slowdown",
		"clocks_throttle_reasons.hw_slowdown":         "clocks_event_reasons.hw_slowdown",
	} {
		all[also] = all[name]
	}
	return all
}

func orAbsent(s string) string {
	if s == "N/A" {
		return absent
	}
	return s
}

// format is what --format says.
type format struct{ header, units bool }

func readFormat(s string) (f format, ok bool) {
	words := strings.Split(s, ",")
	f = format{!slices.Contains(words, "noheader"), !slices.Contains(words, "nounits")}
	for _, word := range words {
		ok = ok || word == "csv"
		if word != "csv" && word != "noheader" && word != "nounits" {
			return f, false
		}
	}
	return f, ok
}

// printCSV prints what --query-gpu asks for.
func printCSV(w io.Writer, now time.Time, views []view, names, as string) int {
	f, ok := readFormat(as)
	if !ok {
		fmt.Fprintf(w, "Format %q is not valid: it is csv, with noheader or nounits. Please run 'nvidia-smi -h' for help.\n", as)
		return codeArgument
	}
	known := fields(now, len(views))
	var wanted []field
	var header []string
	for name := range strings.SplitSeq(names, ",") {
		name = strings.TrimSpace(name)
		x, ok := known[name]
		if !ok {
			fmt.Fprintf(w, "Field %q is not a valid field to query.\n\n", name)
			return codeArgument
		}
		wanted = append(wanted, x)
		if x.unit != "" {
			name += " [" + x.unit + "]"
		}
		header = append(header, name)
	}
	if f.header {
		fmt.Fprintln(w, strings.Join(header, ", "))
	}
	for _, v := range views {
		var values []string
		for _, x := range wanted {
			value := x.value(v)
			if f.units && x.unit != "" && value != absent {
				value += " " + x.unit
			}
			values = append(values, value)
		}
		fmt.Fprintln(w, strings.Join(values, ", "))
	}
	return codeOK
}

// printApps prints the header of the list of programs, which is empty: those of
// other PID namespaces are not seen from a container.
func printApps(w io.Writer, names, as string) int {
	f, ok := readFormat(as)
	if !ok {
		fmt.Fprintf(w, "Format %q is not valid: it is csv, with noheader or nounits. Please run 'nvidia-smi -h' for help.\n", as)
		return codeArgument
	}
	var header []string
	for name := range strings.SplitSeq(names, ",") {
		switch name = strings.TrimSpace(name); name {
		case "used_memory", "used_gpu_memory":
			name += " [MiB]"
		case "timestamp", "gpu_name", "gpu_bus_id", "gpu_serial", "gpu_uuid", "pid", "process_name", "name":
		default:
			fmt.Fprintf(w, "Field %q is not a valid field to query.\n\n", name)
			return codeArgument
		}
		header = append(header, name)
	}
	if f.header {
		fmt.Fprintln(w, strings.Join(header, ", "))
	}
	return codeOK
}
