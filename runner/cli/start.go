package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"podlab.dev/podlab/cluster"
)

func newStart(a *app) *cobra.Command {
	var detach bool
	var seed string
	cmd := a.labName(&cobra.Command{
		Use: "start [LAB]", Short: "Start a lab, or go on with it",
		Long: "Start shows the page you are on, brings the cluster up, and then shows every check as it changes.\nWork in a second terminal: podlab shell. LAB is a built-in lab, one of --pack, or a folder like ./my-lab; without it the last one goes on.",
		RunE: func(cmd *cobra.Command, args []string) error {
			name := a.store.Current()
			if len(args) == 1 {
				name = args[0]
			}
			if name == "" {
				return usage("which lab?")("podlab list shows them; the first is: podlab start first-pod")
			}
			if len(args) == 0 { // the current session knows where its lab is
				x, err := a.session(nil)
				if err != nil {
					return err
				}
				name, a.catalog = x.State.Lab, a.catalog.From("")
			}
			l, key, err := a.catalog.Load(name)
			if err != nil {
				return err
			}
			ref, err := a.catalog.Ref(name)
			if err != nil {
				return err
			}
			x, err := a.store.OpenSeeded(key, ref, l, seed)
			if err != nil {
				return err
			}
			if err := x.MakeCurrent(); err != nil {
				return err
			}
			if !detach {
				if err := x.Free(); err != nil {
					return err
				}
				return a.Start(cmd.Context(), x, os.Stdin, a.up(x))
			}
			progress, done := a.Waits()
			_, err = a.up(x)(cmd.Context(), func(e cluster.Event) { progress(e) })
			done()
			if err != nil {
				return err
			}
			r, err := x.Recorded()
			if err != nil {
				return err
			}
			if err := a.Page(x, r); err != nil {
				return err
			}
			fmt.Fprintf(a.Out, "The lab is ready: %s shell, then %s check.\n", a.Program, a.Program)
			return nil
		},
	})
	cmd.Flags().BoolVar(&detach, "detach", false, "prepare the lab, show the page and return")
	cmd.Flags().StringVar(&seed, "seed", "", "pick the lab's values by this, such as a student's number (default: by chance)")
	return cmd
}
