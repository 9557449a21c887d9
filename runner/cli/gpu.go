package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/cluster/gpu"
	"podlab.dev/podlab/cluster/gpu/bus"
	"podlab.dev/podlab/content"
	"podlab.dev/podlab/runner"
)

func newGPU(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "gpu", Short: "The simulated GPUs of a lab's cluster", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(
		&cobra.Command{
			Use: "status", Short: "Show the GPUs, who holds them, and how they are", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return a.gpuStatus(cmd.Context()) },
		},
		newGPUFault(a),
		newGPUHeal(a),
	)
	return cmd
}

// gpuTarget are the flags that say which GPU is meant.
type gpuTarget struct{ node, pod string }

func (t *gpuTarget) flags(cmd *cobra.Command) {
	cmd.Flags().Int("gpu", 0, "`number` of the GPU on its node")
	cmd.Flags().StringVar(&t.pod, "pod", "", "the first GPU of this `Pod` of the lab, in place of --gpu")
	cmd.Flags().StringVar(&t.node, "node", "", "`node` of the GPU, where several have some")
}

// of is the GPU that the flags say; named tells whether they say any.
func (t *gpuTarget) of(cmd *cobra.Command, namespace string) (target gpu.Target, named bool, err error) {
	index, err := cmd.Flags().GetInt("gpu")
	if err != nil {
		return target, false, err
	}
	if t.pod != "" && cmd.Flags().Changed("gpu") {
		return target, false, usage("--gpu and --pod both say which GPU")("give one of them; podlab gpu status shows the GPUs")
	}
	pod := t.pod
	if before, after, ok := strings.Cut(pod, "/"); ok {
		namespace, pod = before, after
	}
	return gpu.Target{Node: t.node, Index: index, Namespace: namespace, Pod: pod}, t.pod != "" || cmd.Flags().Changed("gpu"), nil
}

func newGPUFault(a *app) *cobra.Command {
	var target gpuTarget
	var f bus.Fault
	var ecc, thermal, lost, crash bool
	cmd := &cobra.Command{
		Use: "fault", Short: "Break a GPU, now or at a moment that you say", Args: cobra.NoArgs,
		Long: "Fault makes something go wrong with a GPU: an error that its driver logs (--xid 79), a double-bit memory error (--ecc), heat that slows it down\n" +
			"(--thermal), its loss from the bus (--lost), or a crash of the node's device plugin (--plugin-crash). Kubernetes sees it as it would see the real thing.\n" +
			"podlab gpu heal undoes it. In a lab, both stand in the record of what happened.",
		Example: "  podlab gpu fault --gpu 1 --xid 79\n  podlab gpu fault --pod trainer --ecc --after 10s\n  podlab gpu fault --gpu 0 --lost --after-allocations 2",
		RunE: func(cmd *cobra.Command, _ []string) error {
			kinds := map[string]bool{bus.FaultXid: cmd.Flags().Changed("xid"), bus.FaultECC: ecc, bus.FaultThermal: thermal, bus.FaultLost: lost, bus.FaultPlugin: crash}
			chosen := 0
			for kind, yes := range kinds {
				if yes {
					f.Kind = kind
					chosen++
				}
			}
			switch {
			case chosen != 1:
				return usage("%d faults are named, and one happens at a time", chosen)("give one of --xid NUMBER, --ecc, --thermal, --lost, --plugin-crash")
			case f.Kind == bus.FaultXid && f.Xid < 1:
				return usage("there is no Xid %d", f.Xid)("--xid 79 is a GPU that has fallen off its bus; docs/gpu.md lists more")
			case f.After < 0 || f.AfterAllocations < 0:
				return usage("a fault cannot happen before now")("give --after a time like 10s, or --after-allocations a number like 2")
			case f.After > 0 && f.AfterAllocations > 0:
				return usage("--after and --after-allocations both say when")("give one of them")
			}
			return a.onGPUs(cmd.Context(), func(config *rest.Config, namespace string) (string, error) {
				t, _, err := target.of(cmd, namespace)
				if err != nil {
					return "", err
				}
				return gpu.Break(cmd.Context(), config, t, f)
			})
		},
	}
	target.flags(cmd)
	cmd.Flags().IntVar(&f.Xid, "xid", 0, "an error that the driver logs, by its `number`")
	cmd.Flags().BoolVar(&ecc, "ecc", false, "a double-bit memory error")
	cmd.Flags().BoolVar(&thermal, "thermal", false, "heat, so that it slows itself down")
	cmd.Flags().BoolVar(&lost, "lost", false, "its loss from the bus")
	cmd.Flags().BoolVar(&crash, "plugin-crash", false, "a crash of the node's device plugin")
	cmd.Flags().DurationVar(&f.After, "after", 0, "so much `time` from now")
	cmd.Flags().IntVar(&f.AfterAllocations, "after-allocations", 0, "once so `many` more containers have been given a GPU of the node")
	return cmd
}

