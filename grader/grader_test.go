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

// load makes a lab of one step with the given checks, in CUE.
func load(t testing.TB, checks string) *lab.Lab {
	t.Helper()
	src := "schema: \"v1\", title: \"T\", summary: \"S\", minutes: 1\nsteps: [{id: \"a\", checks: [" + checks + "]}]\n"
	l, err := lab.Load(fstest.MapFS{"lab.cue": {Data: []byte(src)}, "01-a.md": {Data: []byte("# A")}}, "test")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// check is one check about Pod p; rest is what makes it special.
func check(id, rest string) string {
	return fmt.Sprintf("{id: %q, title: %q, why: \"w\", %s}, ", id, id, rest)
}

const onPod = `object: {kind: "Pod", name: "p"}, `

// tape writes timelines: each call is an entry, a second after the last.
type tape struct {
	t       testing.TB
	now     time.Time
	file    *timeline.File
	version int
}

func newTape(t testing.TB) *tape {
	x := &tape{t: t, now: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)}
	x.file = timeline.New(func() time.Time { x.now = x.now.Add(time.Second); return x.now })
	return x.start("c1", "n1")
}

func (x *tape) put(e timeline.Entry) *tape {
	x.t.Helper()
	if _, err := x.file.Append(e); err != nil {
		x.t.Fatal(err)
	}
	return x
}

func (x *tape) start(cluster, namespace string) *tape {
	return x.put(timeline.Entry{Kind: timeline.Start, Origin: &timeline.Origin{Cluster: cluster, Namespace: namespace}})
}
func (x *tape) synced() *tape {
	return x.put(timeline.Entry{Kind: timeline.Synced, Of: "Event"}).put(timeline.Entry{Kind: timeline.Synced, Of: "Pod"})
}
func (x *tape) clock(d time.Duration) *tape {
	x.now = x.now.Add(d - time.Second)
	return x.put(timeline.Entry{Kind: timeline.Clock})
}

// pod adds a state of a Pod: its phase, and whether it is Ready.
func (x *tape) pod(name, uid, phase string, ready bool) *tape {
	return x.put(timeline.Entry{Kind: timeline.Object, Object: x.object(name, uid, phase, ready)})
}

// terminating adds a state of a Pod that is being deleted.
func (x *tape) terminating(name, uid, phase string) *tape {
	return x.put(timeline.Entry{Kind: timeline.Object, Object: json.RawMessage(strings.Replace(string(x.object(name, uid, phase, true)), `"uid"`, `"deletionTimestamp":"2026-01-01T12:00:30Z","uid"`, 1))})
}
func (x *tape) deleted(name, uid string) *tape {
	return x.put(timeline.Entry{Kind: timeline.Deleted, Object: x.object(name, uid, "Running", false)})
}
func (x *tape) object(name, uid, phase string, ready bool) json.RawMessage {
	x.version++
	word := map[bool]string{true: "True", false: "False"}[ready]
	state := `{"waiting":{"reason":"CrashLoopBackOff"}}`
	if ready {
		state = `{"running":{}}`
	}
	return json.RawMessage(fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":%q,"uid":%q,"resourceVersion":"%d"},
		"status":{"phase":%q,"conditions":[{"type":"Ready","status":%q}],"containerStatuses":[{"name":"c","state":%s}]}}`,
		name, uid, x.version, phase, word, state))
}
func (x *tape) log(uid, line string) *tape {
	return x.put(timeline.Entry{Kind: timeline.Log, Log: &timeline.LogLine{Pod: "p", UID: uid, Container: "c", Line: line}})
}
func (x *tape) exec(uid string, code int, stdout, trouble string) *tape {
	return x.put(timeline.Entry{Kind: timeline.Exec, Exec: &timeline.ExecResult{Check: "one", Pod: "p", UID: uid, ExitCode: code, Stdout: stdout, Error: trouble}})
}
func (x *tape) twoContainers() *tape {
	return x.put(timeline.Entry{Kind: timeline.Object, Object: json.RawMessage(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","uid":"u"},
		"spec":{"containers":[{"name":"web"},{"name":"app"}],"initContainers":[{"name":"setup"}]},
		"status":{"initContainerStatuses":[{"name":"setup","state":{"running":{}}}]}}`)})
}
func (x *tape) event(pod, reason string) *tape {
	x.version++
	return x.put(timeline.Entry{Kind: timeline.Object, Object: json.RawMessage(fmt.Sprintf(`{"apiVersion":"v1","kind":"Event",
		"metadata":{"name":"e%d","uid":"e%[1]d"},"involvedObject":{"kind":"Pod","name":%q},"reason":%q}`, x.version, pod, reason))})
}
func (x *tape) http(status int, body, unanswered, trouble string) *tape {
	return x.put(timeline.Entry{Kind: timeline.HTTP, HTTP: &timeline.HTTPResult{Check: "one", Status: status, Body: body, Unanswered: unanswered, Error: trouble}})
}
func (x *tape) answer(text string) *tape {
	return x.put(timeline.Entry{Kind: timeline.Answer, Answer: &timeline.AnswerGiven{Check: "one", Text: text}})
}
func (x *tape) fault(trouble string) *tape {
	return x.put(timeline.Entry{Kind: timeline.Fault, Fault: &timeline.Act{For: "one", Error: trouble}})
}
func (x *tape) mended(trouble string) *tape {
	return x.put(timeline.Entry{Kind: timeline.Fault, Fault: &timeline.Act{For: "one", Mended: true, Error: trouble}})
}
func (x *tape) setup(trouble string) *tape {
	return x.put(timeline.Entry{Kind: timeline.Setup, Setup: &timeline.Act{For: "a", Error: trouble}})
}
func (x *tape) gap() *tape {
	return x.put(timeline.Entry{Kind: timeline.Gap, Of: "Pod", Reason: "connection refused"})
}
func (x *tape) resumed() *tape { return x.put(timeline.Entry{Kind: timeline.Resumed, Of: "Pod"}) }
func (x *tape) reset() *tape   { return x.put(timeline.Entry{Kind: timeline.Reset}) }

