// Package timeline is the record of what happened in a session: one append-only
// list of entries, each a change that was watched, a line that was logged, the
// result of a command that was run, or a mark of the recorder itself. The grader
// reads nothing else.
//
//	f, err := timeline.Open(path)        // reads what is there, mends a torn tail
//	e, err := f.Append(timeline.Entry{Kind: timeline.Deleted, Object: raw})
//	for _, e := range f.Entries() { … }
package timeline

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"podlab.dev/podlab/cue/fields"
)

// Kind says what an entry records, and with it which fields it has.
type Kind string

const (
	// Start opens a recording: Origin is set. Objects of another Origin that
	// were known before are neither there nor deleted by the learner; their
	// cluster or namespace is gone.
	Start Kind = "start"
	// Synced says that Of (a group-kind) was listed in full: what has no entry
	// by now does not exist.
	Synced Kind = "synced"
	// Object is the state of an object that was added or changed.
	Object Kind = "object"
	// Deleted is the last known state of an object that was removed. Missed is
	// set when the removal itself was not watched, only its result found.
	Deleted Kind = "deleted"
	// Log is a line that a container wrote.
	Log Kind = "log"
	// Exec is the result of a command that a check had run in a container.
	Exec Kind = "exec"
	// HTTP is the answer to a check's request.
	HTTP Kind = "http"
	// Answer is what the learner answered to a question.
	Answer Kind = "answer"
	// Setup says that podlab has put what a page needs into the namespace, or,
	// with its Error set, could not.
	Setup Kind = "setup"
	// Fault says that podlab has broken what a check is about, or something by hand,
	// or, with its Error set, could not.
	Fault Kind = "fault"
	// Served says how often a Service has answered since the fault of a check.
	Served Kind = "served"
	// Gap opens a time in which Of was not watched; it ends with the next
	// Synced or Resumed of the same Of. Reason says why.
	Gap Kind = "gap"
	// Resumed ends a gap in which nothing was missed.
	Resumed Kind = "resumed"
	// Clock carries nothing but its time, so that "held for 10 s" can be judged
	// from the record alone.
	Clock Kind = "clock"
	// Reset says that the learner threw the work away and began anew.
	Reset Kind = "reset"
	// Redo says that the learner begins a step anew: podlab deletes what Rework
	// names, and nothing that happened before counts for the step. With Ended set
	// it is deleted; with an Error it could not be, and is tried again.
	Redo Kind = "redo"
	// Rebuild says that podlab brings back what a namespace that is gone held, and
	// with Ended set what came of it. In between nothing is judged.
	Rebuild Kind = "rebuild"
)

// Entry is one line of the timeline. Seq counts from 1 without holes; Time is
// the recorder's clock and never goes back.
type Entry struct {
	Seq  int64     `json:"seq"`
	Time time.Time `json:"time"`
	Kind Kind      `json:"kind"`

	Origin *Origin         `json:"origin,omitempty"`
	Of     string          `json:"of,omitempty"`
	Reason string          `json:"reason,omitempty"`
	Missed bool            `json:"missed,omitempty"`
	Object json.RawMessage `json:"object,omitempty"`
	Log    *LogLine        `json:"log,omitempty"`
	Exec   *ExecResult     `json:"exec,omitempty"`
	HTTP   *HTTPResult     `json:"http,omitempty"`
	Answer *AnswerGiven    `json:"answer,omitempty"`
	Setup  *Act            `json:"setup,omitempty"`
	Fault  *Act            `json:"fault,omitempty"`
	Rework *Rework         `json:"rework,omitempty"`
	Served *ServedSoFar    `json:"served,omitempty"`
}

// decode reads a line of the timeline; what it returns shares memory with the line.
// Nearly all of a timeline are states of objects. One of them is cut out as it
// stands and is not, like the rest, gone through twice more.
func decode(line []byte) (e Entry, err error) {
	var object []byte
	rest := line
	s := fields.Of(line)
	for s.Next() {
		if !strings.EqualFold(s.Name, "object") {
			continue
		}
		if object != nil || s.Name != "object" { // somebody else wrote this, and what counts is for encoding/json to say
			object, rest = nil, line
			break
		}
		object, rest = s.Value, slices.Concat(line[:s.At], []byte("null"), line[s.At+len(s.Value):])
	}
	if s.Err != nil {
		object, rest = nil, line // for what the error says
	}
	if err := json.Unmarshal(rest, &e); err != nil {
		return Entry{}, err
	}
	if object != nil {
		e.Object = object
	}
	return e, nil
}

