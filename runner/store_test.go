package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader"
)

// Two processes that change one session must not lose each other's changes.
func TestUpdatesOfManyAreAllKept(t *testing.T) {
	store, l := NewStore(t.TempDir()), testLab(t, nil)
	const processes, each = 8, 10
	var wg sync.WaitGroup
	for p := range processes {
		wg.Go(func() {
			x, err := store.Open("test", "test", l)
			if err != nil {
				t.Error(err)
				return
			}
			for i := range each {
				if err := x.Update(func(st *State) {
					if st.Hints == nil {
						st.Hints = map[string][]int{}
					}
					st.Hints[fmt.Sprintf("%d-%d", p, i)] = []int{1}
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	states, err := store.States()
	if err != nil || len(states) != 1 || len(states[0].Hints) != processes*each {
		t.Errorf("%d sessions, %v", len(states), err)
	}
}

func TestASessionIsFoundAgain(t *testing.T) {
	dir := t.TempDir()
	store, l := NewStore(dir), testLab(t, nil)
	catalog := NewCatalog(fstest.MapFS{"test/lab.cue": {Data: []byte("x")}}, nil)
	var none *NoSessionError
	if _, err := store.Find("", catalog); !errors.As(err, &none) {
		t.Errorf("nothing was started: %v", err)
	}
	x, err := store.Open("test", "test", l)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []bool{true, false} {
		if moved, err := x.Turn(1); moved != want || err != nil {
			t.Errorf("turned: %v, %v; the lab has two pages", moved, err)
		}
	}
	again, err := NewStore(dir).Open("test", "test", l)
	if err != nil || again.State.Page != 1 || again.State.Started != x.State.Started {
		t.Errorf("resumed on page %d: %v", again.State.Page, err)
	}
	var unknown *lab.UnknownError
	if _, err := store.Find("tets", catalog); !errors.As(err, &unknown) || unknown.Nearest != "test" {
		t.Errorf("a lab that is not there: %v", err)
	}
}

func TestOnlyOneProcessRecords(t *testing.T) {
	store, l := NewStore(t.TempDir()), testLab(t, nil)
	first, _ := store.Open("test", "test", l)
	second, err := store.Open("test", "test", l)
	if err != nil {
		t.Fatal(err)
	}
	unlock, err := first.lock()
	if err != nil {
		t.Fatal(err)
	}
	var busy *BusyError
	if err := second.Free(); !errors.As(err, &busy) {
		t.Errorf("the second got %v", err)
	}
	unlock()
	if err := second.Free(); err != nil {
		t.Errorf("after the first has left: %v", err)
	}
}

func TestHintsGoStepByStep(t *testing.T) {
	store, l := NewStore(t.TempDir()), testLab(t, fstest.MapFS{"lab.cue": {Data: []byte(`
schema: "v1", title: "T", summary: "S", minutes: 1
steps: [{id: "one"}, {id: "two", checks: [
	{id: "c", title: "t", why: "w", object: {kind: "Pod", name: "p"}, gone: true, hints: ["first", "second"]},
	{id: "d", title: "t", why: "w", object: {kind: "Pod", name: "q"}, gone: true, hints: ["other"]},
	{id: "e", title: "t", why: "w", object: {kind: "Pod", name: "r"}, gone: true, hints: ["not yet"]},
]}]
mistakes: wrong: {fails: "c", belief: "b"}
`)}})
	x, err := store.Open("test", "test", l)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Turn(1); err != nil {
		t.Fatal(err)
	}
	r := grader.Report{Results: []grader.Result{
		{Check: "c", Step: "two", Verdict: grader.Pending, Hints: []int{0, 1}},
		{Check: "d", Step: "two", Verdict: grader.Pending, Hints: []int{0}},
		{Check: "e", Step: "two", Verdict: grader.Blocked, Hints: []int{0}},
	}}
	for i, want := range []string{"first", "second", "other", "second"} {
		if h, ok, err := x.Hint(r); !ok || err != nil || h.Text != want {
			t.Errorf("hint %d is %q, %v, %v", i+1, h.Text, ok, err)
		}
	}
	// What was given stays true of the object only as long as its state is the same.
	r.Results[0].Hints = []int{0}
	if h, _, _ := x.Hint(r); h.Text != "first" || h.Number != 1 || h.Of != 2 {
		t.Errorf("of an object for which only the first is meant, hint %d of %d is %q", h.Number, h.Of, h.Text)
	}
	r.Results[0].Verdict, r.Results[1].Verdict = grader.Passed, grader.Passed
	if h, ok, _ := x.Hint(r); ok {
		t.Errorf("a check that passed gave the hint %q", h.Text)
	}
}

func TestLeftoversAreKilledDemos(t *testing.T) {
	store, l := NewStore(t.TempDir()), testLab(t, nil)
	if _, err := store.Open("test", "test", l); err != nil {
		t.Fatal(err)
	}
	playing, err := store.OpenDemo("test", "test", l, "")
	if err != nil {
		t.Fatal(err)
	}
	unlock, err := playing.lock()
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	killed, err := store.OpenDemo("test", "test", l, "")
	if err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	for _, x := range []*Session{playing, killed} {
		state := fmt.Sprintf(`{"key": %q, "namespace": %q, "touched": %q}`, x.Key, x.Key, old)
		if err := os.WriteFile(filepath.Join(store.session(x.Key), "session.json"), []byte(state), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	left := store.Leftovers()
	if len(left) != 1 || left[0].Key != killed.Key {
		t.Errorf("%d leftovers", len(left))
	}
	if states, _ := store.States(); len(states) != 1 {
		t.Errorf("%d sessions of the learner, want 1: demos are not theirs", len(states))
	}
}

// Shells that open at the same moment, of one session and of others, all find
// kubectl.
func TestManyShellsOpenAtOnce(t *testing.T) {
	store, l := NewStore(t.TempDir()), testLab(t, nil)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			x, err := store.Open(fmt.Sprintf("test%d", i%2), "test", l)
			if err != nil {
				t.Error(err)
				return
			}
			podlab := fmt.Sprintf("/bin/podlab%d", i)
			if _, err := x.Environ(podlab); err != nil {
				t.Error(err)
			}
			if to, err := os.Readlink(filepath.Join(x.bin(), "kubectl")); err != nil || filepath.Dir(to) != "/bin" {
				t.Errorf("kubectl is %q, %v", to, err)
			}
		})
	}
	wg.Wait()
	for i := range 2 {
		if left, _ := filepath.Glob(filepath.Join(store.session(fmt.Sprintf("test%d", i)), "bin", "*.*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

func TestTheSeedOfASessionStays(t *testing.T) {
	store, l := NewStore(t.TempDir()), testLab(t, nil)
	x, err := store.OpenSeeded("test", "test", l, "student-7")
	if err != nil || x.State.Seed != "student-7" {
		t.Fatalf("seed %q, %v", x.State.Seed, err)
	}
	if x, err = store.Open("test", "test", l); err != nil || x.State.Seed != "student-7" {
		t.Errorf("opened again: seed %q, %v", x.State.Seed, err)
	}
	var other *SeedError
	if _, err := store.OpenSeeded("test", "test", l, "student-8"); !errors.As(err, &other) {
		t.Errorf("another seed: %v", err)
	}
	first, err := store.Open("other", "test", l)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := store.Open("third", "test", l); err != nil || second.State.Seed == first.State.Seed {
		t.Errorf("two learners have the seed %q, %v", first.State.Seed, err)
	}
}

// A page that is turned in one process is turned in the others, with the kernel's
// watches or without.
func TestFollow(t *testing.T) {
	store, l := NewStore(t.TempDir()), testLab(t, nil)
	x, err := store.Open("test", "test", l)
	if err != nil {
		t.Fatal(err)
	}
	other, err := store.Open("test", "test", l)
	if err != nil {
		t.Fatal(err)
	}
	for name, follow := range map[string]func(context.Context, func(State)) error{"watching": x.Follow, "polling": x.poll} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			pages, ended := make(chan int, 100), make(chan error, 1)
			follow := func() { go func() { ended <- follow(ctx, func(st State) { pages <- st.Page }) }() }
			for i, want := range []int{1, 0, 1, 0} {
				if _, err := other.Turn(2*want - 1); err != nil {
					t.Fatal(err)
				}
				if i == 0 { // the first one was turned right before
					follow()
				}
				for late := time.After(10 * time.Second); ; {
					select {
					case page := <-pages:
						if page != want {
							continue
						}
					case <-late:
						t.Fatalf("nobody heard of page %d", want)
					}
					break
				}
			}
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}
