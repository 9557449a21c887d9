package want

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/token"
	"k8s.io/apimachinery/pkg/api/resource"

	"podlab.dev/podlab/cue/view"
)

// Finding is something in a want that no object can ever match.
type Finding struct {
	Pos  token.Pos // in the author's file, if known
	Path string    // in the want
	Msg  string
}

// Lint reports what the want v asks for that the view of shape s never has:
// fields that do not exist, kinds of values that a field does not take, and
// mistyped values of closed sets. It sees alternatives, patterns and the
// arguments of matchN, matchIf and list.MatchN. Free-form content and keys of
// free maps, such as labels, are taken as written.
func Lint(v cue.Value, s *view.Shape) []Finding {
	l := &linter{left: 50_000}
	l.value(v, *s, nil)
	return slices.CompactFunc(l.out, func(a, b Finding) bool { return a == b })
}

type linter struct {
	out  []Finding
	left int // values still to look at
}

func (l *linter) add(v cue.Value, path []cue.Selector, format string, args ...any) {
	f := Finding{Pos: position(v), Path: pathString(path), Msg: fmt.Sprintf(format, args...)}
	if !slices.Contains(l.out, f) {
		l.out = append(l.out, f)
	}
}

func (l *linter) value(v cue.Value, s view.Shape, path []cue.Selector) {
	if l.left--; l.left < 0 || len(path) > 100 {
		return
	}
	op, args := v.Expr()
	switch op {
	case cue.AndOp, cue.OrOp:
		for _, a := range args {
			l.value(a, s, path)
		}
		return
	case cue.CallOp:
		if l.call(fmt.Sprint(args[0]), args[1:], s, path) {
			return
		}
	case cue.SelectorOp, cue.NoOp:
		if to := cue.Dereference(v); to != v && !v.IsConcrete() {
			l.value(to, s, path)
			return
		}
	}
	kind := v.IncompleteKind()
	if kind == cue.BottomKind || kind == cue.TopKind || s.Form == view.Any {
		return
	}
	if kind&kindOf(s.Form) == 0 {
		l.add(v, path, "%s", misfit(v, s))
		return
	}
	switch s.Form {
	case view.Struct:
		l.fields(v, s, path)
	case view.Keyed, view.Map:
		l.elements(v, s, path)
	case view.List:
		for it, err := v.List(); err == nil && it.Next(); {
			l.value(it.Value(), s.Elem(), append(path[:len(path):len(path)], it.Selector()))
		}
		if e := v.LookupPath(cue.MakePath(cue.AnyIndex)); e.Exists() {
			l.value(e, s.Elem(), path)
		}
	case view.String:
		text, err := v.String()
		if values := s.Values(); err == nil && values != nil && !slices.Contains(values, text) {
			if near := view.Nearest(text, values); near != "" {
				l.add(v, path, "is never %q; did you mean %q?", text, near)
			} else {
				l.add(v, path, "is never %q, only %s", text, strings.Join(values, ", "))
			}
		}
	}
}

// call looks into the arguments of the validators that apply constraints.
func (l *linter) call(name string, args []cue.Value, s view.Shape, path []cue.Selector) (done bool) {
	switch {
	case strings.HasSuffix(name, ".MatchN") && len(args) == 2 && s.Form == view.List:
		l.value(args[1], s.Elem(), path)
	case name == "matchN" && len(args) == 2:
		for it, err := args[1].List(); err == nil && it.Next(); {
			l.value(it.Value(), s, path)
		}
	case name == "matchIf":
		for _, a := range args {
			l.value(a, s, path)
		}
	default:
		return false
	}
	return true
}

func (l *linter) fields(v cue.Value, s view.Shape, path []cue.Selector) {
	fields := s.Fields()
	for it, err := v.Fields(cue.Optional(true)); err == nil && it.Next(); {
		name := it.Selector().Unquoted()
		p := append(path[:len(path):len(path)], cue.Str(name))
		i := slices.IndexFunc(fields, func(f view.Field) bool { return f.Name == name })
		if i < 0 {
			meant := ""
			if near := s.Nearest(name); near != "" {
				meant = "; did you mean " + near + "?"
			}
			l.add(it.Value(), p, "%s has no field %s%s", s.Name(), name, meant)
			continue
		}
		f, e := fields[i], it.Value()
		if absent := e.Err() != nil && e.Validate() != nil; absent && f.Kept && it.FieldType()&cue.OptionalConstraint != 0 {
			zero := "0"
			if f.Form == view.Bool {
				zero = "false"
			}
			l.add(e, p, "is never absent; where an object does not set it, it is %s", zero)
			continue
		}
		l.value(e, f.Shape, p)
	}
}

