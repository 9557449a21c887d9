package cli

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/jstemmer/go-junit-report/v2/junit"
	"github.com/spf13/cobra"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/content"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/report"
	"podlab.dev/podlab/runner"
	"podlab.dev/podlab/runner/labtest"
)

func newLab(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "lab", Short: "For authors of labs", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	var parallel, repeat int
	var patience time.Duration
	test := &cobra.Command{
		Use: "test [LAB...]", Short: "Prove labs on a real cluster", Annotations: map[string]string{"junit": "yes"},
		Long: "Test tries labs (all built-in ones, or those named) on the cluster, several answers side by side: untouched a lab must earn nothing,\neach of its solutions everything, and each of its mistakes must be caught by the check that the lab names.\nIt exits 1 when a lab does not hold; -v then shows what was on the learner's screen.",
		RunE: func(cmd *cobra.Command, names []string) error {
			return a.testLabs(cmd.Context(), names, parallel, repeat, patience)
		},
	}
	test.Flags().IntVar(&parallel, "parallel", 3, "how many answers play side by side")
	test.Flags().IntVar(&repeat, "repeat", 1, "how often each answer is played, to find checks that are not sure of themselves")
	test.Flags().DurationVar(&patience, "patience", time.Minute, "how long a solution may take for a page's checks after its last command")
	cmd.AddCommand(newLabNew(a), newLabLint(a), newLabSchema(a), newLabShow(a), test)
	return cmd
}

func (a *app) testLabs(ctx context.Context, names []string, parallel, repeat int, patience time.Duration) (err error) {
	if len(names) == 0 {
		if names, err = a.catalog.Names(); err != nil {
			return err
		}
	}
	var cases []labtest.Case
	needs := lab.Needs{}
	for _, name := range names {
		if err := a.catalog.Playable(name); err != nil {
			return err
		}
		l, key, err := a.catalog.Load(name)
		if err != nil {
			return err
		}
		ref, err := a.catalog.Ref(name)
		if err != nil {
			return err
		}
		for range max(repeat, 1) {
			cases = append(cases, labtest.Cases(l, key, ref)...)
		}
		needs = needs.With(l.Needs)
	}
	podlab, err := program()
	if err != nil {
		return err
	}
	progress, done := a.Waits()
	c, err := cluster.Up(ctx, a.options, needs, progress)
	done()
	if err != nil {
		return err
	}
	outcomes, held := []labtest.Outcome{}, true
	w := tabwriter.NewWriter(a.Out, 24, 0, 2, ' ', 0)
	err = labtest.Run(ctx, cases, labtest.Config{
		Store: a.store, Cluster: c, Podlab: podlab, Parallel: parallel, Patience: patience,
		Leave: func(ctx context.Context, x *runner.Session) { a.leave(ctx, x) },
	}, func(o labtest.Outcome) {
		outcomes, held = append(outcomes, o), held && o.OK
		if a.json || a.junit {
			return
		}
		mark := "✓ ok  "
		if !o.OK {
			mark = "✗ FAIL"
		}
		fmt.Fprintf(w, "%s %s\t%s\t%d/%d\t%.1f s\n", mark, o.Lab, o.Answer, o.Earned, o.Points, o.Seconds)
		if o.Why != "" {
			fmt.Fprintf(w, "       %s\n", content.Line(o.Why, 300))
		}
		w.Flush()
		if !o.OK && a.verbose {
			fmt.Fprintf(a.Out, "\n%s\n", content.Text(o.Transcript))
		}
	})
	if err != nil {
		return err
	}
	switch {
	case a.json:
		err = a.printJSON(outcomes)
	case a.junit:
		err = report.WriteSuites(a.Out, suites(outcomes)...)
	case repeat > 1:
		a.printFlakes(outcomes)
	}
	if err != nil {
		return err
	}
	if !held {
		return statusError(exitNotPassed)
	}
	return nil
}

// suites are outcomes as test suites, one a lab.
func suites(outcomes []labtest.Outcome) (out []junit.Testsuite) {
	byLab := map[string]int{}
	for _, o := range outcomes {
		if _, ok := byLab[o.Lab]; !ok {
			byLab[o.Lab] = len(out)
			out = append(out, junit.Testsuite{Name: content.Line(o.Lab, 100)})
		}
		c := junit.Testcase{Name: content.Line(o.Answer, 100), Classname: content.Line(o.Lab, 100), Time: fmt.Sprintf("%.3f", o.Seconds)}
		if !o.OK {
			c.Failure = &junit.Result{Message: content.Line(o.Why, 300), Data: content.Text(o.Transcript)}
		}
		out[byLab[o.Lab]].AddTestcase(c)
	}
	return out
}

// printFlakes says which answers did not come to the same each time.
func (a *app) printFlakes(outcomes []labtest.Outcome) {
	type answer struct{ lab, name string }
	var order []answer
	runs, bad := map[answer]int{}, map[answer]int{}
	for _, o := range outcomes {
		x := answer{o.Lab, o.Answer}
		if runs[x] == 0 {
			order = append(order, x)
		}
		runs[x]++
		if !o.OK {
			bad[x]++
		}
	}
	flakes := 0
	for _, x := range order {
		if bad[x] > 0 && bad[x] < runs[x] {
			flakes++
			fmt.Fprintf(a.Out, "~ flaky  %s %s: %d of %d runs went wrong\n", x.lab, x.name, bad[x], runs[x])
		}
	}
	fmt.Fprintf(a.Out, "%s in %d runs\n", plural(flakes, "flake"), len(outcomes))
}
