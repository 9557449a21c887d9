package content

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// splitter cuts a document into segments. Code leaves the block that it is in;
// what stood before and after it in a list or a quotation stays as close to its
// original form as prose can: a list goes on with its next number, a quotation
// stays a quotation.
type splitter struct {
	source   []byte // of the lesson, then the stretches that protect replaced
	lesson   int    // bytes of source that are the lesson's own
	segments []Segment
	prose    []block // gathered since the last code block
	start    int     // the source range of prose, in bytes; -1 while it has none
	stop     int
}

// split takes a document apart. It takes its nodes over.
func split(document ast.Node, source []byte, lesson int) []Segment {
	s := splitter{source: source, lesson: lesson, start: -1}
	s.children(document)
	s.flush()
	return s.segments
}

// children takes the children of a block, in order.
func (s *splitter) children(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; {
		next := n.NextSibling()
		s.node(n)
		n = next
	}
}

func (s *splitter) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.FencedCodeBlock:
		s.code(strings.ToLower(string(n.Language(s.source))), n)
	case *ast.CodeBlock:
		s.code("", n)
	case *ast.List:
		if holdsCode(n) {
			s.list(n)
		} else {
			s.add(n)
		}
	case *ast.Blockquote:
		if holdsCode(n) {
			s.quotation(n)
		} else {
			s.add(n)
		}
	default:
		s.add(n)
	}
}

// list takes a list apart that holds code. What an item has before its first
// code block stays an item; what follows moves to the left edge with the code.
func (s *splitter) list(n *ast.List) {
	number := n.Start
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		it := item{marker: marker(n, c, number)}
		number++
		for c.FirstChild() != nil && !holdsCode(c.FirstChild()) {
			s.cover(c.FirstChild())
			child := c.FirstChild()
			c.RemoveChild(c, child)
			it.blocks = appendBlock(it.blocks, child)
		}
		if last := len(s.prose) - 1; last >= 0 && s.prose[last].list != nil && c.PreviousSibling() != nil {
			s.prose[last].list.items = append(s.prose[last].list.items, it)
		} else {
			s.prose = append(s.prose, block{list: &list{items: []item{it}}})
		}
		s.children(c)
	}
}

// quotation takes a quotation apart that holds code.
func (s *splitter) quotation(quote *ast.Blockquote) {
	open := false
	for n := quote.FirstChild(); n != nil; {
		next := n.NextSibling()
		if open = open && !holdsCode(n); holdsCode(n) {
			s.node(n)
		} else {
			s.cover(n)
			if !open {
				s.prose = append(s.prose, block{})
				open = true
			}
			last := &s.prose[len(s.prose)-1]
			last.quote = appendBlock(last.quote, n)
		}
		n = next
	}
}

// add appends a block without code to the prose.
func (s *splitter) add(n ast.Node) {
	s.cover(n)
	s.prose = appendBlock(s.prose, n)
}

// cover extends the source range of the prose to n's lines.
func (s *splitter) cover(n ast.Node) {
	// The walk's only errors are the walker's own, and this one has none.
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering || n.Type() == ast.TypeInline {
			return ast.WalkSkipChildren, nil
		}
		if lines := n.Lines(); lines != nil {
			for i := range lines.Len() {
				at := lines.At(i)
				if at.Start >= s.lesson {
					continue
				}
				if s.start < 0 || at.Start < s.start {
					s.start = at.Start
				}
				s.stop = max(s.stop, at.Stop)
			}
		}
		return ast.WalkContinue, nil
	})
}

// flush ends the prose gathered so far.
func (s *splitter) flush() {
	if len(s.prose) == 0 {
		return
	}
	segment := Segment{Kind: Prose, blocks: s.prose, bytes: s.source}
	if s.start >= 0 {
		// From the beginning of its first line, where the marks are, to the end
		// of its last, where a table's last bar is.
		start := bytes.LastIndexByte(s.source[:s.start], '\n') + 1
		stop := s.stop
		if i := bytes.IndexByte(s.source[stop:s.lesson], '\n'); i >= 0 {
			stop += i
		}
		segment.Source = strings.TrimRight(string(s.source[start:stop]), "\n")
	}
	s.segments = append(s.segments, segment)
	s.prose, s.start, s.stop = nil, -1, 0
}

func (s *splitter) code(lang string, n ast.Node) {
	s.flush()
	var b strings.Builder
	lines := n.Lines()
	for i := range lines.Len() {
		at := lines.At(i)
		b.Write(at.Value(s.source))
	}
	s.segments = append(s.segments, Segment{Kind: Code, Lang: lang, Source: strings.TrimSuffix(b.String(), "\n")})
}

func holdsCode(n ast.Node) bool {
	if k := n.Kind(); k == ast.KindFencedCodeBlock || k == ast.KindCodeBlock {
		return true
	}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if c.Type() == ast.TypeBlock && holdsCode(c) {
			return true
		}
	}
	return false
}
