// Package batch grades a class: what each student handed in is put into a namespace
// of its own, many side by side, and graded as a learner's work is. Every student has
// a row in the end, whatever happened.
//
//	entries, err := batch.Entries(roster, paths)
//	c, err := batch.Run(ctx, batch.Config{Lab: l, Out: "grades", …}, entries)
//
// The flow of one submission: package submission reads it, its objects go into a
// fenced [runner.Session] page by page, the session's timeline is judged, saved as
// evidence, and the row appended to the journal. A run that was killed is gone on
// with from there.
package batch

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"k8s.io/client-go/kubernetes"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/cluster/workload"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/class"
	"podlab.dev/podlab/runner"
	"podlab.dev/podlab/runner/batch/submission"
)

// Config is what grading a class needs.
type Config struct {
	Lab *lab.Lab
	// Ref is how the lab can be loaded again; see [runner.Catalog.Ref].
	Ref string
	// Out is the folder that gets the grades.
	Out string
	// Resume goes on with what Out has already; without it such a folder is refused.
	Resume bool
	// Again picks the students of an earlier run who are graded once more; nil for
	// those who errored.
	Again func(class.Student) bool
	// Up brings the cluster up. It is called when a submission needs one.
	Up func(ctx context.Context) (*cluster.Cluster, error)
	// Parallel is how many submissions are worked on at a time; 0 is as many as the
	// nodes bear.
	Parallel int
	// Patience is how long the checks of a page may take to pass, besides what they
	// ask for themselves.
	Patience time.Duration
	// Program is the podlab that grades.
	Program string
	// Shards is how many Pods of the cluster do the grading, which then goes on in this
	// process's absence; 0 is none, and this process does it.
	Shards int
	// Identity names the run in the cluster; empty for one that its folder names.
	Identity string
	// Progress hears, one at a time, of each student who is begun with and of each who
	// is done.
	Progress func(Progress)
	// Say hears of what else should be known, in a line.
	Say func(format string, args ...any)
}

// Progress is how far a run is.
type Progress struct {
	// Student is who is done now; nil when one was begun with.
	Student *class.Student
	// Of all students so many are done, of which so many errored, and so many are
	// being worked on.
	All, Done, Errored, Inside int
	// Left is about how long the others take; 0 while nobody knows.
	Left time.Duration
}

// PerNode is one shard for each node.
const PerNode = -1

// tries is how often a student is graded when the cluster gets in the way.
const tries = 3

// BusyError says that another run writes into the folder.
type BusyError struct{ Dir string }

func (e *BusyError) Error() string { return fmt.Sprintf("another podlab grades into %s", e.Dir) }

// Remedy keeps both apart.
func (e *BusyError) Remedy() string { return "wait for it, or name another folder with --out" }

// Run grades the students. The record has a row for each of them; that some could not
// be graded is no error. When ctx ends, what was done is in the journal.
func Run(ctx context.Context, c Config, entries []Entry) (*class.Class, error) {
	r := &run{Config: c, class: class.New(c.Lab, c.Program), all: len(entries)}
	if err := os.MkdirAll(filepath.Join(c.Out, evidenceDir), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder for the grades: %w", err)
	}
	out, err := filepath.Abs(c.Out)
	if err != nil {
		return nil, err
	}
	r.lock = filepath.Join(out, ".lock")
	lock := flock.New(r.lock)
	if ok, err := lock.TryLock(); err != nil {
		return nil, fmt.Errorf("lock %s: %w", c.Out, err)
	} else if !ok {
		return nil, &BusyError{c.Out}
	}
	defer lock.Unlock() //nolint:errcheck // it ends with the process at the latest
	work := filepath.Join(out, ".work")
	if err := os.RemoveAll(work); err != nil { // of a run that was killed
		return nil, fmt.Errorf("remove what a killed run left: %w", err)
	}
	defer os.RemoveAll(work)
	r.store = runner.NewStore(work)

	var done map[string]class.Student
	if r.journal, done, err = openJournal(c.Out, head{journalFormat, c.Lab.ID, c.Lab.Digest}); err != nil {
		return nil, err
	}
	defer r.journal.close() //nolint:errcheck // each line is on the disk
	if len(done) > 0 && !c.Resume {
		return nil, &InputError{fmt.Sprintf("%s has the grades of %d students already", c.Out, len(done)), "go on with --resume, or name another folder with --out"}
	}
	if c.Again == nil {
		r.Again = func(s class.Student) bool { return s.State == class.Errored || s.Unjudged > 0 }
	}
	r.class.Began = time.Now().UTC().Truncate(time.Second)
	err = r.grade(ctx, entries, done)
	if err != nil {
		return nil, err
	}
	r.class.Ended = time.Now().UTC().Truncate(time.Second)
	slices.SortFunc(r.class.Students, func(a, b class.Student) int { return strings.Compare(a.ID, b.ID) })
	var questions map[string][]string
	r.class.Alike, questions = alike(c.Lab, r.class.Students, entries)
	for i, s := range r.class.Students {
		r.class.Students[i].Questions = append(s.Questions, questions[s.ID]...)
	}
	return r.class, nil
}

// evidenceDir is the folder within Out.
const evidenceDir = "evidence"

// run is a run of a class.
type run struct {
	Config
	class   *class.Class
	all     int
	lock    string
	store   runner.Store
	journal *journal

	cluster *cluster.Cluster
	gate    *gate
	fence   workload.Fence
}

