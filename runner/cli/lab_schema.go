package cli

import (
	"github.com/spf13/cobra"

	"podlab.dev/podlab/cue/lab"
)

func newLabSchema(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the lab language as CUE", Args: cobra.NoArgs,
		Long: "Schema prints the definitions of lab.cue, for editors and for stock cue:\n\n  podlab lab schema > schema.cue\n  cue vet -c=false -d '#Lab' my-lab/lab.cue schema.cue",
		RunE: func(*cobra.Command, []string) error {
			_, err := a.raw.Write(lab.Schema())
			return err
		},
	}
}
