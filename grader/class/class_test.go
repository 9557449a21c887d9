package class_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"podlab.dev/podlab/grader/class"
	"podlab.dev/podlab/grader/class/classtest"
	"podlab.dev/podlab/grader/timeline"
)

func TestSummary(t *testing.T) {
	s := classtest.Sample().Summary()
	// 1, 10, 3.25 and 0 of 10, and 3 of the 5 points that could be judged.
	if s.Judged != 5 || s.Partly != 1 || fmt.Sprintf("%.3f %.3f", s.Mean, s.Median) != "0.405 0.325" {
		t.Errorf("judged %d, partly %d, mean %.3f, median %.3f", s.Judged, s.Partly, s.Mean, s.Median)
	}
	var got []string
	for _, k := range s.Hardest(3) {
		got = append(got, fmt.Sprintf("%s %d+%d+%d of %d, ?%d", k.ID, k.Passed, k.Failed, k.Blocked, k.Judged(), k.Errored))
	}
	if want := "liveness 1+3+0 of 4, ?0; restarts 1+1+1 of 3, ?1; ready 2+2+0 of 4, ?0"; strings.Join(got, "; ") != want {
		t.Errorf("the hardest are %s, want %s", strings.Join(got, "; "), want)
	}
	if s := classtest.Of(0).Summary(); s.Judged != 0 || s.Mean != 0 || len(s.Hardest(9)) != 0 {
		t.Errorf("a class of nobody: %+v", s)
	}
}

func TestShare(t *testing.T) {
	c := &class.Class{Points: 10}
	for _, x := range []struct {
		of   class.Student
		want string
	}{
		{class.Student{State: class.Graded, Score: 5}, "0.5 true"},
		{class.Student{State: class.Graded, Score: 6, Unjudged: 3}, "0.8571428571428571 true"},
		{class.Student{State: class.Graded, Score: -1}, "0 true"},
		{class.Student{State: class.Graded, Unjudged: 10}, "0 false"},
		{class.Student{State: class.Refused}, "0 true"},
		{class.Student{State: class.Errored}, "0 false"},
		{class.Student{State: class.Missing}, "0 false"},
	} {
		if got := fmt.Sprint(c.Share(&x.of)); got != x.want {
			t.Errorf("%+v: %s, want %s", x.of, got, x.want)
		}
	}
}

func TestPods(t *testing.T) {
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var entries []timeline.Entry
	add := func(after time.Duration, kind timeline.Kind, object string) {
		entries = append(entries, timeline.Entry{Seq: int64(len(entries) + 1), Time: began.Add(after), Kind: kind, Object: json.RawMessage(object)})
	}
	pod := func(uid, status string) string {
		return `{"kind":"Pod","metadata":{"name":"web","uid":"` + uid + `"},"status":` + status + `}`
	}
	add(0, timeline.Start, "")
	add(time.Second, timeline.Object, pod("a", `{"phase":"Pending"}`))
	add(2*time.Second, timeline.Object, pod("a", `{"phase":"Pending","message":"another one"}`))
	add(3*time.Second, timeline.Object, pod("a", `{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}`))
	add(4*time.Second, timeline.Object, pod("a", `{"phase":"Running","containerStatuses":[{"restartCount":2,"state":{"waiting":{"reason":"CrashLoopBackOff"}}}]}`))
	add(5*time.Second, timeline.Deleted, pod("a", `{}`))
	add(6*time.Second, timeline.Deleted, pod("never seen alive", `{}`))
	add(7*time.Second, timeline.Object, pod("b", `{"phase":"Running"}`))
	add(8*time.Second, timeline.Object, `{"kind":"Service","metadata":{"name":"web"}}`)
	add(9*time.Second, timeline.Clock, "")
	want := []class.Pod{
		{Name: "web", Spans: []class.Span{{From: 1, To: 3, Phase: "Pending"}, {From: 3, To: 4, Phase: "Ready"}, {From: 4, To: 5, Phase: "CrashLoopBackOff", Restarts: 2}}},
		{Name: "web", Spans: []class.Span{{From: 7, To: 9, Phase: "Running"}}},
	}
	if got := class.Pods(entries); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}
