package want

import (
	"math/big"
	"sort"
	"strconv"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"
)

// closed is a file that defines the observed view as #D. A definition is
// closed all the way down: no constraint unified with it can add a field.
func closed(view map[string]any) *ast.File {
	return &ast.File{Decls: []ast.Decl{&ast.Field{Label: ast.NewIdent("#D"), Value: literal(view)}}}
}

func literal(x any) ast.Expr {
	switch x := x.(type) {
	case map[string]any:
		keys := make([]string, 0, len(x))
		for k := range x {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		s := &ast.StructLit{Elts: make([]ast.Decl, len(keys))}
		for i, k := range keys {
			s.Elts[i] = &ast.Field{Label: ast.NewString(k), Value: literal(x[k])}
		}
		return s
	case []any:
		l := &ast.ListLit{Elts: make([]ast.Expr, len(x))}
		for i, e := range x {
			l.Elts[i] = literal(e)
		}
		return l
	case string:
		return ast.NewString(x)
	case bool:
		return ast.NewBool(x)
	case int64:
		return number(token.INT, strconv.FormatInt(x, 10))
	case float64:
		return number(token.FLOAT, new(big.Float).SetFloat64(x).Text('g', -1))
	}
	return ast.NewNull()
}

func number(kind token.Token, text string) ast.Expr {
	if text[0] == '-' {
		return &ast.UnaryExpr{Op: token.SUB, X: ast.NewLit(kind, text[1:])}
	}
	return ast.NewLit(kind, text)
}
