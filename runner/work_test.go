package runner

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/timeline"
)

// A front end that takes its time holds nothing up, gets everything in order, and
// of reports only the last.
func TestSlowFrontEnds(t *testing.T) {
	store, l := NewStore(t.TempDir()), testLab(t, nil)
	x, err := store.Open("test", "test", l)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	release, first := make(chan struct{}), true
	failed := errors.New("no cluster")
	var w *Work
	w = x.Begin(func(_ context.Context, _ *Session, progress func(cluster.Event)) (bool, error) {
		progress(cluster.Event{Message: "one"})
		for i := range 3 {
			w.tell(Graded{grader.Report{Entries: int64(i)}})
		}
		w.tell(Recorded{[]timeline.Entry{{Seq: 1}}})
		w.tell(Recorded{[]timeline.Entry{{Seq: 2}, {Seq: 3}}})
		w.tell(Graded{grader.Report{Entries: 9}})
		close(release) // only now the front end goes on
		return false, failed
	}, func(e Event) {
		if first {
			<-release
			first = false
		}
		switch e := e.(type) {
		case Progress:
			got = append(got, e.Message)
		case Graded:
			got = append(got, fmt.Sprint("report ", e.Entries))
		case Recorded:
			for _, e := range e.Entries {
				got = append(got, fmt.Sprint("entry ", e.Seq))
			}
		}
	})
	if err := w.Run(t.Context()); !errors.Is(err, failed) {
		t.Errorf("it ended with %v", err)
	}
	want := []string{"one", "report 2", "entry 1", "entry 2", "entry 3", "report 9"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("told %q, want %q", got, want)
	}
}
