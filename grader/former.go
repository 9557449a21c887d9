package grader

import (
	"maps"
	"slices"

	"podlab.dev/podlab/grader/timeline"
)

// former is what is known of namespaces of the session that are gone, and of
// bringing back what they held. What the learner's objects are there counts as
// before. What they go through because podlab makes them anew was not the
// learner's doing.
type former struct {
	uids    map[ref]string  // of what was there at the end
	ready   map[string]bool // steps that were prepared in full
	returns bool            // podlab brings it back just now
	awaited map[ref]bool    // what may come back and has not
	back    map[string]bool // UIDs of what did
}

func newFormer() former {
	return former{uids: map[ref]string{}, ready: map[string]bool{}, awaited: map[ref]bool{}, back: map[string]bool{}}
}

// bury remembers the namespace before it is forgotten.
func (g *Grader) bury() {
	for r, o := range g.objects {
		if o.namespace != "" { // a Node does not come back
			g.former.uids[r] = o.uid
		}
	}
	for step, p := range g.setups {
		if p.done && p.awaited() == nil {
			g.former.ready[step] = true
		}
	}
	if g.former.returns { // it was cut off, and begins again here
		g.await(nil)
	}
}

// await notes what may come back into a namespace with these objects.
func (g *Grader) await(there map[ref]*object) {
	clear(g.former.awaited)
	for r := range g.former.uids {
		g.former.awaited[r] = there[r] == nil
	}
}

// rebuild begins or ends the time in which podlab brings back what a namespace
// that is gone held.
func (g *Grader) rebuild(e timeline.Entry) bool {
	w, f := e.Rework, &g.former
	for _, s := range g.states {
		s.lookAgain()
	}
	if f.returns = !w.Ended; f.returns {
		g.await(g.objects)
		return true
	}
	for _, n := range w.Left {
		delete(f.awaited, refOf(n.Name))
	}
	for _, n := range w.Brought { // nothing of it is the learner's that could count twice
		delete(f.awaited, refOf(n))
		if o := g.objects[refOf(n)]; o != nil {
			delete(f.back, o.uid)
		}
	}
	for _, step := range w.Steps {
		p := g.setups[step]
		if p == nil || !f.ready[step] {
			continue
		}
		p.begun, p.done, p.trouble = true, true, ""
		for _, s := range p.symptoms { // it is as it was, and that was after them
			s.passed = true
		}
	}
	return true
}

// recognize notes that an object of before is there again.
func (g *Grader) recognize(r ref, o *object) {
	f := &g.former
	if !f.awaited[r] {
		return
	}
	delete(f.awaited, r)
	f.back[o.uid] = true
	for _, s := range g.states {
		if seq := s.spoilt[f.uids[r]]; seq > 0 {
			s.spoilt[o.uid] = seq
		}
	}
}

// Rebuilding tells whether podlab is to bring back what a namespace that is gone
// held, and which steps had been prepared in it.
func (g *Grader) Rebuilding() (steps []string, ok bool) {
	return slices.Sorted(maps.Keys(g.former.ready)), g.former.returns
}
