package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"podlab.dev/podlab/grader/class"
)

// Who names a student: the name and, in brackets, the ID.
func Who(s *class.Student, o Options) string {
	id, name := o.Clean(s.ID), o.Clean(s.Name)
	if name == "" || name == id {
		return id
	}
	return name + " (" + id + ")"
}

// Number is a number of points with two decimals at most, and none where it needs
// none: "7", "7.25".
func Number(x float64) string {
	return strconv.FormatFloat(math.Round(x*100)/100, 'f', -1, 64)
}

// Percent is a share from 0 to 1 as "64 %". Only all is 100 % and only nothing 0 %.
func Percent(share float64) string {
	n := math.Round(100 * share)
	if share > 0 && share < 1 {
		n = math.Min(99, math.Max(1, n))
	}
	return fmt.Sprintf("%.0f %%", n)
}

// Span is a duration in its two greatest units: "1 d 2 h", "2 h 5 min", "40 s".
func Span(d time.Duration) string {
	d = d.Round(time.Second)
	var parts []string
	for _, u := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}} {
		if n := d / u.of; n > 0 && len(parts) < 2 {
			parts = append(parts, fmt.Sprintf("%d %s", n, u.name))
			d -= n * u.of
		} else if len(parts) > 0 {
			break
		}
	}
	if len(parts) == 0 {
		return "0 s"
	}
	return strings.Join(parts, " ")
}

// StudentScore is the score of a student in words: "7.25 of 10 points". Where there is
// none, it is what kept podlab from giving one.
func StudentScore(s *class.Student, c *class.Class) string {
	switch s.State {
	case class.Errored:
		return "could not be graded, which costs nothing"
	case class.Missing:
		return "nothing was handed in"
	case class.Refused:
		return fmt.Sprintf("refused: 0 of %d points", c.Points)
	}
	out := fmt.Sprintf("%s of %d points", Number(s.Score), c.Points)
	if s.Unjudged > 0 {
		out += fmt.Sprintf("; %d could not be judged and are not lost", s.Unjudged)
	}
	return out
}

// Lateness is how late a submission was and what that costs, "" if it was not.
func Lateness(s *class.Student) string {
	if s.Late <= 0 {
		return ""
	}
	if s.Lost == 0 {
		return Span(s.Late) + " late, which costs nothing"
	}
	return fmt.Sprintf("%s late, which costs %s points", Span(s.Late), Number(s.Lost))
}

// Refused is a refusal in a line: where, and why.
func Refused(r class.Refusal, o Options) string {
	var where []string
	for _, s := range []string{r.File, r.Object} {
		if s = o.Clean(s); s != "" {
			where = append(where, s)
		}
	}
	if len(where) == 0 {
		return o.Clean(r.Why)
	}
	return strings.Join(where, ", ") + ": " + o.Clean(r.Why)
}

// counts are how many students are in each state: "5 graded, 1 errored".
func counts(c *class.Class) string {
	var out []string
	for _, s := range []class.State{class.Graded, class.Refused, class.Errored, class.Missing} {
		if n := c.Count(s); n > 0 || s == class.Graded {
			out = append(out, fmt.Sprintf("%d %s", n, s))
		}
	}
	return strings.Join(out, ", ")
}

// names are the students of a class by ID, as they are shown.
func names(c *class.Class, o Options) func(id string) string {
	byID := map[string]*class.Student{}
	for i := range c.Students {
		byID[c.Students[i].ID] = &c.Students[i]
	}
	return func(id string) string {
		if s := byID[id]; s != nil {
			return Who(s, o)
		}
		return o.Clean(id)
	}
}
