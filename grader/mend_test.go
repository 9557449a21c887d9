package grader_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/timeline"
)

// mending is what is to be done about a fault after what is on a tape, when the learner
// is on a page.
type mending struct {
	name         string
	tape         func(*tape) *tape
	page         string
	break_, mend bool
	verdict      grader.Verdict
}

func mends(t *testing.T, l *lab.Lab, cases []mending) {
	for _, x := range cases {
		t.Run(x.name, func(t *testing.T) {
			g := grader.New(l)
			for _, e := range x.tape(newTape(t)).file.Entries() {
				g.Observe(e)
			}
			if got := len(g.Faults(x.page, false)) == 1; got != x.break_ {
				t.Errorf("to be broken: %v", got)
			}
			if got := len(g.Mendable(x.page)) == 1; got != x.mend {
				t.Errorf("to be mended: %v", got)
			}
			if v := g.Report(false).Results[0].Verdict; v != x.verdict {
				t.Errorf("verdict: %s, want %s", v, x.verdict)
			}
		})
	}
}

// A fault that lasts is undone once its check has passed, and when the learner turns
// the page; there it happens anew when the learner comes back.
func TestFaultsAreMended(t *testing.T) {
	cut := load(t, check("one", onPod+`want: status: phase: "Running", fault: network: {pod: "p", do: "cut"}, after: status: conditions: Ready: status: "False", within: "10s"`))
	mends(t, cut, []mending{
		{"to be broken", func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true) }, "a", true, false, grader.Pending},
		{"broken", func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true).fault("") }, "a", false, false, grader.Pending},
		{"it could not be broken", func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true).fault("no") }, "a", true, false, grader.Errored},
		{"passed", func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).fault("").pod("p", "u", "Running", false)
		}, "a", false, true, grader.Passed},
		{"passed, and it could not be mended", func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).fault("").pod("p", "u", "Running", false).mended("no")
		}, "a", false, true, grader.Passed},
		{"mended", func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).fault("").pod("p", "u", "Running", false).mended("")
		}, "a", false, false, grader.Passed},
		{"mended, and all is well again", func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).fault("").pod("p", "u", "Running", false).mended("").pod("p", "u", "Running", true)
		}, "a", false, false, grader.Passed},
		{"nothing came of it in time", func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).fault("").clock(20 * time.Second)
		}, "a", false, true, grader.Pending},
		{"and what comes too late does not count", func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).fault("").clock(20*time.Second).pod("p", "u", "Running", false)
		}, "a", false, true, grader.Pending},
		{"mended, and to be broken again", func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).fault("").clock(20*time.Second).mended("").pod("p", "u", "Running", true)
		}, "a", true, false, grader.Pending},
		{"mended, with nothing new to see", func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).fault("").clock(20 * time.Second).mended("")
		}, "a", true, false, grader.Pending},
		{"the second time it came", func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).fault("").clock(20*time.Second).mended("").pod("p", "u", "Running", true).fault("").pod("p", "u", "Running", false)
		}, "a", false, true, grader.Passed},
		{"broken, on another page", func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true).fault("") }, "b", false, true, grader.Pending},
		{"mended on another page, and back", func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).fault("").mended("").pod("p", "u", "Running", true)
		}, "a", true, false, grader.Pending},
		{"mended on another page, which it stays on", func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).fault("").mended("").pod("p", "u", "Running", true)
		}, "b", false, false, grader.Pending},
		{"on another page from the beginning", func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true) }, "b", false, false, grader.Pending},
		{"what was seen before it was mended does not count for the next time", func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).fault("").mended("").pod("p", "u", "Running", false)
		}, "a", true, false, grader.Pending},
	})
}

