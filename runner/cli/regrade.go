package cli

import (
	"cmp"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"podlab.dev/podlab/content"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/timeline"
	"podlab.dev/podlab/runner"
)

// regradedRow is what came of a file.
type regradedRow struct {
	File string `json:"file"`
	// Error says why it could not be graded; the rest is empty then.
	Error string `json:"error,omitempty"`
	*runner.Regraded
}

func newRegrade(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "regrade LAB FILE...", Short: "Grade saved evidence again, without a cluster",
		Long: "Regrade grades files of evidence by a lab: the same lab gives the same report to the letter, a lab whose checks were mended the new one, and\nwho gained or lost what is listed. It exits 2 when a file could not be read; the others are graded all the same.",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usage("%s takes a lab and files of evidence", cmd.CommandPath())("podlab regrade first-pod *.evidence")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			l, _, err := a.catalog.Load(args[0])
			if err != nil {
				return err
			}
			rows, damaged, err := regradeAll(l, args[1:])
			if err != nil {
				return err
			}
			if a.json {
				err = a.printJSON(rows)
			} else {
				err = a.printRegraded(rows)
			}
			if err == nil && damaged {
				return statusError(exitUsage)
			}
			return err
		},
	}
}

func regradeAll(l *lab.Lab, files []string) (rows []regradedRow, damaged bool, err error) {
	for _, file := range files {
		row := regradedRow{File: file}
		b, err := readEvidence(file)
		if err == nil {
			var out runner.Regraded
			out, err = runner.Regrade(l, b)
			row.Regraded = &out
		}
		var broken *timeline.DamagedError
		switch {
		case errors.As(err, &broken):
			row.Error, row.Regraded, damaged = broken.Error(), nil, true
		case err != nil:
			return nil, false, err
		}
		rows = append(rows, row)
	}
	return rows, damaged, nil
}

func (a *app) printRegraded(rows []regradedRow) error {
	w := tabwriter.NewWriter(a.Out, 0, 0, 2, ' ', 0)
	same, gained, lost := 0, 0, 0
	for _, r := range rows {
		if r.Error != "" {
			fmt.Fprintf(w, "%s\t?\t%s\n", r.File, content.Line(r.Error, 200))
			continue
		}
		note := "another version of the lab"
		switch {
		case r.Same:
			note = "the same report"
		case r.SameLab:
			note = "the same lab, graded by another podlab"
		}
		fmt.Fprintf(w, "%s\t%d → %d of %d\t%s\n", r.File, r.Before, r.After, r.Points, note)
		for _, c := range r.Changes {
			fmt.Fprintf(w, "  %s\t%d → %d\t%s → %s: %s\n", c.Check, c.Before, c.After, cmp.Or(string(c.Was), "not asked"), cmp.Or(string(c.Is), "not asked"), content.Line(c.Title, 100))
		}
		switch {
		case r.After > r.Before:
			gained++
		case r.After < r.Before:
			lost++
		default:
			same++
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(rows) > 1 {
		fmt.Fprintf(a.Out, "\n%d gained, %d lost, %d have the same points\n", gained, lost, same)
	}
	return nil
}
