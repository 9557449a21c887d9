package lab

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"cuelang.org/go/cue"

	"podlab.dev/podlab/cue/view"
	"podlab.dev/podlab/cue/want"
)

// version tells that the lab is written in another version of the language, and
// reports it. What else is wrong would only confuse.
func (r *report) version(lab cue.Value, file string) bool {
	v := lab.LookupPath(cue.ParsePath("schema"))
	version, err := v.String()
	if err != nil || version == SchemaVersion {
		return false // the schema says what is missing
	}
	r.add(v.Pos(), "schema", "the lab is written in version %q of the lab language, and this podlab reads %q; docs/reference.md says what has changed", version, SchemaVersion)
	return true
}

// unmask reports what CUE did not: in one run it tells of conflicts, or of
// fields that are not known, or of those that are missing. It does so for a lab
// that is known to be broken, and so each part of it is looked at by itself.
func (d *decoder) unmask(authored, schema cue.Value) {
	d.fields(authored, schema, "")
	d.each(authored, "steps", func(i int, _ cue.Value) {
		symptoms := fmt.Sprintf("steps[%d].setup.symptoms", i)
		d.each(authored, symptoms, func(j int, symptom cue.Value) {
			d.wantsOf(symptom, fmt.Sprintf("%s[%d]", symptoms, j))
		})
		d.each(authored, fmt.Sprintf("steps[%d].checks", i), func(j int, check cue.Value) {
			d.wantsOf(check, checkPath(i, j))
		})
	})
}

func (d *decoder) each(v cue.Value, path string, fn func(i int, v cue.Value)) {
	it, err := v.LookupPath(cue.ParsePath(path)).List()
	for i := 0; err == nil && it.Next(); i++ {
		fn(i, it.Value())
	}
}

// fields looks for fields that the schema does not know and for those that it
// requires, in what the author wrote.
func (d *decoder) fields(v, schema cue.Value, path string) {
	if op, _ := schema.Expr(); op == cue.OrOp {
		return // CUE's own words for alternatives are all there is
	}
	switch v.IncompleteKind() {
	case cue.ListKind:
		it, err := v.List()
		for i := 0; err == nil && it.Next(); i++ {
			if elem := schema.LookupPath(cue.MakePath(cue.AnyIndex)); elem.Exists() {
				d.fields(it.Value(), elem, fmt.Sprintf("%s[%d]", path, i))
			}
		}
	case cue.StructKind:
		if schema.IncompleteKind() != cue.StructKind {
			return // CUE says that it is of another type
		}
		d.ofStruct(v, schema, path)
	}
}

func (d *decoder) ofStruct(v, schema cue.Value, path string) {
	below := func(name string) string { return strings.TrimPrefix(path+"."+name, ".") }
	known, lacking := map[string]cue.Value{}, map[string]bool{}
	for it, err := schema.Fields(cue.Optional(true)); err == nil && it.Next(); {
		name := it.Selector().Unquoted()
		known[name] = it.Value()
		lacking[name] = it.FieldType()&cue.RequiredConstraint != 0 && !v.LookupPath(cue.MakePath(cue.Str(name))).Exists()
	}
	open := schema.LookupPath(cue.MakePath(cue.AnyString))
	for it, err := v.Fields(); err == nil && it.Next(); {
		name := it.Selector().Unquoted()
		if wantFields[name] && !wantless[path] {
			continue
		}
		field, ok := known[name]
		if !ok && len(known) == 0 { // names of the author's
			field = schema.LookupPath(cue.MakePath(cue.Str(name).Optional()))
			ok = field.Exists()
		}
		switch {
		case ok:
			d.fields(it.Value(), field, below(name))
		case open.Exists():
			d.fields(it.Value(), open, below(name))
		case len(known) > 0:
			lacking[view.Nearest(name, keys(known))] = false // it is there, misspelt
			d.once(it.Value(), below(name), "%s", noField(name, keys(known)))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(lacking)) {
		if lacking[name] {
			d.once(v, below(name), "%s", missing(name))
		}
	}
}

// once adds an error unless CUE has said so already.
func (d *decoder) once(v cue.Value, path, format string, args ...any) {
	if !slices.ContainsFunc(d.es, func(e Error) bool { return e.Path == path }) {
		d.add(v.Pos(), path, format, args...)
	}
}

// wantsOf lints the wants of a check of which it is known, at least, what kind
// of object it is about.
func (d *decoder) wantsOf(check cue.Value, path string) {
	text := func(p string) string { s, _ := check.LookupPath(cue.ParsePath(p)).String(); return s }
	var shape *view.Shape
	switch has := func(name string) bool { return check.LookupPath(cue.MakePath(cue.Str(name))).Exists() }; {
	case has("object"):
		gvk, err := d.kinds.Kind(text("object.apiVersion"), text("object.kind"))
		if err != nil {
			if kind := text("object.kind"); kind != "" && !d.crdsBroken {
				d.once(check.LookupPath(cue.ParsePath("object.kind")), path+".object.kind", "%v", err)
			}
			return
		}
		shape = d.kinds.ShapeOf(gvk)
	case has("exec"):
		shape = view.ShapeOfExec()
	case has("http"):
		shape = view.ShapeOfHTTP()
	}
	if shape == nil || !d.wants.Exists() {
		return
	}
	for _, name := range []string{"want", "never", "after"} {
		if w := d.wants.LookupPath(cue.ParsePath(path + "." + name)); w.Exists() {
			for _, f := range want.Lint(w, shape) {
				d.add(f.Pos, path+"."+name+"."+f.Path, "%s", f.Msg)
			}
		}
	}
}
