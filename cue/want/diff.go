package want

import (
	"iter"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/errors"
)

// diff explains why a view is not what is wanted. It walks w (the want), u
// (the want unified with the closed view) and the view side by side: u decides,
// w is what to show, and the view tells what was observed from what was not.
type diff struct {
	want cue.Value
	view map[string]any
	root int // elements of the path of want in its lab
	out  []Mismatch
	// settled are the paths at which several alternatives fit the view. CUE
	// calls such a value incomplete, because the alternatives differ in fields
	// that may yet come; in a view none will.
	settled []string
}

func newDiff(want cue.Value, view map[string]any) *diff {
	return &diff{want: want, view: view, root: len(want.Path().Selectors())}
}

func (d *diff) run(u cue.Value) []Mismatch {
	d.walk(d.want, u, d.view, nil)
	if len(d.out) == 0 {
		// Never let pass what CUE refuses: whatever settled alternatives do not
		// account for is a mismatch even if the walk cannot say which.
		for _, err := range d.unsettled(u) {
			d.out = append(d.out, Mismatch{Path: d.errorPath(err), Want: "(the want)", Got: show(d.view), Why: message(err)})
		}
	}
	sort.SliceStable(d.out, func(i, j int) bool { return d.out[i].Path < d.out[j].Path })
	return d.out
}

func (d *diff) walk(w, u cue.Value, got any, path []cue.Selector) {
	if u.Validate(cue.Concrete(true)) == nil {
		return
	}
	found := len(d.out)
	switch got := got.(type) {
	case map[string]any:
		if d.alternatives(w, u, got, path) || d.nearest(w, got, path) {
			return
		}
		for name, e := range demands(u) {
			p := append(path[:len(path):len(path)], cue.Str(name))
			if v, ok := got[name]; ok {
				d.walk(field(w, name), e, v, p)
			} else {
				d.unknown(field(w, name), got, p)
			}
		}
	case []any:
		for i, v := range got {
			if e := u.LookupPath(cue.MakePath(cue.Index(i))); e.Exists() {
				d.walk(element(w, i), e, v, append(path[:len(path):len(path)], cue.Index(i)))
			}
		}
	}
	if len(d.out) > found {
		return
	}
	// No field explains it: a scalar, or a constraint on the struct or list.
	if errs := d.unsettled(u); len(errs) > 0 {
		d.add(w, show(quantity(got, path)), errs[0], path)
	}
}

// alternatives says whether u is an undecided choice one of whose alternatives
// the observed struct fits.
func (d *diff) alternatives(w, u cue.Value, got map[string]any, path []cue.Selector) bool {
	if u.IsConcrete() {
		return false
	}
	op, alts := u.Eval().Expr()
	if op != cue.OrOp {
		return false
	}
	for _, a := range alts {
		sub := &diff{want: d.want, view: d.view, root: d.root}
		if sub.walk(w, a, got, path); len(sub.out) == 0 {
			d.settled = append(append(d.settled, sub.settled...), pathString(path))
			return true
		}
	}
	return false
}

// nearest reports how an observed struct differs from the one of several alternatives
// that it lacks least of, and from what is wanted beside them. It tells whether there
// is such a one: who has a probe that asks for the wrong path need not read what other
// probes would do.
func (d *diff) nearest(w cue.Value, got map[string]any, path []cue.Selector) bool {
	if !w.Exists() {
		return false
	}
	if op, _ := w.Eval().Expr(); op != cue.OrOp {
		return false
	}
	from := func(w cue.Value) []Mismatch {
		sub := &diff{want: d.want, view: d.view, root: d.root}
		sub.walk(w, w.Unify(closed(got)), got, path)
		return sub.out
	}
	var out []Mismatch
	switch op, args := cue.Dereference(w).Expr(); op { // labs share their wants
	case cue.AndOp:
		for _, a := range args {
			out = append(out, from(a)...)
		}
	case cue.OrOp:
		least, several := -1, false
		for _, a := range args {
			differs, lacks := from(a), 0
			for _, m := range differs {
				if strings.HasPrefix(m.Got, missing) {
					lacks++
				}
			}
			switch {
			case least < 0 || lacks < least:
				out, least, several = differs, lacks, false
			case lacks == least:
				several = true
			}
		}
		if several {
			return false
		}
	}
	d.out = append(d.out, out...)
	return len(out) > 0
}

// unknown reports what is wanted of a field that the view does not have, and of one
// that the author of an object names which names there are: often it is there, and
// called otherwise.
func (d *diff) unknown(w cue.Value, among map[string]any, path []cue.Selector) {
	found := len(d.out)
	d.missing(w, path)
	missed := d.out[found:]
	if len(among) == 0 || len(missed) == 0 || len(path) < 2 || !slices.Contains(byName, path[len(path)-2].String()) {
		return
	}
	first := 0 // as they are shown
	for i := range missed {
		if missed[i].Path < missed[first].Path {
			first = i
		}
	}
	missed[first].Got = clip(missing + ", there is only " + strings.Join(slices.Sorted(maps.Keys(among)), ", "))
}

