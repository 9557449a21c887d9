package giveback

import (
	"runtime"
	"runtime/debug"
	"testing"
)

var sink [][]byte

func TestLook(t *testing.T) {
	// Without a collector of its own the runtime gives nothing back meanwhile.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	held := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapSys - m.HeapReleased
	}
	var m memory
	m.look()
	for range 2 * calm >> 20 {
		sink = append(sink, make([]byte, 1<<20))
	}
	sink = nil
	before := held()
	if m.look(); held() < before {
		t.Error("it was busy, and gave something back")
	}
	if m.look(); held() > before-calm {
		t.Errorf("it has little to do, and of %d MiB it still holds %d", before>>20, held()>>20)
	}
}
