package runner

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"podlab.dev/podlab/grader/timeline"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// seen is an entry about an object, some seconds after noon.
func seen(t *testing.T, seconds int, kind timeline.Kind, object string) timeline.Entry {
	t.Helper()
	if object != "" && !json.Valid([]byte(object)) {
		t.Fatalf("no JSON: %s", object)
	}
	return timeline.Entry{Time: noon.Add(time.Duration(seconds) * time.Second), Kind: kind, Object: json.RawMessage(object)}
}

func podOf(uid, rest string) string {
	return fmt.Sprintf(`{"kind": "Pod", "metadata": {"name": "web", "uid": %q%s`, uid, rest)
}

func TestPhases(t *testing.T) {
	const waiting = `}, "spec": {"nodeName": "n"}, "status": {"phase": %q, "containerStatuses": [{"restartCount": 2, "state": {"waiting": {"reason": %q}}}]}}`
	const first = `}, "spec": {"nodeName": "n", "initContainers": [{"name": "a"}, {"name": "b", "restartPolicy": "Always"}]},
		"status": {"phase": "Pending", "initContainerStatuses": [{"name": "a", "state": %s}, {"name": "b", "started": %s, "state": {"running": {}}}]}}`
	const done = `{"terminated": {"exitCode": 0, "reason": "Completed"}}`
	for _, test := range []struct {
		pod   string
		phase Phase
		state string
	}{
		{`}, "status": {"phase": "Pending"}}`, Pending, "Pending"},
		{`}, "spec": {"nodeName": "n"}, "status": {"phase": "Pending"}}`, Creating, "ContainerCreating"},
		{fmt.Sprintf(waiting, "Pending", "ContainerCreating"), Creating, "ContainerCreating"},
		{fmt.Sprintf(waiting, "Pending", "ErrImagePull"), Failing, "ErrImagePull"},
		{fmt.Sprintf(waiting, "Running", "CrashLoopBackOff"), Failing, "CrashLoopBackOff"},
		{`}, "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}}`, NotReady, "Running, not ready"},
		{`}, "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}`, Running, "Running"},
		{`}, "status": {"phase": "Running", "containerStatuses": [{"state": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}]}}`, Failing, "OOMKilled"},
		{fmt.Sprintf(first, `{"waiting": {"reason": "PodInitializing"}}`, "false"), Creating, "Init:0/2"},
		{fmt.Sprintf(first, `{"running": {}}`, "false"), Creating, "Init:0/2"},
		{fmt.Sprintf(first, `{"terminated": {"exitCode": 1, "reason": "Error"}}`, "false"), Failing, "Init:Error"},
		{fmt.Sprintf(first, `{"waiting": {"reason": "CrashLoopBackOff"}}`, "false"), Failing, "Init:CrashLoopBackOff"},
		{fmt.Sprintf(first, done, "false"), Creating, "Init:1/2"},
		{fmt.Sprintf(first, done, "true"), Creating, "ContainerCreating"},
		{`}, "status": {"phase": "Succeeded"}}`, Succeeded, "Completed"},
		{`}, "status": {"phase": "Failed", "reason": "Evicted"}}`, Failing, "Evicted"},
		{`}, "status": {"phase": "Failed", "containerStatuses": [{"state": {"terminated": {"exitCode": 1, "reason": "Error"}}}]}}`, Failing, "Error"},
		{`, "deletionTimestamp": "2026-01-02T12:00:00Z"}, "status": {"phase": "Running"}}`, Terminating, "Terminating"},
	} {
		var s Scene
		if !s.Observe([]timeline.Entry{seen(t, 0, timeline.Object, podOf("1", test.pod))}) {
			t.Errorf("%s: nothing is to be seen", test.pod)
			continue
		}
		if p := s.Pods(noon)[0]; p.Now() != test.phase || p.State != test.state {
			t.Errorf("%s: %c %q, want %c %q", test.pod, p.Now(), p.State, test.phase, test.state)
		}
	}
}

func TestScene(t *testing.T) {
	const running, failing = `}, "status": {"phase": "Running"}}`, `}, "status": {"phase": "Failed"}}`
	var s Scene
	start := seen(t, 0, timeline.Start, "")
	start.Origin = &timeline.Origin{Cluster: "c", Namespace: "n"}
	s.Observe([]timeline.Entry{
		start,
		seen(t, 1, timeline.Object, podOf("1", running)),
		seen(t, 11, timeline.Object, podOf("1", failing)),
		seen(t, 12, timeline.Object, podOf("1", running)),
		seen(t, 20, timeline.Object, podOf("2", running)),
		seen(t, 21, timeline.Object, `{"kind": "Event", "involvedObject": {"kind": "Pod", "name": "web"}, "reason": "Killing", "message": "m"}`),
		seen(t, 22, timeline.Object, `{"kind": "Service"}`),
		seen(t, 30, timeline.Deleted, podOf("1", running)),
		seen(t, 31, timeline.Deleted, podOf("7", running)),
	})
	pods := s.Pods(noon.Add(20 * time.Second))
	if len(pods) != 2 || pods[0].UID != "1" || pods[0].Now() != Absent {
		t.Fatalf("%+v", pods)
	}
	past := ""
	for at := 0; at < 40; at += 5 {
		past += string(rune(pods[0].During(noon.Add(time.Duration(at)*time.Second), noon.Add(time.Duration(at+5)*time.Second))))
	}
	if past != "RR!RRR.." {
		t.Errorf("its past is %s", past)
	}
	if pods := s.Pods(noon.Add(40 * time.Second)); len(pods) != 1 {
		t.Errorf("later there are %d", len(pods))
	}
	if events := s.Events(5); len(events) != 1 || events[0].Object != "web" || events[0].Reason != "Killing" {
		t.Errorf("%+v", events)
	}

	gap := seen(t, 40, timeline.Gap, "")
	gap.Of, gap.Reason = "Pod", "connection refused"
	s.Observe([]timeline.Entry{gap})
	if since, reason := s.Blind(); !since.Equal(gap.Time) || reason != "connection refused" {
		t.Errorf("blind since %v: %s", since, reason)
	}
	resumed := gap
	resumed.Kind = timeline.Resumed
	s.Observe([]timeline.Entry{resumed})
	if _, reason := s.Blind(); reason != "" {
		t.Errorf("still blind: %s", reason)
	}

	again := start // the same namespace: podlab was started again
	s.Observe([]timeline.Entry{again})
	if len(s.Pods(noon.Add(40*time.Second))) != 1 {
		t.Error("the past is forgotten")
	}
	other := start
	other.Origin = &timeline.Origin{Cluster: "c", Namespace: "another"}
	s.Observe([]timeline.Entry{other})
	if len(s.Pods(noon)) != 0 || len(s.Events(5)) != 0 {
		t.Error("another namespace has the Pods of the last one")
	}
}
