package kind

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"

	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cue/lab"
)

// clusterConfig is what kind is told to make. Each departure from kind's defaults
// has its reason here.
func clusterConfig(nodes int, times lab.Times, host host, pods netip.Prefix) *v1alpha4.Cluster {
	args, kubelet := driver.Waits(times)
	config := &v1alpha4.Cluster{
		TypeMeta:             v1alpha4.TypeMeta{APIVersion: "kind.x-k8s.io/v1alpha4", Kind: "Cluster"},
		Networking:           v1alpha4.Networking{PodSubnet: pods.String()},
		KubeadmConfigPatches: []string{controlPlanePatch(args), kubeletPatch(host) + kubelet},
	}
	config.Nodes = append(config.Nodes, v1alpha4.Node{Role: v1alpha4.ControlPlaneRole})
	for range nodes - 1 {
		config.Nodes = append(config.Nodes, v1alpha4.Node{Role: v1alpha4.WorkerRole})
	}
	return config
}

// host is what the machine asks of the configuration.
type host struct {
	cgroup        int  // cgroup version that the engine's containers see
	lacksResource bool // containers cannot have CAP_SYS_RESOURCE
}

// quick makes the controllers and the scheduler so.
//
//   - There is nobody to elect a leader against, and after a restart of the node
//     the dead leader's lease would block them for 15 seconds.
//   - Their default client limit (20 a second) is for clusters that share an API
//     server; a lab that scales to 50 Pods would wait for it.
var quick = []driver.Arg{{Name: "leader-elect", Value: "false"}, {Name: "kube-api-qps", Value: "200"}, {Name: "kube-api-burst", Value: "400"}}

// controlPlanePatch makes the one control plane quick, and gives its programs more
// arguments. etcd need not wait for the disk on every write: a lab cluster that a power
// cut damages is made anew, and on a slow disk this is most of what an API write costs.
func controlPlanePatch(more []driver.Arg) string {
	var b strings.Builder
	b.WriteString("kind: ClusterConfiguration\napiVersion: kubeadm.k8s.io/v1beta4\n")
	program := func(section, name string, args ...driver.Arg) {
		for _, a := range more {
			if a.Program == name {
				args = append(args, a)
			}
		}
		if len(args) == 0 {
			return // an empty list would take kind's own away
		}
		fmt.Fprintf(&b, "%s:\n  extraArgs:\n", section)
		for _, a := range args {
			fmt.Fprintf(&b, "  - {name: %s, value: %q}\n", a.Name, a.Value)
		}
	}
	program("apiServer", "kube-apiserver")
	program("controllerManager", "kube-controller-manager", slices.Clone(quick)...)
	program("scheduler", "kube-scheduler", slices.Clone(quick)...)
	b.WriteString("etcd:\n  local:\n    extraArgs:\n    - {name: unsafe-no-fsync, value: \"true\"}\n")
	return b.String()
}

// kubeletPatch adapts the kubelet to the host.
func kubeletPatch(host host) string {
	var b strings.Builder
	b.WriteString("kind: KubeletConfiguration\napiVersion: kubelet.config.k8s.io/v1beta1\n")
	// Images are on the nodes already; where one must be pulled after all, it
	// should not wait for the others.
	b.WriteString("serializeImagePulls: false\n")
	// A class is many small Pods, and none of them may take the node's processes.
	b.WriteString("maxPods: 250\npodPidsLimit: 1024\n")
	if host.cgroup == 1 {
		// Kubernetes 1.35 and later refuse cgroup v1 unless told that it is known.
		b.WriteString("failCgroupV1: false\n")
	}
	if host.lacksResource {
		// Without the capability the kubelet may not write oom_score_adj and some
		// sysctls; this gate makes it log that and go on.
		fmt.Fprint(&b, "featureGates:\n  KubeletInUserNamespace: true\n")
	}
	return b.String()
}
