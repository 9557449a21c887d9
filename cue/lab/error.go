package lab

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/token"

	"podlab.dev/podlab/cue/view"
)

// Error is one thing wrong with a lab, at the author's file and line.
type Error struct {
	// File is the path as the user can open it; Line and Column count from 1
	// and are 0 where the whole file is meant.
	File         string
	Line, Column int
	// Path is the field, "steps[0].checks[1].title", or empty.
	Path string
	// Msg says what is wrong and, where it is known, what to write instead.
	Msg string
}

func (e Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", e.Line, e.Column)
	}
	if e.File != "" {
		b.WriteString(": ")
	}
	if e.Path != "" {
		b.WriteString(e.Path + ": ")
	}
	b.WriteString(e.Msg)
	return b.String()
}

// Errors is everything that one load found, in file order.
type Errors []Error

func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Remedy says what the author does next.
func (es Errors) Remedy() string {
	if len(es) == 1 {
		return "mend that line and run the command again"
	}
	return fmt.Sprintf("mend these %d places and run the command again", len(es))
}

// Usage marks a broken lab as the user's input, not as trouble of the
// environment.
func (es Errors) Usage() {}

// UnknownError says that there is no lab of that name.
type UnknownError struct {
	Name    string
	Nearest string   // a lab whose name is close, or empty
	Known   []string // the built-in labs
}

func (e *UnknownError) Error() string { return fmt.Sprintf("no lab is called %q", e.Name) }

// Remedy names the labs there are.
func (e *UnknownError) Remedy() string {
	if e.Nearest != "" {
		return fmt.Sprintf("did you mean %q? podlab list shows all labs", e.Nearest)
	}
	return "podlab list shows the labs; a lab of your own is named by its folder, ./my-lab"
}

// Usage marks the error as one of input.
func (e *UnknownError) Usage() {}

// report collects errors during one load.
type report struct {
	dir string // shown before file names
	es  Errors
}

func (r *report) add(pos token.Pos, path, format string, args ...any) {
	e := Error{File: r.dir, Path: path, Msg: fmt.Sprintf(format, args...)}
	if pos.IsValid() {
		p := pos.Position()
		e.File, e.Line, e.Column = p.Filename, p.Line, p.Column
	}
	for _, o := range r.es {
		if o == e {
			return
		}
	}
	r.es = append(r.es, e)
}

func (r *report) file(name, format string, args ...any) {
	r.es = append(r.es, Error{File: join(r.dir, name), Msg: fmt.Sprintf(format, args...)})
}

// cue adds the errors of a CUE operation. CUE may name a position in the
// schema first; authors are shown their own file. What CUE says of a value that
// fits none of several alternatives, one error each, becomes one.
func (r *report) cue(err error, author string, schema cue.Value) {
	choices := map[string]*choice{} // by path
	list := errors.Errors(err)
	for _, e := range list {
		if format, args := e.Msg(); strings.Contains(format, "errors in empty disjunction") || strings.Contains(fmt.Sprintf(format, args...), "errors in empty disjunction") {
			choices[fieldPath(e.Path())] = &choice{}
		}
	}
	for _, e := range list {
		format, args := e.Msg()
		path, msg := fieldPath(e.Path()), fmt.Sprintf(format, args...)
		m := conflict.FindStringSubmatch(msg)
		switch c := choices[path]; {
		case c == nil:
			r.add(authorPos(e, author), path, "%s", explain(msg, e.Path(), schema))
		case strings.Contains(msg, notEmpty):
			c.at, c.empty = authorPos(e, author), true
		case m != nil:
			if len(c.pairs) == 0 {
				c.at = authorPos(e, author)
			}
			c.pairs = append(c.pairs, [2]string{m[1], m[2]})
		}
	}
	for _, path := range slices.Sorted(maps.Keys(choices)) {
		c := choices[path]
		switch {
		case c.empty:
			r.add(c.at, path, "this must not be empty")
			continue
		case slices.ContainsFunc(list, func(e errors.Error) bool { return below(fieldPath(e.Path()), path) }):
			continue // what does not fit has been said
		}
		if len(c.pairs) > 0 {
			got, known := c.sides()
			r.add(c.at, path, "%s is not one of %s", got, strings.Join(known, ", "))
		}
	}
}

// choice is a value that fits none of several alternatives: of each, CUE says
// what it is and what was written, in any order.
type choice struct {
	at    token.Pos
	empty bool // an empty text
	pairs [][2]string
}

// below tells whether path is below the other one.
func below(path, other string) bool {
	rest, ok := strings.CutPrefix(path, other)
	return ok && rest != "" && (rest[0] == '.' || rest[0] == '[')
}

// notEmpty is CUE's way to say that a text is empty.
const notEmpty = "does not satisfy strings.MinRunes"

// sides tells what was written, which is in every pair, from the alternatives.
func (c choice) sides() (got string, known []string) {
	got, _ = sides(c.pairs[0][0], c.pairs[0][1])
	for _, candidate := range c.pairs[0] {
		everywhere := len(c.pairs) > 1
		for _, p := range c.pairs {
			everywhere = everywhere && (p[0] == candidate || p[1] == candidate)
		}
		if everywhere {
			got = candidate
		}
	}
	for _, p := range c.pairs {
		other := p[0]
		if other == got {
			other = p[1]
		}
		if !slices.Contains(known, other) {
			known = append(known, other)
		}
	}
	sort.Strings(known)
	return got, known
}

