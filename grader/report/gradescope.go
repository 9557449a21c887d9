package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"

	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/class"
)

// asText is the output format in which Gradescope renders nothing. It has to be
// asked for: at the top level the default is HTML.
const asText = "text"

type gradescope struct {
	Score            *float64         `json:"score,omitempty"`
	ExecutionTime    float64          `json:"execution_time,omitempty"` // seconds
	Output           string           `json:"output"`
	OutputFormat     string           `json:"output_format"`
	TestOutputFormat string           `json:"test_output_format"`
	TestNameFormat   string           `json:"test_name_format"`
	Visibility       string           `json:"visibility"`
	Tests            []gradescopeTest `json:"tests"`
}

type gradescopeTest struct {
	Name       string   `json:"name"`
	Number     string   `json:"number,omitempty"`
	Score      *float64 `json:"score,omitempty"`
	MaxScore   *float64 `json:"max_score,omitempty"`
	Status     string   `json:"status,omitempty"`
	Output     string   `json:"output"`
	Visibility string   `json:"visibility"`
}

// Gradescope writes the results.json of one student as Gradescope reads it from an
// autograder.
//
// What podlab could not judge costs nothing. A check that errored is a test without
// score, max_score and status, which Gradescope shows and does not count. As the
// points of an assignment are fixed there, the score at the top, which overrides the
// sum of the tests, is the student's share of what could be judged, times the
// points of the lab: 6 of 7 judged points of a lab of 10 are 8.57. The output says
// so. Of a student that could not be graded at all there is no score to take: the
// file has none, and the submission has to be graded again.
func Gradescope(w io.Writer, s *class.Student, c *class.Class, o Options) error {
	g := gradescope{
		ExecutionTime: math.Round(s.Seconds), OutputFormat: asText, TestOutputFormat: asText, TestNameFormat: asText,
		Visibility: "visible", Tests: []gradescopeTest{},
	}
	var said strings.Builder
	fmt.Fprintf(&said, "%s (%s)\n%s: %s\n", o.Clean(c.Title), o.Clean(c.Lab), Who(s, o), StudentScore(s, c))
	if s.Why != "" {
		said.WriteString(o.Clean(s.Why) + "\n")
	}
	if late := Lateness(s); late != "" {
		said.WriteString(late + "\n")
	}
	for _, r := range s.Refusals {
		said.WriteString("Not taken: " + Refused(r, o) + "\n")
	}
	if share, ok := c.Share(s); ok {
		score := math.Round(100*share*float64(c.Points)) / 100
		g.Score = &score
		if s.Unjudged > 0 && s.State == class.Graded {
			fmt.Fprintf(&said, "The score is by the %d points that could be judged: %s of %d.\n", c.Points-s.Unjudged, Number(score), c.Points)
		}
	} else if s.State == class.Missing {
		g.Score = new(float64)
	}
	g.Output = said.String()
	if s.Report != nil {
		o.All, o.Color = true, false
		for i := range s.Report.Results {
			g.Tests = append(g.Tests, gradescopeOf(&s.Report.Results[i], i+1, o))
		}
	} else {
		g.Tests = append(g.Tests, gradescopeTest{Name: "submission", Output: StudentScore(s, c), Visibility: g.Visibility})
		if s.State == class.Refused || s.State == class.Missing {
			g.Tests[0].Status = "failed"
		}
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(g)
}

func gradescopeOf(x *grader.Result, number int, o Options) gradescopeTest {
	t := gradescopeTest{Name: o.Clean(x.Title), Number: fmt.Sprint(number), Output: Result(*x, o), Visibility: "visible"}
	if x.Verdict == grader.Errored {
		return t
	}
	score, most := float64(x.Earned), float64(x.Points)
	t.Score, t.MaxScore, t.Status = &score, &most, "failed"
	if x.Verdict == grader.Passed {
		t.Status = "passed"
	}
	return t
}