func judge(l *lab.Lab, x *tape, final bool) grader.Report {
	g := grader.New(l)
	for _, e := range x.file.Entries() {
		g.Observe(e)
	}
	return g.Report(final)
}

func TestVerdicts(t *testing.T) {
	var (
		running = check("one", onPod+`want: status: phase: "Running"`)
		held    = check("one", onPod+`want: status: conditions: Ready: status: "True", holds: "5s"`)
		gone    = check("one", onPod+`gone: true`)
		seen    = check("one", onPod+`seen: [{status: phase: "Pending"}, {status: phase: "Running"}, {status: phase: "Succeeded"}]`)
		logs    = check("one", `logs: {pod: "p", match: "^ready$"}`)
		exec    = check("one", `exec: {pod: "p", command: ["cat", "f"]}, want: {exitCode: 0, stdout: =~"^yes"}`)
		two     = check("two", onPod+`needs: ["one"], want: status: phase: "Running"`)
		ready   = check("one", onPod+`want: status: conditions: Ready: status: "True"`)
		never   = check("one", onPod+`want: status: phase: "Running", never: status: phase: "Failed"`)
		events  = check("one", `events: {kind: "Pod", name: "p"}, want: reason: "BackOff"`)
		http    = check("one", `http: {pod: "p", port: 80}, want: {status: 200, body: =~"yes"}`)
		held2   = check("one", `http: {pod: "p", port: 80}, want: status: 200, holds: "3s"`)
		held3   = check("one", `exec: {pod: "p", command: ["true"]}, want: exitCode: 0, holds: "3s"`)
		both    = check("one", onPod+`seen: [{status: phase: "Running"}, {status: conditions: Ready: status: "True"}]`)
		quiz    = check("one", `quiz: {question: "q", choices: ["Red", "Green one"], answer: "Green one"}`)
		amount  = check("one", `quiz: {question: "q", answer: ["0.5", "half"]}`)
		field   = check("one", `quiz: {question: "q", field: {kind: "Pod", name: "p", path: "status.phase"}}`)
		broken  = check("one", onPod+`want: status: phase: "Running", fault: delete: {kind: "Pod", name: "p"}, after: status: phase: "Running", within: "10s"`)
		ends    = check("one", onPod+`want: status: phase: "Running", fault: delete: {kind: "Pod", name: "p"}, after: status: phase: "Succeeded", within: "10s"`)
	)
	P, F, B, E := grader.Passed, grader.Failed, grader.Blocked, grader.Errored
	for _, c := range []struct {
		name    string
		checks  string
		tape    func(*tape) *tape
		want    []grader.Verdict
		message string // part of the first result's message
	}{
		{"untouched", running, func(x *tape) *tape { return x.synced() }, []grader.Verdict{F}, "no Pod p, and no other Pod either"},
		{"never looked", running, func(x *tape) *tape { return x }, []grader.Verdict{E}, "has not been looked at"},
		{"another name", running, func(x *tape) *tape { return x.pod("q", "u", "Running", true).pod("r", "v", "Running", true).synced() }, []grader.Verdict{F}, "there are q, r"},
		{"as wanted", running, func(x *tape) *tape { return x.pod("p", "u", "Running", true).synced() }, []grader.Verdict{P}, ""},
		{"not as wanted", running, func(x *tape) *tape { return x.synced().pod("p", "u", "Pending", false) }, []grader.Verdict{F}, "not as wanted"},
		{"passed stays passed", running, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).pod("p", "u", "Failed", false).deleted("p", "u")
		}, []grader.Verdict{P}, ""},
		{"reset takes it back", running, func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true).reset().synced() }, []grader.Verdict{F}, "no Pod p"},

		{"held", held, func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true).clock(5 * time.Second) }, []grader.Verdict{P}, ""},
		{"held not long enough", held, func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true).clock(4 * time.Second) }, []grader.Verdict{F}, "must stay so for 5s"},
		{"held with a break", held, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).clock(4*time.Second-1).pod("p", "u", "Running", false).pod("p", "u", "Running", true).clock(3 * time.Second)
		}, []grader.Verdict{F}, "must stay so"},
		{"held until the break", held, func(x *tape) *tape {
			x.synced().pod("p", "u", "Running", true)
			x.now = x.now.Add(10 * time.Second)
			return x.pod("p", "u", "Running", false)
		}, []grader.Verdict{P}, ""},
		{"held across a gap is not held", held, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).gap().resumed().clock(3 * time.Second)
		}, []grader.Verdict{F}, ""},
		{"held anew after a gap", held, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).gap().clock(time.Minute).resumed().clock(5 * time.Second)
		}, []grader.Verdict{P}, ""},
		{"held anew in the next recording, of a state that is recorded already", held, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).start("c1", "n1").synced().clock(5 * time.Second)
		}, []grader.Verdict{P}, ""},
		{"what nobody has seen lately is not held", held, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).start("c1", "n1").clock(time.Minute).
				put(timeline.Entry{Kind: timeline.Deleted, Missed: true, Object: x.object("p", "u", "Running", true)}).synced()
		}, []grader.Verdict{F}, "no Pod p"},
		{"what nobody has seen lately unblocks nothing", logs + two, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).start("c1", "n1").log("u", "ready").
				put(timeline.Entry{Kind: timeline.Deleted, Missed: true, Object: x.object("p", "u", "Running", true)}).synced()
		}, []grader.Verdict{P, F}, ""},
		{"a crash loop is Ready for a moment", held, func(x *tape) *tape {
			x.synced()
			for range 5 {
				x.pod("p", "u", "Running", true).pod("p", "u", "Running", false)
			}
			return x
		}, []grader.Verdict{F}, "not as wanted"},

		{"gone", gone, func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true).deleted("p", "u") }, []grader.Verdict{P}, ""},
		{"never there is not gone", gone, func(x *tape) *tape { return x.synced() }, []grader.Verdict{F}, "has to exist before"},
		{"still there", gone, func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true) }, []grader.Verdict{F}, "still exists"},
		{"a lost cluster deletes nothing", gone, func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true).start("c2", "n2").synced() }, []grader.Verdict{F}, "has to exist before"},
		{"a new namespace deletes nothing", gone, func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true).start("c1", "n2").synced() }, []grader.Verdict{F}, ""},
		{"what was deleted in a namespace that is lost counts for nothing", logs + check("two", onPod+`needs: ["one"], gone: true`), func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).deleted("p", "u").start("c1", "n2").synced().log("u", "ready")
		}, []grader.Verdict{P, F}, ""},
		{"a window does not outlast the gap that ends it", held, func(x *tape) *tape {
			x.synced().pod("p", "u", "Running", true)
			x.now = x.now.Add(time.Minute) // when the watch broke is not known
			return x.gap().resumed().pod("p", "u", "Running", false)
		}, []grader.Verdict{F}, "not as wanted"},
		{"deleted while nobody watched", gone, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).start("c1", "n1").put(timeline.Entry{Kind: timeline.Deleted, Missed: true, Object: x.object("p", "u", "Running", true)}).synced()
		}, []grader.Verdict{P}, ""},

		{"seen in order", seen, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Pending", false).pod("p", "u", "Running", true).pod("p", "u", "Succeeded", false)
		}, []grader.Verdict{P}, ""},
		{"seen out of order", seen, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).pod("p", "u", "Pending", false).pod("p", "u", "Succeeded", false)
		}, []grader.Verdict{F}, "1 of 3"},
		{"seen on two objects", seen, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Pending", false).pod("p", "u", "Running", true).deleted("p", "u").pod("p", "v", "Succeeded", false)
		}, []grader.Verdict{F}, "0 of 3"},
		{"seen on two objects, deletion missed", seen, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Pending", false).pod("p", "u", "Running", true).pod("p", "v", "Succeeded", false)
		}, []grader.Verdict{F}, "0 of 3"},

		{"one state is seen once", both, func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true) }, []grader.Verdict{F}, "1 of 2"},
		{"also by who looks again", both, func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true).start("c1", "n1").synced() }, []grader.Verdict{F}, "1 of 2"},
		{"also after a gap", both, func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true).gap().resumed() }, []grader.Verdict{F}, "1 of 2"},

		{"log line", logs, func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true).log("u", "ready") }, []grader.Verdict{P}, ""},
		{"log line of a Pod that is gone", logs, func(x *tape) *tape {
			return x.pod("p", "u", "Running", true).log("u", "ready").deleted("p", "u").synced()
		}, []grader.Verdict{P}, ""},
		{"log line of a Pod whose name another one has", check("zero", onPod+`want: status: phase: "Running"`) + check("one", `needs: ["zero"], logs: {pod: "p", match: "^ready$"}`), func(x *tape) *tape {
			return x.synced().pod("p", "u", "Pending", false).log("u", "ready").deleted("p", "u").pod("p", "v", "Running", true)
		}, []grader.Verdict{P, F}, ""},
		{"and its own line", check("zero", onPod+`want: status: phase: "Running"`) + check("one", `needs: ["zero"], logs: {pod: "p", match: "^ready$"}`), func(x *tape) *tape {
			return x.synced().pod("p", "u", "Pending", false).log("u", "ready").deleted("p", "u").pod("p", "v", "Running", true).log("v", "ready")
		}, []grader.Verdict{P, P}, ""},
		{"other log line", logs, func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true).log("u", "not ready") }, []grader.Verdict{F}, "no line"},
		{"log of no Pod", logs, func(x *tape) *tape { return x.synced() }, []grader.Verdict{F}, "no Pod p"},

		{"exec", exec, func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true).exec("u", 0, "yes\n", "") }, []grader.Verdict{P}, ""},
		{"exec in a container that is not there", check("one", `exec: {pod: "p", container: "side", command: ["true"]}, want: exitCode: 0`), func(x *tape) *tape { return x.synced().twoContainers() },
			[]grader.Verdict{F}, "Pod p has no container side; it has app, setup, web"},
		{"exec in a sidecar", check("one", `exec: {pod: "p", container: "setup", command: ["true"]}, want: exitCode: 0`), func(x *tape) *tape { return x.synced().twoContainers().exec("u", 0, "", "") },
			[]grader.Verdict{P}, ""},
		{"exec in the first container, of which a sidecar is none", check("one", `exec: {pod: "p", command: ["true"]}, want: exitCode: 0`), func(x *tape) *tape { return x.synced().twoContainers() },
			[]grader.Verdict{F}, "is not running"},
		{"log of a container that is not there", check("one", `logs: {pod: "p", container: "side", match: "x"}`), func(x *tape) *tape { return x.synced().twoContainers() },
			[]grader.Verdict{F}, "Pod p has no container side"},
		{"log line from before its needs were met", check("one", `needs: ["two"], logs: {pod: "p", match: "^ready$"}`) + check("two", onPod+`want: status: phase: "Running"`), func(x *tape) *tape {
			return x.synced().pod("p", "u", "Pending", false).log("u", "no").pod("p", "u", "Running", true)
		}, []grader.Verdict{F, P}, "the newest is shown"},
		{"log line of another container", check("one", `logs: {pod: "p", container: "web", match: "x"}`), func(x *tape) *tape { return x.synced().twoContainers().log("u", "x") },
			[]grader.Verdict{F}, "no line of the log matches x yet"},
		{"exec gives something else", exec, func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true).exec("u", 1, "", "") }, []grader.Verdict{F}, "something else"},
		{"exec says why not", exec, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).put(timeline.Entry{Kind: timeline.Exec, Exec: &timeline.ExecResult{Check: "one", Pod: "p", UID: "u", ExitCode: 1, Stderr: "cat: e: No such file\ncat: f: No such file\n"}})
		}, []grader.Verdict{F}, "something else in Pod p: cat: f: No such file"},
		{"exec never run", exec, func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true) }, []grader.Verdict{F}, "not been run"},
		{"exec trouble is ours", exec, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).exec("u", 0, "", "connection reset")
		}, []grader.Verdict{E}, "connection reset"},
		{"exec trouble passes", exec, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).exec("u", 0, "", "connection reset").exec("u", 0, "yes", "")
		}, []grader.Verdict{P}, ""},
		{"a container that crashes is the learner's", exec, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).exec("u", 0, "", "connection reset").pod("p", "u", "Running", false)
		}, []grader.Verdict{F}, "is not running"},
		{"exec in a Pod that was replaced", exec, func(x *tape) *tape { return x.synced().pod("p", "v", "Running", true).exec("u", 0, "yes", "") }, []grader.Verdict{F}, ""},

		{"exec held", held3, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).exec("u", 0, "", "").clock(time.Second).exec("u", 0, "", "").clock(time.Second).exec("u", 0, "", "")
		}, []grader.Verdict{P}, ""},
		{"exec in another Pod is not held", held3, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).exec("u", 0, "", "").clock(time.Second).deleted("p", "u").pod("p", "v", "Running", true).exec("v", 0, "", "")
		}, []grader.Verdict{F}, ""},

		{"never was what it must not be", never, func(x *tape) *tape { return x.synced().pod("p", "u", "Pending", false).pod("p", "u", "Running", true) }, []grader.Verdict{P}, ""},
		{"once was what it must not be", never, func(x *tape) *tape { return x.synced().pod("p", "u", "Failed", false).pod("p", "u", "Running", true) }, []grader.Verdict{F}, "must never be"},
		{"another object was", never, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Failed", false).deleted("p", "u").pod("p", "v", "Running", true)
		}, []grader.Verdict{P}, ""},
		{"was so before its needs were met", logs + check("two", onPod+`needs: ["one"], want: status: phase: "Running", never: status: phase: "Failed"`), func(x *tape) *tape {
			return x.synced().pod("p", "u", "Failed", false).pod("p", "u", "Running", true).log("u", "ready")
		}, []grader.Verdict{P, F}, ""},

		{"event", events, func(x *tape) *tape { return x.synced().event("p", "Scheduled").event("p", "BackOff") }, []grader.Verdict{P}, ""},
		{"other events", events, func(x *tape) *tape { return x.synced().event("p", "Scheduled").event("p", "Pulled") }, []grader.Verdict{F}, "there have been Scheduled, Pulled"},
		{"event about another", events, func(x *tape) *tape { return x.synced().event("q", "BackOff") }, []grader.Verdict{F}, "no Event about Pod p"},

		{"http", http, func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true).http(200, "oh yes", "", "") }, []grader.Verdict{P}, ""},
		{"http says something else", http, func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true).http(500, "no", "", "") }, []grader.Verdict{F}, "answers something else"},
		{"http of no Pod", http, func(x *tape) *tape { return x.synced().http(200, "yes", "", "") }, []grader.Verdict{F}, "no Pod p"},
		{"nobody answers", http, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).http(0, "", "connection refused", "")
		}, []grader.Verdict{F}, "nobody answers GET / of Pod p, port 80: connection refused"},
		{"http trouble is ours", http, func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true).http(0, "", "", "forbidden") }, []grader.Verdict{E}, "forbidden"},
		{"http held", held2, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).http(200, "", "", "").http(200, "", "", "").http(200, "", "", "").http(200, "", "", "")
		}, []grader.Verdict{P}, ""},
		{"http that is not asked is not held", held2, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).http(200, "", "", "").clock(time.Minute)
		}, []grader.Verdict{F}, "must stay so"},
		{"http held with a break", held2, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).http(200, "", "", "").http(200, "", "", "").http(503, "", "", "").http(200, "", "", "").http(200, "", "", "")
		}, []grader.Verdict{F}, ""},

		{"no answer", quiz, func(x *tape) *tape { return x.synced() }, []grader.Verdict{F}, "no answer yet"},
		{"wrong answer", quiz, func(x *tape) *tape { return x.synced().answer("Red") }, []grader.Verdict{F}, "is not right"},
		{"an answer that is no choice", quiz, func(x *tape) *tape { return x.synced().answer("one") }, []grader.Verdict{F}, "none of the choices"},
		{"an answer that is a choice", quiz, func(x *tape) *tape { return x.synced().answer("red") }, []grader.Verdict{F}, `"red" is not right`},
		{"right answer after a wrong one", quiz, func(x *tape) *tape { return x.synced().answer("red").answer(" green  ONE ") }, []grader.Verdict{P}, ""},
		{"a letter", quiz, func(x *tape) *tape { return x.synced().answer("B") }, []grader.Verdict{P}, ""},
		{"the wrong letter", quiz, func(x *tape) *tape { return x.synced().answer("a") }, []grader.Verdict{F}, ""},
		{"an amount", amount, func(x *tape) *tape { return x.synced().answer("500m") }, []grader.Verdict{P}, ""},
		{"another amount", amount, func(x *tape) *tape { return x.synced().answer("500") }, []grader.Verdict{F}, ""},
		{"what the cluster shows", field, func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true).answer("running") }, []grader.Verdict{P}, ""},
		{"what the cluster showed", field, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Pending", true).pod("p", "u", "Running", true).answer("pending")
		}, []grader.Verdict{F}, ""},
		{"what the cluster does not show", field, func(x *tape) *tape { return x.synced().answer("running") }, []grader.Verdict{F}, "no Pod p"},
		{"an answer survives a restart of podlab", quiz, func(x *tape) *tape { return x.answer("b").start("c1", "n1").synced() }, []grader.Verdict{P}, ""},

		{"not broken yet", broken, func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true) }, []grader.Verdict{F}, "the time was over before podlab could put it to the test"},
		{"not whole yet", broken, func(x *tape) *tape { return x.synced().pod("p", "u", "Pending", true) }, []grader.Verdict{F}, "so podlab has not put it to the test"},
		{"broken and not mended", broken, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).fault("").deleted("p", "u")
		}, []grader.Verdict{F}, "no Pod p"},
		{"broken and as it was before", broken, func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true).fault("") }, []grader.Verdict{F}, ""},
		{"broken and mended", broken, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).fault("").deleted("p", "u").pod("p", "v", "Running", true)
		}, []grader.Verdict{P}, ""},
		{"broken and mended too late", broken, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).fault("").deleted("p", "u").clock(20*time.Second).pod("p", "v", "Running", true)
		}, []grader.Verdict{F}, "when podlab had put it to the test, it was not as wanted within 10s"},
		{"broken, and not whole since", broken, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).fault("").deleted("p", "u").clock(20*time.Second).pod("p", "v", "Pending", true)
		}, []grader.Verdict{F}, "when podlab had put it to the test, it was not as wanted within 10s"},
		{"broken again and mended", broken, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).fault("").deleted("p", "u").clock(20*time.Second).pod("p", "v", "Running", true).
				fault("").deleted("p", "v").pod("p", "w", "Running", true)
		}, []grader.Verdict{P}, ""},
		{"a fault that could not be injected is ours", broken, func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true).fault("forbidden") }, []grader.Verdict{E}, "forbidden"},
		{"a fault in a namespace that is lost counts for nothing", broken, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).fault("").start("c1", "n2").synced().pod("p", "v", "Running", true)
		}, []grader.Verdict{F}, "the time was over before podlab could put it to the test"},

		{"mended when nobody watched", broken, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).fault("").deleted("p", "u").gap().clock(20*time.Second).pod("p", "v", "Running", true).resumed()
		}, []grader.Verdict{P}, ""},
		{"mended too late after a gap", broken, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).fault("").deleted("p", "u").gap().clock(20*time.Second).resumed().clock(10*time.Second).pod("p", "v", "Running", true)
		}, []grader.Verdict{F}, "not as wanted within 10s"},
		{"mended too late, between two recordings", broken, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).fault("").deleted("p", "u").gap().clock(20*time.Second).start("c1", "n1").pod("p", "v", "Running", true).synced()
		}, []grader.Verdict{F}, "not as wanted within 10s"},
		{"what is being deleted has not come back", broken, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).fault("").terminating("p", "u", "Running")
		}, []grader.Verdict{F}, ""},
		{"what was deleted before podlab's word of it, neither", broken, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).terminating("p", "u", "Running").fault("").terminating("p", "u", "Running")
		}, []grader.Verdict{F}, ""},
		{"how it ends counts", ends, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).fault("").terminating("p", "u", "Running").terminating("p", "u", "Succeeded")
		}, []grader.Verdict{P}, ""},

		{"blocked", ready + two, func(x *tape) *tape { return x.synced().pod("p", "u", "Running", false) }, []grader.Verdict{F, B}, ""},
		{"unblocked by the same entry", ready + two, func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true) }, []grader.Verdict{P, P}, ""},
		{"unblocked later by an older state", held + two, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).clock(6 * time.Second)
		}, []grader.Verdict{P, P}, ""},

		{"a gap is nobody's fault", running, func(x *tape) *tape { return x.synced().gap() }, []grader.Verdict{E}, "connection refused"},
		{"what waits for a gap is nobody's fault", running + two, func(x *tape) *tape { return x.synced().gap() }, []grader.Verdict{E, E}, ""},
		{"after a gap", running, func(x *tape) *tape { return x.synced().gap().resumed() }, []grader.Verdict{F}, "no Pod p"},
		{"passed before a gap", running, func(x *tape) *tape { return x.pod("p", "u", "Running", true).synced().gap() }, []grader.Verdict{P}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := judge(load(t, c.checks), c.tape(newTape(t)), true)
			if len(r.Results) != len(c.want) {
				t.Fatalf("%d results, want %d", len(r.Results), len(c.want))
			}
			for i, w := range c.want {
				x := r.Results[i]
				if x.Verdict != w {
					t.Errorf("%s is %s (%s), want %s", x.Check, x.Verdict, x.Message, w)
				}
				if x.Verdict == grader.Passed && (len(x.Evidence) == 0 || x.At == nil || x.Earned != x.Points) {
					t.Errorf("%s passed with evidence %v at %v for %d points", x.Check, x.Evidence, x.At, x.Earned)
				}
			}
			if !strings.Contains(r.Results[0].Message, c.message) {
				t.Errorf("message %q does not say %q", r.Results[0].Message, c.message)
			}
		})
	}
}