func newGPUHeal(a *app) *cobra.Command {
	var target gpuTarget
	cmd := &cobra.Command{
		Use: "heal", Short: "Undo the faults of a GPU, or of all", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.onGPUs(cmd.Context(), func(config *rest.Config, namespace string) (string, error) {
				t, named, err := target.of(cmd, namespace)
				if err != nil {
					return "", err
				}
				if !named {
					return gpu.Heal(cmd.Context(), config, nil)
				}
				return gpu.Heal(cmd.Context(), config, &t)
			})
		},
	}
	target.flags(cmd)
	return cmd
}

// onGPUs does something to GPUs, says it, and records it where a lab is open.
func (a *app) onGPUs(ctx context.Context, do func(config *rest.Config, namespace string) (string, error)) error {
	config, x, err := a.labCluster(ctx)
	if err != nil {
		return err
	}
	return a.recorded(x, func(namespace string) (string, error) { return do(config, namespace) })
}

// labCluster is the cluster of the current lab, with its session; where no lab is
// open, the one that podlab has made.
func (a *app) labCluster(ctx context.Context) (*rest.Config, *runner.Session, error) {
	x, err := a.session(nil)
	none := (*runner.NoSessionError)(nil)
	if err != nil && !errors.As(err, &none) {
		return nil, nil, err
	}
	if err == nil {
		config, err := x.Cluster()
		if err == nil {
			return config, x, nil
		}
		if !errors.As(err, &none) {
			return nil, nil, err
		}
	}
	st, err := cluster.StatusOf(ctx, a.options)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range st.Clusters {
		if c.Kubeconfig != "" && c.State == "running" {
			config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig)
			return config, nil, err
		}
	}
	return nil, nil, &cluster.Error{Kind: cluster.ErrNeeds, What: "no cluster is running", Do: "start a lab, or make a cluster: podlab cluster up, with GPUs podlab cluster up --gpus A100-80GB:4"}
}

// gpuStatus shows the GPUs of every node.
func (a *app) gpuStatus(ctx context.Context) error {
	config, _, err := a.labCluster(ctx)
	if err != nil {
		return err
	}
	nodes, err := gpu.Look(ctx, config)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(struct {
			Simulated bool       `json:"simulated"`
			Nodes     []bus.Node `json:"nodes"`
		}{true, nodes})
	}
	for _, n := range nodes {
		fmt.Fprintf(a.Out, "node %s: %d × %s, simulated\n", n.Name, len(n.GPUs), n.Card.Product)
		w := tabwriter.NewWriter(a.Out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "GPU\tHEALTH\tMEMORY\tBUSY\tTEMP\tPOWER\tHELD BY")
		for _, g := range n.GPUs {
			health := "healthy"
			switch {
			case g.Unhealthy != "":
				health = "unhealthy: " + g.Unhealthy
			case g.Throttled:
				health = "healthy, slowed down by heat"
			case g.Xid != 0:
				health = fmt.Sprintf("healthy, last error Xid %d", g.Xid)
			}
			fmt.Fprintf(w, "%d\t%s\t%d/%d MiB\t%d%%\t%d °C\t%.0f W\t%s\n", g.Index, health, g.UsedMiB, n.Card.MemoryMiB, g.Util, g.Temperature, g.Power, holders(g))
			for k, i := range g.Instances {
				fmt.Fprintf(w, " %d:%d\tMIG %s\t%d/%d MiB\t%d%%\t\t\t\n", g.Index, k, i.Profile.Name, i.UsedMiB, i.Profile.MemoryMiB, i.Util)
			}
		}
		if err := w.Flush(); err != nil {
			return err
		}
		for _, f := range n.Faults {
			if f.Happened.IsZero() {
				fmt.Fprintf(a.Out, "to come: %s (ordered %s ago)\n", gpu.Say(n.Name, f), time.Since(f.Ordered).Round(time.Second))
			}
		}
	}
	return nil
}

// holders are the containers that have a GPU.
func holders(g bus.GPU) string {
	if len(g.Holders) == 0 {
		return "-"
	}
	var all []string
	for _, h := range g.Holders {
		all = append(all, content.Line(h.Namespace+"/"+h.Pod+":"+h.Container, 200))
	}
	return strings.Join(all, ", ")
}
