package batch

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/natefinch/atomic"

	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/class"
	"podlab.dev/podlab/grader/timeline"
	"podlab.dev/podlab/runner"
	"podlab.dev/podlab/runner/batch/submission"
)

// student grades one student, whatever happens.
func (r *run) student(ctx context.Context, e Entry) class.Student {
	s := class.Student{ID: e.ID, Name: e.Name, Seed: e.Seed, Submitted: e.Submitted}
	if e.Path == "" {
		s.State, s.Why = class.Missing, "nothing was handed in"
		return s
	}
	s.Submission = filepath.Base(filepath.Clean(e.Path))
	sub, err := submission.Open(e.Path)
	if err != nil {
		s.State, s.Why = class.Errored, err.Error()
		var refused *submission.RefusedError
		if errors.As(err, &refused) {
			s.State = class.Refused
		}
		return s
	}
	s.Digest, s.Refusals = sub.Digest, sub.Refusals
	if s.Submitted.IsZero() {
		s.Submitted = sub.Modified.UTC().Truncate(time.Second)
	}
	if sub.Evidence != nil {
		r.regrade(&s, sub.Evidence)
	} else {
		r.attempts(ctx, &s, sub)
	}
	if s.Report != nil {
		s.Earned, s.Unjudged = s.Report.Earned, s.Report.Unjudged
		s.Late = r.Lab.Submissions.After(s.Submitted)
		s.Lost = r.Lab.Submissions.Lost(s.Earned, s.Submitted)
		s.Score = float64(s.Earned) - s.Lost
	}
	return s
}

// regrade grades evidence, by the lab as it is now.
func (r *run) regrade(s *class.Student, b *timeline.Bundle) {
	if b.Lab != r.Lab.ID {
		s.State, s.Why = class.Refused, fmt.Sprintf("it is evidence of lab %s, and not of %s", b.Lab, r.Lab.ID)
		return
	}
	out, err := runner.Regrade(r.Lab, b)
	if err != nil {
		s.State, s.Why = class.Refused, err.Error()
		return
	}
	if s.Seed != "" && b.Seed != s.Seed && len(r.Lab.Params) > 0 {
		s.Questions = append(s.Questions, fmt.Sprintf("the evidence was recorded with the values of seed %q, and the student's is %q: whose work is it?", b.Seed, s.Seed))
	}
	s.Seed = b.Seed
	s.State, s.Report = class.Graded, &out.Report
	s.Pods = class.Pods(b.Timeline)
	if err := r.save(s, *b); err != nil {
		s.State, s.Why, s.Report = class.Errored, err.Error(), nil
	}
}

// save keeps the evidence beside the grades.
func (r *run) save(s *class.Student, b timeline.Bundle) error {
	var file bytes.Buffer
	if err := timeline.WriteBundle(&file, b.Header, b.Timeline); err != nil {
		return err
	}
	name := filepath.Join(evidenceDir, s.ID+".evidence")
	if err := atomic.WriteFile(filepath.Join(r.Out, name), &file); err != nil {
		return fmt.Errorf("save the evidence: %w", err)
	}
	s.Evidence = filepath.ToSlash(name)
	return nil
}

// nothing says why there is nothing to grade.
func nothing(refusals []class.Refusal) string {
	switch len(refusals) {
	case 0:
		return "it is empty: it has no object for a cluster, and no answer"
	case 1:
		return "nothing of it could be taken: " + refusals[0].Why
	}
	return fmt.Sprintf("nothing of it could be taken: %s, and %d more", refusals[0].Why, len(refusals)-1)
}

