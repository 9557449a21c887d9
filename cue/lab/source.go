package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/ast/astutil"
	"cuelang.org/go/cue/parser"

	"podlab.dev/podlab/cue/want"
)

// Source is a lab as its author left it, sound or not, and the places of its
// fields: what a linter looks at. Whoever runs labs uses [Load].
type Source struct {
	// Errors is all that is wrong with the lab, in file order.
	Errors Errors
	// Lab is what could be read of it; nil if lab.cue is not of the shape #Lab.
	// With Errors it keeps none of its promises, and it has no Digest.
	Lab *Lab

	file string
	data cue.Value
}

// Pos is the line and column at which the author wrote the field path,
// "steps[0].checks[1].title", or its nearest parent; 0 if there is neither.
func (s *Source) Pos(path string) (line, column int) {
	d := decoder{data: s.data, file: s.file}
	p := d.pos(path)
	return p.Line(), p.Column()
}

// Inspect reads the lab in fsys as [Load] does, and keeps what is wrong with it
// beside what could be read. Its error is trouble with reading.
func Inspect(fsys fs.FS, dir string) (*Source, error) { return inspect(fsys, dir, "") }

func inspect(fsys fs.FS, dir, seed string) (*Source, error) {
	r := &report{dir: dir}
	s := &Source{file: join(dir, source)}
	src, err := fs.ReadFile(fsys, source)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.Errors = Errors{{File: dir, Msg: "there is no lab.cue in this folder"}}
		return s, nil
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", s.file, err)
	}
	if err := s.read(r, fsys, dir, src, seed); err != nil {
		return nil, err
	}
	s.Errors = r.sorted()
	return s, nil
}

// read reports what is wrong to r; its error is podlab's own fault.
func (s *Source) read(r *report, fsys fs.FS, dir string, src []byte, seed string) error {
	// Two readings of the one file: the data, with the wants taken out, can be
	// asked to be concrete; the wants, with every field made required, cannot.
	data, err := parse(s.file, src)
	if err != nil {
		r.cue(err, s.file, cue.Value{})
		return nil
	}
	wants, err := parse(s.file, src)
	if err != nil {
		return err
	}
	eachWant(data, func(f *ast.Field) { f.Value = blank(f.Value) })
	eachWant(wants, func(f *ast.Field) {
		if err := want.Check(f.Value); err != nil {
			r.cue(err, s.file, cue.Value{})
		}
		want.Require(f.Value)
	})
	refused := len(r.es) > 0 // and what else CUE says of these wants would only repeat it
	for _, f := range []*ast.File{data, wants} {
		if err := astutil.Sanitize(f); err != nil { // an import may have been for a want only
			r.cue(err, s.file, cue.Value{})
			return nil
		}
	}

	ctx := newContext()
	schema, err := definition(ctx, "#Lab")
	if err != nil {
		return err
	}
	authored := ctx.BuildFile(data)
	if r.version(authored, s.file) {
		return nil
	}
	params := readParams(schema.Unify(authored), seed)
	authored = filling(authored, params)
	s.data = schema.Unify(authored)
	crds := customKinds(r, fsys)
	d := &decoder{report: r, data: s.data, file: s.file, ctx: ctx, kinds: crds.kinds, crdsBroken: crds.broken}
	ambiguous := r.params(authored)
	if !refused {
		d.wants = filling(ctx.BuildFile(wants), params)
		if err := d.wants.Err(); err != nil {
			r.cue(err, s.file, cue.Value{})
			d.wants = cue.Value{}
		}
	}
	if err := s.data.Validate(cue.Concrete(true)); err != nil {
		r.cue(err, s.file, schema)
		r.es = slices.DeleteFunc(r.es, func(e Error) bool { return slices.Contains(ambiguous, e.Path) })
		d.unmask(authored, schema)
		d.place()
		return nil
	}
	s.Lab = &Lab{
		ID: path.Base(strings.ReplaceAll(dir, "\\", "/")), Dir: dir,
		FS: fill(fsys, params), origin: fsys, Params: params,
		CRDs: crds.files, Kinds: crds.kinds,
	}
	d.lab(s.Lab)
	d.folders(s.Lab)
	return d.translations(s.Lab)
}

// SchemaImport is where the schema is found by stock cue; here it is built in.
const SchemaImport = "podlab.dev/podlab/cue/lab"

// parse reads a file of CUE. What it takes from the schema (lab.#Lab) is left
// out: all of it is held against the schema anyway, the one that is built in.
func parse(file string, src []byte) (*ast.File, error) {
	f, err := parser.ParseFile(file, src, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	name := ""
	for spec := range f.ImportSpecs() {
		if importPath := strings.Trim(spec.Path.Value, `"`); importPath == SchemaImport || strings.HasPrefix(importPath, SchemaImport+"@") {
			name = "lab"
			if spec.Name != nil {
				name = spec.Name.Name
			}
		}
	}
	if name == "" {
		return f, nil
	}
	return astutil.Apply(f, func(c astutil.Cursor) bool {
		if sel, ok := c.Node().(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == name {
				if label, ok := sel.Sel.(*ast.Ident); ok && strings.HasPrefix(label.Name, "#") {
					top := ast.NewIdent("_")
					ast.SetPos(top, sel.Pos())
					c.Replace(top)
					return false
				}
			}
		}
		return true
	}, nil).(*ast.File), nil
}

// wantFields are the fields of lab.cue that hold constraints.
var wantFields = map[string]bool{"want": true, "seen": true, "never": true, "after": true, "when": true}

// wantless are the fields of a lab below which the author chooses the names.
var wantless = map[string]bool{"mistakes": true, "params": true, "lint": true, "survivors": true}

// eachWant calls fn for every field of the file that holds constraints.
func eachWant(f *ast.File, fn func(*ast.Field)) {
	ast.Walk(f, func(n ast.Node) bool {
		field, ok := n.(*ast.Field)
		if !ok {
			return true
		}
		name, _, err := ast.LabelName(field.Label)
		if err == nil && wantFields[name] {
			fn(field)
			return false
		}
		return err != nil || !wantless[name]
	}, nil)
}

// blank keeps the shape of a want (a struct, or a list of structs) without its
// constraints.
func blank(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.ListLit:
		out := &ast.ListLit{Lbrack: e.Lbrack, Rbrack: e.Rbrack}
		for _, x := range e.Elts {
			out.Elts = append(out.Elts, blank(x))
		}
		return out
	case *ast.BasicLit:
		return e // a scalar is never a want: let the schema say so
	}
	s := ast.NewStruct()
	ast.SetPos(s, e.Pos())
	return s
}
