package grader

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"podlab.dev/podlab/grader/timeline"
)

// redo begins a step anew, or notes how far that is.
func (g *Grader) redo(e timeline.Entry) bool {
	w := *e.Rework
	if w.Ended || w.Error != "" {
		for i, open := range g.redos {
			if open.Step != w.Step {
				continue
			}
			if open.Error = w.Error; w.Error == "" {
				g.redos = slices.Delete(g.redos, i, i+1)
			}
			break
		}
		return true
	}
	if g.lab.Step(w.Step) < 0 {
		return false // the lab has another shape now
	}
	g.redos = append(g.redos, &w)
	g.doom(w.Objects)
	for _, s := range g.states {
		if s.step != w.Step {
			continue
		}
		*s = state{Check: s.Check, step: s.step, symptom: s.symptom}
		if s.Object != nil { // that it was deleted once is of before
			delete(g.graves, ref{s.Object.GVK.GroupKind(), s.Object.Name})
		}
	}
	if p := g.setups[w.Step]; p != nil {
		p.begun, p.done, p.lasts, p.trouble = false, false, false, ""
	}
	delete(g.former.ready, w.Step)
	return true
}

// doom forgets objects that podlab is about to delete, and all that goes with them.
func (g *Grader) doom(names []timeline.Name) {
	for _, n := range names {
		r := refOf(n)
		if o := g.objects[r]; o != nil && o.namespace != "" { // podlab deletes no others
			g.doomed[o.uid] = true
		}
		delete(g.graves, r)
	}
	for more := true; more; {
		more = false
		for r, o := range g.objects {
			if g.doomed[o.uid] || slices.ContainsFunc(o.owners, func(uid string) bool { return g.doomed[uid] }) {
				g.doomed[o.uid] = true
				delete(g.objects, r)
				more = true
			}
		}
	}
}

func refOf(n timeline.Name) ref {
	return ref{schema.FromAPIVersionAndKind(n.APIVersion, n.Kind).GroupKind(), n.Name}
}

// redoing tells whether a step is about to begin anew.
func (g *Grader) redoing(step string) bool {
	return slices.ContainsFunc(g.redos, func(w *timeline.Rework) bool { return w.Step == step })
}

// Clearing is the step that is to begin anew, with what is to be deleted for it, or
// nil.
func (g *Grader) Clearing() *timeline.Rework {
	if len(g.redos) == 0 {
		return nil
	}
	return g.redos[0]
}

// clearing says what a page that begins anew waits for.
func clearing(w *timeline.Rework) string {
	if w.Error != "" {
		return "the page could not be begun anew: " + w.Error
	}
	return "the page begins anew: podlab deletes what belongs to it"
}
