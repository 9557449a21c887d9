package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"podlab.dev/podlab/grader/class"
)

// ClassJUnit writes the class as test suites, one a student, with the checks as
// test cases (see [JUnit]). A student without a report has one test case, the
// submission: refused is a failure, errored an error, missing is skipped.
func ClassJUnit(w io.Writer, c *class.Class, o Options) error {
	suites := make([]junit.Testsuite, 0, len(c.Students))
	for i := range c.Students {
		s := &c.Students[i]
		suite := junit.Testsuite{ID: i, Time: fmt.Sprintf("%.3f", s.Seconds)}
		if !s.Submitted.IsZero() {
			suite.SetTimestamp(s.Submitted.UTC())
		}
		if s.Report != nil {
			addResults(&suite, *s.Report, o)
		} else {
			suite.AddTestcase(submission(s, c, o))
		}
		suite.Name = Who(s, o)
		suite.AddProperty("id", o.Clean(s.ID))
		suite.AddProperty("state", string(s.State))
		suite.AddProperty("score", Number(s.Score))
		if late := Lateness(s); late != "" {
			suite.AddProperty("late", late)
		}
		if len(s.Refusals) > 0 {
			var b strings.Builder
			for _, r := range s.Refusals {
				b.WriteString("refused: " + Refused(r, o) + "\n")
			}
			suite.SystemErr = &junit.Output{Data: b.String()}
		}
		suites = append(suites, suite)
	}
	return WriteSuites(w, suites...)
}

func submission(s *class.Student, c *class.Class, o Options) junit.Testcase {
	k := junit.Testcase{Name: "submission", Classname: o.Clean(c.Lab) + ".submission"}
	said := &junit.Result{Message: o.Clean(s.Why), Type: string(s.State)}
	switch s.State {
	case class.Refused:
		k.Failure = said
	case class.Missing:
		said.Message = StudentScore(s, c)
		k.Skipped = said
	default:
		k.Error = said
	}
	return k
}
