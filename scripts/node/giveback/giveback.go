// Package giveback gives memory back to the system when a program has little to do.
// Go keeps the room of its garbage for what comes next, and a node's programs fill most
// of theirs in the seconds of a start: on the machine of a learner, what is next is a
// browser. While a program is busy nothing is done, and it is as fast as it was.
package giveback

import (
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	pause = 20 * time.Second
	// calm is how many bytes a program that has little to do allocates in a pause.
	calm = 64 << 20
	// worth is how many bytes have to come back for a garbage collection to be worth
	// its time, a tenth of a second for the API server.
	worth = 16 << 20
)

// Start begins to look, until the program ends.
func Start() {
	go func() {
		for m := (memory{}); ; m.look() {
			time.Sleep(pause)
		}
	}()
}

// memory is a program's own, as it was looked at last.
type memory struct{ allocated uint64 }

// look gives back what there is to give if little was allocated since it looked last.
func (m *memory) look() {
	s := []metrics.Sample{
		{Name: "/gc/heap/allocs:bytes"},
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
	}
	metrics.Read(s)
	allocated, live, objects, free := s[0].Value.Uint64(), s[1].Value.Uint64(), s[2].Value.Uint64(), s[3].Value.Uint64()
	busy := allocated-m.allocated > calm
	m.allocated = allocated
	if !busy && objects+free > live+worth {
		debug.FreeOSMemory()
	}
}
