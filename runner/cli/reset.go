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
	"podlab.dev/podlab/content"
	"podlab.dev/podlab/runner"
)

func newReset(a *app) *cobra.Command {
	var yes bool
	var step string
	cmd := a.labName(&cobra.Command{
		Use: "reset [LAB]", Short: "Throw your work away and begin the lab anew, or one step of it",
		Long: "Reset deletes everything in the lab's namespace and begins the lab anew. With --step one step begins anew: what it brought, and what its checks and those of no earlier step are about, is deleted, what it brings is made again, and none of its checks has passed. The rest stays.",
		RunE: func(cmd *cobra.Command, args []string) error {
			x, err := a.session(args)
			if err != nil {
				return err
			}
			if step != "" {
				return a.redo(cmd.Context(), x, step, yes)
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
	cmd.Flags().StringVar(&step, "step", "", "begin only this step anew, by its id (a wrong one lists them)")
	return cmd
}

// redo begins a step anew, or has whoever records the session do so.
func (a *app) redo(ctx context.Context, x *runner.Session, step string, yes bool) error {
	own, err := x.Belongings(step)
	if err != nil {
		return err
	}
	if !yes && len(own) > 0 {
		ok, err := a.confirm(fmt.Sprintf("This deletes %s in namespace %s, and your progress in the step. Go on?", strings.Join(own, ", "), x.State.Namespace))
		if err != nil || !ok {
			return err
		}
	}
	if err := x.Workable(); err != nil {
		return err
	}
	if err := x.Redo(step); err != nil {
		return err
	}
	return a.wait("beginning step "+step+" anew", func() error {
		_, err := x.Check(ctx, "", 0)
		return err
	})
}

func newRebuild(a *app) *cobra.Command {
	var yes bool
	cmd := a.labName(&cobra.Command{
		Use: "rebuild [LAB]", Short: "Bring back what you had made before the cluster or the namespace was lost",
		Long: "Rebuild makes the objects anew that the lab's namespace held before it was lost, in the state in which you left them. What you have passed counts in any case.",
		RunE: func(cmd *cobra.Command, args []string) error {
			x, err := a.session(args)
			if err != nil {
				return err
			}
			if err := x.Workable(); err != nil {
				return err
			}
			if _, err := x.Check(cmd.Context(), "", 0); err != nil { // by which it is known which namespace this is
				return err
			}
			r, err := x.Remains(false)
			if err != nil {
				return err
			}
			names := r.Names()
			if len(names) == 0 {
				fmt.Fprintln(a.Out, "There is nothing to bring back: no namespace of this lab was lost in which you had made something.")
				return nil
			}
			if !yes {
				ok, err := a.confirm(fmt.Sprintf("This makes %s anew in namespace %s. Go on?", strings.Join(names, ", "), x.State.Namespace))
				if err != nil || !ok {
					return err
				}
			}
			if err := x.Rebuild(); err != nil {
				return err
			}
			if err := a.wait("bringing back what you had made", func() error {
				_, err := x.Check(cmd.Context(), "", 0)
				return err
			}); err != nil {
				return err
			}
			text, err := x.Rebuilt()
			if text != "" {
				fmt.Fprintln(a.Out, content.Text(text))
			}
			return err
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
