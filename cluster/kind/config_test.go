package kind

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
	"sigs.k8s.io/yaml"

	"podlab.dev/podlab/cue/lab"
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
	c := clusterConfig(3, lab.Times{}, host{}, netip.MustParsePrefix("10.240.16.0/20"))
	var roles []string
	for _, n := range c.Nodes {
		roles = append(roles, string(n.Role))
	}
	if got := strings.Join(roles, " "); got != "control-plane worker worker" {
		t.Errorf("nodes: %s", got)
	}
	if c.Networking.PodSubnet != "10.240.16.0/20" {
		t.Errorf("Pods: %s", c.Networking.PodSubnet)
	}
	if one := clusterConfig(1, lab.Times{}, host{}, netip.MustParsePrefix("10.240.16.0/20")); len(one.Nodes) != 1 || one.Nodes[0].Role != v1alpha4.ControlPlaneRole {
		t.Errorf("one node: %+v", one)
	}
}

// What a cluster is told of its times is YAML that kubeadm and the kubelet read, and
// without any their own lists are left as they are.
func TestTimes(t *testing.T) {
	times := lab.Times{BackOff: 10 * time.Second, Unknown: 12 * time.Second, Evict: 20 * time.Second}
	var cp struct {
		APIServer, ControllerManager, Scheduler struct {
			ExtraArgs []struct{ Name, Value string }
		}
	}
	var kubelet struct {
		CrashLoopBackOff         struct{ MaxContainerRestartPeriod string }
		NodeLeaseDurationSeconds int
	}
	patches := clusterConfig(3, times, host{cgroup: 2}, netip.MustParsePrefix("10.240.16.0/20")).KubeadmConfigPatches
	for i, into := range []any{&cp, &kubelet} {
		if err := yaml.Unmarshal([]byte(patches[i]), into); err != nil {
			t.Fatalf("%v in %s", err, patches[i])
		}
	}
	has := map[string]string{}
	for _, a := range slices.Concat(cp.APIServer.ExtraArgs, cp.ControllerManager.ExtraArgs) {
		has[a.Name] = a.Value
	}
	for name, want := range map[string]string{
		"node-monitor-grace-period": "12s", "default-unreachable-toleration-seconds": "20", "default-not-ready-toleration-seconds": "20", "leader-elect": "false",
	} {
		if has[name] != want {
			t.Errorf("%s: %q, want %s", name, has[name], want)
		}
	}
	if len(cp.Scheduler.ExtraArgs) != 3 {
		t.Errorf("the scheduler: %v", cp.Scheduler.ExtraArgs)
	}
	if kubelet.NodeLeaseDurationSeconds != 12 || kubelet.CrashLoopBackOff.MaxContainerRestartPeriod != "10s" {
		t.Errorf("the kubelet: %+v", kubelet)
	}
	if usual := clusterConfig(1, lab.Times{}, host{cgroup: 2}, netip.MustParsePrefix("10.240.16.0/20")).KubeadmConfigPatches; strings.Contains(strings.Join(usual, ""), "apiServer") {
		t.Errorf("the API server is told something: %s", usual)
	}
}
