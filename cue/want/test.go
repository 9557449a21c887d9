package want

import (
	"regexp"

	"cuelang.org/go/cue"
)

// answer is what a quick look at a value says. It is either what CUE would say or
// unknown.
type answer int8

const (
	unknown answer = iota
	yes
	no
)

func (a answer) and(b answer) answer {
	switch {
	case a == no || b == no:
		return no
	case a == unknown || b == unknown:
		return unknown
	}
	return yes
}

func (a answer) or(b answer) answer {
	switch {
	case a == yes || b == yes:
		return yes
	case a == unknown || b == unknown:
		return unknown
	}
	return no
}

func said(ok bool) answer {
	if ok {
		return yes
	}
	return no
}

// test looks at a value of a view. Most wants are a text, a number or a bound; to
// have CUE evaluate each of them for each state of an object is what a regrade
// would spend a quarter of its time on.
type test func(got any) answer

// testOf is the test for a scalar that is wanted; nil where only CUE knows.
func testOf(v cue.Value, depth int) test {
	if depth > 50 {
		return nil
	}
	// What refers to another field has to be equal to it, which a look at one
	// value cannot tell.
	if _, path := v.ReferencePath(); len(path.Selectors()) > 0 && !v.IsConcrete() {
		return nil
	}
	op, args := v.Expr()
	switch {
	case v.IsConcrete():
		return equalTo(v)
	case op == cue.NoOp:
		return typed(v)
	case op == cue.AndOp || op == cue.OrOp:
		tests := make([]test, len(args))
		for i, a := range args {
			if tests[i] = testOf(a, depth+1); tests[i] == nil {
				return nil
			}
		}
		return several(op, tests)
	case bound(op) && len(args) == 1:
		return bounded(op, args[0])
	}
	return nil
}

func equalTo(v cue.Value) test {
	switch v.Kind() {
	case cue.StringKind:
		want, err := v.String()
		if err != nil {
			return nil
		}
		return onText(func(got string) bool { return got == want })
	case cue.BoolKind:
		want, err := v.Bool()
		if err != nil {
			return nil
		}
		return func(got any) answer {
			b, ok := got.(bool)
			return said(ok && b == want)
		}
	case cue.IntKind:
		want, err := v.Int64()
		if err != nil {
			return nil
		}
		return onInt(func(got int64) bool { return got == want })
	}
	return nil
}

// typed is the test for a type, such as string.
func typed(v cue.Value) test {
	switch v.IncompleteKind() {
	case cue.StringKind:
		return onText(func(string) bool { return true })
	case cue.IntKind:
		return onInt(func(int64) bool { return true })
	}
	return nil
}

func several(op cue.Op, tests []test) test {
	return func(got any) answer {
		all := tests[0](got)
		for _, t := range tests[1:] {
			if op == cue.AndOp {
				all = all.and(t(got))
			} else {
				all = all.or(t(got))
			}
		}
		return all
	}
}

func bounded(op cue.Op, arg cue.Value) test {
	if text, err := arg.String(); err == nil {
		switch op {
		case cue.RegexMatchOp, cue.NotRegexMatchOp:
			re, err := regexp.Compile(text)
			if err != nil {
				return nil
			}
			return onText(func(got string) bool { return re.MatchString(got) == (op == cue.RegexMatchOp) })
		case cue.NotEqualOp:
			return onText(func(got string) bool { return got != text })
		}
		return nil
	}
	limit, err := arg.Int64()
	if err != nil || arg.Kind() != cue.IntKind {
		return nil
	}
	switch op {
	case cue.LessThanOp:
		return onInt(func(got int64) bool { return got < limit })
	case cue.LessThanEqualOp:
		return onInt(func(got int64) bool { return got <= limit })
	case cue.GreaterThanOp:
		return onInt(func(got int64) bool { return got > limit })
	case cue.GreaterThanEqualOp:
		return onInt(func(got int64) bool { return got >= limit })
	}
	return nil
}

// onText is a test for texts; what is no text is left to CUE.
func onText(ok func(string) bool) test {
	return func(got any) answer {
		if s, isText := got.(string); isText {
			return said(ok(s))
		}
		return unknown
	}
}

// onInt is a test for whole numbers; to CUE 1.0 is another number than 1, and it
// may decide.
func onInt(ok func(int64) bool) test {
	return func(got any) answer {
		if n, isInt := got.(int64); isInt {
			return said(ok(n))
		}
		return unknown
	}
}
