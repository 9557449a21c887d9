package want

import (
	"fmt"
	"math/big"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/token"
)

// verifier looks for what a comparison with closed data cannot make sound.
//
// A plain field is a demand wherever it is unified with the data, because the
// data is closed. The arguments of a validator such as matchN are not: CUE
// unifies them with a copy of the data that has lost its closedness, so there
// a plain field is supplied, silently. Require rewrites those in the want; the
// verifier finds those that come from elsewhere.
type verifier struct {
	errs errors.Error
	left int // values still to look at: a want can refer to itself
}

func verify(v cue.Value) error {
	if err := v.Validate(); err != nil { // what is only incomplete is fine
		return err
	}
	f := verifier{left: 50_000}
	f.value(v, false, 0)
	if f.left < 0 {
		f.add(v, "is too large, or refers to itself without end")
	}
	if f.errs == nil {
		return nil
	}
	return errors.Sanitize(f.errs)
}

func (f *verifier) add(v cue.Value, format string, args ...any) {
	f.errs = errors.Append(f.errs, errors.Newf(position(v), "%s %s", v.Path(), fmt.Sprintf(format, args...)))
}

// position is that of v, or of the nearest value around it that has one.
func position(v cue.Value) token.Pos {
	for _, e := range []cue.Value{v, cue.Dereference(v)} {
		if p := e.Pos(); p.IsValid() {
			return p
		}
	}
	return token.NoPos
}

// value verifies v. arg says that v is inside an argument of a validator.
func (f *verifier) value(v cue.Value, arg bool, depth int) {
	if f.left--; f.left < 0 || depth > 100 {
		f.left = -1
		return
	}
	op, args := v.Expr()
	switch op {
	case cue.AndOp, cue.OrOp:
		for _, a := range args {
			f.value(a, arg, depth+1)
		}
	case cue.CallOp:
		name := fmt.Sprint(args[0])
		for _, a := range args[1:] {
			f.value(a, arg || name != "close", depth+1)
		}
	case cue.SelectorOp, cue.IndexOp, cue.NoOp:
		to := cue.Dereference(v)
		if to == v && op == cue.SelectorOp {
			to = selected(args)
		}
		switch {
		case to != v && to.Exists():
			f.value(to, arg, depth+1)
		case op != cue.NoOp && v.IncompleteKind() != cue.BottomKind && !scalar(v.IncompleteKind()):
			f.add(v, "refers to a constraint in a way that cannot be verified; refer to it by its plain name")
		case op == cue.NoOp && v.IncompleteKind() == cue.BottomKind && undecided(v):
			f.add(v, "has an if or a for that depends on the observed object; write the cases as alternatives, {…} | {…}")
		}
	}
	if n, err := v.Float64(); err == nil && v.Kind() == cue.FloatKind {
		if i, _ := big.NewFloat(n).Int(nil); new(big.Float).SetInt(i).Cmp(big.NewFloat(n)) == 0 {
			f.add(v, "is %v, which in CUE is not %[1]v as an integer, and the object has integers; make it one", i)
		}
	}
	it, err := v.Fields(cue.Optional(true), cue.Patterns(true)) // of a list, its elements
	for err == nil && it.Next() {
		if arg && it.FieldType() == cue.StringLabel {
			f.add(it.Value(), "would be supplied to an object that lacks it; outside of a want, write %s!:", it.Selector())
		}
		if it.FieldType()&cue.OptionalConstraint != 0 && it.Value().Validate() != nil {
			continue // field?: _|_
		}
		f.value(it.Value(), arg, depth+1)
	}
}

// undecided says whether v waits for something to tell what is in it.
func undecided(v cue.Value) (yes bool) {
	ast.Walk(v.Syntax(cue.Raw()), func(n ast.Node) bool {
		_, ok := n.(*ast.Comprehension)
		yes = yes || ok
		return !yes
	}, nil)
	return yes
}

// selected is the value that a selector expression selects.
func selected(args []cue.Value) cue.Value {
	name, err := args[len(args)-1].String()
	if err != nil {
		return cue.Value{}
	}
	it, err := cue.Dereference(args[0]).Fields(cue.All())
	for err == nil && it.Next() {
		if s := it.Selector(); !s.IsConstraint() && s.String() == name || s.LabelType() == cue.StringLabel && s.Unquoted() == name {
			return it.Value()
		}
	}
	return cue.Value{}
}

func scalar(k cue.Kind) bool { return k&(cue.StructKind|cue.ListKind) == 0 }
