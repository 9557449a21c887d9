package grader

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"podlab.dev/podlab/cue/want"
	"podlab.dev/podlab/grader/timeline"
)

// judge looks at one check whose needs are met and whose kind is watched.
func (g *Grader) judge(s *state, e timeline.Entry) (changed bool) {
	switch {
	case s.Logs != nil:
		return g.judgeLogs(s, e)
	case s.Exec != nil:
		return g.judgeExec(s, e)
	}
	own := ref{s.Object.GVK.GroupKind(), s.Object.Name}
	o, exists := g.world[own]
	switch {
	case s.Gone:
		return g.judgeGone(s, e, own)
	case !exists:
		s.since, s.progress, s.looked = time.Time{}, nil, 0
		return s.fail(e.Seq, nil, "%s", g.missing(own))
	case s.looked == o.seq:
		return false
	}
	s.looked = o.seq
	switch {
	case o.bad != nil:
		s.errored = fmt.Sprintf("%s %s could not be read: %v", own.kind.Kind, own.name, o.bad)
	case len(s.Seen) > 0:
		return g.judgeSeen(s, e, o)
	default:
		return g.judgeWant(s, e, o)
	}
	return true
}

func (g *Grader) judgeWant(s *state, e timeline.Entry, o object) bool {
	mm := s.Want.Compare(o.view)
	switch {
	case len(mm) > 0:
		s.since = time.Time{}
		return s.fail(o.seq, mm, "%s %s is not as wanted", s.Object.GVK.Kind, s.Object.Name)
	case s.Holds == 0:
		s.pass(e.Time, o.seq)
	case s.since.IsZero():
		s.since, s.sinceSeq = e.Time, o.seq
		return s.fail(o.seq, nil, "as wanted; it must stay so for %s", s.Holds)
	}
	return true
}

// judgeGone wants an object that was there and was then deleted.
func (g *Grader) judgeGone(s *state, e timeline.Entry, own ref) bool {
	if o, exists := g.world[own]; exists {
		return s.fail(o.seq, nil, "%s %s still exists", own.kind.Kind, own.name)
	}
	if gone, ok := g.graves[own]; ok {
		s.pass(e.Time, gone.shown, gone.deleted)
		return true
	}
	return s.fail(e.Seq, nil, "%s; it has to exist before it can be deleted", g.missing(own))
}

// judgeSeen wants states of one and the same object, in order. States that the
// object passes through between two wanted ones do not matter.
func (g *Grader) judgeSeen(s *state, e timeline.Entry, o object) bool {
	if s.progressU != o.uid {
		s.progress, s.progressU = nil, o.uid
	}
	mm := s.Seen[len(s.progress)].Compare(o.view)
	if len(mm) == 0 {
		s.progress = append(s.progress, o.seq)
		if len(s.progress) == len(s.Seen) {
			s.pass(e.Time, s.progress...)
			return true
		}
		mm = s.Seen[len(s.progress)].Compare(o.view)
	}
	return s.fail(o.seq, mm, "%d of %d states seen, in this order; the next one is still to come", len(s.progress), len(s.Seen))
}

func (g *Grader) judgeLogs(s *state, e timeline.Entry) bool {
	if s.line > 0 {
		s.pass(e.Time, s.line)
		return true
	}
	pod := ref{schema.GroupKind{Kind: "Pod"}, s.Logs.Pod}
	o, exists := g.world[pod]
	if !exists {
		return s.fail(e.Seq, nil, "%s", g.missing(pod))
	}
	if e.Kind == timeline.Log && e.Log.UID == o.uid {
		return s.fail(e.Seq, []want.Mismatch{{Path: "log", Want: "a line that matches " + s.Logs.Match.String(), Got: e.Log.Line}},
			"no line of the log matches yet; the newest is shown")
	}
	return s.message == "" && s.fail(o.seq, nil, "no line of the log matches %s yet", s.Logs.Match)
}

func (g *Grader) judgeExec(s *state, e timeline.Entry) bool {
	pod := ref{schema.GroupKind{Kind: "Pod"}, s.Exec.Pod}
	command := strings.Join(s.Exec.Command, " ")
	o, exists := g.world[pod]
	if !exists {
		s.ran = false
		return s.fail(e.Seq, nil, "%s", g.missing(pod))
	}
	if !runs(o.view, s.Exec.Container) {
		return s.fail(o.seq, nil, "%s cannot be run: its container in Pod %s is not running", command, s.Exec.Pod)
	}
	if e.Kind != timeline.Exec || e.Exec.Check != s.ID || e.Exec.UID != o.uid {
		return !s.ran && s.fail(o.seq, nil, "%s has not been run in Pod %s yet", command, s.Exec.Pod)
	}
	s.ran = true
	if e.Exec.Error != "" {
		s.errored = e.Exec.Error
		return true
	}
	mm := s.Want.Compare(map[string]any{
		"exitCode": int64(e.Exec.ExitCode), "stdout": e.Exec.Stdout, "stderr": e.Exec.Stderr,
	})
	if len(mm) == 0 {
		s.pass(e.Time, e.Seq)
		return true
	}
	return s.fail(e.Seq, mm, "%s gave something else in Pod %s", command, s.Exec.Pod)
}

// runs tells by the view of a Pod whether a container of it runs; an empty name
// is the first of them.
func runs(pod map[string]any, container string) bool {
	status, _ := pod["status"].(map[string]any)
	statuses, _ := status["containerStatuses"].(map[string]any)
	for name, s := range statuses {
		s, _ := s.(map[string]any)
		state, _ := s["state"].(map[string]any)
		if _, ok := state["running"]; ok && (container == "" || container == name) {
			return true
		}
	}
	return false
}

// missing says that an object does not exist and names those that do.
func (g *Grader) missing(r ref) string {
	var names []string
	for o := range g.world {
		if o.kind == r.kind {
			names = append(names, o.name)
		}
	}
	sort.Strings(names)
	const most = 6
	switch {
	case len(names) == 0:
		return fmt.Sprintf("there is no %s %s, and no other %s either", r.kind.Kind, r.name, r.kind.Kind)
	case len(names) > most:
		return fmt.Sprintf("there is no %s %s; there are %s and %d more", r.kind.Kind, r.name, strings.Join(names[:most], ", "), len(names)-most)
	case len(names) == 1:
		return fmt.Sprintf("there is no %s %s; there is %s", r.kind.Kind, r.name, names[0])
	}
	return fmt.Sprintf("there is no %s %s; there are %s", r.kind.Kind, r.name, strings.Join(names, ", "))
}
