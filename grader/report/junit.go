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
	addResults(&suite, r, o)
	return WriteSuites(w, suite)
}

// addResults adds a test case for each check of a report.
func addResults(suite *junit.Testsuite, r grader.Report, o Options) {
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
}

// WriteSuites writes test suites as one JUnit file. A character that XML has no
// way to write, such as an escape, becomes U+FFFD.
func WriteSuites(w io.Writer, suites ...junit.Testsuite) error {
	var all junit.Testsuites
	for _, s := range suites {
		all.AddSuite(s)
	}
	var b strings.Builder
	if err := all.WriteXML(&b); err != nil {
		return fmt.Errorf("write JUnit: %w", err)
	}
	_, err := io.WriteString(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"+strings.Map(inXML, strings.TrimRight(b.String(), "\n"))+"\n")
	return err
}

// inXML replaces the characters that a document of XML 1.0 must not have. What is
// in CDATA comes here as it was written; a byte that is no UTF-8 is U+FFFD already.
func inXML(r rune) rune {
	if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
		return '\uFFFD'
	}
	return r
}
