package workload

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func object(kind, name string) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: map[string]any{}}
	o.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind(kind))
	o.SetNamespace("ns")
	o.SetName(name)
	return o
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
