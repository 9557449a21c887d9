package cli

import (
	"fmt"
	"runtime"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/cluster/toolbox"
	"podlab.dev/podlab/cue/lab"
)

func newCluster(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "cluster", Short: "The cluster in which labs run", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	var arch string
	image := &cobra.Command{
		Use: "image", Short: "Write the labs' workload image to stdout, for clusters that podlab did not make",
		Long: "Image writes the image " + toolbox.Ref + " as an archive: podlab cluster image > toolbox.tar, then load it into the cluster's nodes or push it.",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return toolbox.Tar(a.Out, arch) },
	}
	image.Flags().StringVar(&arch, "arch", runtime.GOARCH, "processor of the nodes")
	cmd.AddCommand(
		&cobra.Command{
			Use: "up", Short: "Make the cluster ready", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				progress, done := a.Waits()
				c, err := cluster.Up(cmd.Context(), a.options, lab.Needs{}, progress)
				done()
				if err != nil {
					return err
				}
				fmt.Fprintf(a.Out, "cluster %s, Kubernetes %s, %d node(s): %s\n", c.Name, c.Version, c.Nodes, c.Why)
				return nil
			},
		},
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
