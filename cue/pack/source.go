package pack

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/scanner"
	"cuelang.org/go/cue/token"

	"podlab.dev/podlab/cue/lab"
)

// The bounds of a lab.cue's shape. They are far beyond what anybody writes, and
// far below what costs CUE a stack.
const (
	maxNesting   = 200  // brackets and fields in one another
	maxOperators = 1000 // operators in one expression
)

// SourceError says what in a lab.cue is not evaluated.
type SourceError struct {
	// File is the path as the user can open it; Line and Column are 0 where the
	// whole file is meant.
	File         string
	Line, Column int
	What, Do     string
}

func (e *SourceError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.What)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.What)
}

// Remedy says what to write instead.
func (e *SourceError) Remedy() string { return e.Do }

// Usage marks the error as one of input.
func (e *SourceError) Usage() {}

// CheckSource holds a lab.cue, which messages call name, against what can be
// bounded only before CUE sees it: nesting, which costs stack; imports, which are
// of what CUE brings or there are none; and the functions that say in a few
// letters how much to make, and get it at once, so that nobody could step in.
//
// What is no CUE at all passes: the parser says it better.
func CheckSource(name string, src []byte) error {
	if len(src) > MaxSource {
		return &SourceError{File: name, What: fmt.Sprintf("has %s; at most %s are read", units(int64(len(src))), units(MaxSource)), Do: "make several labs of it"}
	}
	c := checker{name: name}
	if c.shape(src) {
		// No parser errors are lost: the loader parses again, and says them.
		if f, err := parser.ParseFile(name, src); err == nil {
			c.uses(f)
		}
	}
	if c.err != nil {
		return c.err
	}
	return nil
}

type checker struct {
	name string
	err  *SourceError // the first
}

func (c *checker) refuse(pos token.Pos, do, what string, args ...any) {
	if c.err == nil {
		c.err = &SourceError{c.name, pos.Line(), pos.Column(), fmt.Sprintf(what, args...), do}
	}
}

// level is an open bracket, or the file.
type level struct {
	open   token.Token
	interp bool // ")" goes on with a string
	fields int  // that the field here is in, a: b: c:
	ops    int  // of the expression here
}

// shape scans the tokens and says whether they are worth parsing: in brackets
// that match, and not too deep. The parser recurses; this does not.
func (c *checker) shape(src []byte) bool {
	var s scanner.Scanner
	sound := true
	file := token.NewFile(c.name, -1, len(src))
	s.Init(file, src, func(token.Pos, string, []any) { sound = false }, 0)
	levels, depth := []level{{}}, 0
	var into bool // the next bracket is that of "\(
	for sound {
		pos, tok, lit := s.Scan()
		top := &levels[len(levels)-1]
		interp := into
		into = false
		switch tok {
		case token.EOF:
			return len(levels) == 1
		case token.COMMA:
			depth -= top.fields
			top.fields, top.ops = 0, 0
		case token.COLON:
			top.fields++
			top.ops = 0
			depth++
		case token.LPAREN, token.LBRACK, token.LBRACE:
			top.ops++ // a()()() nests as well
			levels = append(levels, level{open: tok, interp: interp})
			depth++
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if top.open != opener(tok) {
				return false
			}
			depth -= 1 + top.fields
			again := top.interp
			levels = levels[:len(levels)-1]
			if again {
				into = strings.HasSuffix(s.ResumeInterpolation(), "(")
			}
		case token.INTERPOLATION:
			into = strings.HasSuffix(lit, "(")
		case token.IF, token.FOR, token.LET:
			top.ops++
		default:
			if tok.IsOperator() {
				top.ops++
			}
		}
		if depth > maxNesting {
			c.refuse(pos, "write it flat", "nested deeper than %d", maxNesting)
			return false
		}
		if levels[len(levels)-1].ops > maxOperators {
			c.refuse(pos, "write it out, or in parts", "an expression with more than %d operators", maxOperators)
			return false
		}
	}
	return false
}

func opener(closing token.Token) token.Token {
	switch closing {
	case token.RPAREN:
		return token.LPAREN
	case token.RBRACK:
		return token.LBRACK
	}
	return token.LBRACE
}

// packages are what a lab may import. Of CUE's own the rest has no use in one:
// tool/… is for cue cmd, and text/template, math/bits, crypto/… make things.
func packages() []string {
	return []string{"encoding/base64", "encoding/json", "encoding/yaml", "list", "math", "net", "regexp", "strconv", "strings", "struct", "time", lab.SchemaImport}
}

// atOnce are the functions that work out how much they will make and then ask
// for that much memory at once: a hundred TB ends the process on the spot. All
// others grow as they go.
func atOnce() []string {
	return []string{
		"strings.Repeat", "strings.Replace", "strings.Join", "strings.Split", "strings.SplitN", "strings.SplitAfter", "strings.SplitAfterN", "strings.Fields", "strings.Runes",
		"list.Repeat", "math.Pow",
	}
}

// uses looks at what the file imports and calls.
func (c *checker) uses(f *ast.File) {
	imports := map[string]string{} // by the name that the file gives it
	for spec := range f.ImportSpecs() {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		p, name, named := strings.Cut(p, ":")
		if !slices.Contains(packages(), p) {
			c.refuse(spec.Pos(), "write out what it is for; a lab may import "+strings.Join(packages(), ", "), "a lab cannot import %q", p)
			return
		}
		if !named {
			name = p[strings.LastIndex(p, "/")+1:]
		}
		if spec.Name != nil {
			name = spec.Name.Name
		}
		imports[name] = p
	}
	seen := map[ast.Node]bool{} // identifiers that are no reference to a package, or a good one
	ast.Walk(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportDecl:
			return false
		case *ast.Field:
			seen[n.Label] = true
		case *ast.SelectorExpr:
			seen[n.Sel] = true
			x, ok := n.X.(*ast.Ident)
			if !ok {
				break
			}
			seen[x] = true
			member, _, err := ast.LabelName(n.Sel)
			if fn := imports[x.Name] + "." + member; err != nil || slices.Contains(atOnce(), fn) {
				c.refuse(n.Pos(), "write out what it makes", "a lab cannot use %s: it can fill any memory at once", fn)
			}
		case *ast.Ident:
			if imports[n.Name] != "" && !seen[n] {
				c.refuse(n.Pos(), "write "+n.Name+" and the function's name where it is called", "a package can only be called, and %s is one", n.Name)
			}
		case *ast.BinaryExpr:
			if n.Op == token.MUL && (!number(n.X) || !number(n.Y)) {
				c.refuse(n.OpPos, "write the product out", "a lab can only multiply numbers with each other, as 2*60")
			}
		}
		return c.err == nil
	}, nil)
}

// number says whether an expression is made of number literals only.
func number(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return e.Kind == token.INT || e.Kind == token.FLOAT
	case *ast.ParenExpr:
		return number(e.X)
	case *ast.UnaryExpr:
		return number(e.X)
	case *ast.BinaryExpr:
		return number(e.X) && number(e.Y)
	}
	return false
}
