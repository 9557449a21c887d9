package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"podlab.dev/podlab/content"
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
		RunE: func(cmd *cobra.Command, args []string) error {
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
			if err := a.showPage(x); err != nil || x.Attached() != nil {
				return err // read without a cluster it is prepared later
			}
			_, err = a.prepare(cmd.Context(), x)
			return err
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

// prepare has the page begin as its text says, and says what does not come.
func (a *app) prepare(ctx context.Context, x *runner.Session) (ready bool, err error) {
	if x.Step().Setup == nil {
		return true, nil
	}
	var missing string
	err = a.wait("preparing the page", func() (err error) {
		missing, err = x.Prepare(ctx)
		return err
	})
	if err == nil && missing != "" {
		fmt.Fprintf(a.Out, "Not ready: %s. %s check goes on with it.\n", content.Line(missing, 300), a.Program)
	}
	return missing == "", err
}
