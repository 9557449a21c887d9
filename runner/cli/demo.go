package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/report"
	"podlab.dev/podlab/runner"
)

func newDemo(a *app) *cobra.Command {
	var answer string
	var patience time.Duration
	cmd := a.labName(&cobra.Command{
		Use: "demo LAB", Short: "Watch a lab being done",
		Long: "Demo plays a lab as a learner would, in a namespace of its own: the pages, the commands typed, the checks turning green.\nIt exits 0 when every check passed and 1 when not; --answer plays another solution, or a mistake to see it caught.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("which lab?")("podlab list shows them; the first is: podlab demo first-pod")
			}
			if err := a.catalog.Playable(args[0]); err != nil {
				return err
			}
			l, key, err := a.catalog.Load(args[0])
			if err != nil {
				return err
			}
			ref, err := a.catalog.Ref(args[0])
			if err != nil {
				return err
			}
			if _, err := runner.FindAnswer(l, answer); err != nil {
				return err // before anything is made
			}
			podlab, err := program()
			if err != nil {
				return err
			}
			x, err := a.store.OpenDemo(key, ref, l, "")
			if err != nil {
				return err
			}
			defer a.leave(cmd.Context(), x)
			played, err := runner.FindAnswer(x.Lab, answer)
			if err != nil {
				return err
			}
			r, err := a.Demo(cmd.Context(), x, played, podlab, func(lab.Step, grader.Report) time.Duration { return patience }, a.demoUp)
			if err != nil {
				return err
			}
			if a.json {
				err = report.JSON(a.Out, r)
			} else {
				fmt.Fprintln(a.Out)
				err = report.Text(a.Out, r, a.Options())
			}
			if err != nil {
				return err
			}
			return verdict(r.Results)
		},
	})
	cmd.Flags().StringVar(&answer, "answer", "", "what to play: solutions/NAME or mistakes/NAME (default: the first solution)")
	cmd.Flags().DurationVar(&patience, "patience", time.Minute, "how long to wait for a page's checks after its last command")
	return cmd
}

// demoUp brings the cluster up and sweeps away what killed demos left there.
func (a *app) demoUp(ctx context.Context, x *runner.Session, progress func(cluster.Event)) (bool, error) {
	fresh, err := a.up(ctx, x, progress)
	if err != nil {
		return false, err
	}
	for _, old := range a.store.Leftovers() {
		// A cluster that has not come back within the hour took the namespace
		// with it.
		if !a.leave(ctx, old) && time.Since(old.State.Touched) > time.Hour {
			_ = old.Forget()
		}
	}
	return fresh, nil
}

// leaving is how long a demo may take to go: its faults are mended first, and a node
// may be one of them. Who does not want to wait has a second Ctrl-C.
const leaving = 30 * time.Second

// leave removes a demo's namespace and files, also after a Ctrl-C, and tells
// whether it could: what remains is swept by the next demo.
func (a *app) leave(ctx context.Context, x *runner.Session) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaving)
	defer cancel()
	if err := x.Stop(ctx, false); err != nil && !isNoSession(err) {
		return false
	}
	return x.Forget() == nil
}
