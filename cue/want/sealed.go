package want

import (
	"cuelang.org/go/cue"
)

// Values lists the strings with which c compares the fields below the field of
// this name, such as the data of a Secret. ok is false if it compares one of them
// in any other way than for being equal to a string, one of several, or there.
func (c Constraint) Values(name string) (values []string, ok bool) {
	if !c.v.Exists() {
		return nil, true
	}
	if op, _ := c.v.Expr(); op != cue.NoOp || c.v.IncompleteKind() != cue.StructKind {
		return nil, false // alternatives: which of them is about the field is not looked into
	}
	it, err := c.v.Fields(cue.Optional(true), cue.Patterns(true))
	if err != nil {
		return nil, false
	}
	for it.Next() {
		sel := it.Selector()
		if sel.ConstraintType() == cue.PatternConstraint {
			return nil, false
		}
		if sel.Unquoted() != name || it.Value().IncompleteKind() == cue.TopKind {
			continue
		}
		if op, _ := it.Value().Expr(); op != cue.NoOp || it.Value().IncompleteKind() != cue.StructKind {
			return nil, it.FieldType()&cue.OptionalConstraint != 0 && it.Value().IncompleteKind() == cue.BottomKind
		}
		fields, err := it.Value().Fields(cue.Optional(true), cue.Patterns(true))
		if err != nil {
			return nil, false
		}
		for fields.Next() {
			found, ok := equals(fields.Value())
			if !ok {
				return nil, false
			}
			values = append(values, found...)
		}
	}
	return values, true
}

// equals lists the strings that v is equal to one of; none for any string.
func equals(v cue.Value) (values []string, ok bool) {
	if text, err := v.String(); err == nil {
		return []string{text}, true
	}
	switch op, args := v.Expr(); op {
	case cue.OrOp:
		for _, a := range args {
			found, ok := equals(a)
			if !ok || found == nil {
				return nil, false
			}
			values = append(values, found...)
		}
		return values, true
	case cue.NoOp:
		kind := v.IncompleteKind()
		return nil, (kind == cue.StringKind || kind == cue.TopKind || kind == cue.BottomKind) && cue.Dereference(v) == v
	}
	return nil, false
}
