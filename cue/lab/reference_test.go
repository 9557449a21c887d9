package lab_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"

	"podlab.dev/podlab/cue/lab"
)

const referenceFile = "../../docs/reference.md"

// docs/reference.md is what schema.cue says, comments included: -update writes it.
func TestReferenceIsCurrent(t *testing.T) {
	src, err := os.ReadFile("schema.cue")
	if err != nil {
		t.Fatal(err)
	}
	got, err := reference(src)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(referenceFile, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(referenceFile)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("docs/reference.md is not what schema.cue says: go test ./cue/lab -run Reference -update writes it (%v)", err)
	}
}

// reference is the schema as a page: a section a definition, a row a field.
func reference(src []byte) ([]byte, error) {
	f, err := parser.ParseFile("schema.cue", src, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Reference of lab.cue\n\nWritten from [schema.cue](../cue/lab/schema.cue), version %q, by its test. [authoring.md](authoring.md) shows how the parts are used together.\n", lab.SchemaVersion)
	var small []string // definitions of a single value
	for _, d := range f.Decls {
		field, ok := d.(*ast.Field)
		if !ok {
			continue
		}
		name, _, err := ast.LabelName(field.Label)
		if err != nil {
			return nil, err
		}
		s := structOf(field.Value)
		if s == nil {
			small = append(small, fmt.Sprintf("| `%s` | %s |", name, code(field.Value)))
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", name, text(field))
		if alternative, ok := field.Value.(*ast.BinaryExpr); ok {
			fmt.Fprintf(&b, "It is %s, or has these fields.\n\n", code(alternative.X))
		}
		above := "" // the last comment, which may be for several fields
		b.WriteString("| field | is | |\n|---|---|---|\n")
		for _, e := range s.Elts {
			switch e := e.(type) {
			case *ast.EmbedDecl:
				fmt.Fprintf(&b, "| %s | | and its fields |\n", code(e.Expr))
			case *ast.Field:
				if text(e) != "" {
					above = text(e)
				}
				if above == "" {
					return nil, fmt.Errorf("%s: a field of %s has no comment", e.Pos(), name)
				}
				row(&b, e)
			}
		}
	}
	fmt.Fprintf(&b, "\n## Values\n\n| | is |\n|---|---|\n%s\n", strings.Join(small, "\n"))
	return b.Bytes(), nil
}

func row(b *bytes.Buffer, f *ast.Field) {
	mark := ""
	switch f.Constraint {
	case token.NOT:
		mark = " (required)"
	case token.OPTION:
		mark = ""
	}
	label, _ := format.Node(f.Label)
	fmt.Fprintf(b, "| `%s`%s | %s | %s |\n", label, mark, code(f.Value), text(f))
}

// structOf is the struct that a definition is, or one of its alternatives.
func structOf(e ast.Expr) *ast.StructLit {
	switch e := e.(type) {
	case *ast.StructLit:
		return e
	case *ast.BinaryExpr:
		return structOf(e.Y)
	}
	return nil
}

// code is an expression in one line, fit for a table.
func code(e ast.Expr) string {
	src, err := format.Node(e, format.Simplify())
	if err != nil {
		return err.Error()
	}
	return "`" + strings.ReplaceAll(strings.Join(strings.Fields(string(src)), " "), "|", `\|`) + "`"
}

// text is the comment above a field, in one line.
func text(f *ast.Field) string {
	var out []string
	for _, g := range ast.Comments(f) {
		if g.Doc {
			out = append(out, strings.Join(strings.Fields(g.Text()), " "))
		}
	}
	return strings.ReplaceAll(strings.Join(out, " "), "|", `\|`)
}
