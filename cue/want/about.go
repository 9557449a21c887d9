package want

import (
	"cuelang.org/go/cue"
)

// About tells whether c says anything about the field at a path of the view: about
// the field itself, about something in it, or about something that it is in and
// that has to be there.
func (c Constraint) About(path []string) bool {
	return c.v.Exists() && about(c.v, path)
}

func about(v cue.Value, path []string) bool {
	if len(path) == 0 || v.IncompleteKind()&cue.StructKind == 0 {
		return true // a value, or a list, is wanted as a whole
	}
	if below := field(v, path[0]); below.Exists() {
		return about(below, path[1:])
	}
	if op, args := v.Expr(); op == cue.OrOp || op == cue.AndOp {
		for _, a := range args {
			if a.IncompleteKind()&cue.StructKind != 0 && about(a, path) {
				return true
			}
		}
	}
	return false
}
