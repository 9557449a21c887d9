package grader_test

import (
	"testing"
	"time"

	"podlab.dev/podlab/grader"
)

// What a command printed is recorded when it is news. Where the grader forgets
// what it saw, the same once more has to be.
func TestCounts(t *testing.T) {
	const command = `exec: {pod: "p", command: ["cat", "f"]}, `
	held := check("one", command+`want: exitCode: 0, holds: "5s"`)
	faulty := check("one", command+`fault: exec: {pod: "p", command: ["true"]}, after: exitCode: 0, within: "10s"`)
	whole := check("one", command+`want: exitCode: 0, fault: delete: {kind: "Pod", name: "q"}, after: exitCode: 0, within: "10s"`)
	for _, c := range []struct {
		name, checks string
		play         func(*tape) *tape
		want         bool
	}{
		{"nothing seen yet", held, func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true) }, true},
		{"not as wanted", held, func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true).exec("u", 1, "", "") }, false},
		{"held", held, func(x *tape) *tape { return x.synced().pod("p", "u", "Running", true).exec("u", 0, "", "") }, true},
		{"passed", held, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).exec("u", 0, "", "").exec("u", 0, "", "").clock(6*time.Second).exec("u", 0, "", "")
		}, false},
		{"a container that was away", held, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).exec("u", 1, "", "").pod("p", "u", "Running", false).pod("p", "u", "Running", true)
		}, true},
		{"a gap", held, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).exec("u", 1, "", "").gap().resumed()
		}, true},
		{"broken, and not as wanted", faulty, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).exec("u", 1, "", "").fault("").exec("u", 1, "", "")
		}, false},
		{"broken just now", whole, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).exec("u", 0, "", "").fault("")
		}, true},
		{"broken, and too late", faulty, func(x *tape) *tape {
			return x.synced().pod("p", "u", "Running", true).exec("u", 1, "", "").fault("").exec("u", 1, "", "").clock(20 * time.Second)
		}, true},
	} {
		g := grader.New(load(t, c.checks))
		for _, e := range c.play(newTape(t)).file.Entries() {
			g.Observe(e)
		}
		if got := g.Counts("one"); got != c.want {
			t.Errorf("%s: counts %v, want %v", c.name, got, c.want)
		}
	}
}
