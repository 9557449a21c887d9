package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"podlab.dev/podlab/runner"
)

func newPage(a *app) *cobra.Command {
	return a.labName(&cobra.Command{
		Use: "page [LAB]", Short: "Show the page you are on",
		RunE: func(_ *cobra.Command, args []string) error {
			x, err := a.session(args)
			if err != nil {
				return err
			}
			return a.showPage(x)
		},
	})
}

func newNext(a *app) *cobra.Command {
	var back bool
	cmd := a.labName(&cobra.Command{
		Use: "next [LAB]", Short: "Turn to the next page", Long: "Next turns the page; nothing has to pass first. An open podlab start turns too.",
		RunE: func(_ *cobra.Command, args []string) error {
			x, err := a.session(args)
			if err != nil {
				return err
			}
			by := 1
			if back {
				by = -1
			}
			moved, err := x.Turn(by)
			if err != nil {
				return err
			}
			if !moved {
				fmt.Fprintln(a.Out, "There is no other page in that direction.")
				return nil
			}
			return a.showPage(x)
		},
	})
	cmd.Flags().BoolVar(&back, "back", false, "turn to the page before")
	return cmd
}

func (a *app) showPage(x *runner.Session) error {
	r, err := x.Recorded()
	if err != nil {
		return err
	}
	return a.Page(x, r)
}
