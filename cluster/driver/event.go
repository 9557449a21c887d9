package driver

import (
	"fmt"
	"time"
)

// Phases of an [Event].
const (
	PhaseLock   = "lock"   // waiting for another podlab process
	PhaseEngine = "engine" // looking for a container engine
	PhaseImage  = "image"  // choosing or pulling the node image
	PhaseCreate = "create" // making a cluster
	PhaseStart  = "start"  // starting stopped nodes
	PhaseReady  = "ready"  // waiting for Kubernetes
	PhaseLoad   = "load"   // putting workload images on the nodes
	PhaseRemove = "remove" // deleting a cluster
)

// Event is one thing that happens while a cluster comes up or goes away. Each
// wait gives two events with the same Phase and Message: one when it begins
// (Elapsed 0), and one with Done set when it ends. A remark, such as why
// something is repaired, is a single event with Done set and Elapsed 0.
type Event struct {
	Phase   string        `json:"phase"`
	Message string        `json:"message"`
	Elapsed time.Duration `json:"elapsed"` // since this wait began
	Done    bool          `json:"done"`
	Err     error         `json:"-"` // why the wait ended badly; nil otherwise
}

// Report receives events, in the order they happen but from any goroutine; nil
// drops them.
type Report func(Event)

// Step is a wait that has begun.
type Step struct {
	report  Report
	phase   string
	message string
	began   time.Time
}

// Begin reports that a wait begins.
func (r Report) Begin(phase, format string, args ...any) *Step {
	s := &Step{report: r, phase: phase, message: fmt.Sprintf(format, args...), began: time.Now()}
	r.send(Event{Phase: s.phase, Message: s.message})
	return s
}

// Say reports a remark.
func (r Report) Say(phase, format string, args ...any) {
	r.send(Event{Phase: phase, Message: fmt.Sprintf(format, args...), Done: true})
}

func (r Report) send(e Event) {
	if r != nil {
		r(e)
	}
}

// End reports that the wait is over, well (nil) or badly, and returns err, so
// that a function can end with it.
func (s *Step) End(err error) error {
	s.report.send(Event{Phase: s.phase, Message: s.message, Elapsed: time.Since(s.began), Done: true, Err: err})
	return err
}
