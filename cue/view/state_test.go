package view_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"podlab.dev/podlab/cue/view"
)

// next holds the views of states that come one after the other against those of each
// by itself.
func next(t *testing.T, k *view.Kinds, states ...string) {
	t.Helper()
	var last *view.State
	for _, raw := range states {
		obj := &unstructured.Unstructured{}
		if err := json.Unmarshal([]byte(raw), &obj.Object); err != nil {
			t.Fatal(err)
		}
		want, err := k.OfJSON(obj.GroupVersionKind(), []byte(raw))
		got, gotErr := k.Next(obj.GroupVersionKind(), []byte(raw), last)
		if (err != nil) != (gotErr != nil) {
			t.Fatalf("%s: got %v, want %v", raw, gotErr, err)
		}
		if last = got; err == nil && !reflect.DeepEqual(got.View, want) {
			t.Errorf("%s: got\n%v, want\n%v", raw, got.View, want)
		}
	}
}

func TestNext(t *testing.T) {
	pod := func(rest string) string { return `{"apiVersion":"v1","kind":"Pod"` + rest + `}` }
	web := `,"spec":{"containers":[{"name":"web","resources":{"limits":{"memory":"1Gi"}}}]}`
	next(t, nil,
		pod(``), pod(web), pod(web+`,"status":{"phase":"Running"}`), pod(web+`,"status":{"phase":"Failed"}`),
		pod(`,"status":{"phase":"Failed"}`), pod(web), pod(web),
		pod(strings.Replace(web, "1Gi", "2Gi", 1)+`,"metadata":{"name":"p"}`),
		pod(`,"metadata":{"name":"p"}`+strings.Replace(web, "1Gi", "2Gi", 1)),
		pod(web+web+`,"status":{}`), // twice
		pod(web+`,"status":{}`),
		pod(`,"spec":5`+`,"status":{}`), // no Pod
		pod(web+`,"status":{}`),
	)
	// Of one kind, and then of another.
	next(t, nil, pod(web), `{"apiVersion":"x/v1","kind":"W","spec":{"a":null,"b":1.0}}`, `{"apiVersion":"x/v1","kind":"W","spec":{"a":null,"b":1.0},"more":null}`)
	next(t, nil, `{"apiVersion":"x/v1","kind":"W","none":null,"spec":{}}`, `{"apiVersion":"x/v1","kind":"W","none":null,"spec":{"a":1}}`)
}

func TestNextOfACustomResource(t *testing.T) {
	of := func(rest string) string {
		return `{"apiVersion":"jobs.example.com/v1","kind":"Queue","metadata":{"name":"q"}` + rest + `}`
	}
	spec := `,"spec":{"replicas":2,"storage":"1536Mi","unknown":1},"also":1`
	next(t, queueKinds(t), of(spec), of(spec+`,"status":{"conditions":[{"type":"Ready","status":"True"}]}`), of(spec), of(`,"also":1`))
}

// FuzzNext has one state come after another.
func FuzzNext(f *testing.F) {
	f.Add([]byte(`{"apiVersion":"v1","kind":"Pod","spec":{"hostNetwork":true},"status":{}}`), []byte(`{"apiVersion":"v1","kind":"Pod","spec":{"hostNetwork":true}}`))
	f.Add([]byte(`{"apiVersion":"v1","kind":"Secret","data":{"a":"YQ=="}}`), []byte(`{"kind":"Secret","data":{"a":"YQ=="},"apiVersion":"v1","a":null}`))
	f.Add([]byte(`{"apiVersion":"x/v1","kind":"W","a":[1]}`), []byte(`{"apiVersion":"x/v1","kind":"W","b":{}, "a":[1]}`))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		of := func(raw []byte) *unstructured.Unstructured {
			obj := &unstructured.Unstructured{}
			if json.Unmarshal(raw, &obj.Object) != nil || obj.Object == nil {
				t.Skip()
			}
			return obj
		}
		if of(a).GroupVersionKind() != of(b).GroupVersionKind() {
			t.Skip()
		}
		next(t, nil, string(a), string(b), string(a))
	})
}
