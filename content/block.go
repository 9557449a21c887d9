package content

import (
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/yuin/goldmark/ast"
	extension "github.com/yuin/goldmark/extension/ast"
)

// block is a piece of prose. Exactly one of its parts is set.
//
// Lists and quotations are laid out here, not by glamour: glamour does not
// indent the second line of a list item, glues an item's second paragraph to its
// first, and counts a quotation's bar as narrower than it is.
type block struct {
	leaf  *ast.Document // paragraphs, headings, tables, rules, HTML: glamour's
	list  *list
	quote []block
}

type list struct {
	items []item
	loose bool // a blank line between items
}

type item struct {
	marker string // "•", "3." or "[x]"
	blocks []block
}

// blocksOf builds the prose of a node's children, which hold no code. It takes
// the nodes over.
func blocksOf(parent ast.Node) []block {
	var blocks []block
	for n := parent.FirstChild(); n != nil; {
		next := n.NextSibling()
		blocks = appendBlock(blocks, n)
		n = next
	}
	return blocks
}

// appendBlock adds a node without code to blocks; neighbouring leaves share a
// document.
func appendBlock(blocks []block, n ast.Node) []block {
	switch n := n.(type) {
	case *ast.LinkReferenceDefinition:
		// Its links are resolved already, and glamour prints a warning about it
		// on standard output.
		return blocks
	case *ast.List:
		return append(blocks, block{list: listOf(n)})
	case *ast.Blockquote:
		return append(blocks, block{quote: blocksOf(n)})
	}
	if len(blocks) == 0 || blocks[len(blocks)-1].leaf == nil {
		blocks = append(blocks, block{leaf: ast.NewDocument()})
	}
	leaf := blocks[len(blocks)-1].leaf
	if n.Kind() == ast.KindTextBlock {
		// The text of a tight list's item; glamour ends only paragraphs.
		paragraph := ast.NewParagraph()
		for c := n.FirstChild(); c != nil; {
			next := c.NextSibling()
			paragraph.AppendChild(paragraph, c)
			c = next
		}
		n = paragraph
	}
	leaf.AppendChild(leaf, n)
	return blocks
}

func listOf(n *ast.List) *list {
	l := &list{loose: !n.IsTight}
	number := n.Start
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		l.items = append(l.items, item{marker: marker(n, c, number), blocks: blocksOf(c)})
		number++
	}
	return l
}

// marker is what stands before an item of a list.
func marker(l *ast.List, item ast.Node, number int) string {
	if first := item.FirstChild(); first != nil && first.FirstChild() != nil {
		if box, ok := first.FirstChild().(*extension.TaskCheckBox); ok {
			if box.IsChecked {
				return "[x]"
			}
			return "[ ]"
		}
	}
	if l.IsOrdered() {
		return strconv.Itoa(number) + "."
	}
	return "•"
}

// lines lays blocks out in width columns, with a blank line between two.
func (l layout) lines(blocks []block, width int) ([]string, error) {
	width = max(width, minNested)
	var lines []string
	for _, b := range blocks {
		part, err := l.block(b, width)
		if err != nil {
			return nil, err
		}
		if len(part) > 0 && len(lines) > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, part...)
	}
	return lines, nil
}

func (l layout) block(b block, width int) ([]string, error) {
	switch {
	case b.leaf != nil:
		return l.leaf(b.leaf, width)
	case b.list != nil:
		return l.list(b.list, width)
	}
	quoted, err := l.lines(b.quote, width-2)
	for i, line := range quoted {
		quoted[i] = strings.TrimRight(l.bar+" "+line, " ")
	}
	return quoted, err
}

func (l layout) list(list *list, width int) ([]string, error) {
	widest := 0
	for _, item := range list.items {
		widest = max(widest, ansi.StringWidth(item.marker))
	}
	var lines []string
	for i, item := range list.items {
		if list.loose && i > 0 {
			lines = append(lines, "")
		}
		body, err := l.item(item, width-widest-1)
		if err != nil {
			return nil, err
		}
		lead := strings.Repeat(" ", widest-ansi.StringWidth(item.marker))
		if strings.HasSuffix(item.marker, ".") { // numbers line up at their dots
			lead += item.marker + " "
		} else {
			lead = item.marker + " " + lead
		}
		hang := strings.Repeat(" ", widest+1)
		if len(body) == 0 {
			body = []string{""}
		}
		for i, line := range body {
			if i > 0 {
				lead = hang
			}
			lines = append(lines, strings.TrimRight(lead+line, " "))
		}
	}
	return lines, nil
}

// item lays out an item's blocks. A list under the item's text follows it
// without a blank line.
func (l layout) item(it item, width int) ([]string, error) {
	if len(it.blocks) == 2 && it.blocks[0].leaf != nil && it.blocks[0].leaf.ChildCount() == 1 &&
		it.blocks[1].list != nil && !it.blocks[1].list.loose {
		head, err := l.lines(it.blocks[:1], width)
		if err != nil {
			return nil, err
		}
		tail, err := l.lines(it.blocks[1:], width)
		return append(head, tail...), err
	}
	return l.lines(it.blocks, width)
}
