package workload

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
)

// A container that says how much disk it wants has no more than one that says nothing.
func TestFenceBoundsDisk(t *testing.T) {
	w := &Workload{namespace: "ns", clients: fake.NewClientset()}
	if err := w.Fence(t.Context(), Fence{Level: "restricted"}); err != nil {
		t.Fatal(err)
	}
	limits, err := w.clients.CoreV1().LimitRanges("ns").Get(t.Context(), fence, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	item := limits.Spec.Limits[0]
	most, ok := item.Max[corev1.ResourceEphemeralStorage]
	if given := item.Default[corev1.ResourceEphemeralStorage]; !ok || most.Cmp(given) != 0 {
		t.Errorf("a container has %s of disk, and may have %s", given.String(), most.String())
	}
}