// A fault with a delay waits until its want has been met for so long, without a break and
// watched all the while; the time that is left after it begins with the fault.
func TestFaultsAreDelayed(t *testing.T) {
	l := load(t, check("one", onPod+`want: status: conditions: Ready: status: "True", fault: {network: {pod: "p", do: "cut"}, delay: "10s"}
		after: status: conditions: Ready: status: "False", within: "10s"`))
	ready := func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true) }
	mends(t, l, []mending{
		{"not yet", func(x *tape) *tape { return ready(x).clock(9 * time.Second) }, "a", false, false, grader.Pending},
		{"now", func(x *tape) *tape { return ready(x).clock(10 * time.Second) }, "a", true, false, grader.Pending},
		{"on another page", func(x *tape) *tape { return ready(x).clock(10 * time.Second) }, "b", false, false, grader.Pending},
		{"other states that are as wanted do not begin it anew", func(x *tape) *tape {
			return ready(x).clock(5*time.Second).pod("p", "u", "Pending", true).clock(4 * time.Second)
		}, "a", true, false, grader.Pending},
		{"a break does", func(x *tape) *tape {
			return ready(x).clock(5*time.Second).pod("p", "u", "Running", false).pod("p", "u", "Running", true).clock(9 * time.Second)
		}, "a", false, false, grader.Pending},
		{"so does another Pod", func(x *tape) *tape {
			return ready(x).clock(5*time.Second).deleted("p", "u").pod("p", "v", "Running", true).clock(9 * time.Second)
		}, "a", false, false, grader.Pending},
		{"so does a time in which nobody watched", func(x *tape) *tape {
			return ready(x).gap().clock(20 * time.Second).synced()
		}, "a", false, false, grader.Pending},
		{"and then it waits as long", func(x *tape) *tape {
			return ready(x).gap().clock(20 * time.Second).synced().clock(10 * time.Second)
		}, "a", true, false, grader.Pending},
		{"what comes before it is broken is not what came of it", func(x *tape) *tape {
			return ready(x).clock(5*time.Second).pod("p", "u", "Running", false)
		}, "a", false, false, grader.Pending},
		{"the time to recover is what it was", func(x *tape) *tape {
			return ready(x).clock(15*time.Second).fault("").clock(9*time.Second).pod("p", "u", "Running", false)
		}, "a", false, true, grader.Passed},
		{"it could not be broken, and is tried again at once", func(x *tape) *tape {
			return ready(x).clock(10 * time.Second).fault("no")
		}, "a", true, false, grader.Errored},
		{"the second time it waits as long", func(x *tape) *tape {
			return ready(x).clock(10 * time.Second).fault("").clock(11 * time.Second).mended("").clock(9 * time.Second)
		}, "a", false, false, grader.Pending},
	})

	g := grader.New(l)
	for _, e := range ready(newTape(t)).file.Entries() {
		g.Observe(e)
	}
	if r := g.Report(false).Results[0]; !strings.Contains(r.Message, "podlab breaks it once it has been so for 10s") {
		t.Errorf("says: %s", r.Message)
	}
	if wait := g.Due().Sub(time.Date(2026, 1, 1, 12, 0, 4, 0, time.UTC)); wait != 10*time.Second {
		t.Errorf("due in %s", wait)
	}
}

// What a command broke is undone when nothing came of it in time, so that it can be
// tried again; what it has shown stays as it is.
func TestCommandsAreUndone(t *testing.T) {
	off := load(t, check("one", onPod+`want: status: conditions: Ready: status: "True", fault: exec: {pod: "p", command: ["off"], undo: ["on"]}, after: status: conditions: Ready: status: "False", within: "10s"`))
	late := func(x *tape) *tape {
		return x.synced().pod("p", "u", "Running", true).fault("").clock(20 * time.Second)
	}
	mends(t, off, []mending{
		{"broken", func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true).fault("") }, "a", false, false, grader.Pending},
		{"broken, on another page", func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true).fault("") }, "b", false, false, grader.Pending},
		{"passed", func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).fault("").pod("p", "u", "Running", false)
		}, "b", false, false, grader.Passed},
		{"too late", func(x *tape) *tape { return late(x).pod("p", "u", "Running", false) }, "a", false, true, grader.Pending},
		{"it could not be undone", func(x *tape) *tape { return late(x).mended("no") }, "a", false, true, grader.Pending},
		{"undone, and not whole yet", func(x *tape) *tape { return late(x).pod("p", "u", "Running", false).mended("") }, "a", false, false, grader.Pending},
		{"whole again", func(x *tape) *tape {
			return late(x).pod("p", "u", "Running", false).mended("").pod("p", "u", "Running", true)
		}, "a", true, false, grader.Pending},
		{"the second time it came", func(x *tape) *tape {
			return late(x).pod("p", "u", "Running", false).mended("").pod("p", "u", "Running", true).fault("").pod("p", "u", "Running", false)
		}, "a", false, false, grader.Passed},
	})
}

