package grader_test

import (
	"strings"
	"testing"
	"time"

	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/timeline"
)

// What counts as it is found is looked at when its needs are met: who mends before they
// say what it is has mended too early, also when they break and mend it once more.
func TestAsFound(t *testing.T) {
	why := check("one", `quiz: {question: "q", answer: "right"}`)
	want := load(t, why+check("two", onPod+`asFound: true, needs: ["one"], want: status: phase: "Failed"`))
	gone := load(t, why+check("two", onPod+`asFound: true, needs: ["one"], gone: true`))
	redo := func(x *tape) *tape {
		return x.rework(timeline.Redo, timeline.Rework{Step: "a"}).rework(timeline.Redo, timeline.Rework{Step: "a", Ended: true})
	}
	for _, x := range []struct {
		name    string
		gone    bool
		tape    func(*tape) *tape
		verdict grader.Verdict
	}{
		{"before the answer", false, func(x *tape) *tape { return x.pod("p", "u", "Failed", false) }, grader.Blocked},
		{"named, broken", false, func(x *tape) *tape { return x.pod("p", "u", "Failed", false).answer("right") }, grader.Passed},
		{"named, broken, mended", false, func(x *tape) *tape {
			return x.pod("p", "u", "Failed", false).answer("right").pod("p", "v", "Running", true)
		}, grader.Passed},
		{"another answer is none", false, func(x *tape) *tape {
			return x.pod("p", "u", "Failed", false).answer("wrong").pod("p", "u", "Running", true).answer("right")
		}, grader.Failed},
		{"mended, named", false, func(x *tape) *tape {
			return x.pod("p", "u", "Failed", false).pod("p", "u", "Running", true).answer("right")
		}, grader.Failed},
		{"mended, named, broken once more", false, func(x *tape) *tape {
			return x.pod("p", "u", "Running", true).answer("right").pod("p", "u", "Failed", false)
		}, grader.Failed},
		{"removed, named, broken once more", false, func(x *tape) *tape {
			return x.pod("p", "u", "Failed", false).deleted("p", "u").answer("right").pod("p", "v", "Failed", false)
		}, grader.Failed},
		{"nobody watched", false, func(x *tape) *tape {
			return x.pod("p", "u", "Failed", false).gap().answer("right").put(timeline.Entry{Kind: timeline.Resumed, Of: "Pod"})
		}, grader.Passed},
		{"mended and named while nobody recorded", false, func(x *tape) *tape {
			return x.pod("p", "u", "Failed", false).answer("right").start("c1", "n1").pod("p", "u", "Running", true).synced()
		}, grader.Failed},
		{"named while nobody recorded", false, func(x *tape) *tape {
			return x.pod("p", "u", "Failed", false).answer("right").start("c1", "n1").synced().pod("p", "u", "Running", true)
		}, grader.Passed},
		{"named, and the recording ends a while later", false, func(x *tape) *tape {
			return x.pod("p", "u", "Failed", false).answer("right").clock(time.Second).start("c1", "n1").pod("p", "u", "Running", true).synced()
		}, grader.Passed},
		{"begun anew", false, func(x *tape) *tape {
			return redo(x.pod("p", "u", "Running", true).answer("right")).pod("p", "v", "Failed", false).answer("right")
		}, grader.Passed},
		{"gone", true, func(x *tape) *tape { return x.pod("p", "u", "Running", true).deleted("p", "u").answer("right") }, grader.Passed},
		{"there again, named", true, func(x *tape) *tape {
			return x.pod("p", "u", "Running", true).deleted("p", "u").pod("p", "v", "Running", true).answer("right")
		}, grader.Failed},
		{"there again, named, gone once more", true, func(x *tape) *tape {
			return x.pod("p", "u", "Running", true).deleted("p", "u").pod("p", "v", "Running", true).answer("right").deleted("p", "v")
		}, grader.Failed},
	} {
		l := want
		if x.gone {
			l = gone
		}
		tape := x.tape(newTape(t).synced()).clock(time.Second)
		r := judge(l, tape, true).Results[1]
		if r.Verdict != x.verdict {
			t.Errorf("%s, gone %v: %s (%s), want %s", x.name, x.gone, r.Verdict, r.Message, x.verdict)
		}
		if v := judge(l, tape, false).Results[1].Verdict; v != x.verdict {
			t.Errorf("%s, gone %v: %s by now, want %s", x.name, x.gone, v, x.verdict)
		}
		if x.verdict == grader.Failed && !strings.Contains(r.Message, "what counts is how it was when this was so: ") {
			t.Errorf("%s, gone %v: says %s", x.name, x.gone, r.Message)
		}
	}
}
