package want

import (
	"cuelang.org/go/cue"
)

// paths are the fields that a plain want speaks of, below each those that it
// speaks of there; none for a field that it takes as a whole.
type paths map[string]paths

// namedIn are the paths of a plain want: one that names every field it is about,
// each with values or bounds, and nothing else: no patterns, alternatives or
// validators of structs, or closed structs. What it refers to it names as well.
// What such a want does not name cannot matter to it, so it need not be compared
// with all of an object. nil says that the want is not of this kind.
func namedIn(v cue.Value) paths {
	p := plainer{left: 10_000}
	out, ok := p.structure(v, 0)
	if !ok {
		return nil
	}
	return out
}

type plainer struct{ left int }

func (p *plainer) structure(v cue.Value, depth int) (paths, bool) {
	if p.left--; p.left < 0 || depth > 50 {
		return nil, false
	}
	if op, _ := v.Expr(); op != cue.NoOp || v.IncompleteKind() != cue.StructKind || !v.Allows(cue.AnyString) {
		return nil, false
	}
	out := paths{}
	it, err := v.Fields(cue.Optional(true), cue.Patterns(true), cue.Hidden(true), cue.Definitions(true))
	if err != nil {
		return nil, false
	}
	for it.Next() {
		sel, e := it.Selector(), it.Value()
		if sel.ConstraintType() == cue.PatternConstraint || sel.LabelType() != cue.StringLabel {
			return nil, false
		}
		switch below, ok := p.structure(e, depth+1); {
		case ok:
			out[sel.Unquoted()] = below
		case p.scalar(e, depth):
			out[sel.Unquoted()] = nil
		default:
			return nil, false
		}
	}
	return out, true
}

// scalar tells whether v is a value, a bound, a type, or several of them.
func (p *plainer) scalar(v cue.Value, depth int) bool {
	if p.left--; p.left < 0 || depth > 50 {
		return false
	}
	kind := v.IncompleteKind()
	if kind&(cue.StructKind|cue.ListKind) != 0 && kind != cue.TopKind {
		return false
	}
	if kind == cue.BottomKind || v.IsConcrete() {
		return true // a field ?: _|_ is absent, whatever is in it
	}
	op, args := v.Expr()
	switch op {
	case cue.NoOp:
		// A type: string, int, _. A reference would have another value to it.
		return cue.Dereference(v) == v
	case cue.AndOp, cue.OrOp:
		for _, a := range args {
			if !p.scalar(a, depth+1) {
				return false
			}
		}
		return true
	}
	return bound(op) && len(args) == 1 && args[0].IsConcrete()
}

// of is the part of a view that the paths are about.
func (p paths) of(view map[string]any) map[string]any {
	out := make(map[string]any, len(p))
	for name, below := range p {
		got, ok := view[name]
		if !ok {
			continue
		}
		if m, isStruct := got.(map[string]any); isStruct && below != nil {
			got = below.of(m)
		}
		out[name] = got
	}
	return out
}
