package cli

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"podlab.dev/podlab/cluster"
	workload "podlab.dev/podlab/cluster/image"
	"podlab.dev/podlab/cluster/toolbox"
	"podlab.dev/podlab/cue/lab"
)

func newCluster(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "cluster", Short: "The cluster in which labs run", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	var arch string
	var ofGPUs, ofFaults, ofPodlab bool
	image := &cobra.Command{
		Use: "image", Short: "Write the labs' workload image to stdout, for clusters that podlab did not make",
		Long: "Image writes the image " + toolbox.Ref + " as an archive: podlab cluster image > toolbox.tar, then load it into the cluster's nodes or push it.",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			ref := toolbox.Ref
			if ofGPUs {
				ref = workload.GPU
			}
			if ofFaults {
				ref = workload.Fault
			}
			if ofPodlab {
				ref = workload.Podlab
			}
			img, err := workload.Carried(ref, arch)
			if err != nil {
				return err
			}
			return workload.Write(a.raw, ref, img)
		},
	}
	image.Flags().BoolVar(&ofGPUs, "gpu", false, "the image of the simulated GPUs, "+workload.GPU+", instead")
	image.Flags().BoolVar(&ofFaults, "fault", false, "that of the program that breaks things on a node, "+workload.Fault+", instead")
	image.Flags().BoolVar(&ofPodlab, "podlab", false, "that of podlab itself, "+workload.Podlab+", which grades within a cluster, instead")
	image.MarkFlagsMutuallyExclusive("gpu", "fault", "podlab")
	image.Flags().StringVar(&arch, "arch", runtime.GOARCH, "processor of the nodes")
	var gpus []string
	var faults bool
	up := &cobra.Command{
		Use: "up", Short: "Make the cluster ready", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			needs, err := withGPUs(gpus)
			if err != nil {
				return err
			}
			needs.Faults = faults
			progress, done := a.Waits()
			c, err := cluster.Up(cmd.Context(), a.options, needs, progress)
			done()
			if err != nil {
				return err
			}
			fmt.Fprintf(a.Out, "cluster %s, Kubernetes %s, %d node(s): %s\n", c.Name, c.Version, c.Nodes, c.Why)
			return nil
		},
	}
	up.Flags().StringSliceVar(&gpus, "gpus", nil, "simulated GPUs of its nodes, as `MODEL[:COUNT]`: A100-80GB:4; several are one node each")
	up.Flags().BoolVar(&faults, "faults", false, "with the image of the program that breaks things on its nodes, "+workload.Fault)
	cmd.AddCommand(
		up,
		&cobra.Command{
			Use: "status", Short: "Show the clusters, and how to get rid of them", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				st, err := cluster.StatusOf(cmd.Context(), a.options)
				if err != nil {
					return err
				}
				if a.json {
					return a.printJSON(st)
				}
				return a.printClusters(st)
			},
		},
		&cobra.Command{
			Use: "stop", Short: "Stop the clusters that podlab made; they are kept", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				progress, done := a.Waits()
				defer done()
				return cluster.Stop(cmd.Context(), a.options, progress)
			},
		},
		&cobra.Command{
			Use: "down", Short: "Remove the clusters that podlab made", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return a.clusterDown(cmd.Context()) },
		},
		image,
	)
	return cmd
}

// withGPUs reads MODEL[:COUNT], an entry for each node that runs Pods.
func withGPUs(words []string) (lab.Needs, error) {
	var needs lab.Needs
	if len(words) > 0 {
		needs.Images = []string{toolbox.Ref} // something to use them with
	}
	for _, word := range words {
		model, number, has := strings.Cut(word, ":")
		count := 1
		if has {
			n, err := strconv.Atoi(number)
			if err != nil || n < 0 || n > 16 {
				return needs, usage("%q is not a number of GPUs", number)("write MODEL:COUNT with a count of 0 to 16, such as A100-80GB:4")
			}
			count = n
		}
		needs.GPUs = append(needs.GPUs, lab.GPU{Model: model, Count: count, Replicas: 1})
	}
	if len(needs.GPUs) > 1 {
		needs.Nodes = len(needs.GPUs) + 1 // and the control plane
	}
	return needs, nil
}

func (a *app) printClusters(st *cluster.Status) error {
	fmt.Fprintf(a.Out, "driver: %s (%s)\n", st.Driver, st.Why)
	if st.Engine != "" {
		fmt.Fprintf(a.Out, "engine: %s\n", st.Engine)
	}
	if len(st.Clusters) == 0 {
		fmt.Fprintln(a.Out, "no cluster")
		return nil
	}
	w := tabwriter.NewWriter(a.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CLUSTER\tSTATE\tNODES\tVERSION\tAGE\tMEMORY\tREMOVE WITH")
	for _, c := range st.Clusters {
		memory := "-"
		if c.MemoryBytes > 0 {
			memory = fmt.Sprintf("%d MiB", c.MemoryBytes>>20)
		}
		age := "-"
		if c.AgeSeconds > 0 {
			age = (time.Duration(c.AgeSeconds) * time.Second).String()
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\t%s\n", c.Name, c.State, len(c.Nodes), c.Version, age, memory, c.Remove)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, c := range st.Clusters {
		for _, node := range c.Nodes {
			for _, p := range node.Parts {
				if p.Restarts > 0 {
					fmt.Fprintf(a.Out, "%s: %s is %s; it ended by itself %d times, last with: %s\n", node.Name, p.Name, p.State, p.Restarts, p.LastEnd)
				}
			}
		}
	}
	return nil
}
