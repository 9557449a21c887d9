package batch

import (
	"os"
	"strings"
	"testing"

	"podlab.dev/podlab/grader/class"
)

// What was added is there after a crash in the middle of a line, and once.
func TestJournal(t *testing.T) {
	dir := t.TempDir()
	h := head{journalFormat, "probes", "sha256:1"}
	j, done, err := openJournal(dir, h)
	if err != nil || len(done) != 0 {
		t.Fatal(done, err)
	}
	for _, s := range []class.Student{{ID: "ada", State: class.Errored}, {ID: "bob", State: class.Graded}, {ID: "ada", State: class.Graded, Earned: 3}} {
		if err := j.add(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(journalIn(dir))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(whole), "\n")
	last := lines[len(lines)-2]
	before := len(whole) - len(last)
	for cut := before; cut <= len(whole); cut++ {
		if err := os.WriteFile(journalIn(dir), whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		j, done, err := openJournal(dir, h)
		if err != nil {
			t.Fatalf("cut after %d of %d: %v", cut, len(whole), err)
		}
		want := class.Errored
		if cut == len(whole) {
			want = class.Graded
		}
		if len(done) != 2 || done["ada"].State != want {
			t.Errorf("cut after %d of %d: %+v", cut, len(whole), done)
		}
		if err := j.add(class.Student{ID: "cyd"}); err != nil {
			t.Fatal(err)
		}
		_ = j.close()
		if j, done, err = openJournal(dir, h); err != nil || len(done) != 3 {
			t.Errorf("cut after %d of %d, and gone on: %+v, %v", cut, len(whole), done, err)
		}
		_ = j.close()
	}
	for says, other := range map[string]head{"something else": {journalFormat, "first-pod", "sha256:1"}, "has changed": {journalFormat, "probes", "sha256:2"}} {
		if _, _, err := openJournal(dir, other); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v", other, err)
		}
	}
}
