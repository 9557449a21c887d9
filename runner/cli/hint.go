package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"podlab.dev/podlab/runner"
)

func newHint(a *app) *cobra.Command {
	return a.labName(&cobra.Command{
		Use: "hint [LAB]", Short: "Get the next hint for what has not passed",
		RunE: func(cmd *cobra.Command, args []string) error {
			x, err := a.session(args)
			if err != nil {
				return err
			}
			if x.InExam() {
				return &runner.ExamError{Key: x.Key, Asked: "a hint"}
			}
			r, err := x.Check(cmd.Context(), x.Step().ID, 0)
			if err != nil {
				return err
			}
			h, ok, err := x.Hint(r)
			if err != nil {
				return err
			}
			if !ok {
				fmt.Fprintln(a.Out, "There is no hint to give: no check of this page waits for something that has one.")
				return nil
			}
			if a.json {
				return a.printJSON(h)
			}
			a.Hint(h)
			return nil
		},
	})
}
