package class

import (
	"cmp"
	"math"
	"slices"

	"podlab.dev/podlab/grader"
)

// Summary is a class in figures.
type Summary struct {
	// Judged is how many students have a share (see [Class.Share]), Partly those of
	// them some of whose points could not be judged.
	Judged, Partly int
	// Mean and Median are of the shares, from 0 to 1; 0 where nobody has one.
	Mean, Median float64
	// Checks are the lab's, in reading order.
	Checks []Outcome
}

// Outcome is what became of a check over the students that have a report. Of one
// that is not counted at all, nothing is known.
type Outcome struct {
	Check
	Passed, Failed, Blocked, Errored int
}

// Judged is how many students the check was judged for.
func (o Outcome) Judged() int { return o.Passed + o.Failed + o.Blocked }

// Rate is the share of those judged that passed, from 0 to 1; 1 where none was.
func (o Outcome) Rate() float64 {
	if o.Judged() == 0 {
		return 1
	}
	return float64(o.Passed) / float64(o.Judged())
}

// Summary counts.
func (c *Class) Summary() Summary {
	s := Summary{Checks: make([]Outcome, len(c.Checks))}
	var shares []float64
	for i := range c.Students {
		x := &c.Students[i]
		share, ok := c.Share(x)
		if ok {
			shares = append(shares, share)
			if x.Unjudged > 0 {
				s.Partly++
			}
		}
	}
	for i, k := range c.Checks {
		o := Outcome{Check: k}
		for j := range c.Students {
			switch r := c.Students[j].Result(k.ID); {
			case r == nil:
			case r.Verdict == grader.Passed:
				o.Passed++
			case r.Verdict == grader.Blocked:
				o.Blocked++
			case r.Verdict == grader.Errored:
				o.Errored++
			default:
				o.Failed++
			}
		}
		s.Checks[i] = o
	}
	if s.Judged = len(shares); s.Judged > 0 {
		slices.Sort(shares)
		for _, x := range shares {
			s.Mean += x
		}
		s.Mean /= float64(s.Judged) // last: thirty times all of it is to be all of it
		s.Median = (shares[(s.Judged-1)/2] + shares[s.Judged/2]) / 2
	}
	return s
}

// Hardest are the checks that somebody did not pass, those that fewest passed
// first; at most n.
func (s Summary) Hardest(n int) []Outcome {
	out := slices.DeleteFunc(slices.Clone(s.Checks), func(o Outcome) bool { return o.Rate() == 1 })
	slices.SortStableFunc(out, func(a, b Outcome) int { return cmp.Compare(a.Rate(), b.Rate()) })
	return out[:min(n, len(out))]
}

// Share is the score as a part of the points that could be judged, from 0 to 1:
// what podlab could not judge counts neither for the student nor against. It is
// not ok where nothing was handed in or nothing could be judged. A submission that
// was refused has 0.
func (c *Class) Share(s *Student) (share float64, ok bool) {
	judged := float64(c.Points - s.Unjudged)
	switch {
	case judged <= 0, s.State != Graded && s.State != Refused:
		return 0, false
	case s.State == Refused:
		return 0, true
	}
	return math.Min(1, math.Max(0, s.Score/judged)), true
}

// Result is what a check came to, nil where there is no report with it.
func (s *Student) Result(check string) *grader.Result {
	if s.Report == nil {
		return nil
	}
	for i := range s.Report.Results {
		if r := &s.Report.Results[i]; r.Check == check {
			return r
		}
	}
	return nil
}
