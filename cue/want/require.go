package want

import (
	"math/big"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/token"
)

// Require rewrites the constraint under n in place so that it asks for what it
// says. Call it on the value of a want before the file is built.
//
// In CUE the field image: "web" supplies an image where there is none, so
// unification alone passes an object that lacks it. Require makes it image!:
// "web", which demands one. Hidden fields, definitions, let clauses and fields
// marked ? or ! stay as they are.
//
// Whole decimals become integers (1.0 becomes 1): they are different values in
// CUE, and the view has integers.
func Require(n ast.Node) {
	ast.Walk(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			if n.Constraint == token.ILLEGAL && regular(n.Label) {
				n.Constraint = token.NOT
			}
		case *ast.BasicLit:
			if n.Kind != token.FLOAT {
				break
			}
			if r, ok := new(big.Rat).SetString(n.Value); ok && r.IsInt() {
				n.Kind, n.Value = token.INT, r.Num().String()
			}
		}
		return true
	}, nil)
}

// regular says whether a label names a field of the observed object. A list in
// a label is a pattern.
func regular(l ast.Label) bool {
	switch l := l.(type) {
	case *ast.Ident:
		return !strings.HasPrefix(l.Name, "_") && !strings.HasPrefix(l.Name, "#")
	case *ast.BasicLit, *ast.Interpolation, *ast.ParenExpr:
		return true
	}
	return false
}

// Check refuses what an author can write under n that means something else
// than it seems to. Every error has the position in the author's file. Call it
// before [Require].
func Check(n ast.Node) error {
	var errs errors.Error
	ast.Walk(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			if _, bottom := n.Value.(*ast.BottomLit); bottom && n.Constraint != token.OPTION && regular(n.Label) {
				name, _, _ := ast.LabelName(n.Label)
				errs = errors.Append(errs, errors.Newf(n.Pos(),
					"nothing can be _|_; to want that %s is absent, write %[1]s?: _|_", name))
			}
		case *ast.CallExpr:
			if sel, ok := n.Fun.(*ast.SelectorExpr); ok && len(n.Args) > 0 && labelled(sel.Sel, "Contains") {
				if _, ok := n.Args[len(n.Args)-1].(*ast.StructLit); ok {
					errs = errors.Append(errs, errors.Newf(n.Pos(),
						"list.Contains wants an element with exactly these fields; write list.MatchN(>0, {…}) to name some of them"))
				}
			}
		}
		return true
	}, nil)
	if errs == nil {
		return nil
	}
	return errs
}

func labelled(l ast.Label, name string) bool {
	id, ok := l.(*ast.Ident)
	return ok && id.Name == name
}
