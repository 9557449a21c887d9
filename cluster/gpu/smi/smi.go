// Package smi is nvidia-smi for simulated GPUs: it prints what the real one prints,
// in the layout of driver 570, of the devices that its container has.
//
//	code := smi.Run(os.Args[1:], smi.World{Out: os.Stdout, Err: os.Stderr, Now: time.Now, Node: ask})
//
// That the GPUs are simulated stands where a person looks, the first line of the
// table and of the log, and not in what programs parse.
package smi

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"podlab.dev/podlab/cluster/gpu/bus"
)

// World is what a run has.
type World struct {
	Out, Err io.Writer
	Now      func() time.Time
	// Node asks for the node, and for those of its GPUs that are to be seen.
	Node func() (*bus.Node, []bus.GPU, error)
	// Wait passes the time between two looks of -l; false ends them.
	Wait func(time.Duration) bool
}

// Exit codes of the real one.
const (
	codeOK       = 0
	codeArgument = 2
	codeNoDevice = 6
	codeNoDriver = 9
	codeLost     = 15
)

// Simulated is said once where a person looks.
const Simulated = "Simulated by podlab: no real GPU is here."

// request is what is asked for.
type request struct {
	list, query, topology bool
	fields, apps, format  string
	display, only         string
	loop                  int
}

// Run does what the arguments say and returns the exit code.
func Run(args []string, w World) int {
	r, err := parse(args)
	if errors.Is(err, pflag.ErrHelp) {
		fmt.Fprint(w.Out, help)
		return codeOK
	}
	if err != nil {
		fmt.Fprintf(w.Out, "%v\n", err)
		return codeArgument
	}
	for {
		code := r.look(w)
		if code != codeOK || r.loop == 0 || !w.Wait(time.Duration(r.loop)*time.Second) {
			return code
		}
	}
}

const help = `NVIDIA System Management Interface -- simulated by podlab, layout of v570

nvidia-smi [OPTION1 [ARG1]] [OPTION2 [ARG2]] ...

    -L,   --list-gpus           Display a list of GPUs connected to the system.
    -q,   --query               Display GPU information.
    -d,   --display=            Display only selected information: MEMORY,
                                    UTILIZATION, ECC, TEMPERATURE, POWER, CLOCK,
                                    COMPUTE, PIDS, PERFORMANCE. With -q.
    -i,   --id=                 Target a specific GPU, by index, UUID or bus id.
    -l,   --loop=               Probe until Ctrl+C at specified second interval.
          --query-gpu=          Information about GPU: name,memory.used,...
          --query-compute-apps= List of currently active compute processes.
          --format=             csv[,noheader][,nounits]
    topo -m                     Display topological information.
`

func parse(args []string) (request, error) {
	var r request
	f := pflag.NewFlagSet("nvidia-smi", pflag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	f.BoolVarP(&r.list, "list-gpus", "L", false, "")
	f.BoolVarP(&r.query, "query", "q", false, "")
	f.StringVarP(&r.display, "display", "d", "", "")
	f.StringVarP(&r.only, "id", "i", "", "")
	f.IntVarP(&r.loop, "loop", "l", 0, "")
	f.Lookup("loop").NoOptDefVal = "5"
	f.StringVar(&r.fields, "query-gpu", "", "")
	f.StringVar(&r.apps, "query-compute-apps", "", "")
	f.StringVar(&r.format, "format", "", "")
	matrix := f.BoolP("matrix", "m", false, "")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			return r, err
		}
		return r, fmt.Errorf("Invalid combination of input arguments. Please run 'nvidia-smi -h' for help.\n(%v)", err) //nolint:staticcheck // nvidia-smi's own words
	}
	rest := f.Args()
	// -l 5 is two words to a flag whose value may be left out.
	if len(rest) > 0 && r.loop > 0 {
		if n, err := strconv.Atoi(rest[0]); err == nil && n > 0 {
			r.loop, rest = n, rest[1:]
		}
	}
	switch {
	case len(rest) == 1 && rest[0] == "topo" && *matrix:
		r.topology = true
	case len(rest) > 0:
		return r, fmt.Errorf("Invalid combination of input arguments. Please run 'nvidia-smi -h' for help.") //nolint:staticcheck,revive // the same
	case (r.fields != "" || r.apps != "") && r.format == "":
		return r, errors.New(`"--format=" switch is missing. Please run 'nvidia-smi -h' for help.`)
	}
	return r, nil
}

// look asks once and prints once.
func (r request) look(w World) int {
	node, gpus, err := w.Node()
	if err != nil {
		fmt.Fprintln(w.Out, "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.")
		fmt.Fprintln(w.Out)
		fmt.Fprintf(w.Err, "(%s The driver here is the DaemonSet gpu in namespace podlab-gpu: %v)\n", Simulated, err)
		return codeNoDriver
	}
	// In a container the first GPU that it has is GPU 0.
	views := make([]view, len(gpus))
	for i := range gpus {
		views[i] = view{node, &gpus[i], i}
	}
	if len(views) == 0 {
		fmt.Fprintln(w.Out, "No devices were found")
		return codeNoDevice
	}
	if r.only != "" {
		if views = choose(views, r.only); len(views) == 0 {
			fmt.Fprintf(w.Out, "No devices were found\n")
			return codeNoDevice
		}
	}
	if r.list {
		return printList(w.Out, views)
	}
	for _, v := range views {
		if v.gpu.Lost {
			fmt.Fprintf(w.Out, "Unable to determine the device handle for GPU%d: %s: GPU is lost.  Reboot the system to recover this GPU\n", v.index, v.shortBus())
			return codeLost
		}
	}
	switch {
	case r.query:
		return printLog(w.Out, w.Now(), views, r.display)
	case r.fields != "":
		return printCSV(w.Out, w.Now(), views, r.fields, r.format)
	case r.apps != "":
		return printApps(w.Out, r.apps, r.format)
	case r.topology:
		return printTopology(w.Out, views)
	}
	printTable(w.Out, w.Now(), views)
	return codeOK
}

// view is a GPU as its container sees it.
type view struct {
	node  *bus.Node
	gpu   *bus.GPU
	index int
}

// shortBus is the place in the form of the kernel: 0000:07:00.0.
func (v view) shortBus() string { return strings.TrimPrefix(v.gpu.BusID, "0000") }

// choose finds GPUs by index, UUID or place.
func choose(views []view, ids string) []view {
	var out []view
	for id := range strings.SplitSeq(ids, ",") {
		for _, v := range views {
			if id == strconv.Itoa(v.index) || id == v.gpu.UUID || strings.EqualFold(id, v.gpu.BusID) || strings.EqualFold(id, v.shortBus()) {
				out = append(out, v)
			}
		}
	}
	return out
}

func printList(w io.Writer, views []view) int {
	for _, v := range views {
		if v.gpu.Lost {
			fmt.Fprintf(w, "Unable to determine the device handle for gpu %s: GPU is lost.  Reboot the system to recover this GPU\n", v.shortBus())
			continue
		}
		fmt.Fprintf(w, "GPU %d: %s (UUID: %s)\n", v.index, v.node.Card.Product, v.gpu.UUID)
		for k, i := range v.gpu.Instances {
			fmt.Fprintf(w, "  MIG %-12sDevice %2d: (UUID: %s)\n", i.Profile.Name, k, i.UUID)
		}
	}
	return codeOK
}
