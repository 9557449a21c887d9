package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/report"
	"podlab.dev/podlab/runner"
)

func newCheck(a *app) *cobra.Command {
	var all bool
	var patience time.Duration
	cmd := a.labName(&cobra.Command{
		Use: "check [LAB]", Short: "Check your work now", Annotations: map[string]string{"junit": "yes"},
		Long: "Check looks at the cluster and says for each check of the page what is found, what is wanted, why, and where to look.\nIt exits 0 when all of them passed, 1 when not, 3 when the cluster could not be looked at.",
		RunE: func(cmd *cobra.Command, args []string) error {
			x, err := a.session(args)
			if err != nil {
				return err
			}
			if x.InExam() {
				return &runner.ExamError{Key: x.Key, Asked: "a verdict"}
			}
			if x.Examined() { // nothing counts any more
				r, err := x.Judge()
				if err != nil {
					return err
				}
				return a.printReport(r, r.Results, true)
			}
			step := x.Step().ID
			if all {
				step = ""
			}
			within, err := x.Within(step)
			if err != nil {
				return err
			}
			watched := x.Free() != nil
			r, err := x.Check(cmd.Context(), step, max(patience, within))
			if err != nil {
				return err
			}
			results := r.Results
			if !all {
				results = r.Step(step)
			}
			err = a.printReport(r, results, all)
			if !watched && !a.json && !a.junit && fleeting(x.Lab, results) {
				fmt.Fprintf(a.Out, "%s check sees what is there now. What comes and goes is seen while %[1]s start is open, or if you check before and after.\n", a.Program)
			}
			return err
		},
	})
	cmd.Flags().BoolVar(&all, "all", false, "all pages, not only the one you are on")
	cmd.Flags().DurationVar(&patience, "wait", 0, "wait this long for what has not passed yet")
	return cmd
}

// fleeting tells whether something still to pass is about what happens, not about
// what is there: whoever looked too late did nothing wrong.
func fleeting(l *lab.Lab, results []grader.Result) bool {
	for _, x := range results {
		if c := l.Check(x.Check); c != nil && (c.Gone || len(c.Seen) > 0) && (x.Verdict == grader.Failed || x.Verdict == grader.Pending) {
			return true
		}
	}
	return false
}

// printReport prints a report in the format that was asked for, as lines only
// some results of it unless all, and returns the exit code of those.
func (a *app) printReport(r grader.Report, results []grader.Result, all bool) (err error) {
	switch {
	case a.json:
		err = report.JSON(a.Out, r)
	case a.junit:
		err = report.JUnit(a.Out, r, a.Options())
	case all:
		o := a.Options()
		o.All = true
		err = report.Text(a.Out, r, o)
	default:
		a.Results(results)
	}
	if err != nil {
		return err
	}
	return verdict(results)
}

// verdict is the exit code of results: errored if a check could not be judged,
// not passed if one has not passed.
func verdict(results []grader.Result) error {
	code := statusError(exitPassed)
	for _, x := range results {
		switch {
		case x.Verdict == grader.Errored:
			return statusError(exitEnvironment)
		case x.Verdict != grader.Passed:
			code = exitNotPassed
		}
	}
	if code == exitPassed {
		return nil
	}
	return code
}
