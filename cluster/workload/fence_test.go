package workload

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// A container that says how much disk it wants is bounded, as one that says nothing is.
func TestFenceBoundsDisk(t *testing.T) {
	item := Fence{Level: "restricted"}.item()
	given, most := (*item.Default)[corev1.ResourceEphemeralStorage], (*item.Max)[corev1.ResourceEphemeralStorage]
	if given.Sign() <= 0 || most.Cmp(given) < 0 || most.Value() > 2<<30 {
		t.Errorf("a container has %s of disk, and may have %s", given.String(), most.String())
	}
}