// What comes of a fault may be seen before podlab's own word that it is done: the
// command that breaks something answers after it has.
func TestFaultsShowBeforeTheirWord(t *testing.T) {
	off := load(t, check("one", onPod+`want: status: conditions: Ready: status: "True", fault: exec: {pod: "p", command: ["ready", "off"]}, after: status: conditions: Ready: status: "False", within: "10s"`))
	for name, x := range map[string]struct {
		tape    func(*tape) *tape
		verdict grader.Verdict
	}{
		"it came before":           {func(x *tape) *tape { return x.pod("p", "u", "Running", true).pod("p", "u", "Running", false).fault("") }, grader.Passed},
		"it came after":            {func(x *tape) *tape { return x.pod("p", "u", "Running", true).fault("").pod("p", "u", "Running", false) }, grader.Passed},
		"nothing came":             {func(x *tape) *tape { return x.pod("p", "u", "Running", true).fault("") }, grader.Pending},
		"it was so, and came back": {func(x *tape) *tape { return x.pod("p", "u", "Running", false).pod("p", "u", "Running", true).fault("") }, grader.Pending},
		"it came and went before": {func(x *tape) *tape {
			return x.pod("p", "u", "Running", true).pod("p", "u", "Running", false).pod("p", "u", "Running", true).fault("")
		}, grader.Pending},
		"it could not be broken": {func(x *tape) *tape {
			return x.pod("p", "u", "Running", true).pod("p", "u", "Running", false).fault("no")
		}, grader.Errored},
	} {
		t.Run(name, func(t *testing.T) {
			g := grader.New(off)
			for _, e := range x.tape(newTape(t).synced()).file.Entries() {
				g.Observe(e)
			}
			if v := g.Report(false).Results[0].Verdict; v != x.verdict {
				t.Errorf("verdict: %s, want %s", v, x.verdict)
			}
		})
	}
}

// Where a container is killed, it may run again before podlab's word that it is done.
func TestWhatCameOfAFaultMayBeOverBeforeItsWord(t *testing.T) {
	again := load(t, check("one", onPod+`want: status: conditions: Ready: status: "True", fault: kill: {pod: "p"}
		after: status: {conditions: Ready: status: "True", containerStatuses: c: restartCount: >=1}, within: "10s"`))
	for name, x := range map[string]struct {
		tape    func(*tape) *tape
		verdict grader.Verdict
	}{
		"before": {func(x *tape) *tape {
			return x.pod("p", "u", "Running", true).pod("p", "u", "Running", false).restarted("p", "u", 1).fault("")
		}, grader.Passed},
		"after": {func(x *tape) *tape {
			return x.pod("p", "u", "Running", true).fault("").pod("p", "u", "Running", false).restarted("p", "u", 1)
		}, grader.Passed},
		"it was so all the time": {func(x *tape) *tape { return x.restarted("p", "u", 1).fault("") }, grader.Pending},
		"it was so, and the last time it came too late": {func(x *tape) *tape {
			return x.pod("p", "u", "Running", true).fault("").pod("p", "u", "Running", false).clock(20*time.Second).restarted("p", "u", 1).fault("")
		}, grader.Pending},
		"it came before podlab could break it": {func(x *tape) *tape {
			return x.pod("p", "u", "Running", true).fault("no").restarted("p", "u", 1).fault("")
		}, grader.Pending},
	} {
		t.Run(name, func(t *testing.T) {
			g := grader.New(again)
			for _, e := range x.tape(newTape(t).synced()).file.Entries() {
				g.Observe(e)
			}
			if v := g.Report(false).Results[0].Verdict; v != x.verdict {
				t.Errorf("verdict: %s, want %s", v, x.verdict)
			}
		})
	}
}

