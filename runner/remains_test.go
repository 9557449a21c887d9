package runner

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/timeline"
)

const remainsCUE = `schema: "v1", title: "T", summary: "S", minutes: 1
steps: [{id: "a", setup: {manifests: ["a.yaml"], symptoms: [{title: "t", object: {kind: "ConfigMap", name: "brought"}, want: data: a: "b"}]}, checks: [
	{id: "one", title: "t", why: "w", object: {kind: "Pod", name: "p"}, want: status: phase: "Running"},
	{id: "two", title: "t", why: "w", object: {kind: "Secret", name: "s"}, want: data: k: "czNjcjN0"}]},
	{id: "b", checks: [
	{id: "three", title: "t", why: "w", object: {kind: "Pod", name: "p"}, want: metadata: labels: x: "y"},
	{id: "six", title: "t", why: "w", object: {kind: "ConfigMap", name: "brought"}, want: data: a: "c"},
	{id: "four", title: "t", why: "w", http: {service: "web", port: 80}, want: status: 200},
	{id: "five", title: "t", why: "w", object: {kind: "Node", name: "n"}, want: metadata: labels: x: "y"}]}]`

func remainsLab(t *testing.T) *lab.Lab {
	t.Helper()
	l, err := lab.Load(fstest.MapFS{"lab.cue": {Data: []byte(remainsCUE)}, "01-a.md": {}, "02-b.md": {},
		"a.yaml": {Data: []byte("{apiVersion: v1, kind: ConfigMap, metadata: {name: brought}, data: {a: b}}")}}, "test")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func origin(namespace string) timeline.Entry {
	return timeline.Entry{Kind: timeline.Start, Origin: &timeline.Origin{Cluster: "c", Namespace: namespace}}
}

// state is an entry about an object, whose metadata and rest are JSON.
func state(kind timeline.Kind, what, name, second, metadata, rest string) timeline.Entry {
	version, kindName, _ := strings.Cut(what, " ")
	return timeline.Entry{Kind: kind, Object: json.RawMessage(fmt.Sprintf(
		`{"apiVersion":%q,"kind":%q,"metadata":{"name":%q,"namespace":"lab","uid":"u-%[3]s","resourceVersion":"7","generation":3,"creationTimestamp":"2026-01-01T00:00:%sZ"%s}%s}`,
		version, kindName, name, second, metadata, rest))}
}

func names(r Remains) string { return strings.Join(r.Names(), ", ") }

// What is made anew is what the learner had made, as it was at the end, in order.
func TestRemains(t *testing.T) {
	const object = timeline.Object
	sealed := func(value string) string {
		return fmt.Sprintf(`,"data":{"k":%q}`, timeline.Seal("n1", base64.StdEncoding.EncodeToString([]byte(value))))
	}
	r := remainsOf(remainsLab(t), []timeline.Entry{
		origin("n1"), {Kind: timeline.Synced, Of: "Pod"},
		state(object, "apps/v1 Deployment", "web", "05", `,"annotations":{"deployment.kubernetes.io/revision":"2","mine":"x"}`, `,"spec":{"replicas":1},"status":{"replicas":1}`),
		state(object, "apps/v1 Deployment", "web", "05", "", `,"spec":{"replicas":2},"status":{"replicas":1}`),
		state(object, "apps/v1 ReplicaSet", "web-1", "05", `,"ownerReferences":[{"kind":"Deployment","name":"web","uid":"u-web","controller":true}]`, ""),
		state(object, "v1 Pod", "p", "03", `,"finalizers":["kubernetes.io/x","example.com/mine"]`,
			`,"spec":{"nodeName":"n","volumes":[{"name":"kube-api-access-abc"},{"name":"own"}],"containers":[{"name":"c","volumeMounts":[{"name":"kube-api-access-abc"}]}]},"status":{"phase":"Running"}`),
		state(object, "v1 Pod", "deleted", "03", "", ""), state(timeline.Deleted, "v1 Pod", "deleted", "03", "", ""),
		state(object, "v1 Pod", "leaving", "03", `,"deletionTimestamp":"2026-01-01T00:00:09Z"`, ""),
		state(object, "v1 Service", "web", "05", "", `,"spec":{"clusterIP":"10.0.0.1","clusterIPs":["10.0.0.1"],"ports":[{"port":80}]}`),
		state(object, "v1 Service", "headless", "05", "", `,"spec":{"clusterIP":"None"}`),
		state(object, "v1 PersistentVolumeClaim", "data", "04", `,"annotations":{"pv.kubernetes.io/bind-completed":"yes"}`, `,"spec":{"volumeName":"pv"}`),
		state(object, "batch/v1 Job", "j", "06", `,"labels":{"job-name":"j","mine":"x"}`, `,"spec":{"selector":{"matchLabels":{"controller-uid":"1"}},"template":{"metadata":{"labels":{"controller-uid":"1","app":"j"}}}}`),
		state(object, "v1 Secret", "s", "04", "", sealed("s3cr3t")), // the lab names it
		state(object, "v1 Secret", "other", "04", "", sealed("mine")),
		state(object, "v1 ConfigMap", "kube-root-ca.crt", "01", "", ""),
		state(object, "v1 ConfigMap", "kept", "02", `,"ownerReferences":[{"kind":"Pod","name":"p","uid":"u-p"}]`, ""),
		state(object, "v1 Event", "e", "02", "", ""),
		{Kind: object, Object: json.RawMessage(`{"apiVersion":"v1","kind":"Node","metadata":{"name":"n","uid":"n"}}`)},
	}, true)
	if got, want := names(r), "Pod p, PersistentVolumeClaim data, Secret s, Deployment web, Service headless, Service web, Job j"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	var left []string
	for _, l := range r.Left {
		left = append(left, l.String()+": "+l.Why)
	}
	if got := strings.Join(left, "; "); got != "ConfigMap kept: it belonged to Pod p, which is another one now; Secret other: values of Secrets are not in the record; make it again" {
		t.Errorf("left: %s", got)
	}
	want := map[string]string{
		"Pod p":                      `{"apiVersion":"v1","kind":"Pod","metadata":{"finalizers":["example.com/mine"],"name":"p","namespace":"lab"},"spec":{"containers":[{"name":"c"}],"volumes":[{"name":"own"}]}}`,
		"PersistentVolumeClaim data": `{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"data","namespace":"lab"},"spec":{}}`,
		"Secret s":                   `{"apiVersion":"v1","data":{"k":"czNjcjN0"},"kind":"Secret","metadata":{"name":"s","namespace":"lab"}}`,
		"Deployment web":             `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"lab"},"spec":{"replicas":2}}`,
		"Service web":                `{"apiVersion":"v1","kind":"Service","metadata":{"name":"web","namespace":"lab"},"spec":{"ports":[{"port":80}]}}`,
		"Service headless":           `{"apiVersion":"v1","kind":"Service","metadata":{"name":"headless","namespace":"lab"},"spec":{"clusterIP":"None"}}`,
		"Job j":                      `{"apiVersion":"batch/v1","kind":"Job","metadata":{"labels":{"mine":"x"},"name":"j","namespace":"lab"},"spec":{"template":{"metadata":{"labels":{"app":"j"}}}}}`,
	}
	for _, obj := range r.Objects {
		raw, err := obj.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(string(raw)); got != want[nameOf(obj).String()] {
			t.Errorf("%s is\n%s\nwant\n%s", nameOf(obj), got, want[nameOf(obj).String()])
		}
	}
	pod := func(name string) timeline.Name { return timeline.Name{APIVersion: "v1", Kind: "Pod", Name: name} }
	if !r.gone(pod("deleted")) || r.gone(pod("p")) || r.gone(timeline.Name{APIVersion: "v1", Kind: "ConfigMap", Name: "x"}) {
		t.Error("what was deleted is not told from what was not recorded")
	}
}

// The remains are those of the last namespace in which the learner had made
// something.
func TestRemainsOfWhich(t *testing.T) {
	all := func(r Remains) string {
		var out []string
		for _, obj := range r.Objects {
			out = append(out, nameOf(obj).String())
		}
		return strings.Join(out, ", ")
	}
	pod := func(name string) timeline.Entry { return state(timeline.Object, "v1 Pod", name, "01", "", "") }
	brought := state(timeline.Object, "v1 ConfigMap", "brought", "01", "", "")
	for want, entries := range map[string][]timeline.Entry{
		"":                         {origin("n1")},
		"ConfigMap brought":        {origin("n1"), brought, origin("n2")},
		"Pod a":                    {origin("n1"), pod("a"), origin("n2"), pod("c")},
		"ConfigMap brought, Pod b": {origin("n1"), pod("a"), origin("n2"), brought, pod("b"), origin("n3")},
		"Pod x":                    {origin("n1"), pod("x"), origin("n2"), brought, origin("n3")},
		"Pod y":                    {origin("n1"), pod("y"), origin("n1"), origin("n2")},
	} {
		r := remainsOf(remainsLab(t), entries, false)
		if got := all(r); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if got, want := names(r), strings.TrimPrefix(strings.TrimPrefix(want, "ConfigMap brought"), ", "); got != want {
			t.Errorf("the learner's are %q, want %q", got, want)
		}
	}
	if got := names(remainsOf(remainsLab(t), []timeline.Entry{origin("n1"), brought, brought, origin("n2")}, false)); got != "ConfigMap brought" {
		t.Errorf("what a page brought and the learner changed: %q", got)
	}
	if got := names(remainsOf(remainsLab(t), []timeline.Entry{origin("n1"), pod("a"), {Kind: timeline.Reset}, origin("n2")}, false)); got != "" {
		t.Errorf("after a reset: %q", got)
	}
}

// A step that is begun anew takes what is its own, and nothing of earlier pages.
func TestRedoTakesWhatIsThePages(t *testing.T) {
	x, err := NewStore(t.TempDir()).Open("test", "test", remainsLab(t))
	if err != nil {
		t.Fatal(err)
	}
	for step, want := range map[string]string{"a": "ConfigMap brought, Pod p, Secret s", "b": "ConfigMap brought, Service web"} {
		got, err := x.Belongings(step)
		if err != nil || strings.Join(got, ", ") != want {
			t.Errorf("step %s: %v, %v; want %s", step, got, err, want)
		}
	}
	if err := x.Redo("c"); err == nil || err.Error() != `there is no step "c" in this lab` {
		t.Errorf("step c: %v", err)
	}
	if err := x.Update(func(st *State) { st.Hints = map[string][]int{"one": {0}, "four": {0}} }); err != nil {
		t.Fatal(err)
	}
	if err := x.Redo("a"); err != nil {
		t.Fatal(err)
	}
	if len(x.State.Redone) != 1 || x.State.Hints["one"] != nil || x.State.Hints["four"] == nil {
		t.Errorf("%+v", x.State)
	}
}
