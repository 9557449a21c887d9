package kind

import (
	"strings"
	"testing"

	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
)

func TestKubeletPatch(t *testing.T) {
	for _, tc := range []struct {
		host       host
		with, sans []string
	}{
		{host{cgroup: 2}, nil, []string{"failCgroupV1", "featureGates"}},
		{host{cgroup: 1}, []string{"failCgroupV1: false"}, []string{"featureGates"}},
		{host{cgroup: 2, lacksResource: true}, []string{"featureGates:\n  KubeletInUserNamespace: true\n"}, []string{"failCgroupV1"}},
	} {
		got := kubeletPatch(tc.host)
		for _, s := range tc.with {
			if !strings.Contains(got, s) {
				t.Errorf("%+v: %q is missing from %s", tc.host, s, got)
			}
		}
		for _, s := range tc.sans {
			if strings.Contains(got, s) {
				t.Errorf("%+v: %q should not be in %s", tc.host, s, got)
			}
		}
	}
}

func TestClusterConfig(t *testing.T) {
	c := clusterConfig(3, host{})
	var roles []string
	for _, n := range c.Nodes {
		roles = append(roles, string(n.Role))
	}
	if got := strings.Join(roles, " "); got != "control-plane worker worker" {
		t.Errorf("nodes: %s", got)
	}
	if one := clusterConfig(1, host{}); len(one.Nodes) != 1 || one.Nodes[0].Role != v1alpha4.ControlPlaneRole {
		t.Errorf("one node: %+v", one)
	}
}
