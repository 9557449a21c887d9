package grader

import (
	"fmt"
	"slices"
	"time"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/cue/want"
	"podlab.dev/podlab/grader/timeline"
)

// state is what a check has come to so far.
type state struct {
	*lab.Check
	step    string
	symptom bool // of a setup, not one of the lab's checks

	best     credit // what the criteria that were met so far are worth
	passed   bool
	at       time.Time
	evidence []int64

	// message and differs belong to the newest observation that was not what is
	// wanted; seen is its entry.
	message string
	// ended is what to say instead once nothing more can come; "" for the same.
	ended   string
	differs differences
	seen    int64
	// errored is set while podlab, not the learner, is in the way.
	errored string
	// observed is what was looked at last; absent tells that the object did not
	// exist.
	observed func() (map[string]any, error)
	absent   bool

	looked    int64     // the entry of the object's state that was judged last
	since     time.Time // a holds window that is open, or zero
	sinceSeq  int64
	progress  []int64 // entries that met seen[0], seen[1], …
	progressU string  // the UID of the object that they belong to
	spoilt    map[string]int64
	ran       bool // exec, http: there is a result that still tells how it is

	line    int64            // the Event that matches, or the last log line that does
	lines   map[string]int64 // the log line that matches, by the UID of its Pod
	heard   *timeline.Entry  // the newest log line
	reasons []string         // of the Events that do not
	answer  *timeline.Entry  // the newest one
	answers int

	found   *state    // what counts as it is found, as it was judged at foundAt
	foundAt time.Time // see [Grader.find]
	lost    bool      // it was not as wanted

	ready  time.Time  // since when what the fault is to break is as it has to be, or zero
	intact int64      // the last entry that showed it so before anything came of the fault
	wasSo  bool       // and what must come of the fault was there already
	broken brokenness // the fault was injected
	mended bool       // and undone
	tried  string     // what came of the last try, if it came to nothing
}

// credit is what a state was worth that did not meet everything; the zero credit
// is worth nothing.
type credit struct {
	points int
	met    []bool // by criterion
	seq    int64
}

// note keeps the credit for an observation if it is the best so far. However
// little is missing, it is less than the whole.
func (c *credit) note(of *lab.Check, o observation) {
	if len(of.Criteria) == 0 {
		return
	}
	now := credit{met: make([]bool, len(of.Criteria)), seq: o.seq}
	for i, x := range of.Criteria {
		if now.met[i] = x.Want.Met(o.view); now.met[i] {
			now.points += x.Points
		}
	}
	if now.points = min(now.points, of.Points-1); now.points > c.points || c.met == nil {
		*c = now
	}
}

// brokenness is when a fault was injected; zero before.
type brokenness struct {
	seq  int64
	from int64 // the last entry that shows how it was before
	time time.Time
	// blind is since when nobody watches what comes of it; zero when somebody does.
	blind time.Time
	over  bool // what had to come of it did not come in time
	// whole is when what had to come of it has come, by the entries in proof, where
	// it remains to be seen who was served meanwhile.
	whole time.Time
	proof []int64
	// soFar is who was served by what was said last, and before by what was said
	// before it was whole.
	soFar, before timeline.ServedSoFar
}

// forget is what a check does not know of a new namespace.
func (s *state) forget() {
	s.progress, s.ran, s.observed, s.absent = nil, false, nil, false
	s.line, s.lines, s.heard, s.reasons, s.found, s.lost = 0, nil, nil, nil, nil, false
	s.ready, s.intact, s.broken, s.mended, s.tried = time.Time{}, 0, brokenness{}, false, ""
	if s.symptom {
		s.passed = false // what was broken there is not broken here
	}
}

// lookAgain is what to do when what was observed last may no longer be so: the
// next observation counts, also one that is the same.
func (s *state) lookAgain() {
	s.since, s.ready, s.looked, s.ran, s.intact = time.Time{}, time.Time{}, 0, false, 0
}

// silenced is what to do when there is nobody to run a command or to answer a
// request: what was said last is no longer so, and nothing is to be broken.
func (s *state) silenced() { s.since, s.ran, s.ready = time.Time{}, false, time.Time{} }

