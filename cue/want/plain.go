package want

import (
	"cuelang.org/go/cue"
)

// paths are the fields that a plain want speaks of, and what it says of all fields
// beside them, whatever their names are; nil for nothing.
type paths struct {
	fields map[string]place
	each   *place
}

// place is a field that a want speaks of: those below it, or, with none, what its
// value has to be. A field that may be missing is not asked for.
type place struct {
	below *paths
	test  test
	asked bool
}

// namedIn are the paths of a plain want: one that names every field it is about, or
// speaks of all fields of a struct, each with values or bounds, and nothing else: no
// other patterns, alternatives or validators of structs, or closed structs. What it
// refers to it names as well.
// What such a want does not name cannot matter to it, so it need not be compared
// with all of an object. nil says that the want is not of this kind.
func namedIn(v cue.Value) *paths {
	p := plainer{left: 10_000}
	out, ok := p.structure(v, 0)
	if !ok {
		return nil
	}
	return &out
}

type plainer struct{ left int }

func (p *plainer) structure(v cue.Value, depth int) (out paths, ok bool) {
	if p.left--; p.left < 0 || depth > 50 {
		return out, false
	}
	if op, _ := v.Expr(); op != cue.NoOp || v.IncompleteKind() != cue.StructKind || !v.Allows(cue.AnyString) {
		return out, false
	}
	it, err := v.Fields(cue.Optional(true), cue.Patterns(true), cue.Hidden(true), cue.Definitions(true))
	if err != nil {
		return out, false
	}
	out.fields = map[string]place{}
	for it.Next() {
		sel, e := it.Selector(), it.Value()
		pattern := sel.ConstraintType() == cue.PatternConstraint
		if sel.LabelType() != cue.StringLabel || pattern && !anyName(sel.Pattern()) {
			return out, false
		}
		at := place{asked: pattern || sel.ConstraintType() != cue.OptionalConstraint}
		if below, ok := p.structure(e, depth+1); ok {
			at.below = &below
		} else if p.scalar(e, depth) {
			at.test = testOf(e, depth)
		} else {
			return out, false
		}
		switch {
		case !pattern:
			out.fields[sel.Unquoted()] = at
		case out.each != nil:
			return out, false
		default:
			out.each = &at
		}
	}
	// What is said of all fields is said of those that are named, too.
	return out, out.each == nil || len(out.fields) == 0
}

// anyName tells whether a pattern is [string].
func anyName(pattern cue.Value) bool {
	op, _ := pattern.Expr()
	return op == cue.NoOp && pattern.IncompleteKind() == cue.StringKind && !pattern.IsConcrete()
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
func (p *paths) of(view map[string]any) map[string]any {
	out := make(map[string]any, len(p.fields))
	add := func(name string, at place, got any) {
		if m, isStruct := got.(map[string]any); isStruct && at.below != nil {
			got = at.below.of(m)
		}
		out[name] = got
	}
	for name, at := range p.fields {
		if got, ok := view[name]; ok {
			add(name, at, got)
		}
	}
	if p.each != nil {
		for name, got := range view {
			add(name, *p.each, got)
		}
	}
	return out
}

// met tells whether view is as the paths want it, as far as that can be told by
// looking at the values: unknown leaves it to CUE.
func (p *paths) met(view map[string]any) answer {
	all := yes
	for name, at := range p.fields {
		got, ok := view[name]
		switch {
		case !at.asked:
			all = all.and(unknown)
		case !ok:
			return no
		default:
			all = all.and(at.met(got))
		}
		if all == no {
			return no
		}
	}
	if p.each != nil {
		for _, got := range view {
			if all = all.and(p.each.met(got)); all == no {
				return no
			}
		}
	}
	return all
}

func (at place) met(got any) answer {
	below, isStruct := got.(map[string]any)
	switch {
	case at.below != nil && isStruct:
		return at.below.met(below)
	case at.below != nil || isStruct || at.test == nil:
		return unknown
	}
	return at.test(got)
}
