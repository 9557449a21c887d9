package runner

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/cue/view"
	"podlab.dev/podlab/grader/timeline"
)

// NoStepError says that a lab has no such step.
type NoStepError struct {
	Step  string
	Steps []string // those of the lab
}

func (e *NoStepError) Error() string { return fmt.Sprintf("there is no step %q in this lab", e.Step) }

// Remedy names the steps.
func (e *NoStepError) Remedy() string {
	if near := view.Nearest(e.Step, e.Steps); near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	return "its steps are " + strings.Join(e.Steps, ", ")
}

// Usage marks the error as one of input.
func (e *NoStepError) Usage() {}

// Redo has a step begun anew: what its setup brought, and what its checks and those
// of no earlier step are about, is deleted, what setups had brought of it is there
// again as they bring it, and none of its checks has passed nor given a hint.
// Whoever records the session does so.
func (x *Session) Redo(step string) error {
	if x.InExam() {
		return &ExamError{Key: x.Key, Asked: "beginning anew"}
	}
	if x.Examined() {
		return &ExamOverError{Key: x.Key}
	}
	i := x.Lab.Step(step)
	if i < 0 {
		e := &NoStepError{Step: step}
		for _, s := range x.Lab.Steps {
			e.Steps = append(e.Steps, s.ID)
		}
		return e
	}
	return x.Update(func(st *State) {
		st.Redone = append(st.Redone, step)
		for _, c := range x.Lab.Steps[i].Checks {
			delete(st.Hints, c.ID)
		}
	})
}

// Rebuild has what the namespace held before it was lost brought back. Whoever
// records the session does so.
func (x *Session) Rebuild() error {
	if x.Examined() {
		return &ExamOverError{Key: x.Key}
	}
	return x.Update(func(st *State) { st.Rebuilt++ })
}

// Rebuilt says what came of the last rebuild, or "" where there was none.
func (x *Session) Rebuilt() (string, error) {
	file, err := timeline.Read(x.timeline())
	if err != nil {
		return "", err
	}
	for _, e := range slices.Backward(file.Entries()) {
		if e.Kind == timeline.Rebuild && e.Rework.Ended {
			return rebuilt(*e.Rework), nil
		}
	}
	return "", nil
}

// Belongings names what is deleted when a step begins anew.
func (x *Session) Belongings(step string) (out []string, err error) {
	names, err := x.belongings(step)
	for _, n := range names {
		out = append(out, n.String())
	}
	return out, err
}

func (x *Session) belongings(step string) ([]timeline.Name, error) {
	i := x.Lab.Step(step)
	if i < 0 {
		return nil, nil // the lab has another shape now
	}
	earlier := map[timeline.Name]bool{}
	for _, s := range x.Lab.Steps[:i] {
		maps.Copy(earlier, subjects(s))
	}
	brought, err := setupObjects(x.Lab, []string{step})
	if err != nil {
		return nil, err
	}
	out := map[timeline.Name]bool{}
	for name := range subjects(x.Lab.Steps[i]) {
		if !earlier[name] {
			out[name] = true
		}
	}
	for _, obj := range brought {
		out[nameOf(obj)] = true
	}
	return slices.SortedFunc(maps.Keys(out), func(a, b timeline.Name) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	}), nil
}

// subjects are the objects that the checks of a step are about.
func subjects(s lab.Step) map[timeline.Name]bool {
	out := map[timeline.Name]bool{}
	pod := func(name string) {
		if name != "" {
			out[timeline.Name{APIVersion: "v1", Kind: "Pod", Name: name}] = true
		}
	}
	for _, c := range s.Checks {
		switch {
		case c.Object != nil:
			version, kind := c.Object.GVK.ToAPIVersionAndKind()
			if slices.Contains(shared(), kind) {
				continue
			}
			out[timeline.Name{APIVersion: version, Kind: kind, Name: c.Object.Name}] = true
		case c.Logs != nil:
			pod(c.Logs.Pod)
		case c.Exec != nil:
			pod(c.Exec.Pod)
		case c.HTTP != nil && c.HTTP.Service != "":
			out[timeline.Name{APIVersion: "v1", Kind: "Service", Name: c.HTTP.Service}] = true
		case c.HTTP != nil:
			pod(c.HTTP.Pod)
		}
	}
	return out
}

// shared are the kinds of objects of the whole cluster that checks are about; they
// are nobody's to delete.
func shared() []string {
	return []string{"Node", "Namespace", "PersistentVolume", "StorageClass", "PriorityClass", "ClusterRole", "ClusterRoleBinding"}
}

// reworked says what an entry about a step that begins anew, or a rebuild, tells.
func (x *Session) reworked(e timeline.Entry) Reworked {
	w := e.Rework
	switch {
	case e.Kind == timeline.Redo && w.Error != "":
		return Reworked{Step: w.Step, Title: "Anew", Text: "The page could not be begun anew, and is tried again: " + w.Error}
	case e.Kind == timeline.Redo && w.Ended:
		return Reworked{Step: w.Step, Title: "Anew", Text: "The page begins anew.", Ended: true}
	case e.Kind == timeline.Redo:
		return Reworked{Step: w.Step, Title: "Anew", Text: "Deleting what belongs to the page: " + listed(w.Objects)}
	case !w.Ended:
		return Reworked{Title: "Rebuilding", Text: "Bringing back what you had made."}
	}
	return Reworked{Title: "Rebuilt", Text: rebuilt(*w), Ended: true}
}

// rebuilt says what came back and what did not.
func rebuilt(w timeline.Rework) string {
	if w.Error != "" {
		return "It could not be brought back: " + w.Error
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Back, in the state you left them in: %s.\n", listed(w.Objects))
	for _, l := range w.Left {
		fmt.Fprintf(&b, "Not back: %s: %s.\n", l.Name, l.Why)
	}
	b.WriteString("What was in volumes and containers is gone, and so are objects of kinds that neither a check of this lab is about nor podlab records.")
	return b.String()
}

func listed(names []timeline.Name) string {
	if len(names) == 0 {
		return "nothing"
	}
	var out []string
	for _, n := range names {
		out = append(out, n.String())
	}
	return strings.Join(out, ", ")
}
