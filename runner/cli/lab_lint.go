package cli

import (
	"context"
	"fmt"
	"path"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/cluster/workload"
	"podlab.dev/podlab/content"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/cue/lint"
)

// lintRow is what was found in a lab.
type lintRow struct {
	Lab string `json:"lab"`
	*lint.Report

	dir string
}

func newLabLint(a *app) *cobra.Command {
	server := false
	cmd := &cobra.Command{
		Use: "lint [LAB|DIR...]", Short: "Say what is wrong with labs before a learner meets it",
		Long: "Lint looks at labs (all built-in ones, those named, or all in a folder of labs) without a cluster: at what would not load, and at what\nwould load and teach badly. It exits 1 when there are errors; warnings are for the author to weigh.",
		RunE: func(cmd *cobra.Command, names []string) error {
			rows, err := a.lintLabs(names)
			if err == nil && server {
				err = a.askServer(cmd.Context(), rows)
			}
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
	cmd.Flags().BoolVar(&server, "server", false, "have the API server of a cluster check the manifests too (it stores nothing)")
	return cmd
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
		rows = append(rows, lintRow{f.ID, r, f.Dir})
	}
	return rows, nil
}

// askServer adds what the API server of a cluster says against the manifests of
// labs.
func (a *app) askServer(ctx context.Context, rows []lintRow) error {
	progress, done := a.Waits()
	c, err := cluster.Up(ctx, a.options, lab.Needs{}, progress)
	done()
	if err != nil {
		return err
	}
	cfg, err := c.RESTConfig()
	if err != nil {
		return err
	}
	w, err := workload.New(cfg, metav1.NamespaceDefault)
	if err != nil {
		return err
	}
	for _, r := range rows {
		for _, file := range r.Manifests {
			refused, err := w.Refused(ctx, r.FS, file)
			if err != nil {
				return err
			}
			if refused != nil {
				r.Findings = append(r.Findings, lint.Finding{
					File: path.Join(r.dir, file), Severity: lint.Error, Rule: "server",
					What: "the API server refuses it: " + refused.Error(), Do: "mend what it names; kubectl explain shows what there is",
				})
			}
		}
	}
	return nil
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
