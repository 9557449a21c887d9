// Package want compares observed Kubernetes objects with what a lab wants of
// them. A want is a CUE constraint over the view of an object (package view).
//
// The loader of a lab prepares a want on its syntax tree, builds the lab and
// hands over the value; what it gets can be compared with any number of views:
//
//	err := want.Check(field.Value) // refuses what means something else
//	want.Require(field.Value)      // makes every field a demand
//	…                              // build the file, look up the want
//	c, err := want.New(v)          // verifies that nothing can be supplied
//	for _, m := range c.Compare(view) {
//		fmt.Println(m) // spec.containers.web.image: want "web:v1", got "nginx"
//	}
//
// An object is what is wanted if the want unified with it is valid and
// concrete. Two things make that true to the word. CUE must not supply what
// the object lacks: Require marks the fields of a want as required, and the
// observed view is a closed definition to which no field can be added. And the
// same fact must be the same value: the view has one spelling for each
// quantity, whole numbers are integers, and Require writes 1.0 as 1.
//
// Lint holds a want against the shape of a kind and finds what no object of
// the kind could ever have.
package want

import (
	"fmt"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/format"
)

// Constraint is a verified want. It is immutable and may be used by several
// goroutines at once. The zero Constraint wants nothing.
type Constraint struct {
	v     cue.Value
	named *paths // of a plain want
}

// New verifies that v, the evaluated value of a want that went through
// [Require], can be compared soundly. The error is a cue/errors.Error that
// lists all that is wrong, with positions: contradictions, an if or for that
// depends on the observed object, whole decimals that no object has, and
// fields in the arguments of matchN and its kin that CUE would supply.
func New(v cue.Value) (Constraint, error) {
	if err := verify(v); err != nil {
		return Constraint{}, err
	}
	return Constraint{v, namedIn(v)}, nil
}

// Met tells whether view is what c wants: whether [Constraint.Compare] reports
// nothing. It is much faster for the most wants, which name their fields: they
// need not see the whole object.
func (c Constraint) Met(view map[string]any) bool {
	if c.named == nil {
		return len(c.Compare(view)) == 0
	}
	if a := c.named.met(view); a != unknown {
		return a == yes
	}
	return c.v.Unify(closed(c.named.of(view))).Validate(cue.Concrete(true)) == nil
}

// Compare reports every place where view, as package view makes it, is not
// what c wants, in the order of paths. None means that it is.
func (c Constraint) Compare(view map[string]any) []Mismatch {
	if !c.v.Exists() || c.named != nil && c.Met(view) {
		return nil
	}
	return newDiff(c.v, view).run(c.v.Unify(closed(view)))
}

// String is c in CUE, as an author would write it, with what it refers to filled
// in. It may have several lines.
func (c Constraint) String() string {
	if !c.v.Exists() {
		return ""
	}
	n := c.v.Syntax(cue.Optional(true), cue.Definitions(true))
	ast.Walk(n, func(n ast.Node) bool {
		if f, ok := n.(*ast.Field); ok {
			if name, _, err := ast.LabelName(f.Label); err == nil {
				unmarked(f.Value, []cue.Selector{cue.Str(name)}) // for the units of its numbers
			}
		}
		return true
	}, nil)
	n = unmarked(n, nil)
	if s, ok := n.(*ast.StructLit); ok {
		n = &ast.File{Decls: s.Elts}
	}
	b, err := format.Node(n, format.Simplify())
	if err != nil {
		return fmt.Sprint(c.v)
	}
	return strings.TrimSpace(string(b))
}