// Origin tells one namespace of one cluster from every other.
type Origin struct {
	// Cluster is the UID of the namespace kube-system, Namespace that of the
	// lab's own.
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	// Name is the lab's namespace by name.
	Name string `json:"name"`
	// Version is the API server's, "v1.37.2".
	Version string `json:"version"`
}

// LogLine is a line of a container's log, without its newline and at most
// MaxLine bytes long; Cut tells that it was longer.
type LogLine struct {
	Pod       string `json:"pod"`
	UID       string `json:"uid"`
	Container string `json:"container"`
	// Restart is which run of the container wrote the line, from 0; At is when,
	// by the node's clock.
	Restart int32     `json:"restart"`
	At      time.Time `json:"at"`
	Line    string    `json:"line"`
	Cut     bool      `json:"cut,omitempty"`
}

// MaxLine is the longest log line that is kept, in bytes.
const MaxLine = 4 << 10

// ExecResult is what a check's command did. Error is set when it could not be
// run at all, which is never the learner's fault; the other fields are then
// empty.
type ExecResult struct {
	Check    string `json:"check"`
	Pod      string `json:"pod"`
	UID      string `json:"uid"`
	ExitCode int    `json:"exitCode"`
	Stdout   string `json:"stdout"`
	Stderr   string `json:"stderr"`
	Error    string `json:"error,omitempty"`
}

// MaxOutput is how much of a command's stdout, and of its stderr, is kept.
const MaxOutput = 8 << 10

// HTTPResult is what came of a check's request. With Error set podlab could not
// make it, which is never the learner's fault; with Unanswered nobody answered,
// and it says why. The other fields are then empty.
type HTTPResult struct {
	Check      string            `json:"check"`
	Status     int               `json:"status"`
	Headers    map[string]string `json:"headers,omitempty"`
	Body       string            `json:"body"`
	Unanswered string            `json:"unanswered,omitempty"`
	Error      string            `json:"error,omitempty"`
}

// AnswerGiven is an answer to the question of a check.
type AnswerGiven struct {
	Check string `json:"check"`
	Text  string `json:"text"`
}

// Act is something that podlab did: a step's setup, a check's fault, or a fault that
// was ordered by hand.
type Act struct {
	// For is the id of the step or the check; empty for what was ordered by hand.
	For string `json:"for"`
	// What says in a line what was ordered by hand.
	What string `json:"what,omitempty"`
	// Mended says that the check's fault was undone, and not injected.
	Mended bool   `json:"mended,omitempty"`
	Error  string `json:"error,omitempty"`
}

// ServedSoFar counts the requests that were made for a check since podlab broke what
// it is about. With Error set no more are made, which is never the learner's fault.
type ServedSoFar struct {
	Check    string `json:"check"`
	Asked    int    `json:"asked"`
	Answered int    `json:"answered"`
	// Starved is how many of the others were made at moments when the node was too busy
	// to tell who did not answer.
	Starved int `json:"starved,omitempty"`
	// Why is how the last request went that was not answered.
	Why   string `json:"why,omitempty"`
	Error string `json:"error,omitempty"`
}

// Rework is what podlab does to the namespace where the learner asked for it: a
// step that begins anew, or a rebuild.
type Rework struct {
	// Step is the one that begins anew; empty for a rebuild.
	Step string `json:"step,omitempty"`
	// Objects are those that a redo deletes, or that a rebuild has made.
	Objects []Name `json:"objects,omitempty"`
	// Brought are those of them that are as a step's setup brings them.
	Brought []Name `json:"brought,omitempty"`
	// Left is what a rebuild could not bring back.
	Left []Left `json:"left,omitempty"`
	// Steps are those whose setup is in the namespace again after a rebuild.
	Steps []string `json:"steps,omitempty"`
	Ended bool     `json:"ended,omitempty"`
	Error string   `json:"error,omitempty"`
}

// Name names an object of the lab's namespace.
type Name struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
}

func (n Name) String() string { return n.Kind + " " + n.Name }

// Left is an object that could not be brought back.
type Left struct {
	Name
	Why string `json:"why"`
}
