package want

import (
	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
)

// observed is a view as a CUE value.
//
// It is made in a context of its own: values of different contexts can be used
// together, and a context keeps what was built in it for as long as it lives.
func observed(view map[string]any) cue.Value {
	return cuecontext.New().Encode(view)
}

// closed is a view as a definition, which is closed all the way down: no
// constraint that is unified with it can add a field.
func closed(view map[string]any) cue.Value {
	ctx := cuecontext.New()
	def := cue.MakePath(cue.Def("#Observed"))
	return ctx.CompileString("").FillPath(def, ctx.Encode(view)).LookupPath(def)
}