// conflict takes CUE's words for one alternative apart: what it is, and what was
// written instead.
var conflict = regexp.MustCompile(`^conflicting values (.+?) and (.+?)(?: \(mismatched types .*\))?$`)

// sides tells what was written from what was expected, which CUE names in any
// order: a type, or a bound, is never what was written.
func sides(a, b string) (got, want string) {
	if typeName.MatchString(a) && !typeName.MatchString(b) {
		return b, a
	}
	if typeName.MatchString(b) && !typeName.MatchString(a) {
		return a, b
	}
	if abstract.MatchString(a) {
		return b, a
	}
	if abstract.MatchString(b) {
		return a, b
	}
	return b, a
}

var typeName = regexp.MustCompile(`^(string|bytes|int|float|number|bool|struct|list)$`)

// abstract may also be a struct or a list that was written.
var abstract = regexp.MustCompile(`^(string|bytes|int|float|number|bool|null|struct|list|\(.*\)|[<>=!].*|\{.*|\[.*|.* & .*)$`)

func authorPos(e errors.Error, author string) token.Pos {
	for _, p := range errors.Positions(e) {
		if p.Filename() == author {
			return p
		}
	}
	return token.NoPos
}

func (r *report) sorted() Errors {
	sort.SliceStable(r.es, func(i, j int) bool {
		a, b := r.es[i], r.es[j]
		if a.File != b.File {
			return a.File < b.File
		}
		return a.Line < b.Line
	})
	return r.es
}

// fieldPath turns CUE's path {"#Lab", "steps", "0", "id"} into steps[0].id.
func fieldPath(path []string) string {
	var b strings.Builder
	for _, p := range path {
		switch {
		case strings.HasPrefix(p, "#"):
		case p != "" && strings.Trim(p, "0123456789") == "":
			b.WriteString("[" + p + "]")
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(unquoted(p))
		}
	}
	return b.String()
}

// unquoted is a name without the quotes that CUE puts around a dash.
func unquoted(name string) string {
	if s, err := strconv.Unquote(name); err == nil && !strings.ContainsAny(s, `."[]`) {
		return s
	}
	return name
}

// explain puts CUE's words into an author's.
func explain(msg string, path []string, schema cue.Value) string {
	switch {
	case msg == "field not allowed":
		return noField(stranger(path, schema))
	case strings.HasPrefix(msg, "field is required but not present"):
		return missing(path[len(path)-1])
	case strings.Contains(msg, "invalid value") && strings.Contains(msg, notEmpty):
		return "this must not be empty"
	case strings.HasPrefix(msg, "invalid value"):
		return strings.Replace(strings.Replace(msg, "out of bound =~", "it has to match ", 1), "out of bound ", "it has to be ", 1)
	}
	if m := conflict.FindStringSubmatch(msg); m != nil && strings.Contains(msg, "mismatched types") {
		got, want := sides(m[1], m[2])
		return fmt.Sprintf("%s is not of type %s", got, want)
	}
	return msg
}

func missing(name string) string {
	if name == "schema" {
		return "this field is missing; write schema: \"" + SchemaVersion + "\""
	}
	return "this field is missing"
}

func noField(name string, known []string) string {
	if len(known) == 0 {
		return fmt.Sprintf("the name %q cannot stand here; docs/reference.md shows what names look like", name)
	}
	sort.Strings(known)
	if near := view.Nearest(name, known); near != "" {
		return fmt.Sprintf("there is no field %q here; did you mean %q?", name, near)
	}
	return fmt.Sprintf("there is no field %q here; there are %s", name, strings.Join(known, ", "))
}

func keys(m map[string]cue.Value) (out []string) {
	for k := range m {
		out = append(out, k)
	}
	return out
}

// stranger is the first element of path that the schema does not know, and the
// fields that it knows there.
func stranger(path []string, schema cue.Value) (name string, known []string) {
	v := schema
	for i, p := range path {
		p = unquoted(p)
		switch {
		case strings.HasPrefix(p, "#"):
			continue
		case strings.Trim(p, "0123456789") == "":
			v = v.LookupPath(cue.MakePath(cue.AnyIndex))
		default:
			next := member(v, p)
			if !next.Exists() || i == len(path)-1 {
				return p, fieldNames(v)
			}
			v = next
		}
	}
	return unquoted(path[len(path)-1]), nil
}

// member is what the schema says of a field.
func member(schema cue.Value, name string) (v cue.Value) {
	for _, s := range []cue.Selector{cue.Str(name), cue.Str(name).Required(), cue.Str(name).Optional(), cue.AnyString} {
		if v = schema.LookupPath(cue.MakePath(s)); v.Exists() {
			break
		}
	}
	return v
}

// fieldNames are the fields that the schema knows, in any of its alternatives.
func fieldNames(schema cue.Value) (names []string) {
	schema = cue.Dereference(schema)
	if op, args := schema.Expr(); op == cue.OrOp {
		for _, arg := range args {
			names = append(names, fieldNames(arg)...)
		}
		return names
	}
	for it, err := schema.Fields(cue.Optional(true)); err == nil && it.Next(); {
		names = append(names, it.Selector().Unquoted())
	}
	return names
}

func join(dir, name string) string {
	if dir == "" || dir == "." {
		return name
	}
	return strings.TrimSuffix(dir, "/") + "/" + name
}
