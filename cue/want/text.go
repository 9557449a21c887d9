package want

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/token"
)

// limit is how many characters of a value a learner is shown.
const limit = 160

// wanted is w as its author would write it. known is false if it says how to
// find the wanted value (a reference, say) and not what it is.
func wanted(w cue.Value, path []cue.Selector) (text string, known bool) {
	switch {
	case !w.Exists():
		return "(absent)", true
	case w.Err() != nil && w.Validate() != nil:
		return "(absent)", true // _|_
	case w.Kind() == cue.StructKind && !named(w), w.IncompleteKind() == cue.TopKind && anything(w):
		return "(present)", true
	}
	if k := w.Kind(); k != cue.BottomKind && scalar(k) && w.Err() == nil {
		var x any
		if w.Decode(&x) == nil {
			if n, err := w.Int64(); err == nil {
				x = n
			}
			return clip(plain(quantity(x, path))), true
		}
	}
	if op, args := w.Expr(); bound(op) && len(args) == 1 {
		if pattern, err := args[0].String(); err == nil && op == cue.RegexMatchOp {
			return clip(`matching "` + pattern + `"`), true
		} else if err == nil && op == cue.NotRegexMatchOp {
			return clip(`not matching "` + pattern + `"`), true
		}
		if limit, ok := wanted(args[0], path); ok && args[0].IsConcrete() {
			return op.String() + limit, true
		}
	}
	if s, ok := members(w, path); ok {
		return clip(s), true
	}
	s := source(w, path)
	return clip(s), w.Err() == nil && !refers(w)
}

// members is in words what w asks of the members of a list: "a member {key: \"gpu\"}".
func members(w cue.Value, path []cue.Selector) (text string, ok bool) {
	op, args := w.Expr()
	switch {
	case op == cue.AndOp:
		var all []string
		for _, a := range args {
			s, ok := members(a, path)
			if !ok {
				return "", false
			}
			all = append(all, s)
		}
		return strings.Join(all, " and "), true
	case op != cue.CallOp || len(args) != 3 || !strings.HasSuffix(fmt.Sprint(args[0]), ".MatchN"):
		return "", false
	}
	what, known := wanted(args[2], append(path[:len(path):len(path)], cue.AnyIndex))
	if !known {
		return "", false
	}
	switch n := source(args[1], nil); n {
	case "0":
		return "no member " + what, true
	case ">0", ">=1":
		return "a member " + what, true
	case "1":
		return "one member " + what, true
	default:
		return n + " members " + what, true
	}
}

func bound(op cue.Op) bool {
	switch op {
	case cue.LessThanOp, cue.LessThanEqualOp, cue.GreaterThanOp, cue.GreaterThanEqualOp,
		cue.NotEqualOp, cue.RegexMatchOp, cue.NotRegexMatchOp:
		return true
	}
	return false
}

// named says whether w asks for fields.
func named(w cue.Value) bool {
	it, err := w.Fields(cue.Patterns(true))
	return err == nil && it.Next()
}

// anything says whether w is _.
func anything(w cue.Value) bool {
	op, _ := w.Expr()
	return op == cue.NoOp && source(w, nil) == "_"
}

// refers says whether w is computed from other values.
func refers(w cue.Value) bool {
	op, args := w.Expr()
	switch op {
	case cue.SelectorOp, cue.IndexOp, cue.InterpolationOp, cue.AddOp, cue.SubtractOp, cue.MultiplyOp, cue.FloatQuotientOp:
		return true
	case cue.NoOp, cue.CallOp:
		return false
	}
	for _, a := range args {
		if refers(a) {
			return true
		}
	}
	return false
}

// source is the syntax of w in one line, without the marks of Require.
func source(w cue.Value, path []cue.Selector) string {
	b, err := format.Node(unmarked(w.Syntax(cue.Raw()), path))
	if err != nil {
		return fmt.Sprint(w)
	}
	return oneLine(string(b))
}

