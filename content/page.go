// Package content turns a lesson, written in Markdown, into a page for a
// terminal.
//
// The noun is the [Page]: a title and the lesson's segments, prose and code in
// turn. The flow is Markdown → [Parse] → Page → [Page.Render] → text:
//
//	page, err := content.Parse(source)
//	if err != nil {
//		return err
//	}
//	text, err := page.Render(content.Options{Width: 80, Style: content.Dark, Color: true})
//
// Prose is laid out by glamour at the given width. Code is not: every fenced or
// indented code block stands in the result line by line as its author wrote it,
// at the left edge, never wrapped, never padded, never decorated, so that a
// command copied off the screen is the command. That is also why blocks inside a
// list or a quotation are moved out to the left edge.
//
// Lessons come with packs that others wrote, and much else that podlab prints
// comes from a cluster. [Text] and [Line] make such strings safe to print; Parse
// does it to the lesson.
package content

import (
	"fmt"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// Limits on a lesson: [Parse] refuses more. A lesson is a few kilobytes, and a
// megabyte of nested quotations only serves to stall a program.
const (
	MaxBytes = 1 << 20 // of Markdown
	MaxDepth = 32      // of blocks and inlines within one another
)

// Page is a parsed lesson. It does not change once parsed, and may be rendered
// by several goroutines at once.
type Page struct {
	Title    string    // the first heading, on one line, without marks; empty if there is none
	Segments []Segment // in the order of the lesson; the title's heading is part of them

	links []Link
}

// Kind tells prose from code.
type Kind int

const (
	Prose Kind = iota // Markdown, to be laid out
	Code              // a fenced or indented code block, to be printed as it is
)

// Segment is a stretch of a page, one kind of thing.
type Segment struct {
	Kind Kind

	// Lang is, of code, the first word after the fence in lower case, often
	// empty; of prose it is empty.
	Lang string

	// Source is, of code, its lines without the fence and without a final
	// newline, tabs already spaces; of prose, the lines of the lesson that it
	// was made from, for search and for error messages.
	Source string

	blocks []block // of prose: what Render lays out
	bytes  []byte  // what blocks points into
}

// Parse reads a lesson. The source need not be trusted, nor be valid UTF-8: it
// goes through [Text] first, so no segment holds a control character other than
// the newline. Nearly every text is Markdown; the error says that src is larger
// than [MaxBytes] or nests deeper than [MaxDepth].
func Parse(src []byte) (*Page, error) {
	if len(src) > MaxBytes {
		return nil, fmt.Errorf("lesson of %d bytes: the most is %d", len(src), MaxBytes)
	}
	// Markdown has tab stops every four columns and so has Text: cleaning first
	// does not change the structure.
	source := []byte(Text(string(src)))
	if line := tooDeepLine(source); line > 0 {
		return nil, fmt.Errorf("lesson line %d: blocks nest deeper than %d", line, MaxDepth)
	}
	document := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
	if depth(document, MaxDepth+1) > MaxDepth {
		return nil, fmt.Errorf("lesson nests deeper than %d", MaxDepth)
	}
	page := &Page{Title: title(document, source), links: links(document, source)}
	page.Segments = split(document, protect(document, source), len(source))
	return page, nil
}

// Commands returns what a learner may run, in order, one entry per code block
// marked sh, bash, shell or console. Of a console block, which shows a prompt
// and output, only the lines after a "$ " count, with their continuations.
// A block without a command gives no entry. Entries may have several lines and
// hold no control character other than the newline.
func (p *Page) Commands() []string {
	var commands []string
	for _, s := range p.Segments {
		if command := s.command(); command != "" {
			commands = append(commands, command)
		}
	}
	return commands
}

// command is what a learner may run of the segment, or "".
func (s Segment) command() string {
	command := s.Source
	switch {
	case s.Kind != Code:
		return ""
	case s.Lang == "sh", s.Lang == "bash", s.Lang == "shell":
	case s.Lang == "console":
		command = prompted(command)
	default:
		return ""
	}
	if strings.TrimSpace(command) == "" {
		return ""
	}
	return command
}

// prompted returns the commands of a console transcript without their prompts.
func prompted(transcript string) string {
	var lines []string
	continued := false
	for line := range strings.SplitSeq(transcript, "\n") {
		command, isPrompt := strings.CutPrefix(line, "$ ")
		if !isPrompt && continued {
			command, isPrompt = strings.TrimPrefix(line, "> "), true
		}
		if isPrompt {
			lines = append(lines, command)
		}
		continued = isPrompt && strings.HasSuffix(command, "\\")
	}
	return strings.Join(lines, "\n")
}

// title is the plain text of the first heading.
func title(document ast.Node, source []byte) string {
	var b strings.Builder
	for n := document.FirstChild(); n != nil; n = n.NextSibling() {
		if n.Kind() != ast.KindHeading {
			continue
		}
		// The walk's only errors are the walker's own, and this one has none.
		_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			if !entering {
				return ast.WalkContinue, nil
			}
			switch n := n.(type) {
			case *ast.Text:
				b.WriteString(unescape(string(n.Segment.Value(source)), n.Parent().Kind() == ast.KindCodeSpan))
				if n.SoftLineBreak() || n.HardLineBreak() {
					b.WriteByte(' ')
				}
			case *ast.AutoLink:
				b.Write(n.Label(source))
			}
			return ast.WalkContinue, nil
		})
		break
	}
	return Line(b.String(), 0)
}

// tooDeepLine is the number of the first line that opens more than MaxDepth
// quotations or lists at once, or 0. The parser would take quadratic time on it.
func tooDeepLine(source []byte) int {
	number := 0
	for line := range strings.Lines(string(source)) {
		number++
		markers := 0
		for _, c := range line {
			if strings.ContainsRune(">-*+.)", c) {
				markers++
			} else if c != ' ' && (c < '0' || c > '9') {
				// A rule of dashes or stars is no nesting, nor is a bare number.
				if strings.TrimLeft(line, "-*+ .\n") == "" {
					markers = 0
				}
				break
			}
		}
		if markers > MaxDepth && strings.Trim(line, "-*_ .\n") != "" {
			return number
		}
	}
	return 0
}

// depth is how deep n nests, counted no further than limit.
func depth(n ast.Node, limit int) int {
	if limit == 0 {
		return 0
	}
	deepest := 0
	for c := n.FirstChild(); c != nil && deepest < limit-1; c = c.NextSibling() {
		deepest = max(deepest, depth(c, limit-1))
	}
	return deepest + 1
}