// Who is still at work is told what podlab does next; when it is over, what it did.
func TestWhatComesNextIsSaidWhileThereIsANext(t *testing.T) {
	l := load(t, check("one", onPod+`want: status: phase: "Running", fault: delete: {kind: "Pod", name: "p"}, after: status: phase: "Running", within: "10s"`))
	whole := func() *tape { return newTape(t).synced().pod("p", "u", "Running", true) }
	late := func() *tape { return whole().fault("").deleted("p", "u").clock(20 * time.Second) }
	const tried = "it was not as wanted within 10s after podlab broke it"
	for _, c := range []struct {
		tape        *tape
		next, ended string
	}{
		{newTape(t).synced().pod("p", "u", "Pending", true), "; once it is as wanted, podlab puts it to the test", "; so podlab has not put it to the test"},
		{whole(), "it is as it has to be; podlab breaks it now", "it is as it has to be; the time was over before podlab could put it to the test"},
		{late(), tried + "; podlab breaks it again once it is whole", tried},
		{late().pod("p", "v", "Pending", true), "again. The last time " + tried, "; when podlab had put it to the test, " + tried},
		{late().pod("p", "v", "Running", true), "podlab breaks it again. The last time " + tried, "when podlab had put it to the test, " + tried},
	} {
		if got := judge(l, c.tape, false).Results[0].Message; !strings.HasSuffix(got, c.next) {
			t.Errorf("at work: %q, want %q", got, c.next)
		}
		if got := judge(l, c.tape, true).Results[0].Message; !strings.HasSuffix(got, c.ended) {
			t.Errorf("in the end: %q, want %q", got, c.ended)
		}
	}
}

