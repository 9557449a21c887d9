package runner

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/live"
	"podlab.dev/podlab/grader/timeline"
)

// Evidence is what the session has recorded, as a bundle that can be graded
// without its cluster. program is the podlab that saves it.
func (x *Session) Evidence(program string) (timeline.Bundle, error) {
	file, err := timeline.Read(x.timeline())
	if err != nil {
		return timeline.Bundle{}, err
	}
	report, err := json.Marshal(live.New(x.Lab, file).Report(true))
	if err != nil {
		return timeline.Bundle{}, fmt.Errorf("encode the report: %w", err)
	}
	return timeline.Bundle{
		Header: timeline.Header{
			Lab: x.Lab.ID, LabDigest: x.Lab.Digest, Seed: x.State.Seed, Session: x.Key, Program: program,
			Saved: time.Now().UTC().Truncate(time.Second), Report: report,
		},
		Timeline: file.Entries(),
	}, nil
}

// ReadEvidence reads the bundle at path.
func ReadEvidence(path string) (*timeline.Bundle, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return timeline.ReadBundle(f)
}

// Regraded is a bundle that was graded by a lab.
type Regraded struct {
	// SameLab tells that the lab is the one that the bundle was recorded with,
	// Same that the report is the very one that was saved.
	SameLab bool `json:"sameLab"`
	Same    bool `json:"same"`
	// Before is what was earned when the bundle was saved, After now.
	Before int `json:"before"`
	After  int `json:"after"`
	Points int `json:"points"`
	// Changes are the checks whose verdict or points are others, in the order of
	// the lab; those that the lab no longer has come last.
	Changes []Change      `json:"changes,omitempty"`
	Report  grader.Report `json:"report"`
}

// Change is what became of one check. A verdict is empty where the lab did not,
// or does not, have the check.
type Change struct {
	Check  string         `json:"check"`
	Title  string         `json:"title"`
	Was    grader.Verdict `json:"was,omitempty"`
	Is     grader.Verdict `json:"is,omitempty"`
	Before int            `json:"before"`
	After  int            `json:"after"`
}

// Regrade grades a bundle by l, with the params that the bundle was recorded
// with. It asks no cluster.
func Regrade(l *lab.Lab, b *timeline.Bundle) (Regraded, error) {
	own, err := l.For(b.Seed)
	if err != nil {
		return Regraded{}, err
	}
	g := grader.New(own)
	for _, e := range b.Timeline {
		g.Observe(e)
	}
	out := Regraded{Report: g.Report(true), SameLab: own.Digest == b.LabDigest}
	out.After, out.Points = out.Report.Earned, out.Report.Points
	now, err := json.Marshal(out.Report)
	if err != nil {
		return Regraded{}, fmt.Errorf("encode the report: %w", err)
	}
	var before grader.Report
	if len(b.Report) > 0 {
		if err := json.Unmarshal(b.Report, &before); err != nil {
			return Regraded{}, &timeline.DamagedError{What: "has a report that cannot be read: " + err.Error()}
		}
	}
	out.Same, out.Before = bytes.Equal(now, b.Report), before.Earned
	out.Changes = changes(before, out.Report)
	return out, nil
}

func changes(before, after grader.Report) (out []Change) {
	was := map[string]grader.Result{}
	for _, r := range before.Results {
		was[r.Check] = r
	}
	for _, r := range after.Results {
		old := was[r.Check]
		delete(was, r.Check)
		if old.Verdict != r.Verdict || old.Earned != r.Earned {
			out = append(out, Change{r.Check, r.Title, old.Verdict, r.Verdict, old.Earned, r.Earned})
		}
	}
	for _, r := range before.Results {
		if _, gone := was[r.Check]; gone {
			out = append(out, Change{r.Check, r.Title, r.Verdict, "", r.Earned, 0})
		}
	}
	return out
}
