package grader

import (
	"cmp"
	"slices"
)

// Report is the outcome by now. While the learner is at work (final is false)
// what has not passed is pending; once it is final, it has failed.
func (g *Grader) Report(final bool) Report {
	r := Report{Lab: g.lab.ID, Digest: g.lab.Digest, Title: g.lab.Title, Entries: g.last.Seq, Points: g.lab.Points(), Passed: true}
	for step, p := range g.setups {
		if waits := p.waits(); waits != "" {
			if r.Preparing == nil {
				r.Preparing = map[string]string{}
			}
			r.Preparing[step] = waits
		}
	}
	for _, w := range g.redos {
		if r.Preparing == nil {
			r.Preparing = map[string]string{}
		}
		r.Preparing[w.Step] = clearing(w)
	}
	for _, c := range g.lab.Checks() {
		x := g.result(g.byID[c.ID], final)
		r.Earned += x.Earned
		if x.Verdict == Errored {
			r.Unjudged += x.Points - x.Earned
		}
		r.Passed = r.Passed && x.Verdict == Passed
		r.Results = append(r.Results, x)
	}
	return r
}

func (g *Grader) result(s *state, final bool) Result {
	x := Result{Check: s.ID, Step: s.step, Title: s.Title, Points: s.Points, Answers: s.answers, Broken: s.broken.seq > 0}
	if s.passed {
		at := s.at
		x.Verdict, x.Earned, x.Evidence, x.At = Passed, s.Points, s.evidence, &at
		x.Criteria = s.criteria(true)
		if s.Quiz != nil {
			x.Why = s.Why
		}
		return x
	}
	x.Criteria = s.criteria(false)
	x.Next, x.Hints = s.Next, s.hints()
	if s.Quiz == nil || final {
		x.Why = s.Why // of a question it says the answer
	}
	x.Earned = s.best.points
	for _, n := range s.Needs {
		if !g.byID[n].passed {
			x.Needs = append(x.Needs, n)
		}
	}
	trouble, unsynced := g.troubleOf(s)
	unprepared, ours := g.unprepared(s, final)
	switch {
	case unsynced && !final:
		x.Verdict, x.Message = Pending, trouble
	case trouble != "":
		x.Verdict, x.Message = Errored, trouble
	case unprepared != "" && ours:
		x.Verdict, x.Message = Errored, unprepared
	case len(x.Needs) > 0:
		// A check that waits for one that could not be judged cannot be judged.
		x.Verdict, x.Message = Blocked, "waits for: "+g.titles(x.Needs)
		for _, n := range x.Needs {
			if g.result(g.byID[n], final).Verdict == Errored {
				x.Verdict = Errored
			}
		}
	case s.errored != "":
		x.Verdict, x.Message = Errored, s.errored
	case unprepared != "":
		x.Verdict, x.Message = Pending, unprepared
		if final {
			x.Verdict = Failed
		}
	case final, s.lost: // which nothing can change any more
		x.Verdict, x.Message, x.Mismatches = Failed, cmp.Or(s.ended, s.message), s.differs.list()
	default:
		x.Verdict, x.Message, x.Mismatches = Pending, s.message, s.differs.list()
	}
	if s.seen > 0 && x.Verdict != Blocked {
		x.Evidence = []int64{s.seen}
		if s.best.points > 0 {
			x.Evidence = slices.Compact(slices.Sorted(slices.Values([]int64{s.best.seq, s.seen})))
		}
	}
	return x
}

// criteria are the parts of a check that is worth something in parts.
func (s *state) criteria(all bool) (out []Criterion) {
	for i, c := range s.Criteria {
		out = append(out, Criterion{c.Title, c.Points, all || s.best.met != nil && s.best.met[i]})
	}
	return out
}

// unprepared says why a page is not ready to be worked on, or "". It is ours
// when podlab tried and could not; a page that nobody came to is not.
func (g *Grader) unprepared(s *state, final bool) (reason string, ours bool) {
	for _, w := range g.redos {
		if w.Step == s.step {
			return clearing(w), w.Error != ""
		}
	}
	p := g.setups[s.step]
	if p == nil {
		return "", false
	}
	return p.waits(), p.trouble != "" || final && p.done
}

// waits says what a page waits for before it can be worked on, or "".
func (p *setup) waits() string {
	switch {
	case p.trouble != "":
		return "the page could not be prepared: " + p.trouble
	case !p.done:
		return "podlab has not prepared this page yet"
	}
	if awaited := p.awaited(); awaited != nil {
		return "the page is being prepared; it waits for: " + awaited.Title
	}
	return ""
}
