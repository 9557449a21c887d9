package grader_test

import (
	"flag"
	"runtime"
	"testing"
)

var gradings = flag.Int("gradings", 300, "how many gradings TestGradingsDoNotGrow does")

// A batch grades a class in one process: nothing of a grading may stay.
func TestGradingsDoNotGrow(t *testing.T) {
	l := load(t, check("one", onPod+`want: status: conditions: Ready: status: "True"`)+
		check("two", onPod+`seen: [{status: phase: "Pending"}, {status: phase: "Running"}]`)+
		check("three", onPod+`want: status: phase: "Failed" | "Succeeded"`)+
		check("four", `http: {pod: "p", port: 80}, want: body: =~"yes"`)+
		check("five", onPod+`needs: ["one"], gone: true`))
	x := newTape(t).synced().pod("p", "u", "Pending", false).pod("p", "u", "Running", true).http(200, "no", "", "").deleted("p", "u")
	grade := func(n int) {
		for range n {
			if r := judge(l, x, true); r.Earned != 3 {
				t.Fatalf("%d points: %+v", r.Earned, r.Results)
			}
		}
	}
	heap := func() int {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	grade(20)
	before := heap()
	grade(*gradings)
	if per := (heap() - before) / *gradings; per > 500 {
		t.Errorf("%d bytes stay for each of %d gradings", per, *gradings)
	} else {
		t.Logf("%d bytes stay for each of %d gradings", per, *gradings)
	}
}
