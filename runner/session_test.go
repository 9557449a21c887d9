package runner

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// A look waits for a check that may pass while it looks, and that it can see pass.
func TestWithin(t *testing.T) {
	const one = `{id: "one", checks: [{id: "made", title: "t", why: "w", object: {kind: "Pod", name: "p"}, want: spec: _, hints: ["h"], within: "2s"}]}`
	const two = `{id: "two", checks: [{
		id: "healed", title: "t", why: "w", NEEDS object: {kind: "Pod", name: "p"}, want: spec: _, hints: ["h"]
		fault: delete: {kind: "Pod", name: "p"}, after: spec: _, within: "9s"
	}]}`
	for _, c := range []struct {
		name, needs, step string
		watched           bool
		want              time.Duration
	}{
		{"all pages", "", "", false, 9 * time.Second},
		{"this page", "", "one", false, 2 * time.Second},
		{"it waits for another check", `needs: ["made"],`, "two", false, 0},
		{"another process breaks it", "", "two", true, 0},
		{"another process breaks it, and this one sees the rest", "", "", true, 2 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := testLab(t, fstest.MapFS{"lab.cue": {Data: []byte(`schema: "v1", title: "T", summary: "S", minutes: 1
steps: [` + one + ", " + strings.Replace(two, "NEEDS", c.needs, 1) + `]
mistakes: wrong: {fails: "healed", belief: "b"}`)}})
			x, err := NewStore(t.TempDir()).Open("test", "test", l)
			if err != nil {
				t.Fatal(err)
			}
			if c.watched {
				unlock, err := x.lock()
				if err != nil {
					t.Fatal(err)
				}
				defer unlock()
			}
			if got, err := x.Within(c.step); err != nil || got != c.want {
				t.Errorf("%s, %v; want %s", got, err, c.want)
			}
		})
	}
}
