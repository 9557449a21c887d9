package runner

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/timeline"
)

// recorded is what was recorded of the reference solution of first-pod on a real
// cluster, ten checks.
const recorded = "testdata/first-pod.evidence"

func firstPod(t testing.TB) *lab.Lab {
	t.Helper()
	l, err := lab.Load(os.DirFS("../labs/first-pod"), "first-pod")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// The same evidence gives the same report, byte for byte, each time.
func TestRegradeOfARecording(t *testing.T) {
	l := firstPod(t)
	var first []byte
	for range 3 {
		b, err := ReadEvidence(recorded)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Regrade(l, b)
		if err != nil {
			t.Fatal(err)
		}
		if !r.Report.Passed || r.After != 12 {
			t.Fatalf("%d of %d: %+v", r.After, r.Points, r.Changes)
		}
		got, err := json.Marshal(r.Report)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = got
		}
		if !bytes.Equal(got, first) {
			t.Errorf("got\n%s\nand before\n%s", got, first)
		}
	}
}

// What is left out of a recording is not passed: no check passes on less than
// its evidence.
func TestRegradeNeedsItsEvidence(t *testing.T) {
	l := firstPod(t)
	whole, err := ReadEvidence(recorded)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Regrade(l, whole)
	if err != nil {
		t.Fatal(err)
	}
	for _, res := range r.Report.Results {
		cited := map[int64]bool{}
		for _, seq := range res.Evidence {
			cited[seq] = true
		}
		less := &timeline.Bundle{Header: whole.Header}
		for _, e := range whole.Timeline {
			if e.Kind == timeline.Object || e.Kind == timeline.Log || e.Kind == timeline.Exec {
				if !cited[e.Seq] {
					continue // only what proves this check is left
				}
			}
			less.Timeline = append(less.Timeline, e)
		}
		again, err := Regrade(lonely(l, res.Check), less)
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range again.Report.Results {
			if other.Check == res.Check && other.Verdict != res.Verdict {
				t.Errorf("check %s is %s by the entries %v that it names: %s", res.Check, other.Verdict, res.Evidence, other.Message)
			}
		}
	}
}

// lonely is the lab with the check alone, and nothing that it needs.
func lonely(l *lab.Lab, check string) *lab.Lab {
	out := *l
	out.Steps = nil
	for _, s := range l.Steps {
		own := s
		own.Checks = nil
		for _, c := range s.Checks {
			if c.ID == check {
				c.Needs = nil
				own.Checks = append(own.Checks, c)
			}
		}
		out.Steps = append(out.Steps, own)
	}
	return &out
}

func BenchmarkRegrade(b *testing.B) {
	l := firstPod(b)
	data, err := os.ReadFile(recorded)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		bundle, err := timeline.ReadBundle(bytes.NewReader(data))
		if err != nil {
			b.Fatal(err)
		}
		if r, err := Regrade(l, bundle); err != nil || r.After != 12 {
			b.Fatal(r.After, err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "bundles/s")
}
