package cli

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/runner"
)

func newStatus(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Show your labs, what is running, and how to get rid of it", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			states, err := a.store.States()
			if err != nil {
				return err
			}
			st, trouble := cluster.StatusOf(cmd.Context(), a.options)
			if a.json {
				out := struct {
					Current  string          `json:"current"`
					Sessions []runner.State  `json:"sessions"`
					Cluster  *cluster.Status `json:"cluster,omitempty"`
					Trouble  string          `json:"trouble,omitempty"`
				}{a.store.Current(), states, st, ""}
				if trouble != nil {
					out.Trouble = trouble.Error()
				}
				return a.printJSON(out)
			}
			a.printSessions(states)
			if trouble != nil { // the labs are still worth showing
				what, do, _ := a.explain(trouble)
				fmt.Fprintf(a.Out, "cluster: %s\n         %s\n", what, do)
				return nil
			}
			return a.printClusters(st)
		},
	}
}

func (a *app) printSessions(states []runner.State) {
	if len(states) == 0 {
		fmt.Fprintf(a.Out, "no lab has been started; %s list shows them\n\n", a.Program)
		return
	}
	current := a.store.Current()
	w := tabwriter.NewWriter(a.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "LAB\tPAGE\tPOINTS\tNAMESPACE\tCLUSTER\tLAST USED\tREMOVE WITH")
	for _, s := range states {
		mark, on, remove := "", "-", "-"
		if s.Key == current {
			mark = " (current)"
		}
		if s.Cluster != "" {
			on, remove = s.Cluster, a.Program+" stop "+s.Key
		}
		fmt.Fprintf(w, "%s%s\t%d\t%d/%d\t%s\t%s\t%s\t%s\n", s.Key, mark, s.Page+1, s.Earned, s.Points, s.Namespace, on,
			s.Touched.Local().Format(time.DateTime), remove)
	}
	w.Flush()
	fmt.Fprintln(a.Out)
}

func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.Out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
