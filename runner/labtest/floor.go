package labtest

import (
	"sync"

	"podlab.dev/podlab/cue/lab"
)

// floor is a session's share of the nodes. On pages that leave nodes whole it has them
// together with others; from the first page on that breaks one it has them alone, until
// it has ended and all is mended. Between two pages it has none, so that nobody who
// waits to be alone waits for more than a page of others. Such pages are best the last
// of their lab.
type floor struct {
	nodes *sync.RWMutex
	held  bool
	alone bool
}

// turn waits until the session may come to a page.
func (f *floor) turn(s lab.Step) {
	if f.alone {
		return
	}
	f.leave()
	if f.alone = s.BreaksNodes(); f.alone {
		f.nodes.Lock()
	} else {
		f.nodes.RLock()
	}
	f.held = true
}

func (f *floor) leave() {
	switch {
	case !f.held:
		return
	case f.alone:
		f.nodes.Unlock()
	default:
		f.nodes.RUnlock()
	}
	f.held, f.alone = false, false
}
