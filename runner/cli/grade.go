package cli

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/cluster/image"
	"podlab.dev/podlab/content"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/class"
	"podlab.dev/podlab/grader/report"
	"podlab.dev/podlab/runner/batch"
)

func newGrade(a *app) *cobra.Command {
	var g gradeFlags
	cmd := &cobra.Command{
		Use: "grade LAB SUBMISSION...", Short: "Grade what a class handed in",
		Long: `Grade takes a submission for every student: a folder or an archive of manifests, or a file that podlab evidence save wrote. The name of
each is its student's id. The work of each is put into a namespace of its own, held to what the lab allows, and graded; evidence needs no
cluster. Every student has a row in the end, whatever happened, and what was podlab's or the cluster's trouble costs nobody a point.
The folder --out gets the record (results.json), a report to read (report.html), the gradebook (grades.csv), feedback for each student, and
the evidence. A run that was cut off goes on with --resume.
It exits 1 when a student could not be graded because of the cluster; students who did not pass are no error.`,
		Example: "  podlab grade probes submissions/* --roster class.csv --out grades",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 || len(args) == 1 && g.roster == "" {
				return usage("%s takes a lab and submissions", cmd.CommandPath())("podlab grade probes submissions/*")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.grade(cmd.Context(), g, args[0], args[1:]) },
	}
	f := cmd.Flags()
	f.StringVar(&g.roster, "roster", "", "CSV with the students: id, and as you like name, seed, submitted")
	f.StringVar(&g.out, "out", "", "folder for the grades (default: LAB-grades)")
	f.BoolVar(&g.resume, "resume", false, "go on with a run that was cut off; who errored is tried again")
	f.StringSliceVar(&g.only, "only", nil, "ids of the students to grade; with --resume they are graded once more")
	f.BoolVar(&g.failed, "failed", false, "with --resume: grade once more who has not all points")
	f.IntVar(&g.parallel, "parallel", 0, "submissions at a time (0: as many as the nodes bear, measured)")
	f.BoolVar(&g.trust, "trust", false, "grade on the embedded cluster, which does not hold strangers")
	f.BoolVar(&g.inCluster, "in-cluster", false, "let the cluster do the grading, as a Job of --shards Pods; this podlab only watches, and may be ended and resumed")
	f.IntVar(&g.shards, "shards", 0, "with --in-cluster: how many Pods grade (0: one for each node)")
	f.DurationVar(&g.patience, "patience", 20*time.Second, "how long the checks of a page may take to pass, besides what they ask for")
	return cmd
}

type gradeFlags struct {
	roster, out    string
	only           []string
	resume, failed bool
	inCluster      bool
	trust          bool
	shards         int
	parallel       int
	patience       time.Duration
}

func (a *app) grade(ctx context.Context, g gradeFlags, name string, paths []string) error {
	if g.failed && !g.resume {
		return usage("--failed is about an earlier run")("say --resume as well, with the --out of that run")
	}
	l, _, err := a.catalog.Load(name)
	if err != nil {
		return err
	}
	ref, err := a.catalog.Ref(name)
	if err != nil {
		return err
	}
	entries, err := g.entries(paths)
	if err != nil {
		return err
	}
	if g.out == "" {
		g.out = l.ID + "-grades"
	}
	needs := l.Needs
	if g.inCluster {
		needs.Images = append(slices.Clone(needs.Images), image.Podlab)
		g.shards = cmp.Or(g.shards, batch.PerNode)
	} else {
		g.shards = 0
	}
	say, done := a.Tally()
	defer done()
	c, err := batch.Run(ctx, batch.Config{
		Lab: l, Ref: ref, Shards: g.shards, Out: g.out, Resume: g.resume, Again: g.again(), Parallel: g.parallel, Patience: g.patience, Program: a.Program,
		Up: func(ctx context.Context) (*cluster.Cluster, error) {
			progress, done := a.Waits()
			defer done()
			made, err := cluster.Up(ctx, a.options, needs, progress)
			if err != nil {
				return nil, err
			}
			progress(cluster.Event{Message: made.Why, Done: true})
			if made.Driver == cluster.Embedded && !g.trust {
				return nil, usage("the embedded cluster is no sandbox: its nodes are processes of %s, and what students hand in would run in them", user())("grade on kind or on a cluster of its own (--cluster kind, --kubeconfig FILE), or say --trust if you know that none of it means harm")
			}
			return made, nil
		},
		Progress: func(p batch.Progress) { say(tally(p)) },
		Say: func(format string, args ...any) {
			say("podlab: "+content.Line(fmt.Sprintf(format, args...), 500), "")
		},
	}, entries)
	done()
	if ctx.Err() != nil {
		fmt.Fprintf(a.Err, "podlab: those who are graded are in %s; with --resume the others come next\n", g.out)
	}
	if err != nil {
		return err
	}
	if err := batch.Save(g.out, c); err != nil {
		return err
	}
	if a.json {
		err = c.Write(a.raw)
	} else if err = report.ClassText(a.Out, c, a.Options()); err == nil {
		fmt.Fprintf(a.Out, "\nThe report is %s/report.html; the gradebook grades.csv, feedback and evidence are beside it.\n", g.out)
	}
	if err != nil {
		return err
	}
	if slices.ContainsFunc(c.Students, func(s class.Student) bool { return s.State == class.Errored || s.Unjudged > 0 }) {
		return statusError(exitNotPassed)
	}
	return nil
}