// unmarked is the syntax of a want without the marks of Require, imports and
// comments, and with units for what is a number of bytes. path is where it is.
func unmarked(n ast.Node, path []cue.Selector) ast.Node {
	if f, ok := n.(*ast.File); ok {
		var decls []ast.Decl
		for _, d := range f.Decls {
			if _, ok := d.(*ast.ImportDecl); !ok {
				decls = append(decls, d)
			}
		}
		n = &ast.File{Decls: decls}
	}
	ast.Walk(n, func(n ast.Node) bool {
		ast.SetComments(n, nil)
		switch n := n.(type) {
		case *ast.Field:
			if n.Constraint == token.NOT {
				n.Constraint = token.ILLEGAL
			}
		case *ast.BasicLit:
			if i, err := strconv.ParseInt(n.Value, 10, 64); err == nil && n.Kind == token.INT {
				n.Value = plain(quantity(i, path))
			}
		}
		return true
	}, nil)
	return n
}

// oneLine joins the lines of formatted CUE.
func oneLine(s string) string {
	var b strings.Builder
	last := byte('{')
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if opens, closes := strings.IndexByte("{[(", last) >= 0, strings.IndexByte("}])", line[0]) >= 0; !opens && !closes {
			if last != ',' {
				b.WriteByte(',')
			}
			b.WriteByte(' ')
		}
		// The formatter aligns the values of fields.
		if label := strings.TrimLeft(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_?"); strings.HasPrefix(label, ": ") {
			line = line[:len(line)-len(label)] + ": " + strings.TrimLeft(label[1:], " ")
		}
		b.WriteString(line)
		last = line[len(line)-1]
	}
	return b.String()
}

// show is an observed value as CUE writes it, in one line.
func show(x any) string { return clip(plain(x)) }

func plain(x any) string {
	switch x := x.(type) {
	case nil:
		return "null"
	case text:
		return string(x)
	case string:
		return literal.String.Quote(x)
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64)
	case []any:
		var parts []string
		for _, e := range x {
			parts = append(parts, plain(e))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		keys := make([]string, 0, len(x))
		for k, v := range x {
			if v != false { // the view says so of every bool that is not set
				keys = append(keys, k)
			}
		}
		sort.Strings(keys)
		for i, k := range keys {
			keys[i] = cue.Str(k).String() + ": " + plain(x[k])
		}
		return "{" + strings.Join(keys, ", ") + "}"
	}
	return fmt.Sprint(x)
}

// clip cuts s to limit and says that it did.
func clip(s string) string {
	n := utf8.RuneCountInString(s)
	if n <= limit {
		return s
	}
	return fmt.Sprintf("%s… (%d more)", string([]rune(s)[:limit]), n-limit)
}

// text is printed as it is.
type text string

// quantity is x with a unit if it is a number of bytes, going by its path.
func quantity(x any, path []cue.Selector) any {
	n, ok := x.(int64)
	if !ok || len(path) == 0 || n == 0 || n == math.MinInt64 {
		return x
	}
	last := path[len(path)-1]
	if last.LabelType() != cue.StringLabel {
		return x
	}
	switch name := last.Unquoted(); {
	case name == "memory", name == "storage", name == "ephemeral-storage", name == "sizeLimit", strings.HasPrefix(name, "hugepages-"):
	default:
		return x
	}
	units := []struct {
		size int64
		name string
	}{{1 << 40, "Ti"}, {1 << 30, "Gi"}, {1e9, "G"}, {1 << 20, "Mi"}, {1e6, "M"}, {1 << 10, "Ki"}, {1e3, "K"}} // 128M is 125000Ki, too
	for _, u := range units {
		if n%u.size == 0 {
			return text(strconv.FormatInt(n/u.size, 10) + u.name)
		}
	}
	return x
}

func pathString(path []cue.Selector) string { return cue.MakePath(path...).String() }

func message(err errors.Error) string {
	f, args := err.Msg()
	return clip(oneLine(fmt.Sprintf(f, args...)))
}
