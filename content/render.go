package content

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	glamour "charm.land/glamour/v2/ansi"
	"github.com/charmbracelet/x/ansi"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

const (
	defaultWidth = 80
	minWidth     = 20 // below this prose is unreadable
	minNested    = 8  // of what is in lists and quotations; deeper ones go over the edge
)

// Options say how a page is laid out.
type Options struct {
	Width int   // terminal columns that prose may take; 0 means 80, less than 20 means 20
	Style Style // empty means Dark
	Color bool  // false gives the NoTTY style whatever Style says; it is what NO_COLOR and a pipe ask for

	// Label, if there is one, gives the line that stands above the n-th command
	// of [Page.Commands], counted from 1.
	Label func(n int) string
}

// Render lays the page out. The result ends in one newline unless it is empty;
// segments are separated by a blank line. Prose fits the width, save for words
// that are longer; code is verbatim, however wide. Without Color there is no
// escape sequence in it at all, with Color only SGR ones, and every line begins
// and ends in the default colours. No line ends in blanks, save for code's own.
// The error is an unknown style or a failure of the layout engine.
func (p *Page) Render(opts Options) (string, error) {
	style := opts.Style
	if _, err := style.config(); err != nil {
		return "", err
	}
	if !opts.Color {
		style = NoTTY
	}
	config, err := style.config()
	if err != nil {
		return "", err
	}
	width := opts.Width
	if width == 0 {
		width = defaultWidth
	}
	width = max(width, minWidth)

	l := layout{config: config, color: style != NoTTY, bar: style.bar()}
	var parts []string
	commands := 0
	for _, s := range p.Segments {
		if s.Kind == Code {
			part := s.code(style)
			if s.command() != "" {
				commands++
				if opts.Label != nil {
					part = opts.Label(commands) + "\n" + part
				}
			}
			parts = append(parts, part)
			continue
		}
		l.source = s.bytes
		lines, err := l.lines(s.blocks, width)
		if err != nil {
			return "", err
		}
		if len(lines) > 0 { // no lines: an HTML comment, say
			parts = append(parts, strings.Join(lines, "\n"))
		}
	}
	if len(parts) == 0 {
		return "", nil
	}
	return strings.Join(parts, "\n\n") + "\n", nil
}

// code returns the block's lines, each in the style's colour of code.
func (s Segment) code(style Style) string {
	if style == NoTTY {
		return s.Source
	}
	lines := strings.Split(s.Source, "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = "\x1b[38;5;" + style.codeColor() + "m" + line + "\x1b[m"
		}
	}
	return strings.Join(lines, "\n")
}

// layout is what laying out a segment of prose needs.
type layout struct {
	source []byte // what the segment's blocks point into
	config glamour.StyleConfig
	color  bool
	bar    string // before the lines of a quotation
}

// leaf has glamour lay out blocks, and returns the lines. It uses glamour's
// renderer without glamour's parser: the blocks are parsed already, with the
// link definitions of the whole lesson.
func (l layout) leaf(blocks *ast.Document, width int) (lines []string, err error) {
	// A lesson comes from outside; a slip of the layout engine on some odd
	// construct must not take a learner's session down.
	defer func() {
		if r := recover(); r != nil {
			lines, err = nil, fmt.Errorf("lay out lesson: %v", r)
		}
	}()
	engine := renderer.NewRenderer(renderer.WithNodeRenderers(
		util.Prioritized(glamour.NewRenderer(glamour.Options{WordWrap: width, Styles: l.config}), 1000)))
	var b bytes.Buffer
	if err := engine.Render(&b, l.source, blocks); err != nil {
		return nil, fmt.Errorf("lay out lesson: %w", err)
	}
	return tidy(b.String(), l.color), nil
}

// tidy turns glamour's output into what Render promises. glamour pads every line
// to the full width, sets hyperlinks (OSC 8, whose targets cannot be seen), and
// spaces its blocks unevenly.
func tidy(s string, color bool) []string {
	var lines []string
	var line strings.Builder
	active := ""  // the SGR sequences in force in the source
	written := "" // those in force in the line being written
	blanks := 0   // not yet written: they may end the line
	endLine := func() {
		if written != "" {
			line.WriteString("\x1b[m")
		}
		lines = append(lines, line.String())
		line.Reset()
		written, blanks = "", 0
	}
	for i := 0; i < len(s); {
		if s[i] == ansi.ESC {
			n := escapeLen(s[i:])
			if sequence := s[i : i+n]; isSGR(sequence) && color {
				if isReset(sequence) {
					active = ""
				} else {
					active += sequence
				}
			}
			i += max(n, 1)
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		if r == mayBreak {
			continue
		}
		if r = unguard(r); r != '\n' {
			r = visible(r)
		}
		switch {
		case r == '\n':
			endLine()
		case r == ' ':
			blanks++
		case invisible(r):
		default:
			if written != active && written != "" {
				line.WriteString("\x1b[m")
			}
			// Between the two styles: blanks after an underlined word are not.
			line.WriteString(strings.Repeat(" ", blanks))
			blanks = 0
			if written != active {
				line.WriteString(active)
				written = active
			}
			line.WriteRune(r)
		}
	}
	endLine()
	return squeeze(lines)
}

// squeeze removes the blank lines at both ends, and all but one of several in a
// row.
func squeeze(lines []string) []string {
	var kept []string
	for i, line := range lines {
		if line != "" || (len(kept) > 0 && lines[i-1] != "") {
			kept = append(kept, line)
		}
	}
	if n := len(kept); n > 0 && kept[n-1] == "" {
		kept = kept[:n-1]
	}
	return kept
}

// isSGR says that an escape sequence only selects how characters look.
func isSGR(sequence string) bool {
	return strings.HasPrefix(sequence, "\x1b[") && strings.HasSuffix(sequence, "m") &&
		strings.Trim(sequence[2:len(sequence)-1], "0123456789;:") == ""
}

func isReset(sequence string) bool { return sequence == "\x1b[m" || sequence == "\x1b[0m" }
