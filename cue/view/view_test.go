package view_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"

	"podlab.dev/podlab/cue/view"
)

func object(t testing.TB, src string) *unstructured.Unstructured {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	obj := &unstructured.Unstructured{}
	if err := obj.UnmarshalJSON(data); err != nil {
		t.Fatal(err)
	}
	return obj
}

const head = "{apiVersion: v1, kind: Pod, metadata: {name: p}, "

func TestOf(t *testing.T) {
	tests := []struct {
		name, object, path string // path elements are separated by |
		want               any    // nil: absent
	}{
		{"a container by name", head + `spec: {containers: [{name: a}, {name: web, image: nginx}]}}`, "spec|containers|web|image", "nginx"},
		{"a status by name", head + `status: {containerStatuses: [{name: web, restartCount: 2}]}}`, "status|containerStatuses|web|restartCount", int64(2)},
		{"an init status by name", head + `status: {initContainerStatuses: [{name: i, ready: true}]}}`, "status|initContainerStatuses|i|ready", true},
		{"an ephemeral status by name", head + `status: {ephemeralContainerStatuses: [{name: d}]}}`, "status|ephemeralContainerStatuses|d|restartCount", int64(0)},
		{"an ephemeral container", head + `spec: {ephemeralContainers: [{name: d, image: b}]}}`, "spec|ephemeralContainers|d|image", "b"},
		{"a condition by type", head + `status: {conditions: [{type: Ready, status: "True"}]}}`, "status|conditions|Ready|status", "True"},
		{"null is absent", head + `status: {conditions: [{type: Ready, lastProbeTime: null}]}}`, "status|conditions|Ready|lastProbeTime", nil},
		{"TCP port", head + `spec: {containers: [{name: w, ports: [{containerPort: 53}, {containerPort: 53, protocol: UDP}]}]}}`, "spec|containers|w|ports|53|containerPort", int64(53)},
		{"UDP port", head + `spec: {containers: [{name: w, ports: [{containerPort: 53}, {containerPort: 53, protocol: UDP}]}]}}`, "spec|containers|w|ports|53/UDP|protocol", "UDP"},
		{"the last env", head + `spec: {containers: [{name: w, env: [{name: A, value: x}, {name: A, value: "y"}]}]}}`, "spec|containers|w|env|A|value", "y"},
		{"mount by path", head + `spec: {containers: [{name: w, volumeMounts: [{mountPath: /data, name: d}]}]}}`, "spec|containers|w|volumeMounts|/data|name", "d"},
		{"spread stays a list", head + `spec: {topologySpreadConstraints: [{topologyKey: z, maxSkew: 1}]}}`, "spec|topologySpreadConstraints", []any{map[string]any{"topologyKey": "z", "maxSkew": int64(1), "whenUnsatisfiable": ""}}},
		{"owners stay a list", `{apiVersion: v1, kind: Pod, metadata: {ownerReferences: [{apiVersion: v1, kind: Node, name: "n", uid: u}]}}`, "metadata|ownerReferences", []any{map[string]any{"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "u"}}},
		{"addresses stay a list", `{apiVersion: v1, kind: Node, metadata: {name: "n"}, status: {addresses: [{type: T, address: a}, {type: T, address: b}]}}`, "status|addresses", []any{map[string]any{"type": "T", "address": "a"}, map[string]any{"type": "T", "address": "b"}}},
		{"bytes", head + `spec: {containers: [{name: w, resources: {limits: {memory: 1Gi}}}]}}`, "spec|containers|w|resources|limits|memory", int64(1 << 30)},
		{"kilobytes", head + `spec: {containers: [{name: w, resources: {limits: {memory: 5k}}}]}}`, "spec|containers|w|resources|limits|memory", int64(5000)},
		{"half a gigabyte", head + `spec: {containers: [{name: w, resources: {limits: {memory: 0.5Gi}}}]}}`, "spec|containers|w|resources|limits|memory", int64(1 << 29)},
		{"thousands of milli", head + `spec: {containers: [{name: w, resources: {limits: {memory: 128974848000m}}}]}}`, "spec|containers|w|resources|limits|memory", int64(128974848)},
		{"milli", head + `spec: {containers: [{name: w, resources: {limits: {cpu: 700m}}}]}}`, "spec|containers|w|resources|limits|cpu", 0.7},
		{"a number", head + `spec: {containers: [{name: w, resources: {limits: {cpu: 2}}}]}}`, "spec|containers|w|resources|limits|cpu", int64(2)},
		{"nano", head + `spec: {containers: [{name: w, resources: {limits: {cpu: 1n}}}]}}`, "spec|containers|w|resources|limits|cpu", 1e-9},
		{"zero", head + `spec: {containers: [{name: w, resources: {limits: {cpu: "0"}}}]}}`, "spec|containers|w|resources|limits|cpu", int64(0)},
		{"size limit", head + `spec: {volumes: [{name: c, emptyDir: {sizeLimit: 1Mi}}]}}`, "spec|volumes|c|emptyDir|sizeLimit", int64(1 << 20)},
		{"an empty struct by pointer", head + `spec: {volumes: [{name: c, emptyDir: {}}]}}`, "spec|volumes|c|emptyDir", map[string]any{}},
		{"false is there", head + `spec: {containers: []}}`, "spec|hostNetwork", false},
		{"an unset pointer is not", head + `spec: {containers: []}}`, "spec|shareProcessNamespace", nil},
		{"a pointer to false is", head + `spec: {shareProcessNamespace: false}}`, "spec|shareProcessNamespace", false},
		{"a pointer to zero is", head + `spec: {terminationGracePeriodSeconds: 0}}`, "spec|terminationGracePeriodSeconds", int64(0)},
		{"unset string", head + `spec: {}}`, "spec|nodeName", nil},
		{"unset list", head + `spec: {}}`, "spec|tolerations", nil},
		{"unset struct", head + `spec: {containers: [{name: w}]}}`, "spec|containers|w|resources", nil},
		{"port by number", head + `spec: {containers: [{name: w, livenessProbe: {tcpSocket: {port: 80}}}]}}`, "spec|containers|w|livenessProbe|tcpSocket|port", int64(80)},
		{"port by name", head + `spec: {containers: [{name: w, livenessProbe: {tcpSocket: {port: http}}}]}}`, "spec|containers|w|livenessProbe|tcpSocket|port", "http"},
		{"inlined probe handler", head + `spec: {containers: [{name: w, livenessProbe: {exec: {command: [a]}}}]}}`, "spec|containers|w|livenessProbe|exec|command", []any{"a"}},
		{"a time", `{apiVersion: v1, kind: Pod, metadata: {creationTimestamp: "2026-01-02T03:04:05+01:00"}}`, "metadata|creationTimestamp", "2026-01-02T02:04:05Z"},
		{"a micro time", `{apiVersion: v1, kind: Event, metadata: {}, eventTime: "2026-01-02T03:04:05.000006Z"}`, "eventTime", "2026-01-02T03:04:05.000006Z"},
		{"a generation", head + `spec: {}}`, "metadata|generation", int64(0)},
		{"no managed fields", `{apiVersion: v1, kind: Pod, metadata: {managedFields: [{manager: m}]}}`, "metadata|managedFields", nil},
		{"kind", head + `}`, "kind", "Pod"},
		{"a wholly empty status of counters", `{apiVersion: batch/v1, kind: Job, metadata: {}}`, "status|failed", int64(0)},
		{"secret data", `{apiVersion: v1, kind: Secret, metadata: {}, data: {k: aGk=}}`, "data|k", "aGk="},
		{"service port", `{apiVersion: v1, kind: Service, metadata: {}, spec: {ports: [{port: 53, protocol: UDP, targetPort: dns}]}}`, "spec|ports|53/UDP|targetPort", "dns"},
		{"certificate conditions", `{apiVersion: certificates.k8s.io/v1, kind: CertificateSigningRequest, metadata: {}, status: {conditions: [{type: Approved, status: "True"}]}}`, "status|conditions|Approved|status", "True"},
		{"custom: whole number", `{apiVersion: x.io/v1, kind: W, spec: {a: 2.0}}`, "spec|a", int64(2)},
		{"custom: fraction", `{apiVersion: x.io/v1, kind: W, spec: {a: 2.5}}`, "spec|a", 2.5},
		{"custom: list", `{apiVersion: x.io/v1, kind: W, spec: {a: [{name: x}]}}`, "spec|a", []any{map[string]any{"name": "x"}}},
		{"custom: null", `{apiVersion: x.io/v1, kind: W, spec: {a: null}}`, "spec|a", nil},
		{"custom: no managed fields", `{apiVersion: x.io/v1, kind: W, metadata: {managedFields: []}}`, "metadata|managedFields", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			obj := object(t, tt.object)
			before := obj.DeepCopy()
			v, err := view.Of(obj)
			if err != nil {
				t.Fatal(err)
			}
			if got := lookup(v, tt.path); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("%s is %#v, want %#v", tt.path, got, tt.want)
			}
			if !reflect.DeepEqual(obj, before) {
				t.Error("Of changed the object")
			}
		})
	}
}

func lookup(v any, path string) any {
	for name := range strings.SplitSeq(path, "|") {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

func TestOfWrongTypes(t *testing.T) {
	_, err := view.Of(object(t, head+`spec: {containers: "many"}}`))
	if err == nil || !strings.Contains(err.Error(), `view of Pod "p"`) {
		t.Errorf("got %v", err)
	}
}

func TestDuplicates(t *testing.T) {
	got, err := view.Duplicates(object(t, head+`spec: {containers: [{name: w, env: [{name: A}, {name: B}, {name: A}], ports: [{containerPort: 1}, {containerPort: 1, protocol: UDP}]}]}}`))
	if want := []string{"spec.containers.w.env.A"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestExec(t *testing.T) {
	got := view.Exec{Stdout: "ok"}.View()
	want := map[string]any{"exitCode": int64(0), "stdout": "ok", "stderr": ""}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestKind(t *testing.T) {
	tests := []struct{ apiVersion, kind, want string }{
		{"", "Pod", "/v1, Kind=Pod"},
		{"", "Deployment", "apps/v1, Kind=Deployment"},
		{"", "Event", "/v1, Kind=Event"},
		{"", "Ingress", "networking.k8s.io/v1, Kind=Ingress"},
		{"", "CronJob", "batch/v1, Kind=CronJob"},
		{"", "HorizontalPodAutoscaler", "autoscaling/v2, Kind=HorizontalPodAutoscaler"},
		{"", "PodDisruptionBudget", "policy/v1, Kind=PodDisruptionBudget"},
		{"", "Scale", "autoscaling/v1, Kind=Scale"},
		{"events.k8s.io/v1", "Event", "events.k8s.io/v1, Kind=Event"},
		{"extensions/v1beta1", "Ingress", "extensions/v1beta1, Kind=Ingress"},
		{"example.com/v1", "Widget", "example.com/v1, Kind=Widget"},
		{"", "pod", `there is no kind "pod"; did you mean "Pod"?`},
		{"", "pods", `there is no kind "pods"; did you mean "Pod"?`},
		{"", "Deploymnet", `there is no kind "Deploymnet"; did you mean "Deployment"?`},
		{"", "PodList", `there is no built-in kind "PodList"; a custom resource needs its apiVersion`},
		{"", "Widget", `there is no built-in kind "Widget"; a custom resource needs its apiVersion`},
		{"", "", `there is no built-in kind ""; a custom resource needs its apiVersion`},
		{"v1", "Deployment", `there is no kind "Deployment" in v1; it is in apps/v1`},
		{"apps/v1", "Deploymnt", `there is no kind "Deploymnt" in apps/v1; did you mean "Deployment"?`},
		{"apps/v7", "Deployment", `there is no kind "Deployment" in apps/v7; it is in apps/v1`},
		{"app/v1", "Deployment", `there is no API group "app"; Deployment is in apps/v1`},
		{"a/b/c", "Pod", `apiVersion "a/b/c" is not of the form "v1" or "apps/v1"`},
	}
	for _, tt := range tests {
		gvk, err := view.Kind(tt.apiVersion, tt.kind)
		got := gvk.String()
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s %s:\ngot  %s\nwant %s", tt.apiVersion, tt.kind, got, tt.want)
		}
	}
}

// Every field that a view can show is one that lint accepts: for each built-in
// kind the shape names the same fields as the view of a filled object.
func TestShapesOfAllKinds(t *testing.T) {
	for gvk := range scheme.Scheme.AllKnownTypes() {
		typ, ok := view.Type(gvk)
		shape := view.ShapeOf(gvk)
		if !ok || shape == nil {
			t.Errorf("%s: no type or shape", gvk)
			continue
		}
		seen := map[string]bool{}
		for _, f := range shape.Fields() {
			if seen[f.Name] {
				t.Errorf("%s has two fields %s", typ, f.Name)
			}
			seen[f.Name] = true
		}
		if f, ok := typ.FieldByName("TypeMeta"); ok && f.Anonymous && !seen["kind"] {
			t.Errorf("%s has no kind", typ)
		}
	}
	if view.ShapeOf(schema.GroupVersionKind{Kind: "Widget"}) != nil {
		t.Error("there is a shape of an unknown kind")
	}
}

func TestKeyedLists(t *testing.T) {
	pod := view.ShapeOf(schema.GroupVersionKind{Version: "v1", Kind: "Pod"})
	for path, want := range map[string]string{
		"spec|containers": "name", "status|containerStatuses": "name", "spec|volumes": "name", "status|conditions": "type",
		"spec|tolerations": "", "metadata|ownerReferences": "", "spec|topologySpreadConstraints": "", "status|podIPs": "",
	} {
		s := *pod
		for name := range strings.SplitSeq(path, "|") {
			i := slices.IndexFunc(s.Fields(), func(f view.Field) bool { return f.Name == name })
			s = s.Fields()[i].Shape
		}
		if s.Key != want || (s.Form == view.Keyed) != (want != "") {
			t.Errorf("%s: key %q, form %v", path, s.Key, s.Form)
		}
	}
}

func FuzzOf(f *testing.F) {
	f.Add([]byte(`{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"a","ports":[{"containerPort":1}],"resources":{"limits":{"cpu":"1e3"}}}]}}`))
	f.Add([]byte(`{"apiVersion":"v1","kind":"Pod","metadata":{"creationTimestamp":5},"spec":{"containers":[null]}}`))
	f.Add([]byte(`{"apiVersion":"v1","kind":"Service","spec":{"ports":[{"port":1e99,"targetPort":1.5}]}}`))
	f.Add([]byte(`{"apiVersion":"apps/v1","kind":"Deployment","spec":{"replicas":"3"}}`))
	f.Add([]byte(`{"apiVersion":"v1","kind":"PodList","items":[{"kind":"Pod"}]}`))
	f.Add([]byte(`{"apiVersion":"x/v1","kind":"W","metadata":[1],"a":{"b":null}}`))
	f.Add([]byte(`{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","spec":{"metrics":[{"resource":{"target":{"averageValue":"1n"}}}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		obj := &unstructured.Unstructured{}
		if json.Unmarshal(data, &obj.Object) != nil || obj.Object == nil {
			t.Skip()
		}
		v, err := view.Of(obj)
		if err != nil {
			t.Skip()
		}
		if _, err := json.Marshal(v); err != nil {
			t.Error(err)
		}
		raw, err := json.Marshal(obj.Object)
		if err != nil {
			t.Fatal(err)
		}
		direct, err := (*view.Kinds)(nil).OfJSON(obj.GroupVersionKind(), raw)
		if err == nil && fmt.Sprint(direct) != fmt.Sprint(v) {
			t.Errorf("from the object %v, from its JSON %v", v, direct)
		}
	})
}