func (l *linter) elements(v cue.Value, s view.Shape, path []cue.Selector) {
	for it, err := v.Fields(cue.Optional(true), cue.Patterns(true)); err == nil && it.Next(); {
		e, sel := it.Value(), it.Selector()
		if sel.ConstraintType() == cue.PatternConstraint {
			l.value(e, s.Elem(), path)
			continue
		}
		key := sel.Unquoted()
		p := append(path[:len(path):len(path)], cue.Str(key))
		if s.Form == view.Keyed {
			l.key(e, key, s.Key, p)
		}
		l.value(e, s.Elem(), p)
	}
}

// key holds the key of an element against what an element of it says.
func (l *linter) key(e cue.Value, key, field string, path []cue.Selector) {
	if field == "containerPort" || field == "port" {
		number, protocol, _ := strings.Cut(key, "/")
		if _, err := strconv.ParseUint(number, 10, 16); err != nil {
			l.add(e, path, `ports have their number as the key, "8080", and for UDP "53/UDP"; %q is neither`, key)
		} else if protocol == "TCP" {
			l.add(e, path, "a TCP port has the number alone as the key: %q", number)
		}
		return
	}
	for _, s := range []cue.Selector{cue.Str(field), cue.Str(field).Required()} {
		if got, err := e.LookupPath(cue.MakePath(s)).String(); err == nil && got != key {
			l.add(e, append(path[:len(path):len(path)], cue.Str(field)), "is %q, the key of its element, and so never %q", key, got)
		}
	}
}

func kindOf(f view.Form) cue.Kind {
	switch f {
	case view.Bool:
		return cue.BoolKind
	case view.Int:
		return cue.IntKind
	case view.Number:
		return cue.NumberKind
	case view.String:
		return cue.StringKind
	case view.IntOrString:
		return cue.IntKind | cue.StringKind
	case view.List:
		return cue.ListKind
	case view.Keyed, view.Map, view.Struct:
		return cue.StructKind
	}
	return cue.TopKind
}

// misfit says that v has the wrong kind for s, and what to write.
func misfit(v cue.Value, s view.Shape) string {
	text, err := v.String()
	isString := err == nil
	switch kind := v.IncompleteKind(); {
	case kind == cue.NullKind:
		return "is never null; to want it absent, write a field ?: _|_"
	case s.Form == view.Number && isString:
		if q, err := resource.ParseQuantity(text); err == nil {
			return fmt.Sprintf("is a number, not a string; write %s", number(q, text))
		}
		return "is a number, not a string"
	case s.Form == view.Int && isString:
		if _, err := strconv.Atoi(text); err == nil {
			return fmt.Sprintf("is an integer, not a string; write %s", text)
		}
	case s.Form == view.Bool && isString:
		if b := strings.ToLower(text); b == "true" || b == "false" {
			return fmt.Sprintf("is a bool, not a string; write %s", b)
		}
	case s.Form == view.String && v.IsConcrete() && kind&(cue.NumberKind|cue.BoolKind) != 0:
		return fmt.Sprintf("is a string; write %q", fmt.Sprint(v))
	case s.Form == view.Keyed && kind == cue.ListKind:
		return fmt.Sprintf("is a struct here, keyed by %s, and not a list", s.Key)
	case s.Form == view.List && kind == cue.StructKind:
		return "is a list; write list.MatchN(>0, {…}) for some element of it"
	}
	return fmt.Sprintf("is %v, not %v", kindOf(s.Form), v.IncompleteKind())
}

// number is a quantity as CUE writes it, which has no suffix m and no k.
func number(q resource.Quantity, text string) string {
	for _, suffix := range []string{"Ki", "Mi", "Gi", "Ti", "Pi", "M", "G", "T", "P"} {
		if strings.HasSuffix(text, suffix) {
			return text
		}
	}
	if n, ok := q.AsInt64(); ok {
		return strconv.FormatInt(n, 10)
	}
	return plain(q.AsApproximateFloat64())
}