func (r *run) grade(ctx context.Context, entries []Entry, done map[string]class.Student) error {
	var open []Entry
	needed := false
	for _, e := range entries {
		s, graded := done[e.ID]
		if graded && !r.Again(s) {
			r.class.Students = append(r.class.Students, s)
			continue
		}
		open = append(open, e)
		needed = needed || onCluster(e)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if needed {
		if err := r.prepare(ctx); err != nil {
			return err
		}
	}
	if r.Shards == PerNode && needed {
		r.Shards = max(r.cluster.Nodes-1, 1) // the control plane has enough to do
	}
	if r.Lab.BreaksNodes() || r.Lab.Needs.GPUs != nil {
		r.Shards = min(r.Shards, 1)
	}
	if r.Shards > 0 && needed {
		return r.dispatch(ctx, open)
	}
	rows, began, n := make(chan *class.Student), time.Now(), 0 // nil: one was begun with
	var inside atomic.Int32
	go func() {
		defer close(rows)
		var all sync.WaitGroup
		defer all.Wait()
		for _, e := range open {
			leave, err := r.enter(ctx, e)
			if err != nil {
				return
			}
			inside.Add(1)
			rows <- nil
			all.Go(func() {
				s := r.student(ctx, e)
				inside.Add(-1)
				leave()
				if ctx.Err() == nil { // what was cut off is graded by the next run
					rows <- &s
				}
			})
		}
	}()
	var trouble error
	for s := range rows {
		if trouble != nil {
			continue
		}
		if s != nil {
			if trouble = r.done(*s); trouble != nil {
				cancel()
				continue
			}
			n++
		}
		p := r.progress(s)
		p.Inside = int(inside.Load())
		if n >= 3 {
			p.Left = time.Since(began) / time.Duration(n) * time.Duration(len(open)-n)
		}
		r.Progress(p)
	}
	if trouble != nil {
		return trouble
	}
	return context.Cause(ctx)
}

// done keeps a row.
func (r *run) done(s class.Student) error {
	if err := r.journal.add(s); err != nil {
		return err
	}
	r.class.Students = append(r.class.Students, s)
	return nil
}

// progress counts; s is who is done now, if anybody.
func (r *run) progress(s *class.Student) Progress {
	p := Progress{Student: s, Done: len(r.class.Students), All: r.all}
	for _, s := range r.class.Students {
		if s.State == class.Errored {
			p.Errored++
		}
	}
	return p
}

// prepare brings the cluster up, and removes what killed runs left there.
func (r *run) prepare(ctx context.Context) error {
	var err error
	if r.cluster, err = r.Up(ctx); err != nil {
		return err
	}
	cfg, err := r.cluster.RESTConfig()
	if err != nil {
		return err
	}
	clients, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return fmt.Errorf("connect to the cluster: %w", err)
	}
	removed, left, err := sweep(ctx, clients, r.lock)
	if err != nil {
		return err
	}
	if removed > 0 {
		r.Say("removed %d namespaces that a killed run had left", removed)
	}
	if left > 0 {
		r.Say("%d namespaces belong to runs on other machines, and were left", left)
	}
	r.fence = workload.Fence{Level: r.Lab.Submissions.Security, Limits: r.Lab.Submissions.Limits}
	if r.class.Contained, err = workload.Contained(ctx, clients, r.fence); err != nil {
		return err
	}
	r.class.Cluster = r.cluster.Driver + "/" + r.cluster.Name
	if r.Lab.Steps[0].BreaksNodes() && r.Parallel != 1 {
		r.Parallel = 1
		r.Say("the lab breaks nodes: one submission at a time")
	}
	if r.Lab.Needs.GPUs != nil && r.Parallel != 1 {
		r.Parallel = 1 // one's GPUs are not there for another, and one's faults are not another's
		r.Say("the lab has GPUs: one submission at a time has them")
	}
	if r.gate, err = newGate(ctx, clients, r.Parallel); err != nil {
		return fmt.Errorf("watch the cluster's Pods: %w", err)
	}
	return nil
}

// onCluster tells whether it takes a cluster to grade an entry.
func onCluster(e Entry) bool { return e.Path != "" && !submission.IsEvidence(e.Path) }

// enter waits until there is room for a student.
func (r *run) enter(ctx context.Context, e Entry) (leave func(), err error) {
	if r.gate == nil || !onCluster(e) {
		return func() {}, ctx.Err()
	}
	name := r.namespace(e)
	if err := r.gate.enter(ctx, name); err != nil {
		return nil, err
	}
	return func() {
		if r.Lab.BreaksNodes() && ctx.Err() == nil {
			_ = r.cluster.Whole(ctx) // that it is not is for those to say who come next
		}
		r.gate.leave(name)
	}, nil
}

// identity tells this run from others in the same cluster.
func (r *run) identity() string { return cmp.Or(r.Identity, r.lock) }

// prefix is what namespaces of submissions begin with.
const prefix = "grade-"

// namespace is where a student's work goes: of this folder alone.
func (r *run) namespace(e Entry) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(r.identity() + "\x00" + e.ID))
	name := r.Lab.ID
	if len(name) > 40 {
		name = name[:40]
	}
	return prefix + name + "-" + hex.EncodeToString(h.Sum(nil))[:12]
}
