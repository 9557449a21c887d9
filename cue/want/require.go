package want

import (
	"math/big"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"
)

// Require rewrites the constraint under n in place so that it asks for what it
// says. Call it on the value of a want before the file is built.
//
// In CUE the field image: "web" supplies an image where there is none, so
// unification alone passes an object that lacks it. Require makes it image!:
// "web", which demands one. Hidden fields, definitions, let clauses and fields
// marked ? or ! stay as they are; so does a field whose struct only has
// optional fields (metadata: labels: old?: _|_), which becomes optional
// itself: what must not be there does not need a place to be missing from.
//
// Whole decimals become integers (1.0 becomes 1): they are different values in
// CUE, and the view has integers.
func Require(n ast.Node) {
	ast.Walk(n, nil, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.Field:
			if n.Constraint != token.ILLEGAL || !regular(n.Label) {
				return
			}
			if n.Constraint = token.NOT; undemanding(n.Value) {
				n.Constraint = token.OPTION
			}
		case *ast.BasicLit:
			if n.Kind != token.FLOAT {
				return
			}
			if r, ok := new(big.Rat).SetString(n.Value); ok && r.IsInt() {
				n.Kind, n.Value = token.INT, r.Num().String()
			}
		}
	})
}

// regular says whether a label names a field of the observed object.
func regular(l ast.Label) bool {
	switch l := l.(type) {
	case *ast.Ident:
		return !strings.HasPrefix(l.Name, "_") && !strings.HasPrefix(l.Name, "#")
	case *ast.BasicLit:
		return true
	}
	return false
}

// undemanding says whether e is a struct that has fields, all of them optional.
func undemanding(e ast.Expr) bool {
	s, ok := e.(*ast.StructLit)
	if !ok || len(s.Elts) == 0 {
		return false
	}
	for _, d := range s.Elts {
		if f, ok := d.(*ast.Field); !ok || f.Constraint != token.OPTION {
			return false
		}
	}
	return true
}
