package report

import (
	"encoding/csv"
	"io"
	"regexp"
	"strconv"
	"time"

	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/class"
)

// ClassCSV writes a table for a gradebook, a student a row. Points are those of
// the lab, unjudged the part of them that could not be judged and is nobody's
// loss; late is in seconds, submitted in UTC. Each check has a column, "check:"
// and its ID, with the points it earned.
//
// Where nothing was judged the cell is empty and not 0: the score of a student
// that errored or handed nothing in, a check that errored and earned nothing.
// A cell that a spreadsheet would take for a formula begins with an apostrophe.
func ClassCSV(w io.Writer, c *class.Class, o Options) error {
	out := csv.NewWriter(w)
	head := []string{"id", "name", "score", "points", "earned", "unjudged", "lost", "late", "state", "why", "submitted"}
	for _, k := range c.Checks {
		head = append(head, "check:"+o.Clean(k.ID))
	}
	if err := out.Write(head); err != nil {
		return err
	}
	for i := range c.Students {
		s := &c.Students[i]
		score, earned, submitted := "", "", ""
		switch s.State {
		case class.Graded, class.Refused:
			score, earned = Number(s.Score), strconv.Itoa(s.Earned)
		}
		if !s.Submitted.IsZero() {
			submitted = s.Submitted.UTC().Format(time.RFC3339)
		}
		row := []string{unformula(o.Clean(s.ID)), unformula(o.Clean(s.Name)), score, strconv.Itoa(c.Points), earned, strconv.Itoa(s.Unjudged), Number(s.Lost),
			strconv.Itoa(int(s.Late.Seconds())), string(s.State), unformula(o.Clean(s.Why)), submitted}
		for _, k := range c.Checks {
			cell := ""
			if x := s.Result(k.ID); x != nil && (x.Verdict != grader.Errored || x.Earned > 0) {
				cell = strconv.Itoa(x.Earned)
			}
			row = append(row, cell)
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// formula is what a formula begins with, in a cell, or behind a semicolon, which ends
// a cell in many languages. The wide forms of the four signs are taken for them by some.
var formula = regexp.MustCompile(`(^|;[\s\p{Z}"]*)([=+\-@\t\r\n＝＋－＠])`)

// unformula keeps a spreadsheet from computing what a student wrote.
func unformula(s string) string { return formula.ReplaceAllString(s, "${1}'${2}") }
