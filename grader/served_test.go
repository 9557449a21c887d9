package grader_test

import (
	"strings"
	"testing"
	"time"

	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/timeline"
)

func (x *tape) served(answered, asked int, trouble string) *tape {
	return x.put(timeline.Entry{Kind: timeline.Served, Served: &timeline.ServedSoFar{Check: "one", Asked: asked, Answered: answered, Why: "connection refused", Error: trouble}})
}

// busy is served, with requests for which the node was too busy.
func (x *tape) busy(answered, starved, asked int) *tape {
	return x.put(timeline.Entry{Kind: timeline.Served, Served: &timeline.ServedSoFar{Check: "one", Asked: asked, Answered: answered, Starved: starved, Why: "no answer within 1s"}})
}

// A Service must go on answering from a fault until all is whole again, and for ten
// seconds after that; a second later the count has all requests.
func TestServedThroughout(t *testing.T) {
	l := load(t, check("one", onPod+`want: status: phase: "Running", fault: delete: {kind: "Pod", name: "p"}
		after: status: conditions: Ready: status: "True", within: "30s"
		throughout: {service: "web", port: 80, answers: 90}`))
	broken := func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true).fault("") }
	whole := func(x *tape) *tape { return broken(x).deleted("p", "u").pod("p", "v", "Running", true) } // two seconds
	for _, x := range []struct {
		name         string
		tape         func(*tape) *tape
		break_, mend bool
		verdict      grader.Verdict
		says         string
	}{
		{"broken", broken, false, false, grader.Pending, ""},
		{"whole, and nobody has counted", whole, false, false, grader.Pending, "asks Service web on"},
		{"counted too early", func(x *tape) *tape { return whole(x).clock(9*time.Second).served(100, 100, "") }, false, false, grader.Pending, "asks Service web on"},
		{"as many as wanted", func(x *tape) *tape { return whole(x).clock(10*time.Second).served(90, 100, "") }, false, true, grader.Passed, ""},
		{"all of them", func(x *tape) *tape { return whole(x).clock(10*time.Second).served(7, 7, "") }, false, true, grader.Passed, ""},
		{"one too few", func(x *tape) *tape { return whole(x).clock(10*time.Second).served(89, 100, "") }, false, true, grader.Pending, "answered 89 of 100 requests from the fault on: 89 %, and not 90 % (connection refused)"},
		{"too few, but near", func(x *tape) *tape { return whole(x).clock(10*time.Second).served(899, 999, "") }, false, true, grader.Pending, "answered 899 of 999"},
		{"too few are too few also later", func(x *tape) *tape {
			return whole(x).clock(10*time.Second).served(89, 100, "").served(990, 1000, "")
		}, false, true, grader.Pending, "answered 89 of 100"},
		{"enough, on a node that was busy", func(x *tape) *tape { return whole(x).clock(10*time.Second).busy(90, 10, 100) }, false, true, grader.Passed, ""},
		{"too few, and the node was too busy", func(x *tape) *tape { return whole(x).clock(10*time.Second).busy(80, 10, 100) }, false, true, grader.Errored, "the node was too busy; of 100 requests 80 were answered, and 10 fell"},
		{"too few, however busy the node was", func(x *tape) *tape { return whole(x).clock(10*time.Second).busy(79, 10, 100) }, false, true, grader.Pending, "answered 79 of 100"},
		{"mended, and tried again", func(x *tape) *tape {
			return whole(x).clock(10*time.Second).served(89, 100, "").mended("")
		}, true, false, grader.Pending, "The last time Service web answered 89 of 100"},
		{"the second time", func(x *tape) *tape {
			return whole(x).clock(10*time.Second).served(89, 100, "").mended("").pod("p", "v", "Running", true).fault("").
				deleted("p", "v").pod("p", "w", "Running", true).clock(10*time.Second).served(100, 100, "")
		}, false, true, grader.Passed, ""},
		{"counted on when it is whole, however long that takes", func(x *tape) *tape {
			return broken(x).clock(20*time.Second).served(200, 200, "").pod("p", "v", "Running", true).clock(10*time.Second).served(300, 310, "")
		}, false, true, grader.Passed, ""},
		{"what went wrong before it was whole counts", func(x *tape) *tape {
			return broken(x).clock(20*time.Second).served(150, 200, "").pod("p", "v", "Running", true).clock(10*time.Second).served(260, 310, "")
		}, false, true, grader.Pending, "answered 260 of 310 requests from the fault on"},
		{"who is Ready and does not answer is not lost among the others", func(x *tape) *tape {
			return broken(x).clock(20*time.Second).served(200, 200, "").pod("p", "v", "Running", true).clock(10*time.Second).served(288, 310, "")
		}, false, true, grader.Pending, "answered 88 of 110 requests once it was as wanted again: 80 %"},
		{"when it was whole the node was too busy", func(x *tape) *tape {
			return broken(x).clock(20*time.Second).served(200, 200, "").pod("p", "v", "Running", true).clock(10*time.Second).busy(288, 20, 310)
		}, false, true, grader.Errored, "the node was too busy"},
		{"not whole in time", func(x *tape) *tape { return broken(x).clock(31*time.Second).served(310, 310, "") }, false, true, grader.Pending, "not as wanted within 30s"},
		{"no more counts come", func(x *tape) *tape { return whole(x).clock(time.Minute) }, false, true, grader.Errored, "nobody says"},
		{"counting broke off", func(x *tape) *tape { return whole(x).served(1, 10, "the Pod that asks was deleted") }, false, true, grader.Errored, "was deleted"},
		{"counting broke off before it was whole", func(x *tape) *tape { return broken(x).served(1, 10, "the Pod that asks was deleted") }, false, true, grader.Errored, "was deleted"},
		{"counting broke off, and the next time it is well", func(x *tape) *tape {
			return broken(x).served(1, 10, "gone").mended("").pod("p", "u", "Running", true).fault("").
				deleted("p", "u").pod("p", "v", "Running", true).clock(10*time.Second).served(100, 100, "")
		}, false, true, grader.Passed, ""},
		{"nothing was asked", func(x *tape) *tape { return whole(x).clock(10*time.Second).served(0, 0, "") }, false, true, grader.Errored, "no request was made"},
		{"another namespace", func(x *tape) *tape {
			return whole(x).start("c1", "n2").synced().clock(10*time.Second).served(100, 100, "")
		}, false, false, grader.Pending, ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			g := grader.New(l)
			for _, e := range x.tape(newTape(t)).file.Entries() {
				g.Observe(e)
			}
			if got := len(g.Faults("a", false)) == 1; got != x.break_ {
				t.Errorf("to be broken: %v", got)
			}
			for _, page := range []string{"a", "b"} { // it goes on when the page is turned
				if got := len(g.Mendable(page)) == 1; got != x.mend {
					t.Errorf("to be mended on page %s: %v", page, got)
				}
			}
			r := g.Report(false).Results[0]
			if r.Verdict != x.verdict || !strings.Contains(r.Message, x.says) {
				t.Errorf("%s, want %s: %s", r.Verdict, x.verdict, r.Message)
			}
		})
	}
}
