package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"podlab.dev/podlab/grader"
)

// JUnit writes the report as a test suite, a test case a check: what failed is a
// failure, what could not be judged an error, what waits is skipped.
func JUnit(w io.Writer, r grader.Report, o Options) error {
	suite := junit.Testsuite{Name: o.Clean(r.Lab)}
	o.All, o.Color = true, false
	for _, x := range r.Results {
		c := junit.Testcase{Name: o.Clean(x.Title), Classname: o.Clean(r.Lab + "." + x.Step + "." + x.Check)}
		said := &junit.Result{Message: o.Clean(x.Message), Type: string(x.Verdict), Data: Result(x, o)}
		switch x.Verdict {
		case grader.Passed:
		case grader.Failed:
			c.Failure = said
		case grader.Errored:
			c.Error = said
		default:
			c.Skipped = said
		}
		suite.AddTestcase(c)
	}
	suite.AddProperty("points", fmt.Sprintf("%d/%d", r.Earned, r.Points))
	return WriteSuites(w, suite)
}

// WriteSuites writes test suites as one JUnit file.
func WriteSuites(w io.Writer, suites ...junit.Testsuite) error {
	var all junit.Testsuites
	for _, s := range suites {
		all.AddSuite(s)
	}
	var b strings.Builder
	if err := all.WriteXML(&b); err != nil {
		return fmt.Errorf("write JUnit: %w", err)
	}
	_, err := io.WriteString(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"+strings.TrimRight(b.String(), "\n")+"\n")
	return err
}
