package cli

import "github.com/spf13/cobra"

func newLab(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "lab", Short: "For authors of labs", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(newLabNew(a), newLabLint(a), newLabSchema(a), newLabShow(a), newLabTest(a))
	return cmd
}
