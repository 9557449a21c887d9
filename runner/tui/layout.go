package tui

// form is how the panes share the screen.
type form int

const (
	beside form = iota // the lesson and the shell side by side, checks and Pods below
	tabbed             // one of the two, checks below
	alone              // one of the two, and a line
)

// The sizes at which the form changes, in columns and rows.
const (
	besideWidth = 125 // leaves 80 columns for the shell
	tabbedWidth = 60
	tabbedRows  = 12
	podsRows    = 20 // of the screen, below which there are no Pods

	shellWidth  = 80 // that the shell gets before the lesson gets more
	lessonWidth = 72 // more is tiring to read
)

// layout is who gets what of the screen, in columns and rows.
type layout struct {
	form
	side, shell  int // widths
	body         int // rows of both
	checks, pods int // widths
	foot         int // rows of both
}

// arrange lays out a screen. A zoomed pane has it for itself.
func arrange(width, height int, zoom bool) layout {
	width, height = max(width, 1), max(height, 2)
	switch {
	case zoom || width < tabbedWidth || height < tabbedRows:
		return layout{form: alone, side: width, shell: width, body: height - 1}
	case width >= besideWidth && height >= podsRows:
		l := layout{form: beside}
		l.side = min(lessonWidth, width*38/100, width-3-shellWidth)
		l.shell = width - 3 - l.side
		l.foot = 3
		switch {
		case height >= 40:
			l.foot = 5
		case height >= 28:
			l.foot = 4
		}
		l.body = height - l.foot - 5 // header, three borders, keys
		l.checks, l.pods = l.side, l.shell
		return l
	}
	l := layout{form: tabbed, side: width, shell: width, checks: width}
	switch {
	case height >= 28:
		l.foot = 3
	case height >= podsRows:
		l.foot = 1
	}
	if l.foot > 0 {
		l.pods = width * 2 / 5
		l.checks = width - l.pods - 1
	}
	l.body = height - l.foot - 3 // header, divider, keys
	return l
}