// byName are the lists of a Pod whose members its author names.
var byName = []string{"containers", "initContainers", "volumes", "env"}

// missing reports what is wanted below a path that the view does not have,
// leaf by leaf.
func (d *diff) missing(w cue.Value, path []cue.Selector) {
	if op, _ := w.Expr(); op != cue.OrOp && w.IncompleteKind() == cue.StructKind {
		found := len(d.out)
		for name, e := range demands(w) {
			d.missing(e, append(path[:len(path):len(path)], cue.Str(name)))
		}
		if len(d.out) > found {
			return
		}
	}
	d.add(w, missing, nil, path)
}

func (d *diff) add(w cue.Value, got string, err errors.Error, path []cue.Selector) {
	m := Mismatch{Path: pathString(path), Got: got}
	var known bool
	if m.Want, known = wanted(w, path); !known {
		if v := d.evaluated(path); v.Exists() {
			m.Want, known = wanted(v, path)
		}
	}
	switch {
	case err == nil:
	case !w.Exists():
		m.Why = "only the wanted fields are allowed here"
	case !known, w.Kind() == cue.ListKind: // as a list may be too long
		m.Why = message(err)
	}
	d.out = append(d.out, m)
}

// evaluated is what the want asks for at path if its references are resolved
// against the view, as far as that does not depend on path itself.
func (d *diff) evaluated(path []cue.Selector) cue.Value {
	if len(path) == 0 {
		return cue.Value{}
	}
	u := d.want.Unify(observed(without(d.view, path).(map[string]any)))
	for i, s := range path {
		parent := u
		if u = parent.LookupPath(cue.MakePath(s)); !u.Exists() && s.LabelType() == cue.StringLabel {
			u = parent.LookupPath(cue.MakePath(s.Required()))
		}
		if !u.Exists() || i == len(path)-1 && u.Err() != nil {
			return cue.Value{}
		}
	}
	return u
}

// without is a copy of x that lacks what is at path.
func without(x any, path []cue.Selector) any {
	if m, ok := x.(map[string]any); ok && path[0].LabelType() == cue.StringLabel {
		out := make(map[string]any, len(m))
		for k, v := range m {
			if k != path[0].Unquoted() {
				out[k] = v
			} else if len(path) > 1 {
				out[k] = without(v, path[1:])
			}
		}
		return out
	}
	return x
}

// unsettled are the errors of u that settled alternatives do not account for.
func (d *diff) unsettled(u cue.Value) (out []errors.Error) {
	for _, err := range errors.Errors(u.Validate(cue.Concrete(true))) {
		settled := false
		for _, p := range d.settled {
			settled = settled || d.errorPath(err) == p
		}
		if !settled {
			out = append(out, err)
		}
	}
	return out
}

func (d *diff) errorPath(err errors.Error) string {
	path := err.Path()
	path = path[min(d.root, len(path)):]
	sels := make([]cue.Selector, len(path))
	for i, p := range path {
		if n, err := strconv.Atoi(p); err == nil {
			sels[i] = cue.Index(n)
		} else if s, err := strconv.Unquote(p); err == nil {
			sels[i] = cue.Str(s)
		} else {
			sels[i] = cue.Str(p)
		}
	}
	return pathString(sels)
}

// demands are the fields of v that are there or have to be.
func demands(v cue.Value) iter.Seq2[string, cue.Value] {
	return func(yield func(string, cue.Value) bool) {
		// Without cue.Optional, CUE gives errors for the values of required fields.
		for it, err := v.Fields(cue.Optional(true)); err == nil && it.Next(); {
			if it.FieldType() != cue.StringLabel|cue.OptionalConstraint && !yield(it.Selector().Unquoted(), it.Value()) {
				return
			}
		}
	}
}

// field is what w asks of a field, by name or by pattern.
func field(w cue.Value, name string) cue.Value {
	s := cue.Str(name)
	var v cue.Value
	for _, s := range []cue.Selector{s, s.Required(), s.Optional()} {
		if v = w.LookupPath(cue.MakePath(s)); v.Exists() {
			return v
		}
	}
	for it, err := w.Fields(cue.Patterns(true)); err == nil && it.Next(); {
		if s := it.Selector(); s.ConstraintType() == cue.PatternConstraint && s.LabelType() == cue.StringLabel &&
			s.Pattern().Unify(s.Pattern().Context().Encode(name)).Err() == nil {
			v = v.Unify(it.Value())
		}
	}
	return v
}

func element(w cue.Value, i int) cue.Value {
	if v := w.LookupPath(cue.MakePath(cue.Index(i))); v.Exists() {
		return v
	}
	return w.LookupPath(cue.MakePath(cue.AnyIndex))
}
