package tui

import (
	"strings"
	"testing"

	"podlab.dev/podlab/runner"
)

func TestArrange(t *testing.T) {
	for _, test := range []struct {
		width, height int
		zoom          bool
		want          layout
	}{
		{160, 50, false, layout{beside, 60, 97, 40, 60, 97, 5}},
		{125, 20, false, layout{beside, 42, 80, 12, 42, 80, 3}},
		{300, 70, false, layout{beside, 72, 225, 60, 72, 225, 5}},
		{100, 30, false, layout{tabbed, 100, 100, 24, 59, 40, 3}},
		{80, 24, false, layout{tabbed, 80, 80, 20, 47, 32, 1}},
		{80, 15, false, layout{tabbed, 80, 80, 12, 80, 0, 0}},
		{40, 12, false, layout{alone, 40, 40, 11, 0, 0, 0}},
		{160, 11, false, layout{alone, 160, 160, 10, 0, 0, 0}},
		{160, 50, true, layout{alone, 160, 160, 49, 0, 0, 0}},
		{1, 1, false, layout{alone, 1, 1, 1, 0, 0, 0}},
	} {
		if got := arrange(test.width, test.height, test.zoom); got != test.want {
			t.Errorf("%d x %d, zoom %v: %+v, want %+v", test.width, test.height, test.zoom, got, test.want)
		}
	}
}

// The panes fill the screen exactly, at every size.
func TestArrangeFillsTheScreen(t *testing.T) {
	for width := 2; width < 250; width++ {
		for height := 2; height < 80; height++ {
			l := arrange(width, height, false)
			across, down := l.side, l.body
			switch l.form {
			case beside:
				across, down = l.side+l.shell+3, l.body+l.foot+5
				if l.shell < shellWidth || l.checks+l.pods+3 != width {
					t.Fatalf("%d x %d: %+v", width, height, l)
				}
			case tabbed:
				down += l.foot + 3
				if l.foot > 0 && l.checks+l.pods+1 != width {
					t.Fatalf("%d x %d: %+v", width, height, l)
				}
			default:
				down++
			}
			if across != width || down != height || l.body < 1 {
				t.Fatalf("%d x %d: %+v", width, height, l)
			}
		}
	}
}

// A long title gives way to how the cluster is and how much time is left.
func TestALongTitleGivesWay(t *testing.T) {
	for _, width := range []int{60, 70, 80, 100, 124} {
		m, _ := sized(t, width, 24)
		m.session.Lab.Title = "The exam: eight tasks, and no more than one hour for them"
		m.Update(begun{})
		m.Update(runner.Ready{})
		row, _, _ := strings.Cut(screen(m), "\n")
		for _, want := range []string{"page 1/2  services   live", "Lesson", "Shell"} {
			if !strings.Contains(row, want) {
				t.Errorf("%d columns: %q is not in %q", width, want, row)
			}
		}
	}
}
