package want

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/token"
)

// observed is a view as a CUE value.
//
// It is made in a context of its own: values of different contexts can be used
// together, and a context keeps what was built in it for as long as it lives.
func observed(view map[string]any) cue.Value {
	return cuecontext.New().BuildExpr(syntax(view))
}

// closed is a view as a definition, which is closed all the way down: no
// constraint that is unified with it can add a field.
func closed(view map[string]any) cue.Value {
	const name = "#Observed"
	file := &ast.File{Decls: []ast.Decl{&ast.Field{Label: ast.NewIdent(name), Value: syntax(view)}}}
	return cuecontext.New().BuildFile(file).LookupPath(cue.MakePath(cue.Def(name)))
}

// syntax is a part of a view as CUE. What no view has becomes _|_,
// which no want accepts.
func syntax(x any) ast.Expr {
	switch x := x.(type) {
	case map[string]any:
		keys := make([]string, 0, len(x))
		for k := range x {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		s := &ast.StructLit{Elts: make([]ast.Decl, len(keys))}
		for i, k := range keys {
			s.Elts[i] = &ast.Field{Label: ast.NewString(k), Value: syntax(x[k])}
		}
		return s
	case []any:
		l := &ast.ListLit{Elts: make([]ast.Expr, len(x))}
		for i, e := range x {
			l.Elts[i] = syntax(e)
		}
		return l
	case nil:
		return ast.NewNull()
	case string:
		return ast.NewString(x)
	case bool:
		return ast.NewBool(x)
	case int, int32, int64:
		return numeral(token.INT, fmt.Sprint(x))
	case float64:
		return numeral(token.FLOAT, strconv.FormatFloat(x, 'e', -1, 64))
	}
	return &ast.BottomLit{}
}

func numeral(kind token.Token, text string) ast.Expr {
	if abs, negative := strings.CutPrefix(text, "-"); negative {
		return &ast.UnaryExpr{Op: token.SUB, X: ast.NewLit(kind, abs)}
	}
	return ast.NewLit(kind, text)
}
