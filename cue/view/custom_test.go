package view_test

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cuelang.org/go/cue/cuecontext"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"podlab.dev/podlab/cue/view"
	"podlab.dev/podlab/cue/want"
)

func read(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func queueKinds(t testing.TB) *view.Kinds {
	t.Helper()
	k, err := view.ReadCRDs(map[string][]byte{"queue.yaml": []byte(read(t, "queue.yaml"))})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

var queue = schema.GroupVersionKind{Group: "jobs.example.com", Version: "v1", Kind: "Queue"}

const queueHead = "{apiVersion: jobs.example.com/v1, kind: Queue, metadata: {name: q}, "

func TestOfCustom(t *testing.T) {
	k, nightly := queueKinds(t), read(t, "nightly.yaml")
	tests := []struct {
		name, object, path string // path elements are separated by |
		want               any    // nil: absent
	}{
		{"a worker by name", nightly, "spec|workers|store|image", "store:v1"},
		{"a key stays in its element", nightly, "spec|workers|store|name", "store"},
		{"an env by name", nightly, "spec|workers|fetch|env|MODE|value", "fast"},
		{"a condition by type", nightly, "status|conditions|Ready|reason", "AllThere"},
		{"several keys: a list", nightly, "spec|workers|fetch|ports", []any{map[string]any{"containerPort": int64(53), "protocol": "TCP"}, map[string]any{"containerPort": int64(53), "protocol": "UDP"}}},
		{"an atomic list", nightly, "spec|steps", []any{map[string]any{"name": "a"}, map[string]any{"name": "a"}}},
		{"by port", nightly, "spec|listeners|80|host", "a"},
		{"by port and protocol", nightly, "spec|listeners|53/UDP|port", int64(53)},
		{"by a named port: a list", nightly, "spec|routes", []any{map[string]any{"port": "http"}}},
		{"bytes", nightly, "spec|storage", int64(1536 << 20)},
		{"half a gigabyte", nightly, "spec|workers|fetch|resources|limits|memory", int64(1 << 29)},
		{"milli", nightly, "spec|workers|fetch|resources|limits|cpu", 0.7},
		{"a number of them", nightly, "spec|workers|fetch|resources|limits|example.com/gpu", int64(2)},
		{"a port by name", nightly, "spec|port", "http"},
		{"a port by number", queueHead + `spec: {port: 80}}`, "spec|port", int64(80)},
		{"no quantity", queueHead + `spec: {port: "80"}}`, "spec|port", "80"},
		{"a fraction", nightly, "spec|weight", 2.5},
		{"a whole one", queueHead + `spec: {weight: 2.0}}`, "spec|weight", int64(2)},
		{"a time", nightly, "status|conditions|Ready|lastTransitionTime", "2026-01-02T03:04:06Z"},
		{"null is absent", nightly, "status|conditions|Stalled", map[string]any{"type": "Stalled", "status": "False"}},
		{"null phase is absent", queueHead + `status: {phase: null}}`, "status", map[string]any{}},
		{"zero is there", nightly, "status|running", int64(0)},
		{"no zero is made", nightly, "spec|paused", nil},
		{"nor in an empty spec", queueHead + `spec: {}}`, "spec", map[string]any{}},
		{"nor a spec", queueHead + `}`, "spec", nil},
		{"an empty list", queueHead + `spec: {workers: [], steps: []}}`, "spec", map[string]any{"workers": map[string]any{}, "steps": []any{}}},
		{"free content", nightly, "spec|config", map[string]any{"workers": []any{map[string]any{"name": "a"}}, "memory": "1Gi"}},
		{"no schema", nightly, "spec|raw", []any{int64(1), map[string]any{"a": "b"}}},
		{"a free map", nightly, "spec|options", map[string]any{"a": []any{int64(1)}, "b": int64(2)}},
		{"pruned", queueHead + `spec: {nothing: {a: b}, spare: 1}}`, "spec", map[string]any{"nothing": map[string]any{}}},
		{"an embedded resource", nightly, "spec|claim", map[string]any{
			"apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": map[string]any{"storageClassName": "fast"},
			"metadata": map[string]any{"generation": int64(0), "labels": map[string]any{"a": "b"}},
		}},
		{"kind", nightly, "kind", "Queue"},
		{"labels", nightly, "metadata|labels|team", "data"},
		{"generation", nightly, "metadata|generation", int64(3)},
		{"generation as in other objects", queueHead + `}`, "metadata|generation", int64(0)},
		{"owners stay a list", nightly, "metadata|ownerReferences", []any{map[string]any{"apiVersion": "v1", "kind": "Node", "name": "a", "uid": "b"}}},
		{"no managed fields", nightly, "metadata|managedFields", nil},
		{"no metadata", `{apiVersion: jobs.example.com/v1, kind: Queue}`, "metadata", nil},
		{"another version", `{apiVersion: jobs.example.com/v1beta2, kind: Queue, spec: {workers: [{name: a}]}}`, "spec|workers", []any{map[string]any{"name": "a"}}},
		{"a version not served", `{apiVersion: jobs.example.com/v1alpha1, kind: Queue, spec: {workers: [{name: a}]}}`, "spec|workers", []any{map[string]any{"name": "a"}}},
		{"free as a whole", `{apiVersion: mesh.example.com/v2, kind: Service, metadata: {managedFields: []}, spec: {ports: [1]}}`, "spec|ports", []any{int64(1)}},
		{"a built-in kind", head + `spec: {containers: [{name: a, image: b}]}}`, "spec|containers|a|image", "b"},

		{"a string for a keyed list", queueHead + `spec: {workers: many}}`, "spec|workers", "many"},
		{"a struct for a keyed list", queueHead + `spec: {workers: {a: [null, 1.0]}}}`, "spec|workers", map[string]any{"a": []any{nil, int64(1)}}},
		{"an element without the key", queueHead + `spec: {workers: [{name: a}, {image: b}]}}`, "spec|workers", []any{map[string]any{"name": "a"}, map[string]any{"image": "b"}}},
		{"an element that is null", queueHead + `spec: {workers: [{name: a}, null]}}`, "spec|workers", []any{map[string]any{"name": "a"}, nil}},
		{"a key that is a list", queueHead + `spec: {workers: [{name: [a]}]}}`, "spec|workers", []any{map[string]any{"name": []any{"a"}}}},
		{"a list for a map", queueHead + `spec: {selector: [a]}}`, "spec|selector", []any{"a"}},
		{"a list for a struct", queueHead + `spec: [a]}`, "spec", []any{"a"}},
		{"a struct for a string", queueHead + `spec: {strategy: {a: null}}}`, "spec|strategy", map[string]any{}},
		{"a string for a number", queueHead + `spec: {weight: "5"}}`, "spec|weight", "5"},
		{"a bool for a quantity", queueHead + `spec: {storage: true}}`, "spec|storage", true},
		{"not a quantity", queueHead + `spec: {storage: lots}}`, "spec|storage", "lots"},
		{"a quantity without end", queueHead + `spec: {storage: "1e999999999"}}`, "spec|storage", "1e999999999"},
		{"one too small", queueHead + `spec: {storage: "1e-99999999"}}`, "spec|storage", "1e-99999999"},
		{"exa", queueHead + `spec: {storage: 1Ei}}`, "spec|storage", int64(1 << 60)},
		{"an exponent", queueHead + `spec: {storage: "1e3"}}`, "spec|storage", int64(1000)},
		{"metadata of another type", `{apiVersion: jobs.example.com/v1, kind: Queue, metadata: {generation: many, managedFields: []}}`, "metadata", map[string]any{"generation": "many"}},
		{"metadata that is a list", `{apiVersion: jobs.example.com/v1, kind: Queue, metadata: [1]}`, "metadata", []any{int64(1)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			obj := object(t, tt.object)
			before, start := obj.DeepCopy(), time.Now()
			v, err := k.Of(obj)
			if err != nil {
				t.Fatal(err)
			}
			if got := lookup(v, tt.path); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("%s is %#v, want %#v", tt.path, got, tt.want)
			}
			if !reflect.DeepEqual(obj, before) {
				t.Error("Of changed the object")
			}
			if took := time.Since(start); took > time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// An exponent that an API server lets through must not stop a grader either.
func TestOfLargeQuantity(t *testing.T) {
	start := time.Now()
	v, err := view.Of(object(t, head+`spec: {containers: [{name: w, resources: {limits: {memory: "1e999999999"}}}]}}`))
	if got := lookup(v, "spec|containers|w|resources|limits|memory"); err != nil || got != "1e999999999" {
		t.Errorf("got %v, %v", got, err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("took %v", took)
	}
}

func TestCustomWithoutCRD(t *testing.T) {
	var none *view.Kinds
	for _, k := range []*view.Kinds{none, {}} {
		v, err := k.Of(object(t, read(t, "nightly.yaml")))
		if got := lookup(v, "spec|storage"); err != nil || got != "1536Mi" || k.ShapeOf(queue) != nil {
			t.Errorf("got %v, %v, %v", got, err, k.ShapeOf(queue))
		}
	}
}

func TestDuplicatesCustom(t *testing.T) {
	got, err := queueKinds(t).Duplicates(object(t, queueHead+`spec: {workers: [{name: w, env: [{name: A}, {name: B}, {name: A}]}, {name: v}, {name: w}], listeners: [{port: 1}, {port: 1, protocol: UDP}]}}`))
	if want := []string{"spec.workers.w.env.A", "spec.workers.w"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestCustomShapes(t *testing.T) {
	root := queueKinds(t).ShapeOf(queue)
	for path, want := range map[string]struct {
		form view.Form
		key  string
	}{
		"kind": {view.String, ""}, "metadata|labels": {view.Map, ""}, "metadata|generation": {view.Int, ""},
		"spec": {view.Struct, ""}, "spec|replicas": {view.Int, ""}, "spec|paused": {view.Bool, ""}, "spec|weight": {view.Number, ""},
		"spec|strategy": {view.String, ""}, "spec|port": {view.IntOrString, ""}, "spec|storage": {view.Number, ""},
		"spec|selector": {view.Map, ""}, "spec|selector|*": {view.String, ""}, "spec|workers": {view.Keyed, "name"},
		"spec|workers|*|ports": {view.List, ""}, "spec|workers|*|resources|limits|*": {view.Number, ""},
		"spec|listeners": {view.Keyed, "port"}, "spec|routes": {view.List, ""}, "spec|steps": {view.List, ""},
		"spec|config": {view.Any, ""}, "spec|raw": {view.Any, ""}, "spec|options|*": {view.Any, ""}, "spec|nothing": {view.Struct, ""},
		"spec|claim|metadata|annotations": {view.Map, ""}, "spec|template|metadata": {view.Struct, ""},
		"status|conditions": {view.Keyed, "type"},
	} {
		s := *root
		for name := range strings.SplitSeq(path, "|") {
			if name == "*" {
				s = s.Elem()
				continue
			}
			i := slices.IndexFunc(s.Fields(), func(f view.Field) bool { return f.Name == name })
			if i < 0 {
				t.Fatalf("%s: no field %s", path, name)
			}
			if f := s.Fields()[i]; f.Kept && name != "generation" {
				t.Errorf("%s is kept", path)
			}
			s = s.Fields()[i].Shape
		}
		if s.Form != want.form || s.Key != want.key {
			t.Errorf("%s: form %v, key %q", path, s.Form, s.Key)
		}
	}
	if got := root.Name(); got != "Queue" {
		t.Errorf("the root is called %s", got)
	}
	if (&view.Shape{}).Name() != "" || (&view.Shape{}).Values() != nil {
		t.Error("a shape of anything has a name or values")
	}
}

func TestLintCustom(t *testing.T) {
	shape := queueKinds(t).ShapeOf(queue)
	tests := []struct{ want, lines string }{
		{`spec: replicaz!: 3`, `spec.replicaz: spec has no field replicaz; did you mean replicas?`},
		{`sepc!: _`, `sepc: Queue has no field sepc; did you mean spec?`},
		{`spec: workers: [string]: imag: string`, `spec.workers.imag: workers has no field imag; did you mean image?`},
		{`spec: workers: [{name: "a"}]`, `spec.workers: is a struct here, keyed by name, and not a list`},
		{`spec: workers: a: name: "b"`, `spec.workers.a.name: is "a", the key of its element, and so never "b"`},
		{`spec: workers: a: resources: limits: cpu: "100m"`, `spec.workers.a.resources.limits.cpu: is a number, not a string; write 0.1`},
		{`spec: storage: "1Gi"`, `spec.storage: is a number, not a string; write 1Gi`},
		{`spec: steps: a: _`, `spec.steps: is a list; write list.MatchN(>0, {…}) for some element of it`},
		{`spec: listeners: http: _`, `spec.listeners.http: ports have their number as the key, "8080", and for UDP "53/UDP"; "http" is neither`},
		{`spec: strategy: "LIFO"`, `spec.strategy: is never "LIFO"; did you mean "FIFO"?`},
		{`spec: paused: "true"`, `spec.paused: is a bool, not a string; write true`},
		{`spec: nothing: a: _`, `spec.nothing.a: nothing has no field a`},
		{`spec: template: metadata: labels: app: "a"`, `spec.template.metadata.labels: metadata has no field labels`},
		{`status: phase: "Runing"`, `status.phase: is never "Runing"; did you mean "Running"?`},
		{`status: conditions: Ready: status: true`, `status.conditions.Ready.status: is a string; write "true"`},
		{`metadata: label: app: "a"`, `metadata.label: ObjectMeta has no field label; did you mean labels?`},
		{`metadata: labels: app: 1`, `metadata.labels.app: is a string; write "1"`},

		{`spec: {paused?: _|_, replicas?: _|_}`, ``},
		{`spec: {port: 80 | "http", storage: <=2Gi, strategy: "", raw: a: b: 1, config: x: [1], options: y: {}}`, ``},
		{`spec: workers: a: {image: =~"^a", ports: [...{protocol: "UDP"}]}, spec: listeners: "53/UDP": host: "a"`, ``},
		{`spec: claim: metadata: labels: a: "b", status: conditions: Ready: status: "True"`, ``},
	}
	for _, tt := range tests {
		v := cuecontext.New().CompileString(tt.want)
		if err := v.Err(); err != nil && !strings.Contains(tt.want, "_|_") {
			t.Fatalf("%s: %v", tt.want, err)
		}
		var got []string
		for _, f := range want.Lint(v, shape) {
			got = append(got, f.Path+": "+f.Msg)
		}
		if text := strings.Join(got, "\n"); text != tt.lines {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.want, text, tt.lines)
		}
	}
}

// What a view shows, lint lets an author want.
func TestLintTakesTheView(t *testing.T) {
	k := queueKinds(t)
	v, err := k.Of(object(t, read(t, "nightly.yaml")))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range want.Lint(cuecontext.New().Encode(v), k.ShapeOf(queue)) {
		t.Errorf("%s %s", f.Path, f.Msg)
	}
}

func FuzzCustom(f *testing.F) {
	queues, nightly := read(f, "queue.yaml"), read(f, "nightly.yaml")
	asJSON := func(src string) []byte {
		data, err := object(f, src).MarshalJSON()
		if err != nil {
			f.Fatal(err)
		}
		return data
	}
	f.Add([]byte(queues), asJSON(nightly))
	f.Add([]byte(queues), asJSON(queueHead+`spec: {workers: [{name: [a]}], selector: [a], storage: "1e9999999"}, status: 1}`))
	f.Add([]byte(queues), asJSON(queueHead+`spec: {listeners: [{port: 1.5}, {port: 1e99}], claim: {metadata: [1]}}}`))
	f.Add([]byte(crd(`{type: object, properties: {spec: `+strings.Repeat(`{type: array, items: `, 100)+`{}`+strings.Repeat(`}`, 101)+`}`)), []byte(`{"apiVersion":"a.io/v1","kind":"A","spec":[[[[null]]]]}`))
	f.Add([]byte(crd(`{type: object, properties: {spec: {type: object, additionalProperties: {type: integer}}}}`)), []byte(`{"apiVersion":"a.io/v1","kind":"A","spec":{"a":"b","c":null}}`))
	f.Add([]byte("--- {}\n---\n- a"), []byte(`{"apiVersion":"a.io/v1","kind":"A"}`))
	f.Fuzz(func(t *testing.T, crds, data []byte) {
		k, err := view.ReadCRDs(map[string][]byte{"crd.yaml": crds})
		if err != nil {
			if text := err.Error(); !strings.HasPrefix(text, "crd.yaml: ") || strings.Contains(text, "\n") {
				t.Errorf("error %q", text)
			}
			return
		}
		obj := &unstructured.Unstructured{}
		if json.Unmarshal(data, &obj.Object) != nil || obj.Object == nil {
			t.Skip()
		}
		before := obj.DeepCopy()
		v, err := k.Of(obj)
		if err != nil {
			if k.ShapeOf(obj.GroupVersionKind()) == view.ShapeOf(obj.GroupVersionKind()) {
				t.Errorf("no view of a custom resource: %v", err)
			}
			return
		}
		if _, err := json.Marshal(v); err != nil {
			t.Error(err)
		}
		if !reflect.DeepEqual(obj, before) {
			t.Error("Of changed the object")
		}
	})
}