// attempts grades a submission on the cluster, again when the cluster gets in the
// way, or may have: on nodes too busy to start Pods, probes time out and what is to
// happen within some seconds does not, whatever the student has written.
func (r *run) attempts(ctx context.Context, s *class.Student, sub *submission.Submission) {
	s.Seed = cmp.Or(s.Seed, s.ID)
	l, err := r.Lab.For(s.Seed)
	if err != nil {
		s.State, s.Why = class.Errored, err.Error()
		return
	}
	rules := submission.Rules{Kinds: r.Lab.Submissions.Kinds, Level: r.Lab.Submissions.Security}
	work, refusals := sub.Work(l, rules)
	s.Refusals = append(s.Refusals, refusals...)
	if empty(work) {
		s.State, s.Why = class.Refused, nothing(s.Refusals)
		return
	}
	before, name := s.Refusals, r.namespace(Entry{ID: s.ID})
	evicted := 0
	for s.Tries = 1; ; s.Tries++ {
		began := time.Now()
		s.Refusals = before[:len(before):len(before)]
		s.Report, s.Pods, s.Evidence = nil, nil, "" // of a try that came to nothing
		err := r.attempt(ctx, s, work)
		s.Seconds = time.Since(began).Seconds()
		if errors.Is(err, errNoRoom) && evicted < evictions {
			r.gate.leave(name)
			if r.gate.enter(ctx, name) == nil {
				s.Tries, evicted = s.Tries-1, evicted+1
				continue
			}
		}
		judged := err == nil && !s.Report.Errored()
		busy := judged && !s.Report.Passed && s.Tries == 1 && r.gate.crowded(name)
		if ctx.Err() != nil || judged && !busy {
			return
		}
		if s.Tries == tries {
			if err != nil {
				s.State, s.Why, s.Report = class.Errored, fmt.Sprintf("in each of %d tries: %v", tries, err), nil
			}
			return
		}
		select { // what is in the way may pass
		case <-ctx.Done():
		case <-time.After(time.Duration(s.Tries) * 5 * time.Second):
		}
	}
}

// evictions is how often a submission makes room for others before it counts as a try
// that its Pods found none.
const evictions = 10

func empty(w *submission.Work) bool {
	return !slices.ContainsFunc(w.Pages, func(p submission.Page) bool { return !idle(p) })
}

// idle tells whether nothing is done at a page.
func idle(p submission.Page) bool {
	return len(p.Apply)+len(p.Delete)+len(p.Resize)+len(p.Answers) == 0
}

// attempt grades a submission once, in a namespace that is made for it.
func (r *run) attempt(ctx context.Context, s *class.Student, work *submission.Work) error {
	x, err := r.open(ctx, s)
	if err != nil {
		return err
	}
	defer r.leave(ctx, x)
	sit := newSitting(x, r.gate, r.Patience)
	if err := sit.run(ctx, work); err != nil {
		return err
	}
	s.Refusals = append(s.Refusals, sit.refusals...)
	bundle, err := x.Evidence(r.Program)
	if err != nil {
		return err
	}
	report, err := x.Judge()
	if err != nil {
		return err
	}
	s.State, s.Report, s.Pods = class.Graded, &report, class.Pods(bundle.Timeline)
	return r.save(s, bundle)
}

// open begins a session for a student, of the lab with the student's params.
func (r *run) open(ctx context.Context, s *class.Student) (*runner.Session, error) {
	key := r.namespace(Entry{ID: s.ID})
	x, err := r.store.OpenSeeded(key, r.Ref, r.Lab, s.Seed)
	if err != nil {
		return nil, err
	}
	x.Fenced(r.fence, r.marks())
	fresh, err := x.Attach(ctx, r.cluster)
	if err == nil && !fresh { // somebody was killed here
		if err = x.Stop(ctx, true); err == nil {
			_, err = x.Attach(ctx, r.cluster)
		}
	}
	if err != nil {
		r.leave(ctx, x)
		return nil, err
	}
	return x, nil
}

// leave removes a session and its namespace. What cannot be removed now, the next run
// finds.
func (r *run) leave(ctx context.Context, x *runner.Session) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	if err := x.Stop(ctx, false); err != nil {
		r.Say("namespace %s is left for the next run to remove: %v", x.Key, err)
	}
	_ = x.Forget() // the whole folder goes with the run
}

// passed tells whether all checks of a page have.
func passed(r grader.Report, step string) bool {
	for _, x := range r.Step(step) {
		if x.Verdict != grader.Passed {
			return false
		}
	}
	return true
}
