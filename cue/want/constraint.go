// Package want compares observed Kubernetes objects with what a lab wants of
// them. A want is a CUE constraint over the view of an object (package view).
//
// The loader of a lab prepares a want on its syntax tree, builds the lab and
// hands over the value; what it gets can be compared with any number of views:
//
//	err := want.Check(field.Value) // refuses what cannot be compared soundly
//	want.Require(field.Value)      // makes every field a demand
//	…                              // build the file, look up the want
//	c, err := want.New(v)          // verifies that nothing would be supplied
//	for _, m := range c.Compare(view) {
//		fmt.Println(m) // spec.containers.web.image: want "web:v1", got "nginx"
//	}
//
// Lint holds a want against the shape of a kind and finds what no object of
// the kind could ever have.
package want

import (
	"sort"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/errors"
)

// Constraint is a verified want. It is immutable and may be used by several
// goroutines at once. The zero Constraint wants nothing.
type Constraint struct{ v cue.Value }

// New verifies that v, the evaluated value of a want, is safe to compare with:
// it has no error, and every field in it is required or optional.
func New(v cue.Value) (Constraint, error) {
	if err := v.Err(); err != nil {
		return Constraint{}, err
	}
	return Constraint{v}, nil
}

// Compare reports every place where view is not what c wants, by path; none
// means that it is.
func (c Constraint) Compare(view map[string]any) []Mismatch {
	if !c.v.Exists() {
		return nil
	}
	data := cuecontext.New().BuildFile(closed(view)).LookupPath(cue.MakePath(cue.Def("#D")))
	err := c.v.Unify(data).Validate(cue.Concrete(true))
	var out []Mismatch
	for _, e := range errors.Errors(err) {
		f, a := e.Msg()
		_ = a
		out = append(out, Mismatch{Path: cue.MakePath(selectors(e.Path())...).String(), Why: f})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Path < out[j].Path })
	return out
}

func selectors(path []string) (out []cue.Selector) {
	for _, p := range path {
		out = append(out, cue.Str(p))
	}
	return out
}