// Who goes on where they left off is told so as soon as the cluster has been looked at,
// also where nothing has changed meanwhile.
func TestLookedAtAgain(t *testing.T) {
	l := load(t, check("one", `object: {kind: "Pod", name: "p"}, want: status: phase: "Running"`))
	g := grader.New(l)
	var told grader.Report
	for _, e := range newTape(t).synced().start("c1", "n1").synced().file.Entries() {
		if g.Observe(e) {
			told = g.Report(false)
		}
	}
	if got, want := told.Results[0].Message, g.Report(false).Results[0].Message; got != want || strings.Contains(got, "looked at") {
		t.Errorf("told %q; by now it is %q", got, want)
	}
}

// A page with a setup is judged once its symptoms show, and what podlab could not
// prepare is nobody's loss.
func TestSetup(t *testing.T) {
	src := `schema: "v1", title: "T", summary: "S", minutes: 1
steps: [{id: "a", setup: {manifests: ["a.yaml"], symptoms: [{title: "p crashes", object: {kind: "Pod", name: "p"}, want: status: phase: "Failed"}]}
checks: [{id: "one", title: "t", why: "w", object: {kind: "Pod", name: "p"}, want: status: phase: "Running"}]}]`
	l, err := lab.Load(fstest.MapFS{"lab.cue": {Data: []byte(src)}, "01-a.md": {}, "a.yaml": {}}, "test")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name      string
		tape      func(*tape) *tape
		live, end grader.Verdict
		message   string
		prepared  bool
		ready     bool
	}{
		{"nobody came", func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true) }, grader.Pending, grader.Failed, "has not prepared", false, false},
		{"could not be prepared", func(x *tape) *tape { return x.synced().setup("forbidden") }, grader.Errored, grader.Errored, "forbidden", false, false},
		{"no symptom", func(x *tape) *tape { return x.synced().setup("").pod("p", "u", "Running", true) }, grader.Pending, grader.Errored, "it waits for: p crashes", true, false},
		{"symptom", func(x *tape) *tape { return x.synced().setup("").pod("p", "u", "Failed", true) }, grader.Pending, grader.Failed, "not as wanted", true, true},
		{"mended", func(x *tape) *tape {
			return x.synced().setup("").pod("p", "u", "Failed", true).pod("p", "u", "Running", true)
		}, grader.Passed, grader.Passed, "", true, true},
		{"prepared at the second try", func(x *tape) *tape {
			return x.synced().setup("forbidden").setup("").pod("p", "u", "Failed", true).pod("p", "u", "Running", true)
		}, grader.Passed, grader.Passed, "", true, true},
		{"a new namespace is prepared anew", func(x *tape) *tape {
			return x.synced().setup("").pod("p", "u", "Failed", true).start("c1", "n2").synced().pod("p", "v", "Running", true)
		}, grader.Pending, grader.Failed, "has not prepared", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := grader.New(l)
			for _, e := range c.tape(newTape(t)).file.Entries() {
				g.Observe(e)
			}
			live, end := g.Report(false).Results[0], g.Report(true).Results[0]
			if live.Verdict != c.live || end.Verdict != c.end || !strings.Contains(live.Message, c.message) {
				t.Errorf("live %s (%s), in the end %s; want %s, %s", live.Verdict, live.Message, end.Verdict, c.live, c.end)
			}
			if preparing := g.Report(false).Preparing["a"]; g.Prepared("a") != c.prepared || (preparing == "") != c.ready {
				t.Errorf("prepared %v, waits for %q", g.Prepared("a"), preparing)
			}
		})
	}
}

