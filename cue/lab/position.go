package lab

import (
	"regexp"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/token"
)

// pos is where the author wrote path, or its nearest parent.
func (d *decoder) pos(path string) token.Pos {
	for path != "" {
		v := d.data.LookupPath(quoted(path))
		for _, p := range positions(v) {
			if p.Filename() == d.file {
				return p
			}
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return token.NoPos
}

// quoted is path as CUE reads it: of mistakes.no-label.fails the second name
// needs quotes.
func quoted(path string) cue.Path {
	if p := cue.ParsePath(path); p.Err() == nil {
		return p
	}
	return cue.ParsePath(bareName.ReplaceAllString(path, `$1"$2"`))
}

var bareName = regexp.MustCompile(`(^|\.)([^.\["]+)`)

// place gives a place to what has none: a missing field has that of its parent.
func (d *decoder) place() {
	for i, e := range d.es {
		if e.Line > 0 || e.Path == "" {
			continue
		}
		d.es[i].File = d.file
		if p := d.pos(e.Path); p.IsValid() {
			d.es[i].Line, d.es[i].Column = p.Line(), p.Column()
		}
	}
}

// positions of a value that was unified with the schema: its own and those of
// its conjuncts.
func positions(v cue.Value) []token.Pos {
	out := []token.Pos{v.Pos()}
	if op, args := v.Expr(); op == cue.AndOp {
		for _, a := range args {
			out = append(out, a.Pos())
		}
	}
	return out
}
