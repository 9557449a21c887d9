package giveback

import (
	"runtime"
	"runtime/debug"
	"testing"
)

var sink []byte

func TestLook(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	held := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapSys - m.HeapReleased
	}
	var m memory
	for range 200 {
		sink = make([]byte, 1<<20)
		for i := range sink {
			sink[i] = 1
		}
	}
	sink = nil
	before := held()
	if m.look(); held() < before {
		t.Error("it was busy, and gave something back")
	}
	if m.look(); held() > 16<<20 {
		t.Errorf("it has little to do, and of %d MiB it still holds %d", before>>20, held()>>20)
	}
}
