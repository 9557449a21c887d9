package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"podlab.dev/podlab/content"
	"podlab.dev/podlab/cue/want"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/report"
)

var update = flag.Bool("update", false, "rewrite testdata/*.golden")

// On a terminal what is said is broken between words; what is to be copied never is.
func TestWidth(t *testing.T) {
	x := grader.Result{
		Title: "Deployment web has two Pods at least that are available", Verdict: grader.Failed, Message: "Deployment web is not as wanted",
		Why: "One Pod that is replaced is one Pod too few for as long as that takes.", Next: "kubectl get deployment web --output yaml --show-managed-fields",
	}
	want := `✗ FAIL  Deployment web has two Pods
        at least that are available
          Deployment web is not as
          wanted
          why:  One Pod that is
          replaced is one Pod too
          few for as long as that
          takes.
          look: kubectl get deployment web --output yaml --show-managed-fields
`
	if got := report.Result(x, report.Options{Clean: clean, Width: 36}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// The steps of a report are indented, and their lines end where all others do.
func TestWidthOfSteps(t *testing.T) {
	var b bytes.Buffer
	x := grader.Result{Step: "one", Title: "It is Ready", Verdict: grader.Failed, Why: strings.Repeat("ab ", 40)}
	if err := report.Text(&b, grader.Report{Results: []grader.Result{x}}, report.Options{Clean: clean, Width: 40}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 40 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

func sample() grader.Report {
	at := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	var many []want.Mismatch
	for _, p := range strings.Split("abcdefghij", "") {
		many = append(many, want.Mismatch{Path: "spec." + p, Want: "1", Got: "2"})
	}
	return grader.Report{
		Lab: "first-pod", Title: "Your first Pod", Entries: 9, Earned: 2, Points: 9, Unjudged: 1,
		Results: []grader.Result{
			{Check: "a", Step: "create", Title: "It exists", Verdict: grader.Passed, Points: 2, Earned: 2, Evidence: []int64{3}, At: &at},
			{Check: "b", Step: "create", Title: "It is Ready", Verdict: grader.Failed, Points: 2, Message: "Pod web is not as wanted",
				Mismatches: []want.Mismatch{{Path: "status.phase", Want: `"Running"`, Got: `"Pending"`}}, Why: "A node has to be chosen.", Next: "kubectl describe pod web"},
			{Check: "c", Step: "create", Title: "Many fields", Verdict: grader.Failed, Points: 1, Mismatches: many},
			{Check: "d", Step: "look", Title: "It was looked at", Verdict: grader.Pending, Points: 1, Message: "not yet", Why: "why", Next: "next"},
			{Check: "e", Step: "look", Title: "It waits", Verdict: grader.Blocked, Points: 2, Message: "waits for: It is Ready", Needs: []string{"b"}},
			{Check: "f", Step: "look", Title: "It could not be seen", Verdict: grader.Errored, Points: 1, Message: "the cluster cannot be watched: EOF"},
			{Check: "q", Step: "look", Title: "You know it", Verdict: grader.Passed, Points: 0, Why: "This is why.", At: &at},
		},
	}
}

func clean(s string) string { return content.Line(s, 200) }

func TestText(t *testing.T) {
	var got bytes.Buffer
	if err := report.Text(&got, sample(), report.Options{Clean: clean}); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/report.golden"
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("got:\n%s\nwant:\n%s", got.String(), want)
	}
}

// Whatever a cluster prints, the terminal gets no control character from it.
func TestHostileStringsAreCleaned(t *testing.T) {
	evil := "a\x1b]52;c;eA==\x07\x1b[2J\u009b31m\u202e\r\nPASS"
	r := sample()
	r.Title, r.Lab = evil, evil
	for i := range r.Results {
		x := &r.Results[i]
		x.Title, x.Message, x.Why, x.Next = evil, evil, evil, evil
		for j := range x.Mismatches {
			x.Mismatches[j] = want.Mismatch{Path: evil, Want: evil, Got: evil}
		}
	}
	var out bytes.Buffer
	if err := report.Text(&out, r, report.Options{Clean: clean, All: true}); err != nil {
		t.Fatal(err)
	}
	for _, c := range out.String() {
		if c < ' ' && c != '\n' || c >= 0x7f && c < 0xa0 || c == 0x202e {
			t.Fatalf("%U reached the terminal in %q", c, out.String())
		}
	}
	for _, line := range strings.Split(out.String(), "\n") {
		if strings.HasPrefix(line, "PASS") {
			t.Error("a string of the cluster began a line of its own")
		}
	}
}

func TestJSONCanBeReadBack(t *testing.T) {
	var b bytes.Buffer
	if err := report.JSON(&b, sample()); err != nil {
		t.Fatal(err)
	}
	var back grader.Report
	if err := json.Unmarshal(b.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if back.Points != 9 || len(back.Results) != 7 || back.Results[1].Mismatches[0].Got != `"Pending"` {
		t.Errorf("read back %+v", back)
	}
}

func TestJUnit(t *testing.T) {
	var b bytes.Buffer
	r := sample()
	r.Results[1].Message = "a ]]> & <b>\x1b[31m"
	if err := report.JUnit(&b, r, report.Options{Clean: clean}); err != nil {
		t.Fatal(err)
	}
	var read struct {
		Suites []struct {
			Tests, Failures, Errors, Skipped int `xml:",attr"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(b.Bytes(), &read); err != nil {
		t.Fatalf("%v in\n%s", err, b.String())
	}
	if !strings.Contains(b.String(), "wanted &#34;Running&#34;") && !strings.Contains(b.String(), `wanted "Running", found "Pending"`) {
		t.Errorf("what was found is not there:\n%s", b.String())
	}

}
