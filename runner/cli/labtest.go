package cli

import (
	"context"
	"fmt"
	"regexp"
	"slices"
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

func newLabTest(a *app) *cobra.Command {
	t := labTester{app: a}
	only := ""
	cmd := &cobra.Command{
		Use: "test [LAB...]", Short: "Prove labs on a real cluster", Annotations: map[string]string{"junit": "yes"},
		Long: `Test tries labs (all built-in ones, or those named) on the cluster, several answers side by side: untouched a lab must earn nothing,
each of its solutions everything, and each of its mistakes must be caught by the check that the lab names. Then come the mutants: whatever
differs from a solution in one thing (a field left out, another value, an object not made) must be caught by a check as well, or be listed
in lab.cue under survivors with the reason. Most mutants are judged on the record of their solution, the others are played.
It exits 1 when a lab does not hold; -v then shows what was on the learner's screen.`,
		RunE: func(cmd *cobra.Command, names []string) error {
			if (t.solutions || t.scripts) && !cmd.Flags().Changed("mutants") {
				t.config.Mutants = false
			}
			if only != "" {
				var err error
				if t.config.Only, err = regexp.Compile(only); err != nil {
					return usage("--only: %v", err)("write a regular expression that matches names of mutants, such as 'Pod/web: drop'")
				}
			}
			return t.run(cmd.Context(), names)
		},
	}
	cmd.Flags().IntVar(&t.config.Parallel, "parallel", 3, "how many answers play side by side")
	cmd.Flags().IntVar(&t.repeat, "repeat", 1, "how often each answer is played, to find checks that are not sure of themselves")
	cmd.Flags().BoolVar(&t.strict, "strict", false, "do not try once more, alone, what went wrong; without it, what holds then is reported as a flake")
	cmd.Flags().DurationVar(&t.config.Patience, "patience", time.Minute, "how long a solution may take for a page's checks after its last command")
	cmd.Flags().BoolVar(&t.solutions, "solutions", false, "play the solutions only, without mutants unless --mutants asks for them: does the lab work on this cluster?")
	cmd.Flags().BoolVar(&t.calm, "calm", false, "leave out the answers that come to a page which breaks a node, for they are played alone")
	cmd.Flags().BoolVar(&t.scripts, "scripts", false, "play the labs' own tests only, testdata/*.txtar")
	cmd.MarkFlagsMutuallyExclusive("solutions", "scripts")
	cmd.Flags().BoolVar(&t.config.Mutants, "mutants", true, "derive wrong answers from the solutions and see them caught")
	cmd.Flags().IntVar(&t.config.Plays, "plays", 0, "how many mutants of each lab are played on the cluster, picked by chance (0: all that need it)")
	cmd.Flags().StringVar(&only, "only", "", "try the mutants whose names match this regular expression, and no others")
	return cmd
}

// labTester is a run of podlab lab test.
type labTester struct {
	*app
	config    labtest.Config
	repeat    int
	solutions bool
	scripts   bool
	calm      bool
	strict    bool
	played    int // different cases

	table *tabwriter.Writer
	tested
}

// tested is what came of it.
type tested struct {
	Answers []labtest.Outcome  `json:"answers"`
	Mutants []labtest.Mutation `json:"mutants,omitempty"`
}

func (t *labTester) run(ctx context.Context, names []string) (err error) {
	groups, err := t.groups(names)
	if err != nil {
		return err
	}
	if t.config.Podlab, err = program(); err != nil {
		return err
	}
	t.config.Store = t.store
	t.config.Leave = func(ctx context.Context, x *runner.Session) { t.leave(ctx, x) }
	t.table = tabwriter.NewWriter(t.Out, 24, 0, 2, ' ', 0)
	t.Answers = []labtest.Outcome{}
	for _, g := range groups {
		t.played += len(g.cases) / max(t.repeat, 1)
		if err := t.play(ctx, g); err != nil {
			return err
		}
	}
	switch {
	case t.json:
		err = t.printJSON(t.tested)
	case t.junit:
		err = report.WriteSuites(t.Out, t.suites()...)
	default:
		t.printMutants()
		if len(t.Answers) > t.played {
			t.printFlakes()
		}
	}
	if err != nil {
		return err
	}
	if !t.held() {
		return statusError(exitNotPassed)
	}
	return nil
}

// group is labs that play on one cluster, and what they need together.
type group struct {
	needs lab.Needs
	cases []labtest.Case
}

// play tries the labs of a group.
func (t *labTester) play(ctx context.Context, g *group) error {
	progress, done := t.Waits()
	up, err := cluster.Up(ctx, t.options, g.needs, progress)
	done()
	if err != nil {
		return err
	}
	t.config.Cluster = up
	proofs, err := labtest.Run(ctx, g.cases, t.config, t.answered)
	if again := t.failed(g.cases); err == nil && len(again) > 0 && t.repeat == 1 && !t.strict {
		// What went wrong may have been the machine's doing: once more, alone.
		alone := t.config
		alone.Parallel = 1
		var more []*labtest.Proof
		more, err = labtest.Run(ctx, again, alone, t.answered)
		proofs = append(proofs, more...)
	}
	if err != nil {
		return err
	}
	return labtest.Mutants(ctx, proofs, t.config, t.mutated)
}

// groups are the labs by the cluster that they need: with one of three nodes all others
// would be slower. Those of the smallest come first.
func (t *labTester) groups(names []string) (groups []*group, err error) {
	if len(names) == 0 {
		if names, err = t.catalog.Names(); err != nil {
			return nil, err
		}
	}
	for _, name := range names {
		if err := t.catalog.Playable(name); err != nil {
			return nil, err
		}
		l, key, err := t.catalog.Load(name)
		if err != nil {
			return nil, err
		}
		ref, err := t.catalog.Ref(name)
		if err != nil {
			return nil, err
		}
		of := labtest.Cases(l, key, ref)
		if t.solutions {
			of = slices.DeleteFunc(of, func(x labtest.Case) bool { return x.Fails != "" || x.Script != "" || x.Answer == "" })
		}
		if t.scripts {
			of = slices.DeleteFunc(of, func(x labtest.Case) bool { return x.Script == "" })
		}
		if t.calm {
			of = slices.DeleteFunc(of, func(x labtest.Case) bool { return !x.Calm() })
		}
		i := slices.IndexFunc(groups, func(g *group) bool { return g.needs.Alike(l.Needs) })
		if i < 0 {
			i, groups = len(groups), append(groups, &group{needs: l.Needs})
		}
		for range max(t.repeat, 1) {
			groups[i].cases = append(groups[i].cases, of...)
		}
		groups[i].needs = groups[i].needs.With(l.Needs)
	}
	slices.SortStableFunc(groups, func(a, b *group) int { return a.needs.Nodes - b.needs.Nodes })
	return groups, nil
}

func (t *labTester) answered(o labtest.Outcome) {
	t.Answers = append(t.Answers, o)
	if t.json || t.junit {
		return
	}
	mark := "✓ ok  "
	if !o.OK {
		mark = "✗ FAIL"
	}
	fmt.Fprintf(t.table, "%s %s\t%s\t%d/%d\t%.1f s\n", mark, o.Lab, o.Answer, o.Earned, o.Points, o.Seconds)
	if o.Why != "" {
		fmt.Fprintf(t.table, "       %s\n", content.Line(o.Why, 300))
	}
	t.table.Flush()
	if !o.OK && t.verbose {
		fmt.Fprintf(t.Out, "\n%s\n", content.Text(o.Transcript))
	}
}

func (t *labTester) mutated(m labtest.Mutation) {
	t.Mutants = append(t.Mutants, m)
	switch {
	case t.json || t.junit:
	case !m.OK():
		fmt.Fprintf(t.Out, "✗ %s %s  %s\n       %s\n", m.Fate, m.Lab, content.Line(m.Mutant, 200), content.Line(m.Why, 300))
	case t.verbose && m.By != "":
		how := m.How
		if m.From != "" {
			how += ", played from page " + m.From + " on"
		}
		fmt.Fprintf(t.Out, "✓ %s %s  %s: by %s, on the %s\n", m.Fate, m.Lab, content.Line(m.Mutant, 200), m.By, how)
	case t.verbose:
		fmt.Fprintf(t.Out, "  %s %s  %s\n", m.Fate, m.Lab, content.Line(m.Mutant, 200))
	}
}

// failed are the cases that did not hold, if they are few: a lab that is broken is
// so each time.
func (t *labTester) failed(cases []labtest.Case) (out []labtest.Case) {
	for _, o := range t.Answers {
		if i := slices.IndexFunc(cases, func(x labtest.Case) bool { return x.Made(o) }); !o.OK && i >= 0 {
			out = append(out, cases[i])
		}
	}
	if len(out) > 5 {
		return nil
	}
	return out
}

// held tells that every case did, in each of its runs, or in the last one if it was
// tried once more.
func (t *labTester) held() bool {
	last := map[string]bool{}
	for _, o := range t.Answers {
		id := o.Lab + "/" + o.Answer
		before, known := last[id]
		last[id] = o.OK && (!known || before || t.repeat == 1)
	}
	for _, ok := range last {
		if !ok {
			return false
		}
	}
	for _, m := range t.Mutants {
		if !m.OK() {
			return false
		}
	}
	return true
}

// printMutants counts the mutants of each lab.
func (t *labTester) printMutants() {
	var labs []string
	count := map[string]map[string]int{}
	for _, m := range t.Mutants {
		if count[m.Lab] == nil {
			labs, count[m.Lab] = append(labs, m.Lab), map[string]int{}
		}
		count[m.Lab][string(m.Fate)]++
		if m.Fate == labtest.Caught {
			count[m.Lab][m.How]++
		}
	}
	for _, name := range labs {
		n := count[name]
		judged := n["caught"] + n["listed"] + n["survived"]
		fmt.Fprintf(t.Out, "mutants of %s: %d of %d caught (%d on the record, %d on the cluster), %d listed; besides %d refused by the API server, %d the same to it",
			name, n["caught"], judged, n["record"], n["cluster"], n["listed"], n["refused"], n["same"])
		if n["unplayed"] > 0 {
			fmt.Fprintf(t.Out, ", %d not played", n["unplayed"])
		}
		fmt.Fprintln(t.Out)
	}
}

// suites are outcomes as test suites, one a lab.
func (t *labTester) suites() (out []junit.Testsuite) {
	byLab := map[string]int{}
	add := func(lab string, c junit.Testcase) {
		if _, ok := byLab[lab]; !ok {
			byLab[lab] = len(out)
			out = append(out, junit.Testsuite{Name: content.Line(lab, 100)})
		}
		out[byLab[lab]].AddTestcase(c)
	}
	for _, o := range t.Answers {
		c := junit.Testcase{Name: content.Line(o.Answer, 100), Classname: content.Line(o.Lab, 100), Time: fmt.Sprintf("%.3f", o.Seconds)}
		if !o.OK {
			c.Failure = &junit.Result{Message: content.Line(o.Why, 300), Data: content.Text(o.Transcript)}
		}
		add(o.Lab, c)
	}
	for _, m := range t.Mutants {
		c := junit.Testcase{Name: content.Line("mutant "+m.Mutant, 200), Classname: content.Line(m.Lab, 100), Time: "0.000"}
		if !m.OK() {
			c.Failure = &junit.Result{Message: content.Line(m.Why, 300)}
		}
		add(m.Lab, c)
	}
	return out
}

// printFlakes says which answers did not come to the same each time.
func (t *labTester) printFlakes() {
	type answer struct{ lab, name string }
	var order []answer
	runs, bad := map[answer]int{}, map[answer]int{}
	for _, o := range t.Answers {
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
			fmt.Fprintf(t.Out, "~ flaky  %s %s: %d of %d runs went wrong\n", x.lab, x.name, bad[x], runs[x])
		}
	}
	fmt.Fprintf(t.Out, "%s in %d runs\n", plural(flakes, "flake"), len(t.Answers))
}