// Of a Secret a timeline has seals, by which it is told whether a value is the
// one that is wanted.
func TestSecrets(t *testing.T) {
	l := load(t, check("one", `object: {kind: "Secret", name: "s"}, want: data: password: "czNjcjN0"`)+
		check("two", `object: {kind: "Secret", name: "s"}, want: data: password: "YQ==" | "Yg=="`))
	secret := func(key, value string) timeline.Entry {
		return timeline.Entry{Kind: timeline.Object, Object: json.RawMessage(fmt.Sprintf(
			`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","uid":"u"},"data":{"password":%q}}`, timeline.Seal(key, value)))}
	}
	for _, c := range []struct {
		name, key, value string
		want             []grader.Verdict
	}{
		{"the value", "n1", "czNjcjN0", []grader.Verdict{grader.Passed, grader.Failed}},
		{"one of several", "n1", "Yg==", []grader.Verdict{grader.Failed, grader.Passed}},
		{"another", "n1", "eA==", []grader.Verdict{grader.Failed, grader.Failed}},
		{"the seal of another namespace", "n2", "czNjcjN0", []grader.Verdict{grader.Failed, grader.Failed}},
	} {
		x := newTape(t).put(secret(c.key, c.value)).put(timeline.Entry{Kind: timeline.Synced, Of: "Secret"})
		r := judge(l, x, true)
		for i, want := range c.want {
			if got := r.Results[i]; got.Verdict != want {
				t.Errorf("%s: %s is %s, %v", c.name, got.Check, got.Verdict, got.Mismatches)
			}
		}
		if text := fmt.Sprint(r); strings.Contains(text, "cG9kbGFi") {
			t.Errorf("%s: a seal is shown: %s", c.name, text)
		}
	}
}

