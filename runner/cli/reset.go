package cli

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"podlab.dev/podlab/cluster"
)

func newReset(a *app) *cobra.Command {
	var yes bool
	cmd := a.labName(&cobra.Command{
		Use: "reset [LAB]", Short: "Throw your work away and begin the lab anew",
		RunE: func(cmd *cobra.Command, args []string) error {
			x, err := a.session(args)
			if err != nil {
				return err
			}
			if !yes {
				ok, err := a.confirm(fmt.Sprintf("This deletes everything in namespace %s and your progress in the lab. Go on?", x.State.Namespace))
				if err != nil || !ok {
					return err
				}
			}
			return a.wait("emptying the lab's namespace", func() error { return x.Reset(cmd.Context()) })
		},
	})
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

func newStop(a *app) *cobra.Command {
	var down bool
	cmd := a.labName(&cobra.Command{
		Use: "stop [LAB]", Short: "Remove the lab from the cluster; your progress is kept",
		Long: "Stop deletes the lab's namespace. What you passed still counts, and podlab start goes on from the same page.\nThe cluster stays warm for the next lab unless --down removes it too.",
		RunE: func(cmd *cobra.Command, args []string) error {
			x, err := a.session(args)
			if err != nil {
				return err
			}
			if down { // with the cluster goes the namespace
				return a.clusterDown(cmd.Context())
			}
			err = a.wait("removing namespace "+x.State.Namespace, func() error { return x.Stop(cmd.Context(), true) })
			if err == nil {
				fmt.Fprintf(a.Err, "  the cluster stays warm; %s cluster down removes it\n", a.Program)
			}
			return err
		},
	})
	cmd.Flags().BoolVar(&down, "down", false, "remove the cluster too")
	return cmd
}

// wait shows for how long one thing takes.
func (a *app) wait(message string, do func() error) error {
	progress, done := a.Waits()
	defer done()
	began := time.Now()
	progress(cluster.Event{Message: message})
	err := do()
	progress(cluster.Event{Message: message, Done: true, Elapsed: time.Since(began), Err: err})
	return err
}

func (a *app) clusterDown(ctx context.Context) error {
	progress, done := a.Waits()
	defer done()
	return cluster.Down(ctx, a.options, progress)
}

// confirm asks on the terminal; where there is none to ask, it refuses.
func (a *app) confirm(question string) (bool, error) {
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return false, usage("there is no terminal to ask on")("add --yes to do it without asking")
	}
	fmt.Fprintf(a.Err, "%s [y/N] ", question)
	answer, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	if a := strings.ToLower(strings.TrimSpace(answer)); a == "y" || a == "yes" {
		return true, nil
	}
	fmt.Fprintln(a.Err, "nothing was changed")
	return false, nil
}