// note remembers what an entry shows whether or not the check is judged now:
// what was written, answered or seen stays so.
func (s *state) note(e timeline.Entry) {
	switch {
	case e.Kind == timeline.Log && s.Logs != nil:
		s.noteLog(e)
	case e.Kind == timeline.Answer && s.Quiz != nil && e.Answer.Check == s.ID:
		s.answer = &e
		s.answers++
	case e.Kind == timeline.Served && s.Throughout != nil && e.Served.Check == s.ID && e.Served.Error != "":
		if s.broken.seq != 0 && !s.passed && !s.broken.over {
			s.unheard(e.Served.Error)
		}
	case e.Kind == timeline.Served && s.Throughout != nil && e.Served.Check == s.ID:
		s.broken.soFar = *e.Served
	case e.Kind == timeline.Fault && s.Fault != nil && e.Fault.For == s.ID && e.Fault.Mended:
		if e.Fault.Error != "" {
			return // it is tried again
		}
		if s.mended = true; !s.passed { // it is broken anew when the learner comes back
			s.broken, s.mended = brokenness{}, false
			s.message, s.ended, s.differs = "", "", differences{}
			s.lookAgain()
		}
	case e.Kind == timeline.Fault && s.Fault != nil && e.Fault.For == s.ID:
		s.errored = e.Fault.Error
		if s.errored == "" {
			s.broken = brokenness{seq: e.Seq, from: e.Seq, time: e.Time}
			if s.Object != nil && s.intact > 0 {
				// What came of it was seen before podlab's word that it is done.
				s.broken.from, s.looked = s.intact, 0
			}
			// What a command or request says now counts, also when it is what it said before.
			s.ready, s.ran, s.since, s.message, s.ended, s.differs = time.Time{}, false, time.Time{}, "", "", differences{}
		}
	}
}

func (s *state) noteLog(e timeline.Entry) {
	if s.Logs.Pod != e.Log.Pod || s.Logs.Container != "" && s.Logs.Container != e.Log.Container {
		return
	}
	s.heard = &e
	if s.lines[e.Log.UID] == 0 && s.Logs.Match.MatchString(e.Log.Line) {
		if s.lines == nil {
			s.lines = map[string]int64{}
		}
		s.line, s.lines[e.Log.UID] = e.Seq, e.Seq
	}
}

// noteObject remembers what the state of an object shows whether or not the check
// is judged now.
func (s *state) noteObject(r ref, o *object, doomed map[string]bool) {
	switch {
	case s.Events != nil && s.line == 0 && r.kind == s.Kinds()[0].GroupKind():
		s.noteEvent(o, doomed)
	case s.Never != nil && r == ref{s.Object.GVK.GroupKind(), s.Object.Name} && s.spoilt[o.uid] == 0:
		s.noteNever(o)
	}
}

func (s *state) noteEvent(o *object, doomed map[string]bool) {
	event, err := o.view()
	about, _ := event["involvedObject"].(map[string]any)
	if uid, _ := about["uid"].(string); doomed[uid] {
		return
	}
	if err != nil || about["kind"] != s.Events.Kind.Kind || s.Events.Name != "" && about["name"] != s.Events.Name {
		return
	}
	if s.Want.Met(event) {
		s.line = o.seq
		return
	}
	if reason, _ := event["reason"].(string); reason != "" && !slices.Contains(s.reasons, reason) {
		s.reasons = append(s.reasons, reason)
	}
}

// noteNever remembers the first time that an object was what it must never be.
func (s *state) noteNever(o *object) {
	if shown, err := o.view(); err == nil && s.Never.Met(shown) {
		if s.spoilt == nil {
			s.spoilt = map[string]int64{}
		}
		s.spoilt[o.uid] = o.seq
	}
}

// unwatched ends what was held so far, and stops the time that a learner has.
func (s *state) unwatched(at time.Time) {
	s.lookAgain()
	if s.broken.seq != 0 && s.broken.blind.IsZero() {
		s.broken.blind = at
	}
}

