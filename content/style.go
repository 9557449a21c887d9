package content

import (
	"fmt"

	"charm.land/glamour/v2/ansi"
)

// Style names how a page looks.
type Style string

const (
	Dark  Style = "dark"  // colours for a dark background; the default
	Light Style = "light" // colours for a light background
	NoTTY Style = "notty" // no colours and no marks: prose that reads well in a file or aloud
)

// palette is the colours of a style, numbers of the 256-colour table.
type palette struct {
	text, heading, title, code, link, faint string
}

// config returns glamour's configuration for a style. It is built anew each
// time: glamour's own style variables are shared, and pointers inside them too.
//
// No style has margins: what is copied from the screen begins at the left edge.
// And none puts a blank around inline code: glamour's is U+00A0, which no shell
// takes for a blank.
func (s Style) config() (ansi.StyleConfig, error) {
	switch s {
	case Dark, "":
		return coloured(palette{text: "252", heading: "39", title: "228", code: "114", link: "75", faint: "243"}), nil
	case Light:
		return coloured(palette{text: "234", heading: "27", title: "90", code: "22", link: "25", faint: "243"}), nil
	case NoTTY:
		return plain(), nil
	}
	return ansi.StyleConfig{}, fmt.Errorf("style %q: want %s, %s or %s", string(s), Dark, Light, NoTTY)
}

// codeColor is the colour in which the lines of code blocks are printed.
func (s Style) codeColor() string {
	if s == Light {
		return "22"
	}
	return "114"
}

// bar stands before the lines of a quotation.
func (s Style) bar() string {
	if s == NoTTY {
		return "|"
	}
	return "\x1b[38;5;243m│\x1b[m"
}

// plain is the layout without any colour.
func plain() ansi.StyleConfig {
	return ansi.StyleConfig{
		Heading:        ansi.StyleBlock{StylePrimitive: ansi.StylePrimitive{BlockSuffix: "\n"}},
		HorizontalRule: ansi.StylePrimitive{Format: "\n--------\n"},
		ImageText:      ansi.StylePrimitive{Format: "Image: {{.text}} →"},
		Table: ansi.StyleTable{
			CenterSeparator: pointer("+"),
			ColumnSeparator: pointer("|"),
			RowSeparator:    pointer("-"),
		},
	}
}

// coloured is the plain layout in colours.
func coloured(p palette) ansi.StyleConfig {
	c := plain()
	c.Document.Color = pointer(p.text)
	c.Heading.Color = pointer(p.heading)
	c.Heading.Bold = pointer(true)
	c.H1.Color = pointer(p.title)
	c.H1.Bold = pointer(true)
	c.H1.Underline = pointer(true)
	c.Emph.Italic = pointer(true)
	c.Strong.Bold = pointer(true)
	c.Strikethrough.CrossedOut = pointer(true)
	c.HorizontalRule.Color = pointer(p.faint)
	c.Link = ansi.StylePrimitive{Color: pointer(p.link), Underline: pointer(true)}
	c.LinkText = ansi.StylePrimitive{Color: pointer(p.link), Bold: pointer(true)}
	c.Image = c.Link
	c.ImageText.Color = pointer(p.faint)
	c.Code.Color = pointer(p.code)
	c.Table.CenterSeparator = pointer("┼")
	c.Table.ColumnSeparator = pointer("│")
	c.Table.RowSeparator = pointer("─")
	return c
}

func pointer[T any](v T) *T { return &v }
