package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/ast/astutil"
	"cuelang.org/go/cue/cuecontext"
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
func Inspect(fsys fs.FS, dir string) (*Source, error) {
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
	if err := s.read(r, fsys, dir, src); err != nil {
		return nil, err
	}
	s.Errors = r.sorted()
	return s, nil
}

// read reports what is wrong to r; its error is podlab's own fault.
func (s *Source) read(r *report, fsys fs.FS, dir string, src []byte) error {
	// Two readings of the one file: the data, with the wants taken out, can be
	// asked to be concrete; the wants, with every field made required, cannot.
	data, err := parser.ParseFile(s.file, src, parser.ParseComments)
	if err != nil {
		r.cue(err, s.file, cue.Value{})
		return nil
	}
	wants, err := parser.ParseFile(s.file, src, parser.ParseComments)
	if err != nil {
		return err
	}
	eachWant(data, func(f *ast.Field) { f.Value = blank(f.Value) })
	if err := astutil.Sanitize(data); err != nil { // an import may have been for a want only
		r.cue(err, s.file, cue.Value{})
		return nil
	}
	eachWant(wants, func(f *ast.Field) {
		if err := want.Check(f.Value); err != nil {
			r.cue(err, s.file, cue.Value{})
		}
		want.Require(f.Value)
	})
	refused := len(r.es) > 0 // and what else CUE says of these wants would only repeat it

	// One context a load: compiled values stay in it, and it goes with the lab.
	ctx := cuecontext.New()
	schema := ctx.CompileBytes(schemaSource, cue.Filename("schema.cue")).LookupPath(cue.ParsePath("#Lab"))
	if err := schema.Err(); err != nil {
		return fmt.Errorf("compile the lab schema: %w", err)
	}
	s.data = schema.Unify(ctx.BuildFile(data))
	d := &decoder{report: r, data: s.data, file: s.file}
	if err := s.data.Validate(cue.Concrete(true)); err != nil {
		r.cue(err, s.file, schema)
		d.place()
		return nil
	}
	if !refused {
		d.wants = ctx.BuildFile(wants)
		if err := d.wants.Err(); err != nil {
			r.cue(err, s.file, cue.Value{})
			d.wants = cue.Value{}
		}
	}
	s.Lab = &Lab{ID: path.Base(strings.ReplaceAll(dir, "\\", "/")), Dir: dir, FS: fsys}
	d.lab(s.Lab)
	d.folders(s.Lab)
	return nil
}