// watched lets the time go on. That in which nobody watched is nobody's loss.
func (s *state) watched(at time.Time) {
	if blind := s.broken.blind; !blind.IsZero() {
		s.broken.time, s.broken.blind = s.broken.time.Add(at.Sub(blind)), time.Time{}
	}
}

// windowEnds is when what is met now has been met for long enough; zero when it
// is not, or when each observation has to say so.
func (s *state) windowEnds() time.Time {
	if s.since.IsZero() || s.Object == nil {
		return time.Time{}
	}
	return s.since.Add(s.Holds)
}

// breaks is when the fault is to be injected; zero while what it is to break is not as it
// has to be, and once it is broken.
func (s *state) breaks() time.Time {
	if s.ready.IsZero() || s.broken.seq != 0 {
		return time.Time{}
	}
	return s.ready.Add(s.Fault.Delay)
}

// late is when it is too late for what must be true after the fault; zero when
// there is no such time.
func (s *state) late() time.Time {
	if s.broken.seq == 0 || s.Within == 0 || !s.broken.whole.IsZero() {
		return time.Time{}
	}
	return s.broken.time.Add(s.Within)
}

// held passes a check whose window has been open long enough before e.
func (s *state) held(before, e timeline.Entry) bool {
	ends := s.windowEnds()
	if ends.IsZero() || e.Time.Before(ends) || s.tooLate(ends) {
		return false
	}
	s.met(ends, s.proof(s.sinceSeq, before.Seq)...)
	return true
}

func (s *state) tooLate(at time.Time) bool { return !s.late().IsZero() && at.After(s.late()) }

// proof are the entries that prove a verdict, the fault's included.
func (s *state) proof(seqs ...int64) []int64 {
	seqs = slices.DeleteFunc(append([]int64{s.broken.seq}, seqs...), func(seq int64) bool { return seq == 0 })
	slices.Sort(seqs)
	return seqs
}

func (s *state) pass(at time.Time, evidence ...int64) {
	s.passed, s.at, s.evidence = true, at, slices.Compact(evidence)
	s.message, s.ended, s.differs, s.errored, s.absent = "", "", differences{}, "", false
}

// differences are the fields of an observation that are not as wanted. They are
// worked out when somebody asks: a regrade asks once, at the end.
type differences struct {
	want *want.Constraint
	view map[string]any
	said []want.Mismatch // instead of those
}

func (d differences) list() []want.Mismatch {
	if d.want == nil {
		return d.said
	}
	return d.want.Compare(d.view)
}

// fail notes what was found instead, proved by the entry seq, and reports
// whether that may be news.
func (s *state) fail(seq int64, d differences, format string, args ...any) bool {
	message := fmt.Sprintf(format, args...)
	if message == s.message && s.errored == "" && d.want == nil && s.differs.want == nil && slices.Equal(d.said, s.differs.said) {
		return false
	}
	s.seen, s.differs, s.message, s.ended, s.errored = seq, d, message, "", ""
	return true
}

// until is fail while podlab is going to do something next: ended is what to say when
// it has not come to that.
func (s *state) until(seq int64, d differences, ended, message string) bool {
	news := s.fail(seq, d, "%s", message)
	s.ended = ended
	return news
}

// hints are the hints, by number from 0, that are for a learner whose work looks
// like what was observed last: first those for just such work, then those for all.
func (s *state) hints() []int {
	var own, all []int
	for i, h := range s.Hints {
		switch {
		case h.Missing && s.absent, h.When != nil && s.looksLike(h.When):
			own = append(own, i)
		case !h.Missing && h.When == nil:
			all = append(all, i)
		}
	}
	return append(own, all...)
}

// conditional are the hints that apply, of a check that has some which are not
// for all.
func (s *state) conditional() []int {
	for _, h := range s.Hints {
		if h.Missing || h.When != nil {
			return s.hints()
		}
	}
	return nil
}

func (s *state) looksLike(w *want.Constraint) bool {
	if s.absent || s.observed == nil {
		return false
	}
	shown, err := s.observed()
	return err == nil && w.Met(shown)
}
