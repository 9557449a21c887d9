package workload

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/fake"
	clienttesting "k8s.io/client-go/testing"
)

// serving is a namespace of an API server that does what the reactions say.
func serving(there *unstructured.Unstructured) (*Workload, *fake.FakeDynamicClient) {
	gvk := there.GroupVersionKind()
	mapper := meta.NewDefaultRESTMapper([]schema.GroupVersion{gvk.GroupVersion()})
	mapper.Add(gvk, meta.RESTScopeNamespace)
	objects := fake.NewSimpleDynamicClient(runtime.NewScheme(), there)
	return &Workload{namespace: "ns", dynamic: objects, mapper: mapper}, objects
}

func object(kind, name string) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: map[string]any{}}
	o.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind(kind))
	o.SetNamespace("ns")
	o.SetName(name)
	return o
}

// A claim that a Pod uses does not go as long as the Pod is there: that is the matter
// of who deletes it, and is waited for once.
func TestRemoveInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		claim := object("PersistentVolumeClaim", "data")
		claim.SetFinalizers([]string{"kubernetes.io/pvc-protection"})
		w, objects := serving(claim)
		objects.PrependReactor("delete", "*", func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, nil })
		began := time.Now()
		err := w.Remove(t.Context(), object("PersistentVolumeClaim", "data"))
		if !errors.As(err, new(*RefusedError)) || time.Since(began) > 2*goneWithin {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}

// What is fine to create and cannot be merged, such as a list with a key twice, is
// made anew.
func TestPutUnmergeable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, objects := serving(object("Pod", "web"))
		objects.PrependReactor("patch", "*", func(clienttesting.Action) (bool, runtime.Object, error) {
			return true, nil, &apierrors.StatusError{ErrStatus: metav1.Status{
				Status: metav1.StatusFailure, Code: 500, // as the API server says it
				Message: `failed to create typed patch object (ns/web; /v1, Kind=Pod): .spec.containers[name="web"].env: duplicate entries for key [name="A"]`,
			}}
		})
		again := object("Pod", "web")
		again.SetLabels(map[string]string{"again": "yes"})
		if err := w.Put(t.Context(), again); err != nil {
			t.Fatal(err)
		}
		got, err := w.dynamic.Resource(corev1.SchemeGroupVersion.WithResource("pods")).Namespace("ns").Get(t.Context(), "web", metav1.GetOptions{})
		if err != nil || got.GetLabels()["again"] != "yes" {
			t.Errorf("%v, %v", got, err)
		}
	})
}

// The name that is tried is one that the kind takes.
func TestRenamed(t *testing.T) {
	for _, name := range []string{"web", strings.Repeat("a", 63), "a." + strings.Repeat("b", 40) + "." + strings.Repeat("c", 20)} {
		got := renamed(object("Service", name)).GetName()
		if got == name || len(got) > max(len(name), len("web-anew")) || strings.Contains(got, ".-") {
			t.Errorf("%s is tried as %s", name, got)
		}
	}
}