// Hints are for what the learner did, and those for just that come first.
func TestHintsFollowTheObservation(t *testing.T) {
	l := load(t, check("one", onPod+`want: status: phase: "Running", hints: ["all", {text: "none", missing: true}, {text: "failed", when: status: phase: "Failed"}]`))
	for _, c := range []struct {
		tape *tape
		want string
	}{
		{newTape(t).synced(), "[1 0]"},
		{newTape(t).synced().pod("p", "u", "Pending", false), "[0]"},
		{newTape(t).synced().pod("p", "u", "Failed", false), "[2 0]"},
		{newTape(t).synced().pod("p", "u", "Failed", false).deleted("p", "u"), "[1 0]"},
	} {
		if got := fmt.Sprint(judge(l, c.tape, false).Results[0].Hints); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

// A live report and a regrade of the same entries must agree, at every entry.
func TestLiveEqualsRegrade(t *testing.T) {
	l := load(t, check("one", onPod+`want: status: conditions: Ready: status: "True", holds: "3s"`)+
		check("two", onPod+`needs: ["one"], gone: true`)+
		check("three", `logs: {pod: "p", match: "x"}, hints: ["h"]`)+
		check("four", onPod+`want: status: phase: "Running", never: status: phase: "Failed", hints: ["a", {text: "b", missing: true}, {text: "c", when: status: phase: "Pending"}]`))
	x := newTape(t).synced().pod("p", "u", "Pending", false).log("u", "a").pod("p", "u", "Running", true).
		clock(2*time.Second).log("u", "x").clock(4*time.Second).deleted("p", "u")
	live := grader.New(l)
	for i, e := range x.file.Entries() {
		before := fmt.Sprintf("%+v", live.Report(false).Results)
		changed := live.Observe(e)
		got := fmt.Sprintf("%+v", live.Report(false).Results)
		if !changed && got != before {
			t.Errorf("entry %d changed a result and Observe did not say so", e.Seq)
		}
		again := grader.New(l)
		for _, e := range x.file.Entries()[:i+1] {
			again.Observe(e)
		}
		if want := fmt.Sprintf("%+v", again.Report(false).Results); got != want {
			t.Errorf("after entry %d live is\n%s\nregraded\n%s", e.Seq, got, want)
		}
	}
	if r := live.Report(true); !r.Passed || r.Earned != r.Points {
		t.Errorf("%d of %d points", r.Earned, r.Points)
	}
}

func TestDue(t *testing.T) {
	l := load(t, check("one", onPod+`want: status: phase: "Running", holds: "5s"`))
	g := grader.New(l)
	x := newTape(t).synced()
	if !g.Due().IsZero() {
		t.Error("something is due before anything happened")
	}
	x.pod("p", "u", "Running", true)
	var last timeline.Entry
	for _, e := range x.file.Entries() {
		g.Observe(e)
		last = e
	}
	if want := last.Time.Add(5 * time.Second); !g.Due().Equal(want) {
		t.Errorf("due at %v, want %v", g.Due(), want)
	}
	g.Observe(timeline.Entry{Kind: timeline.Clock, Seq: last.Seq + 1, Time: g.Due()})
	if !g.Due().IsZero() || !g.Report(false).Passed {
		t.Error("the window closed and the check has not passed")
	}
}

func BenchmarkObserve(b *testing.B) {
	var checks strings.Builder
	for i := range 10 {
		checks.WriteString(check(fmt.Sprintf("c%d", i), onPod+`want: status: phase: "Succeeded"`))
	}
	g := grader.New(load(b, checks.String()))
	x := newTape(b).synced()
	for i := range 100 {
		x.pod("p", "u", fmt.Sprintf("Phase%d", i), i%2 == 0)
	}
	entries := x.file.Entries()
	for b.Loop() {
		for _, e := range entries {
			g.Observe(e)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(entries)), "µs/entry")
}

// TestCriteria gives part of the points for the best state that was seen, and never
// all of them for less than all.
func TestCriteria(t *testing.T) {
	const criteria = `criteria: [
		{title: "named", want: metadata: name: "p"},
		{title: "runs", points: 2, want: status: phase: "Running"},
		{title: "ready", points: 3, want: status: conditions: Ready: status: "True"},
	]`
	for _, c := range []struct {
		name, more string
		play       func(*tape)
		verdict    grader.Verdict
		earned     int
		met        string
	}{
		{"nothing", "", func(x *tape) {}, grader.Failed, 0, "..."},
		{"some", "", func(x *tape) { x.pod("p", "1", "Pending", false) }, grader.Failed, 1, "x.."},
		{"the best counts", "", func(x *tape) { x.pod("p", "1", "Running", false).pod("p", "1", "Failed", false) }, grader.Failed, 3, "xx."},
		{"parts of two states are not added", "", func(x *tape) { x.pod("p", "1", "Running", false).pod("p", "1", "Failed", true) }, grader.Failed, 4, "x.x"},
		{"deleted since", "", func(x *tape) { x.pod("p", "1", "Running", false).deleted("p", "1") }, grader.Failed, 3, "xx."},
		{"all", "", func(x *tape) { x.pod("p", "1", "Running", true) }, grader.Passed, 6, "xxx"},
		{"all, but not for long enough", `, holds: "60m"`, func(x *tape) { x.pod("p", "1", "Running", true) }, grader.Failed, 5, "xxx"},
		{"what must never be earns nothing", `, never: status: phase: "Failed"`, func(x *tape) {
			x.pod("p", "1", "Failed", false).pod("p", "1", "Running", false)
		}, grader.Failed, 0, "..."},
		{"another Pod does not make up for it", "", func(x *tape) { x.pod("q", "2", "Running", true) }, grader.Failed, 0, "..."},
	} {
		x := newTape(t).synced()
		c.play(x)
		l := load(t, check("a", onPod+criteria+c.more)+check("b", onPod+`needs: ["a"], want: status: phase: "Running"`))
		g := grader.New(l)
		for _, e := range x.file.Entries() {
			g.Observe(e)
		}
		r := g.Report(true)
		got := ""
		for _, m := range r.Results[0].Criteria {
			got += map[bool]string{true: "x", false: "."}[m.Met]
		}
		if a := r.Results[0]; a.Verdict != c.verdict || a.Earned != c.earned || a.Points != 6 || got != c.met {
			t.Errorf("%s: %s, %d of %d points, criteria %s", c.name, a.Verdict, a.Earned, a.Points, got)
		}
		if part := c.verdict != grader.Passed; part && (r.Earned != c.earned || r.Results[1].Verdict != grader.Blocked) {
			t.Errorf("%s: %d points in all, what needs it is %s", c.name, r.Earned, r.Results[1].Verdict)
		}
	}
}
