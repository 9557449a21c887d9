package content

// Output is what a page says that commands print: a code block marked text.
type Output struct {
	// Text is the block's lines, without a final newline.
	Text string
	// Commands are those of the last code block above it that has some; empty if
	// there is none.
	Commands string
}

// Outputs returns what the page shows of what its commands print, in order.
func (p *Page) Outputs() []Output {
	var outputs []Output
	above := ""
	for _, s := range p.Segments {
		if command := s.command(); command != "" {
			above = command
		}
		if s.Kind == Code && s.Lang == "text" {
			outputs = append(outputs, Output{Text: s.Source, Commands: above})
		}
	}
	return outputs
}