// entries are the students to grade.
func (g gradeFlags) entries(paths []string) ([]batch.Entry, error) {
	var roster []batch.Entry
	if g.roster != "" {
		f, err := os.Open(g.roster)
		if err != nil {
			return nil, usage("the roster cannot be read: %v", err)("name a CSV that begins with: id,name,seed")
		}
		defer f.Close()
		if roster, err = batch.ReadRoster(f); err != nil {
			return nil, err
		}
	}
	entries, err := batch.Entries(roster, paths)
	if err != nil || len(g.only) == 0 || g.resume {
		return entries, err
	}
	for _, id := range g.only {
		if !slices.ContainsFunc(entries, func(e batch.Entry) bool { return e.ID == id }) {
			return nil, usage("there is no student %s", id)("the id is the name of the submission, without its ending")
		}
	}
	return slices.DeleteFunc(entries, func(e batch.Entry) bool { return !slices.Contains(g.only, e.ID) }), nil
}

// again picks who is graded once more; nil is who errored.
func (g gradeFlags) again() func(class.Student) bool {
	switch {
	case len(g.only) > 0:
		return func(s class.Student) bool { return slices.Contains(g.only, s.ID) }
	case g.failed:
		return func(s class.Student) bool { return s.Report == nil || s.Earned < s.Report.Points }
	}
	return nil
}

// user is whose processes this program's are.
func user() string {
	if os.Geteuid() == 0 {
		return "the machine's root"
	}
	return "yours"
}

// tally is a line about the student who is done, if one is, and how far the class is.
func tally(p batch.Progress) (line, state string) {
	if p.Student != nil {
		line = fmt.Sprintf("[%d of %d] %s", p.Done, p.All, outcome(p.Student))
	}
	state = fmt.Sprintf("%d of %d done, %d at work", p.Done, p.All, p.Inside)
	if p.Errored > 0 {
		state += fmt.Sprintf(", %d errored", p.Errored)
	}
	if p.Left > 0 {
		state += fmt.Sprintf(", about %s left", p.Left.Round(time.Second))
	}
	return line, state
}

// outcome is a student's row in a few words.
func outcome(s *class.Student) string {
	var line strings.Builder
	if s.Report != nil {
		fmt.Fprintf(&line, "%s: %g of %d points, %.0f s", s.ID, s.Score, s.Report.Points, s.Seconds)
	} else {
		fmt.Fprintf(&line, "%s: %s, %s", s.ID, s.State, content.Line(s.Why, 200))
	}
	if errored := errored(s); errored != "" {
		line.WriteString(", " + errored)
	}
	if len(s.Refusals) > 0 {
		fmt.Fprintf(&line, ", %d things not taken", len(s.Refusals))
	}
	return line.String()
}

func errored(s *class.Student) string {
	if s.Report == nil {
		return ""
	}
	n := 0
	for _, x := range s.Report.Results {
		if x.Verdict == grader.Errored {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d checks could not be judged", n)
}
