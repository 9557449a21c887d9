package grader_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/timeline"
)

// own adds a state of a Pod of the lab's namespace.
func (x *tape) own(kind timeline.Kind, name, uid, phase, owner string) *tape {
	x.version++
	owners := ""
	if owner != "" {
		owners = fmt.Sprintf(`,"ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"o","uid":%q,"controller":true}]`, owner)
	}
	return x.put(timeline.Entry{Kind: kind, Object: json.RawMessage(fmt.Sprintf(
		`{"apiVersion":"v1","kind":"Pod","metadata":{"name":%q,"namespace":"lab","uid":%q,"resourceVersion":"%d"%s},"status":{"phase":%q}}`,
		name, uid, x.version, owners, phase))})
}

func (x *tape) rework(kind timeline.Kind, w timeline.Rework) *tape {
	return x.put(timeline.Entry{Kind: kind, Rework: &w})
}

func podNames(names ...string) (out []timeline.Name) {
	for _, n := range names {
		out = append(out, timeline.Name{APIVersion: "v1", Kind: "Pod", Name: n})
	}
	return out
}

// reworked is a lab of two steps. The first one has a setup whose symptom is a Pod
// b that has failed.
func reworked(t *testing.T) *lab.Lab {
	t.Helper()
	const src = `schema: "v1", title: "T", summary: "S", minutes: 1
steps: [
	{id: "a", setup: {manifests: ["a.yaml"], symptoms: [{title: "b fails", object: {kind: "Pod", name: "b"}, want: status: phase: "Failed"}]}
	checks: [{id: "mended", title: "t", why: "w", object: {kind: "Pod", name: "b"}, want: status: phase: "Running"}]},
	{id: "z", checks: [
		{id: "runs", title: "t", why: "w", object: {kind: "Pod", name: "p"}, want: status: phase: "Running"},
		{id: "went", title: "t", why: "w", needs: ["runs"], object: {kind: "Pod", name: "p"}, seen: [{status: phase: "Pending"}, {status: phase: "Running"}]},
		{id: "clean", title: "t", why: "w", object: {kind: "Pod", name: "n"}, want: status: phase: "Running", never: status: phase: "Failed"},
		{id: "gone", title: "t", why: "w", object: {kind: "Pod", name: "g"}, gone: true},
		{id: "child", title: "t", why: "w", object: {kind: "Pod", name: "c"}, gone: true},
		{id: "said", title: "t", why: "w", quiz: {question: "?", answer: "yes"}},
		{id: "log", title: "t", why: "w", logs: {pod: "p", match: "x"}},
	]},
]`
	l, err := lab.Load(fstest.MapFS{"lab.cue": {Data: []byte(src)}, "01-a.md": {}, "02-z.md": {}, "a.yaml": {}}, "test")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestRework is about what podlab does to the namespace where the learner asks for
// it: it gives nobody a pass, and a rebuild takes none.
func TestRework(t *testing.T) {
	l := reworked(t)
	const object, deleted = timeline.Object, timeline.Deleted
	redo := func(x *tape) *tape {
		return x.rework(timeline.Redo, timeline.Rework{Step: "z", Objects: podNames("p", "g")})
	}
	redone := func(x *tape) *tape { return x.rework(timeline.Redo, timeline.Rework{Step: "z", Ended: true}) }
	begun := func(x *tape) *tape { return x.rework(timeline.Rebuild, timeline.Rework{}) }
	ended := func(x *tape, w timeline.Rework) *tape {
		w.Ended = true
		return x.rework(timeline.Rebuild, w)
	}
	prepared := func(x *tape) *tape { return x.synced().setup("").own(object, "b", "b1", "Failed", "") }
	for _, c := range []struct {
		name string
		tape func(*tape) *tape
		want string // what has passed
	}{
		{"a step begun anew has passed nothing", func(x *tape) *tape {
			x.synced().own(object, "p", "p1", "Running", "").log("p1", "x").put(timeline.Entry{Kind: timeline.Answer, Answer: &timeline.AnswerGiven{Check: "said", Text: "yes"}})
			return redone(redo(x))
		}, ""},
		{"nor does what is still said of its objects count", func(x *tape) *tape {
			x.synced().own(object, "p", "p1", "Running", "").own(object, "g", "g1", "Running", "").own(object, "c", "c1", "Running", "g1")
			redo(x).own(object, "p", "p1", "Running", "").log("p1", "x").own(deleted, "g", "g1", "Running", "").own(deleted, "p", "p1", "Running", "")
			return redone(x).own(deleted, "c", "c1", "Running", "g1")
		}, ""},
		{"nor what they still made", func(x *tape) *tape {
			x.synced().own(object, "g", "g1", "Running", "")
			return redone(redo(x).own(object, "c", "c1", "Running", "g1").own(deleted, "g", "g1", "Running", "")).own(deleted, "c", "c1", "Running", "g1")
		}, ""},
		{"nor a deletion of before", func(x *tape) *tape {
			return redone(redo(x.synced().own(object, "g", "g1", "Running", "").own(deleted, "g", "g1", "Running", "")))
		}, ""},
		{"what is made afterwards does", func(x *tape) *tape {
			x.synced().own(object, "p", "p1", "Running", "")
			redone(redo(x)).own(object, "p", "p2", "Pending", "").own(object, "p", "p2", "Running", "").log("p2", "x")
			return x.own(object, "g", "g2", "Running", "").own(deleted, "g", "g2", "Running", "").
				put(timeline.Entry{Kind: timeline.Answer, Answer: &timeline.AnswerGiven{Check: "said", Text: "yes"}})
		}, "runs gone said log"},
		{"another step keeps what it has passed", func(x *tape) *tape {
			return redone(redo(prepared(x).own(object, "b", "b1", "Running", "")))
		}, "mended"},
		{"nothing is judged before it is cleared", func(x *tape) *tape {
			return redo(x.synced()).own(object, "p", "p2", "Running", "")
		}, ""},

		{"a rebuild gives nothing while it lasts", func(x *tape) *tape {
			x.synced().own(object, "p", "p1", "Pending", "").start("c2", "n2").synced()
			return begun(x).own(object, "p", "p2", "Running", "")
		}, ""},
		{"then what the learner had made counts", func(x *tape) *tape {
			x.synced().own(object, "p", "p1", "Pending", "").start("c2", "n2").synced()
			return ended(begun(x).own(object, "p", "p2", "Running", ""), timeline.Rework{Objects: podNames("p")})
		}, "runs"},
		{"what was passed stays", func(x *tape) *tape {
			x.synced().own(object, "p", "p1", "Running", "").start("c2", "n2").synced()
			return ended(begun(x), timeline.Rework{Objects: podNames("p")})
		}, "runs"},
		{"what an object goes through by coming back is not the learner's", func(x *tape) *tape {
			x.synced().own(object, "p", "p1", "Running", "").start("c2", "n2").synced()
			return ended(begun(x).own(object, "p", "p2", "Pending", ""), timeline.Rework{Objects: podNames("p")}).own(object, "p", "p2", "Running", "")
		}, "runs"},
		{"nor does it become so by coming late", func(x *tape) *tape {
			x.synced().own(object, "p", "p1", "Running", "").start("c2", "n2").synced()
			return ended(begun(x), timeline.Rework{Objects: podNames("p")}).own(object, "p", "p2", "Pending", "").own(object, "p", "p2", "Running", "")
		}, "runs"},
		{"what is made anew after it is", func(x *tape) *tape {
			x.synced().own(object, "p", "p1", "Running", "").start("c2", "n2").synced()
			ended(begun(x).own(object, "p", "p2", "Running", ""), timeline.Rework{Objects: podNames("p")}).own(deleted, "p", "p2", "Running", "")
			return x.own(object, "p", "p3", "Pending", "").own(object, "p", "p3", "Running", "")
		}, "runs went"},
		{"and what could not be brought back and was made by hand", func(x *tape) *tape {
			x.synced().own(object, "p", "p1", "Running", "").start("c2", "n2").synced()
			ended(begun(x), timeline.Rework{Left: []timeline.Left{{Name: podNames("p")[0], Why: "w"}}})
			return x.own(object, "p", "p3", "Pending", "").own(object, "p", "p3", "Running", "")
		}, "runs went"},
		{"what a page brings again counts as it did before", func(x *tape) *tape {
			x.synced().own(object, "p", "p1", "Running", "").start("c2", "n2").synced()
			begun(x).own(object, "p", "p2", "Pending", "")
			return ended(x, timeline.Rework{Objects: podNames("p"), Brought: podNames("p")}).own(object, "p", "p2", "Running", "")
		}, "runs went"},
		{"coming back washes nothing clean", func(x *tape) *tape {
			x.synced().own(object, "n", "n1", "Failed", "").own(object, "n", "n1", "Running", "").start("c2", "n2").synced()
			return ended(begun(x).own(object, "n", "n9", "Running", ""), timeline.Rework{Objects: podNames("n")})
		}, ""},
		{"a namespace that is lost deletes nothing", func(x *tape) *tape {
			x.synced().own(object, "g", "g1", "Running", "").start("c2", "n2").synced()
			return ended(begun(x), timeline.Rework{})
		}, ""},
		{"a rebuild that was cut off is not over", func(x *tape) *tape {
			x.synced().own(object, "p", "p1", "Running", "").start("c2", "n2").synced()
			return begun(x).start("c2", "n2").synced().own(object, "g", "g1", "Running", "").own(object, "n", "n9", "Running", "")
		}, "runs"},
		{"a page that was prepared is so again", func(x *tape) *tape {
			prepared(x).start("c2", "n2").synced()
			return ended(begun(x), timeline.Rework{Steps: []string{"a"}}).own(object, "b", "b2", "Running", "")
		}, "mended"},
		{"one that was not is not", func(x *tape) *tape {
			x.synced().setup("").start("c2", "n2").synced()
			return ended(begun(x), timeline.Rework{Steps: []string{"a"}}).own(object, "b", "b2", "Running", "")
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := c.tape(newTape(t))
			g := grader.New(l)
			for _, e := range x.file.Entries() {
				before := fmt.Sprintf("%+v", g.Report(false))
				if changed, now := g.Observe(e), fmt.Sprintf("%+v", g.Report(false)); !changed && strings.Contains(now, "Verdict:passed") != strings.Contains(before, "Verdict:passed") {
					t.Errorf("entry %d changed a verdict and Observe did not say so", e.Seq)
				}
			}
			var passed []string
			for _, r := range g.Report(false).Results {
				if r.Verdict == grader.Passed {
					passed = append(passed, r.Check)
				}
			}
			if got := strings.Join(passed, " "); got != c.want {
				t.Errorf("passed: %q, want %q", got, c.want)
			}
		})
	}
}

// TestWhatPodlabHasStillToDo survives that the process which began it is killed.
func TestWhatPodlabHasStillToDo(t *testing.T) {
	l := reworked(t)
	x := newTape(t).synced().setup("").own(timeline.Object, "b", "b1", "Failed", "").start("c2", "n2")
	x.rework(timeline.Redo, timeline.Rework{Step: "z", Objects: podNames("p")}).rework(timeline.Rebuild, timeline.Rework{}).start("c2", "n2")
	g := grader.New(l)
	for _, e := range x.file.Entries() {
		g.Observe(e)
	}
	if w := g.Clearing(); w == nil || w.Step != "z" || len(w.Objects) != 1 {
		t.Errorf("to be deleted: %+v", w)
	}
	if steps, ok := g.Rebuilding(); !ok || len(steps) != 1 || steps[0] != "a" {
		t.Errorf("to be rebuilt: %v, %v", steps, ok)
	}
	if why := g.Report(false).Preparing["z"]; !strings.Contains(why, "begins anew") {
		t.Errorf("the page waits for %q", why)
	}
	g.Observe(x.file.Entries()[0])
	for _, w := range []timeline.Entry{
		{Seq: 90, Kind: timeline.Redo, Rework: &timeline.Rework{Step: "z", Error: "forbidden"}},
		{Seq: 91, Kind: timeline.Redo, Rework: &timeline.Rework{Step: "z", Ended: true}},
		{Seq: 92, Kind: timeline.Rebuild, Rework: &timeline.Rework{Ended: true}},
	} {
		g.Observe(w)
		if w.Rework.Error != "" && !strings.Contains(g.Report(false).Preparing["z"], "forbidden") {
			t.Errorf("the page waits for %q", g.Report(false).Preparing["z"])
		}
	}
	if _, ok := g.Rebuilding(); ok || g.Clearing() != nil {
		t.Error("there is still something to do")
	}
}
