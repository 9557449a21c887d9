package html

import (
	"fmt"
	"io/fs"
	"net/url"

	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/class"
	"podlab.dev/podlab/grader/report"
)

// student is the section about one.
type student struct {
	row
	Who        string // name and ID, to search by
	Says       string // the score in words
	Facts      []fact
	Submitted  string
	Machine    string // when it was, for machines
	Lateness   string
	Evidence   string // a relative URL
	EvidenceAt string // its path, where that is no link
	Refusals   []refusal
	Questions  []string
	Steps      []results
	Pods       *picture
	Blameless  bool
}

type refusal struct{ File, Object, Why string }

// results are those of one page of the lab.
type results struct {
	Step    string
	Results []result
}

type result struct {
	mark
	N              int // the check's number
	Title          string
	Earned, Points int
	Message        string
	Mismatches     []mismatch
	More           int // mismatches that are not shown
	Criteria       []grader.Criterion
	Why, Next      string
	Entries        string
	Open           bool // there is something to say
}

type mismatch struct{ Path, Want, Got, Why string }

// maxMismatches is how many differing fields of one check are shown.
const maxMismatches = 12

func newStudent(n int, c *class.Class, o report.Options) student {
	s := &c.Students[n-1]
	x := student{
		row: newRow(n, c, o), Who: report.Who(s, o), Says: report.StudentScore(s, c), Lateness: report.Lateness(s),
		Blameless: s.State == class.Errored, Pods: newPicture(s.Pods, o), EvidenceAt: o.Clean(s.Evidence),
	}
	x.Submitted, x.Machine = stamp(s.Submitted)
	if fs.ValidPath(s.Evidence) {
		// A path of the record, never an address: url.URL writes what has a colon as
		// ./a:b, and a path that is valid begins with no slash.
		x.Evidence = (&url.URL{Path: s.Evidence}).String()
	}
	if x.Why == x.Says {
		x.Why = ""
	}
	add := func(name, value string) {
		if value != "" {
			x.Facts = append(x.Facts, fact{Name: name, Value: value})
		}
	}
	add("Submission", o.Clean(s.Submission))
	add("Digest", short(o.Clean(s.Digest)))
	add("Seed", o.Clean(s.Seed))
	if s.Tries > 1 {
		add("Tries", fmt.Sprint(s.Tries))
	}
	if s.Seconds > 0 {
		add("Grading took", fmt.Sprintf("%.0f s", s.Seconds))
	}
	for _, r := range s.Refusals {
		x.Refusals = append(x.Refusals, refusal{o.Clean(r.File), o.Clean(r.Object), o.Clean(r.Why)})
	}
	for _, q := range s.Questions {
		x.Questions = append(x.Questions, o.Clean(q))
	}
	if s.Report == nil {
		return x
	}
	number := map[string]int{}
	for i, k := range c.Checks {
		number[k.ID] = i + 1
	}
	for i := range s.Report.Results {
		r := &s.Report.Results[i]
		if len(x.Steps) == 0 || x.Steps[len(x.Steps)-1].Step != o.Clean(r.Step) {
			x.Steps = append(x.Steps, results{Step: o.Clean(r.Step)})
		}
		in := &x.Steps[len(x.Steps)-1]
		in.Results = append(in.Results, newResult(number[r.Check], r, o))
	}
	return x
}

func newResult(n int, r *grader.Result, o report.Options) result {
	x := result{mark: markOf(r), N: n, Title: o.Clean(r.Title), Earned: r.Earned, Points: r.Points, Message: o.Clean(r.Message), Why: o.Clean(r.Why), Next: o.Clean(r.Next)}
	for i, m := range r.Mismatches {
		if i == maxMismatches {
			x.More = len(r.Mismatches) - i
			break
		}
		x.Mismatches = append(x.Mismatches, mismatch{o.Clean(m.Path), o.Clean(m.Want), o.Clean(m.Got), o.Clean(m.Why)})
	}
	if r.Verdict != grader.Passed {
		for _, k := range r.Criteria {
			x.Criteria = append(x.Criteria, grader.Criterion{Title: o.Clean(k.Title), Points: k.Points, Met: k.Met})
		}
	} else {
		x.Next = ""
	}
	for i, seq := range r.Evidence {
		if i > 0 {
			x.Entries += ", "
		}
		x.Entries += fmt.Sprint(seq)
	}
	x.Open = x.Message != "" || len(x.Mismatches)+len(x.Criteria) > 0 || x.Why != "" || x.Next != ""
	return x
}