// restarted adds a state of a Pod that is Ready and whose container was started again.
func (x *tape) restarted(name, uid string, times int) *tape {
	return x.put(timeline.Entry{Kind: timeline.Object, Object: json.RawMessage(strings.Replace(string(x.object(name, uid, "Running", true)), `{"name":"c"`, fmt.Sprintf(`{"name":"c","restartCount":%d`, times), 1))})
}

// What was whole and is no longer is not broken.
func TestOnlyWhatIsWholeIsBroken(t *testing.T) {
	for name, c := range map[string]struct {
		check string
		tape  func(*tape) *tape
	}{
		"exec, no Pod": {`exec: {pod: "p", command: ["true"]}`, func(x *tape) *tape {
			return x.pod("p", "u", "Running", true).exec("u", 0, "", "").deleted("p", "u")
		}},
		"exec, no container": {`exec: {pod: "p", command: ["true"]}`, func(x *tape) *tape {
			return x.pod("p", "u", "Running", true).exec("u", 0, "", "").pod("p", "u", "Running", false)
		}},
		"exec, trouble": {`exec: {pod: "p", command: ["true"]}`, func(x *tape) *tape {
			return x.pod("p", "u", "Running", true).exec("u", 0, "", "").exec("u", 0, "", "no")
		}},
		"http, no Pod": {`http: {pod: "p", port: 80}`, func(x *tape) *tape {
			return x.pod("p", "u", "Running", true).http(200, "", "", "").deleted("p", "u")
		}},
	} {
		l := load(t, check("one", c.check+`, fault: delete: {kind: "Pod", name: "q"}, after: {}, within: "10s"`))
		g := grader.New(l)
		for _, e := range c.tape(newTape(t).synced()).file.Entries() {
			g.Observe(e)
		}
		if len(g.Faults("a", false)) > 0 {
			t.Errorf("%s: it is to be broken", name)
		}
	}
}

// What a setup has broken is mended once all checks of its page have passed.
func TestSetupsAreMended(t *testing.T) {
	l, err := lab.Load(fstest.MapFS{"lab.cue": {Data: []byte(`schema: "v1", title: "T", summary: "S", minutes: 1
		steps: [{id: "a", setup: {
			faults: [{network: {pod: "p", do: "cut"}}]
			symptoms: [{title: "t", object: {kind: "Pod", name: "p"}, want: status: phase: "Failed"}]
		}, checks: [{id: "one", title: "t", why: "w", object: {kind: "Pod", name: "p"}, want: status: phase: "Running"}]}]`)}, "01-a.md": {Data: []byte("# A")}}, "test")
	if err != nil {
		t.Fatal(err)
	}
	restored := func(x *tape, trouble string) *tape {
		return x.put(timeline.Entry{Kind: timeline.Setup, Setup: &timeline.Act{For: "a", Mended: true, Error: trouble}})
	}
	passed := func(x *tape) *tape {
		return x.synced().setup("").pod("p", "u", "Failed", true).pod("p", "u", "Running", true)
	}
	for _, x := range []struct {
		name     string
		tape     func(*tape) *tape
		mend     bool
		prepared bool
	}{
		{"not prepared", func(x *tape) *tape { return x.synced() }, false, false},
		{"prepared", func(x *tape) *tape { return x.synced().setup("").pod("p", "u", "Failed", true) }, false, true},
		{"passed", passed, true, true},
		{"it could not be mended", func(x *tape) *tape { return restored(passed(x), "no") }, true, true},
		{"mended", func(x *tape) *tape { return restored(passed(x), "") }, false, true},
		{"another namespace", func(x *tape) *tape { return passed(x).start("c1", "n2").synced() }, false, false},
	} {
		t.Run(x.name, func(t *testing.T) {
			g := grader.New(l)
			for _, e := range x.tape(newTape(t)).file.Entries() {
				g.Observe(e)
			}
			if got := len(g.Restorable()) == 1; got != x.mend {
				t.Errorf("to be mended: %v", got)
			}
			if got := g.Prepared("a"); got != x.prepared {
				t.Errorf("prepared: %v", got)
			}
		})
	}
}
