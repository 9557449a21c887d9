package mutant

import (
	"maps"
	"slices"
	"strconv"

	"podlab.dev/podlab/cue/view"
)

// Change does to obj (a state of the object, or what was sent) what the mutant
// does, in the given one of its variants. It reports false, and leaves obj alone,
// where obj has not got the field.
func (m Mutant) Change(obj map[string]any, variant int) (changed bool) {
	_, changed = edit(obj, *m.shape, m.Path, func(old any, s view.Shape) (any, bool) {
		switch m.Op {
		case Change:
			if o := others(old, s, m.Path); variant < len(o) {
				return o[variant], true
			}
			return old, true
		case Swap:
			return swapped(old), true
		case Zero:
			return int64(0), true
		}
		return nil, false
	})
	return changed
}

// At is what obj has at the mutant's path.
func (m Mutant) At(obj map[string]any) (value any, ok bool) {
	_, ok = edit(obj, *m.shape, m.Path, func(old any, _ view.Shape) (any, bool) {
		value = old
		return old, true
	})
	return value, ok
}

// Set puts a value at the mutant's path where obj has one.
func (m Mutant) Set(obj map[string]any, value any) (found bool) {
	_, found = edit(obj, *m.shape, m.Path, func(any, view.Shape) (any, bool) { return value, true })
	return found
}

// edit replaces what v has at path by what f returns, or takes it away; what it
// returns stands in for v.
func edit(v any, s view.Shape, path []string, f func(any, view.Shape) (any, bool)) (edited any, found bool) {
	name := path[0]
	deeper := func(old any, s view.Shape) (any, bool, bool) {
		if len(path) > 1 {
			x, found := edit(old, s, path[1:], f)
			return x, true, found
		}
		x, stays := f(old, s)
		return x, stays, true
	}
	switch v := v.(type) {
	case map[string]any:
		old, ok := v[name]
		if !ok {
			return v, false
		}
		x, stays, found := deeper(old, below(s, name))
		switch {
		case !stays:
			delete(v, name)
		case found:
			v[name] = x
		}
		return v, found
	case []any:
		i := slices.Index(keysOf(v, s), name)
		if i < 0 {
			return v, false
		}
		x, stays, found := deeper(v[i], s.Elem())
		switch {
		case !stays:
			return slices.Delete(slices.Clone(v), i, i+1), found
		case found:
			v[i] = x
		}
		return v, found
	}
	return v, false
}

// below is the shape of a field.
func below(s view.Shape, name string) view.Shape {
	switch s.Form {
	case view.Struct:
		for _, f := range s.Fields() {
			if f.Name == name {
				return f.Shape
			}
		}
	case view.Map:
		return s.Elem()
	}
	return view.Shape{}
}

// keysOf are the names by which a view knows the elements of a list, or their
// places where it does not but they are structs; nil for a list of values.
func keysOf(list []any, s view.Shape) []string {
	keys := make([]string, len(list))
	for i, e := range list {
		m, ok := e.(map[string]any)
		if !ok {
			return nil
		}
		keys[i] = strconv.Itoa(i)
		if s.Form == view.Keyed {
			if k, ok := s.KeyOf(m); ok {
				keys[i] = k
			}
		}
	}
	return keys
}

func sorted(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
