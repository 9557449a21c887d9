package kind

import (
	"fmt"
	"strings"

	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
)

// clusterConfig is what kind is told to make. Each departure from kind's defaults
// has its reason here.
func clusterConfig(nodes int, host host) *v1alpha4.Cluster {
	config := &v1alpha4.Cluster{
		TypeMeta:             v1alpha4.TypeMeta{APIVersion: "kind.x-k8s.io/v1alpha4", Kind: "Cluster"},
		KubeadmConfigPatches: []string{controlPlanePatch, kubeletPatch(host)},
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

// controllerArgs make the controllers and the scheduler quick.
//
//   - There is nobody to elect a leader against, and after a restart of the node
//     the dead leader's lease would block them for 15 seconds.
//   - Their default client limit (20 a second) is for clusters that share an API
//     server; a lab that scales to 50 Pods would wait for it.
const controllerArgs = `  extraArgs:
  - name: leader-elect
    value: "false"
  - name: kube-api-qps
    value: "200"
  - name: kube-api-burst
    value: "400"
`

// controlPlanePatch makes the one control plane quick. etcd need not wait for the
// disk on every write: a lab cluster that a power cut damages is made anew, and on
// a slow disk this is most of what an API write costs.
const controlPlanePatch = `kind: ClusterConfiguration
apiVersion: kubeadm.k8s.io/v1beta4
controllerManager:
` + controllerArgs + `scheduler:
` + controllerArgs + `etcd:
  local:
    extraArgs:
    - name: unsafe-no-fsync
      value: "true"
`

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
