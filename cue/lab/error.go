package lab

import (
	"fmt"
	"regexp"
	"sort"
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
	b.WriteString(": ")
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
	choices := map[string][]string{} // by path: the alternatives that did not fit
	list := errors.Errors(err)
	for _, e := range list {
		if format, args := e.Msg(); strings.Contains(format, "errors in empty disjunction") || strings.Contains(fmt.Sprintf(format, args...), "errors in empty disjunction") {
			choices[fieldPath(e.Path())] = []string{}
		}
	}
	for _, e := range list {
		format, args := e.Msg()
		path, msg := fieldPath(e.Path()), fmt.Sprintf(format, args...)
		if known, ok := choices[path]; ok {
			if m := conflict.FindStringSubmatch(msg); m != nil {
				choices[path] = append(known, m[1])
				if len(known) == 0 {
					r.add(authorPos(e, author), path, "%s", m[2])
				}
			}
			continue
		}
		r.add(authorPos(e, author), path, "%s", explain(msg, e.Path(), schema))
	}
	for i, e := range r.es {
		if known := choices[e.Path]; len(known) > 0 {
			r.es[i].Msg = fmt.Sprintf("%s is not one of %s", e.Msg, strings.Join(known, ", "))
			delete(choices, e.Path)
		}
	}
}

// conflict takes CUE's words for one alternative apart: what it is, and what was
// written instead.
var conflict = regexp.MustCompile(`^conflicting values (.+?) and (.+?)(?: \(mismatched types .*\))?$`)

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
			b.WriteString(p)
		}
	}
	return b.String()
}

// explain puts CUE's words into an author's.
func explain(msg string, path []string, schema cue.Value) string {
	switch {
	case msg == "field not allowed":
		known := fieldsBeside(path, schema)
		name := path[len(path)-1]
		if near := view.Nearest(name, known); near != "" {
			return fmt.Sprintf("there is no field %q here; did you mean %q?", name, near)
		}
		return fmt.Sprintf("there is no field %q here; there are %s", name, strings.Join(known, ", "))
	case strings.HasPrefix(msg, "field is required but not present"):
		return "this field is missing"
	case strings.Contains(msg, "invalid value") && strings.Contains(msg, "does not satisfy strings.MinRunes"):
		return "this must not be empty"
	case strings.HasPrefix(msg, "invalid value"):
		return strings.Replace(strings.Replace(msg, "out of bound =~", "it has to match ", 1), "out of bound ", "it has to be ", 1)
	}
	if m := conflict.FindStringSubmatch(msg); m != nil && strings.Contains(msg, "mismatched types") {
		return fmt.Sprintf("%s is not of type %s", m[2], m[1])
	}
	return msg
}

// fieldsBeside lists the fields that the schema knows where path's last
// element was written.
func fieldsBeside(path []string, schema cue.Value) []string {
	v := schema
	for _, p := range path[:len(path)-1] {
		switch {
		case strings.HasPrefix(p, "#"):
			continue
		case strings.Trim(p, "0123456789") == "":
			v = v.LookupPath(cue.MakePath(cue.AnyIndex))
		default:
			next := v.LookupPath(cue.MakePath(cue.Str(p)))
			for _, s := range []cue.Selector{cue.Str(p).Required(), cue.Str(p).Optional(), cue.AnyString} {
				if next.Exists() {
					break
				}
				next = v.LookupPath(cue.MakePath(s))
			}
			v = next
		}
	}
	var names []string
	for it, err := v.Fields(cue.Optional(true)); err == nil && it.Next(); {
		names = append(names, it.Selector().Unquoted())
	}
	sort.Strings(names)
	return names
}
