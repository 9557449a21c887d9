package labtest

import (
	"sync"
	"testing"
	"time"

	"podlab.dev/podlab/cue/lab"
)

// Who comes to a page that breaks a node waits for others to have done their page, not
// their lab, and is alone until the end.
func TestFloor(t *testing.T) {
	calm, breaks := lab.Step{ID: "calm"}, lab.Step{ID: "breaks", Setup: &lab.Setup{Faults: []*lab.Fault{{Node: &lab.NodeFault{Do: "taint"}}}}}
	nodes := &sync.RWMutex{}
	other, breaker := &floor{nodes: nodes}, &floor{nodes: nodes}
	other.turn(calm)
	breaker.turn(calm)

	// goes starts a turn, and tells whether it has come through.
	goes := func(f *floor, s lab.Step) func(within time.Duration) bool {
		through := make(chan struct{})
		go func() { defer close(through); f.turn(s) }()
		return func(within time.Duration) bool {
			select {
			case <-through:
				return true
			case <-time.After(within):
				return false
			}
		}
	}
	alone := goes(breaker, breaks)
	if alone(20 * time.Millisecond) {
		t.Fatal("a node is broken while another session is on a page")
	}
	next := goes(other, calm)
	if !alone(time.Second) {
		t.Fatal("a session between two pages is in the way")
	}
	breaker.turn(calm) // what it broke may not be mended yet
	if next(20 * time.Millisecond) {
		t.Fatal("another session comes to a page while a node is broken")
	}
	breaker.leave()
	if !next(time.Second) {
		t.Fatal("the nodes are held by a session that has ended")
	}
	other.leave()
	other.leave()
	if !nodes.TryLock() {
		t.Error("somebody holds the nodes still")
	}
}
