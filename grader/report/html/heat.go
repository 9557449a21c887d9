package html

import (
	"fmt"

	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/class"
	"podlab.dev/podlab/grader/report"
)

// mark is how a verdict is told: by colour, by a sign and in words, so that none of
// them is needed alone.
type mark struct{ Class, Sign, Word string }

var (
	passed   = mark{"pass", "✓", "passed"}
	partly   = mark{"part", "◐", "in part"}
	failed   = mark{"fail", "✗", "failed"}
	blocked  = mark{"wait", "–", "waits for another check"}
	unjudged = mark{"err", "?", "could not be judged"}
)

func legend() []mark { return []mark{passed, partly, failed, blocked, unjudged} }

func markOf(x *grader.Result) mark {
	switch {
	case x.Verdict == grader.Passed:
		return passed
	case x.Verdict == grader.Errored:
		return unjudged
	case x.Earned > 0:
		return partly
	case x.Verdict == grader.Blocked:
		return blocked
	}
	return failed
}

// heat is the map of students by checks.
type heat struct {
	Steps  []step
	Checks []column
	Rows   []row
	Cols   int // the checks, and the empty one after them
}

// step is a heading over the columns of one page of the lab.
type step struct {
	ID string
	N  int
}

// column is a check. Rate is the share that passed, of those judged.
type column struct {
	N      int
	Title  string
	Points int
	Rate   string
	First  bool // of its step
}

// row is a student.
type row struct {
	N          int
	ID, Name   string
	State      string
	StateClass string
	Why        string // without a report: what is known
	Score      string
	Points     int
	Share      float64 // percent of what could be judged; below 0 where there is none
	Unjudged   int
	Late       string
	Cells      []cell
}

type cell struct {
	mark
	Check  int
	Earned int
	Points int
	First  bool
}

func newHeat(c *class.Class, sum class.Summary, o report.Options) heat {
	h := heat{Cols: len(c.Checks) + 1}
	for i, k := range c.Checks {
		first := i == 0 || c.Checks[i-1].Step != k.Step
		if first {
			h.Steps = append(h.Steps, step{ID: o.Clean(k.Step)})
		}
		h.Steps[len(h.Steps)-1].N++
		col := column{N: i + 1, Title: o.Clean(k.Title), Points: k.Points, First: first}
		if sum.Checks[i].Judged() > 0 {
			col.Rate = report.Percent(sum.Checks[i].Rate())
		}
		h.Checks = append(h.Checks, col)
	}
	for i := range c.Students {
		s, r := &c.Students[i], newRow(i+1, c, o)
		if s.Report != nil {
			for j, k := range c.Checks {
				x := s.Result(k.ID)
				if x == nil {
					x = &grader.Result{Verdict: grader.Errored, Points: k.Points}
				}
				r.Cells = append(r.Cells, cell{mark: markOf(x), Check: j + 1, Earned: x.Earned, Points: k.Points, First: h.Checks[j].First})
			}
		}
		h.Rows = append(h.Rows, r)
	}
	return h
}

// newRow is the row of the student with the number n, without its cells.
func newRow(n int, c *class.Class, o report.Options) row {
	s := &c.Students[n-1]
	r := row{
		N: n, ID: o.Clean(s.ID), Name: o.Clean(s.Name), State: string(s.State), StateClass: stateClass(s.State),
		Why: why(s, c, o), Score: "–", Points: c.Points, Share: -1, Unjudged: s.Unjudged,
	}
	if share, ok := c.Share(s); ok {
		r.Score, r.Share = report.Number(s.Score), round(100*share)
	}
	if s.Late > 0 {
		r.Late = report.Span(s.Late)
	}
	return r
}

// why says what is known of a student without a report.
func why(s *class.Student, c *class.Class, o report.Options) string {
	if s.Report != nil {
		return ""
	}
	if said := o.Clean(s.Why); said != "" {
		return said
	}
	return report.StudentScore(s, c)
}

// stateClass is the colour of a state.
func stateClass(s class.State) string {
	switch s {
	case class.Graded:
		return "pass"
	case class.Refused:
		return "fail"
	case class.Errored:
		return "err"
	}
	return "wait"
}

// Says is the cell for those who do not see it.
func (c cell) Says() string {
	if c.Class == unjudged.Class {
		return c.Word
	}
	return fmt.Sprintf("%s, %d of %d", c.Word, c.Earned, c.Points)
}
