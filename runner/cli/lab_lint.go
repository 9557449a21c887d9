package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"podlab.dev/podlab/content"
	"podlab.dev/podlab/cue/lint"
)

// lintRow is what was found in a lab.
type lintRow struct {
	Lab string `json:"lab"`
	*lint.Report
}

func newLabLint(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "lint [LAB|DIR...]", Short: "Say what is wrong with labs before a learner meets it",
		Long: "Lint looks at labs (all built-in ones, those named, or all in a folder of labs) without a cluster: at what would not load, and at what\nwould load and teach badly. It exits 1 when there are errors; warnings are for the author to weigh.",
		RunE: func(_ *cobra.Command, names []string) error {
			rows, err := a.lintLabs(names)
			if err != nil {
				return err
			}
			if a.json {
				err = a.printJSON(rows)
			} else {
				a.printFindings(rows)
			}
			if err != nil {
				return err
			}
			for _, r := range rows {
				if r.Count(lint.Error) > 0 {
					return statusError(exitNotPassed)
				}
			}
			return nil
		},
	}
}

func (a *app) lintLabs(names []string) ([]lintRow, error) {
	folders, err := a.catalog.Folders(names)
	if err != nil {
		return nil, err
	}
	rows := []lintRow{}
	for _, f := range folders {
		var r *lint.Report
		err := f.Look(func() (err error) {
			r, err = lint.Lint(f.FS, f.Dir)
			return err
		})
		if err != nil {
			return nil, err // what was given up runs on, until podlab ends
		}
		rows = append(rows, lintRow{f.ID, r})
	}
	return rows, nil
}

func (a *app) printFindings(rows []lintRow) {
	for _, r := range rows {
		for _, f := range r.Findings {
			fmt.Fprintf(a.Out, "%s\n    → %s\n", content.Line(f.String(), 1000), content.Line(f.Do, 1000))
		}
		fmt.Fprintf(a.Out, "%s: %s in %s; %s, %s\n", content.Line(r.Lab, 100), plural(r.Points, "point"), plural(r.Checks, "check"),
			plural(r.Count(lint.Error), "error"), plural(r.Count(lint.Warning), "warning"))
	}
}

// plural counts a noun: 1 point, 2 points.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
