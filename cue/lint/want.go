package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"cuelang.org/go/cue"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/cue/want"
)

// stated is one want of a check, taken apart.
type stated struct {
	path     string // in lab.cue
	literals []want.Literal
}

// stated takes the wants of a check apart; step and n say which it is.
func (l *linter) stated(step, n int, c lab.Check) (out []stated) {
	shape := c.Shape()
	constraints := c.Constraints()
	for _, path := range slices.Sorted(maps.Keys(constraints)) {
		out = append(out, stated{fmt.Sprintf("steps[%d].checks[%d].%s", step, n, path), constraints[path].Literals(shape)})
	}
	return out
}

// demanded are the wants that the learner has to meet: what must never be, and
// what a hint looks for, is not asked of anybody.
func (l *linter) demanded(step, n int, c lab.Check) []stated {
	return slices.DeleteFunc(l.stated(step, n, c), func(w stated) bool {
		return strings.HasSuffix(w.path, ".never") || strings.HasSuffix(w.path, ".when")
	})
}

// wants looks for what a right answer could fail, or a wrong one pass.
func (l *linter) wants() {
	for i, s := range l.lab.Steps {
		for j, c := range s.Checks {
			for _, w := range l.stated(i, j, c) {
				l.sentences(c, w)
				if c.Object != nil && c.Holds == 0 && strings.HasSuffix(w.path, ".want") && c.Fault == nil {
					l.momentary(c, w)
				}
			}
		}
	}
}

// sentences finds messages of Kubernetes that are wanted word by word: they
// change from one minor version to the next, reasons and conditions do not.
func (l *linter) sentences(c lab.Check, w stated) {
	for _, lit := range w.literals {
		text, ok := lit.Value.(string)
		if !ok || lit.Key || lit.Op != cue.NoOp || len(strings.Fields(text)) < 2 {
			continue
		}
		if last := lit.Path[len(lit.Path)-1]; last == "message" || last == "note" {
			l.error(l.spelled(lit.Pos, w.path), "sentence", `match the reason beside it, or the part that stays: =~"…"`,
				"check %s wants the sentence %q, which changes between versions of Kubernetes", c.ID, text)
		}
	}
}

// momentary finds wants of which all that is about the status is Ready. A
// container that starts and crashes is Ready for a moment, and that would do.
func (l *linter) momentary(c lab.Check, w stated) {
	status := slices.DeleteFunc(slices.Clone(w.literals), func(lit want.Literal) bool { return lit.Key || lit.Path[0] != "status" })
	if len(status) != 1 || status[0].Value != "True" {
		return
	}
	switch strings.Join(status[0].Path, ".") {
	case "status.conditions.Ready.status", "status.conditions.ContainersReady.status":
		l.warn(l.spelled(status[0].Pos, w.path), "ready", `write holds: "5s" beside the want`,
			"a moment of Ready is enough for check %s", c.ID)
	}
}
