package want

import (
	"fmt"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/token"

	"podlab.dev/podlab/cue/view"
)

// Literal is a value that a want spells out, or the key of a list element or map
// entry that it asks for.
type Literal struct {
	Pos  token.Pos // in the author's file, if known
	Path []string  // in the view, a key included; a pattern is "*"
	// Key says that the last element of Path is what is spelled out, and Value
	// repeats it.
	Key bool
	// Value is a string, an int64 or a float64.
	Value any
	// Op is how the object's value compares with Value: cue.NoOp if they are
	// equal, or a bound such as cue.LessThanEqualOp or cue.RegexMatchOp.
	Op cue.Op
	// Either numbers the alternatives ("a" | "b") that the literal is one of; 0
	// if it is not one of several.
	Either int
	// Form is how the view shows the value, and Closed says that Kubernetes
	// lets it have a few values only.
	Form   view.Form
	Closed bool
}

// String is the value as an author writes it: 256Mi for a number of bytes.
func (l Literal) String() string {
	return plain(quantity(l.Value, []cue.Selector{cue.Str(l.Path[len(l.Path)-1])}))
}

// Literals lists what c spells out that an object of shape s must have, in the
// order of the want. What an object must not have is left out. A shape of nil
// is one that is not known; then no key is told from a field.
func (c Constraint) Literals(s *view.Shape) []Literal {
	if !c.v.Exists() {
		return nil
	}
	if s == nil {
		s = &view.Shape{}
	}
	l := &lister{left: 50_000}
	l.value(c.v, *s, nil, 0)
	return l.out
}

type lister struct {
	out  []Literal
	left int // values still to look at: a want can refer to itself
	ors  int // disjunctions seen
}

func (l *lister) value(v cue.Value, s view.Shape, path []string, either int) {
	if l.left--; l.left < 0 || len(path) > 100 {
		return
	}
	op, args := v.Expr()
	switch op {
	case cue.AndOp:
		for _, a := range args {
			l.value(a, s, path, either)
		}
		return
	case cue.OrOp:
		if either == 0 {
			l.ors++
			either = l.ors
		}
		for _, a := range args {
			l.value(a, s, path, either)
		}
		return
	case cue.NotEqualOp, cue.NotRegexMatchOp:
		return
	case cue.CallOp:
		l.call(fmt.Sprint(args[0]), args[1:], s, path, either)
		return
	case cue.SelectorOp, cue.NoOp:
		if to := cue.Dereference(v); to != v && !v.IsConcrete() {
			l.value(to, s, path, either)
			return
		}
	}
	if bound(op) && len(args) == 1 {
		l.scalar(args[0], v, op, s, path, either)
		return
	}
	switch kind := v.IncompleteKind(); {
	case kind == cue.StructKind:
		l.fields(v, s, path, either)
	case kind == cue.ListKind:
		for it, err := v.List(); err == nil && it.Next(); {
			l.value(it.Value(), elem(s), append(path[:len(path):len(path)], it.Selector().String()), either)
		}
	default:
		l.scalar(v, v, cue.NoOp, s, path, either)
	}
}

// call looks into list.MatchN, which asks for elements. Of the other validators
// it cannot be told whether they ask for what they name.
func (l *lister) call(name string, args []cue.Value, s view.Shape, path []string, either int) {
	if !strings.HasSuffix(name, ".MatchN") || len(args) != 2 {
		return
	}
	if none := args[0].Context().Encode(0); args[0].Unify(none).Err() == nil {
		return // that there is none would do
	}
	l.value(args[1], elem(s), append(path[:len(path):len(path)], "*"), either)
}

func (l *lister) fields(v cue.Value, s view.Shape, path []string, either int) {
	fields := map[string]view.Shape{}
	for _, f := range s.Fields() {
		fields[f.Name] = f.Shape
	}
	keyed := s.Form == view.Keyed || s.Form == view.Map
	for it, err := v.Fields(cue.Optional(true), cue.Patterns(true)); err == nil && it.Next(); {
		e, sel := it.Value(), it.Selector()
		if sel.ConstraintType() == cue.PatternConstraint {
			l.value(e, elem(s), append(path[:len(path):len(path)], "*"), either)
			continue
		}
		if it.FieldType()&cue.OptionalConstraint != 0 {
			continue
		}
		name := sel.Unquoted()
		p := append(path[:len(path):len(path)], name)
		if !keyed {
			l.value(e, fields[name], p, either)
			continue
		}
		l.out = append(l.out, Literal{Pos: position(e), Path: p, Key: true, Value: name, Either: either, Form: view.String})
		l.value(e, elem(s), p, either)
	}
}

// scalar adds the value that v spells out; at is where it was written.
func (l *lister) scalar(v, at cue.Value, op cue.Op, s view.Shape, path []string, either int) {
	if len(path) == 0 {
		return // no object is a scalar
	}
	lit := Literal{Pos: position(at), Path: path, Op: op, Either: either, Form: s.Form}
	if s.Form == view.String {
		lit.Closed = s.Values() != nil
	}
	if text, err := v.String(); err == nil {
		lit.Value = text
	} else if n, err := v.Int64(); err == nil {
		lit.Value = n
	} else if x, err := v.Float64(); err == nil {
		lit.Value = x
	} else {
		return
	}
	l.out = append(l.out, lit)
}

// elem is the shape of what is in a list or map, if that is known.
func elem(s view.Shape) view.Shape {
	switch s.Form {
	case view.List, view.Keyed, view.Map:
		return s.Elem()
	}
	return view.Shape{}
}
