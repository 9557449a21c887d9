package grader

import (
	"time"

	"podlab.dev/podlab/cue/want"
)

// Verdict is what a check came to.
type Verdict string

const (
	// Passed: the cluster showed what was wanted, and the entries prove it.
	Passed Verdict = "passed"
	// Failed: it did not, and the work is over.
	Failed Verdict = "failed"
	// Pending: it has not yet, and the learner is still at work.
	Pending Verdict = "pending"
	// Blocked: a check that this one needs has not passed.
	Blocked Verdict = "blocked"
	// Errored: podlab or the cluster could not tell. It never costs a point.
	Errored Verdict = "errored"
)

// Result is the outcome of one check, with what a learner needs to go on.
type Result struct {
	Check   string  `json:"check"`
	Step    string  `json:"step"`
	Title   string  `json:"title"`
	Verdict Verdict `json:"verdict"`
	Points  int     `json:"points"`
	Earned  int     `json:"earned"`

	// Message says in one line what was found where something else was wanted;
	// empty for a check that passed.
	Message string `json:"message,omitempty"`
	// Mismatches are the graded fields that differ, sorted by path.
	Mismatches []want.Mismatch `json:"mismatches,omitempty"`
	// Why is the mechanism, Next a command to look with.
	Why  string `json:"why,omitempty"`
	Next string `json:"next,omitempty"`
	// Criteria are the parts of a check that has some. Of one that did not pass,
	// those are met that the best state met which was seen.
	Criteria []Criterion `json:"criteria,omitempty"`
	// Needs are the checks that a blocked result waits for.
	Needs []string `json:"needs,omitempty"`
	// Answers is how many answers the learner gave to a question.
	Answers int `json:"answers,omitempty"`
	// Broken tells that podlab has injected the fault of the check, and that what
	// must be true after it is looked for.
	Broken bool `json:"broken,omitempty"`
	// Hints are the check's hints, by number from 0, that are for a learner whose
	// work looks like what was observed.
	Hints []int `json:"hints,omitempty"`
	// Evidence are the timeline entries, by Seq, that prove the verdict.
	Evidence []int64 `json:"evidence,omitempty"`
	// At is when the check passed, by the timeline's clock.
	At *time.Time `json:"at,omitempty"`
}

// Criterion is a part of a check that is worth something by itself.
type Criterion struct {
	Title  string `json:"title"`
	Points int    `json:"points"`
	Met    bool   `json:"met"`
}

// Report is the outcome of a lab.
type Report struct {
	Lab    string `json:"lab"`
	Digest string `json:"digest"`
	Title  string `json:"title"`
	// Entries is how many timeline entries were judged.
	Entries int64 `json:"entries"`
	// Preparing are the steps that podlab has still to prepare, each with what is
	// waited for.
	Preparing map[string]string `json:"preparing,omitempty"`
	Results   []Result          `json:"results"`
	Earned    int               `json:"earned"`
	// Points is what could be earned; Unjudged is the part of it whose checks
	// errored and which is therefore nobody's loss.
	Points   int  `json:"points"`
	Unjudged int  `json:"unjudged"`
	Passed   bool `json:"passed"`
}

// Errored tells whether a check could not be judged.
func (r Report) Errored() bool { return r.Unjudged > 0 || r.has(Errored) }

func (r Report) has(v Verdict) bool {
	for _, x := range r.Results {
		if x.Verdict == v {
			return true
		}
	}
	return false
}

// Step returns the results of one step, in reading order.
func (r Report) Step(id string) (out []Result) {
	for _, x := range r.Results {
		if x.Step == id {
			out = append(out, x)
		}
	}
	return out
}
