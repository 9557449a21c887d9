package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/runner/batch"
)

// newGradeShard is what the Pods of podlab grade --in-cluster run.
func newGradeShard(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "grade-shard", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			load := func(dir string) (*lab.Lab, error) {
				l, _, err := a.catalog.Load(dir)
				return l, err
			}
			return batch.Shard(cmd.Context(), os.Getenv("POD_NAMESPACE"), os.Getenv("JOB_COMPLETION_INDEX"), load, func(format string, args ...any) {
				fmt.Fprintf(a.Out, format+"\n", args...)
			})
		},
	}
}
