package batch

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"podlab.dev/podlab/grader/class"
	"podlab.dev/podlab/labs"
	"podlab.dev/podlab/runner"
)

// Those who copied are pointed out; those who were told the same, or were given the
// same by the lab, are not.
func TestAlike(t *testing.T) {
	l, _, err := runner.NewCatalog(labs.FS, nil).Load("configuration")
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Params) == 0 {
		t.Fatal("the lab has no params any more: take another one")
	}
	dir := t.TempDir()
	var entries []Entry
	var students []class.Student
	hand := func(id string, own ...string) {
		own = append(own, "apiVersion: v1", "kind: Pod", "metadata:", "  name: app", "  labels: {everybody: writes-this}", "# as the lesson says", "# in three lines", "# that all have")
		p := filepath.Join(dir, id+".yaml")
		if err := os.WriteFile(p, []byte(strings.Join(own, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
		entries, students = append(entries, Entry{ID: id, Path: p}), append(students, class.Student{ID: id, Seed: id})
	}
	for i := range 40 {
		hand(fmt.Sprintf("s%02d", i), fmt.Sprintf("# the work of %d", i), fmt.Sprintf("# thought of at %d o'clock", i), fmt.Sprintf("# on day %d", i), fmt.Sprintf("# in mood %d", i))
	}
	copied := []string{"# I tried this with 7 cups of coffee", "# becuase it did not work before", "# so I took the other port", "# and now it does"}
	hand("xia", copied...)
	hand("yan", append([]string{"# my own line"}, copied...)...)
	pairs, _ := alike(l, students, entries)
	if len(pairs) != 1 || pairs[0].A != "xia" || pairs[0].B != "yan" || pairs[0].Share != 1 || !strings.Contains(strings.Join(pairs[0].Why, "\n"), "becuase") {
		t.Errorf("%+v", pairs)
	}

	// A value of somebody else's.
	var mine, theirs string
	for _, p := range l.Params {
		a, _ := l.For("s01")
		b, _ := l.For("s02")
		for i := range a.Params {
			if a.Params[i].Name == p.Name && a.Params[i].String() != b.Params[i].String() && len(b.Params[i].String()) >= 4 {
				mine, theirs = a.Params[i].String(), b.Params[i].String()
			}
		}
	}
	if theirs == "" {
		t.Fatal("the two have the same values: take other students")
	}
	two := entries[1:3]
	if err := os.WriteFile(two[0].Path, []byte("value: "+theirs+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, q := alike(l, students[1:3], two); len(q["s01"]) != 1 || !strings.Contains(q["s01"][0], "that s02 was given, and not "+mine) || len(q["s02"]) != 0 {
		t.Errorf("%q", q)
	}
	if err := os.WriteFile(two[0].Path, []byte("value: "+mine+" "+theirs+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, q := alike(l, students[1:3], two); len(q["s01"]) != 0 {
		t.Errorf("who has the own value, too: %q", q)
	}
}
