package want

import (
	"cuelang.org/go/cue"
	"cuelang.org/go/cue/token"

	"podlab.dev/podlab/cue/view"
)

// Finding is a place in a want that no object could ever match.
type Finding struct {
	Pos  token.Pos // in the author's file
	Path string    // in the want
	Msg  string
}

// Lint reports what in the want v the view of the given shape can never have.
func Lint(v cue.Value, s *view.Shape) []Finding { return nil }
