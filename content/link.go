package content

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
)

// Link is a link or an image of a lesson.
type Link struct {
	Dest  string // as it was written
	Image bool
	Line  int // of the lesson, counted from 1
}

// Links are the links and images of the page, in order. Links that name a
// definition elsewhere on the page have its destination; bare addresses count.
func (p *Page) Links() []Link { return p.links }

func links(document ast.Node, source []byte) (out []Link) {
	add := func(n ast.Node, dest []byte, image bool) {
		line := 1 + bytes.Count(source[:max(n.Pos(), 0)], []byte("\n"))
		out = append(out, Link{Dest: string(dest), Image: image, Line: line})
	}
	// The walk's only errors are the walker's own, and this one has none.
	_ = ast.Walk(document, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			add(n, n.Destination, false)
		case *ast.Image:
			add(n, n.Destination, true)
		case *ast.AutoLink:
			if n.AutoLinkType == ast.AutoLinkURL {
				add(n, n.URL(source), false)
			}
		}
		return ast.WalkContinue, nil
	})
	return out
}
