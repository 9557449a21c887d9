package workload

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	applycore "k8s.io/client-go/applyconfigurations/core/v1"
	applymeta "k8s.io/client-go/applyconfigurations/meta/v1"
	applynet "k8s.io/client-go/applyconfigurations/networking/v1"
	"k8s.io/client-go/kubernetes"
	podsecurity "k8s.io/pod-security-admission/api"

	"podlab.dev/podlab/cue/lab"
)

// Fence keeps what a stranger's work does within its namespace, by the API server's
// own means.
type Fence struct {
	// Level is the Pod Security level, Limits what a container has that says none
	// (nil: nothing).
	Level  string
	Limits *lab.Limits
}

// Labels are those of the namespace.
func (f Fence) Labels() map[string]string {
	return map[string]string{podsecurity.EnforceLevelLabel: f.Level, podsecurity.EnforceVersionLabel: podsecurity.VersionLatest}
}

// fence is the name of its objects.
const fence = "podlab-fence"

// quota is what a namespace may have at most: more than any lab needs, and too little
// to be in the way of others.
func quota() corev1.ResourceList {
	list := corev1.ResourceList{}
	for name, most := range map[corev1.ResourceName]string{
		"pods": "30", "services": "20", "services.nodeports": "0", "services.loadbalancers": "0", "configmaps": "50", "secrets": "50",
		"persistentvolumeclaims": "10", "requests.storage": "10Gi", "count/deployments.apps": "20", "count/replicasets.apps": "60",
		"count/statefulsets.apps": "10", "count/daemonsets.apps": "5", "count/jobs.batch": "30", "count/cronjobs.batch": "10",
		"count/poddisruptionbudgets.policy": "10", "count/horizontalpodautoscalers.autoscaling": "5",
	} {
		list[name] = resource.MustParse(most)
	}
	return list
}

// disk is so much of it for a container. It is always bounded: no lab is about that, and
// a node whose disk is full evicts everybody.
func disk(size string) corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceEphemeralStorage: resource.MustParse(size)}
}

// limits are those of a container that says none.
func (f Fence) limits() corev1.ResourceList {
	list := disk("512Mi")
	if f.Limits != nil {
		list[corev1.ResourceCPU], list[corev1.ResourceMemory] = f.Limits.CPU, f.Limits.Memory
	}
	return list
}

// requests are so small that many fit on a node.
func (f Fence) requests() corev1.ResourceList {
	list := corev1.ResourceList{corev1.ResourceEphemeralStorage: resource.MustParse("1Mi")}
	if f.Limits != nil {
		list[corev1.ResourceCPU], list[corev1.ResourceMemory] = resource.MustParse("10m"), resource.MustParse("16Mi")
	}
	return list
}

// item is what holds for each container.
func (f Fence) item() *applycore.LimitRangeItemApplyConfiguration {
	return applycore.LimitRangeItem().WithType(corev1.LimitTypeContainer).WithDefaultRequest(f.requests()).WithDefault(f.limits()).WithMax(disk("2Gi"))
}

// Fence puts the fence up. The namespace has its labels already.
func (w *Workload) Fence(ctx context.Context, f Fence) error {
	force := metav1.ApplyOptions{FieldManager: manager, Force: true}
	core := w.clients.CoreV1()
	if _, err := core.ResourceQuotas(w.namespace).Apply(ctx, applycore.ResourceQuota(fence, w.namespace).WithSpec(applycore.ResourceQuotaSpec().WithHard(quota())), force); err != nil {
		return fmt.Errorf("limit what is in namespace %s: %w", w.namespace, err)
	}
	if _, err := core.LimitRanges(w.namespace).Apply(ctx, applycore.LimitRange(fence, w.namespace).WithSpec(applycore.LimitRangeSpec().WithLimits(f.item())), force); err != nil {
		return fmt.Errorf("limit the containers of namespace %s: %w", w.namespace, err)
	}
	// A token of the default account opens nothing by itself; nobody needs one.
	if _, err := core.ServiceAccounts(w.namespace).Apply(ctx, applycore.ServiceAccount("default", w.namespace).WithAutomountServiceAccountToken(false), force); err != nil {
		return fmt.Errorf("keep the account of namespace %s to itself: %w", w.namespace, err)
	}
	// What comes in is left open: requests of checks come from the nodes, and no
	// other namespace of the class may send any.
	own := applynet.NetworkPolicyPeer().WithPodSelector(applymeta.LabelSelector())
	dns := applynet.NetworkPolicyPeer().WithNamespaceSelector(applymeta.LabelSelector().WithMatchLabels(map[string]string{corev1.LabelMetadataName: metav1.NamespaceSystem}))
	udp, tcp, port := corev1.ProtocolUDP, corev1.ProtocolTCP, intstr.FromInt32(53)
	spec := applynet.NetworkPolicySpec().WithPodSelector(applymeta.LabelSelector()).WithPolicyTypes(networkingv1.PolicyTypeEgress).WithEgress(
		applynet.NetworkPolicyEgressRule().WithTo(own),
		applynet.NetworkPolicyEgressRule().WithTo(dns).WithPorts(
			applynet.NetworkPolicyPort().WithProtocol(udp).WithPort(port), applynet.NetworkPolicyPort().WithProtocol(tcp).WithPort(port)),
	)
	if _, err := w.clients.NetworkingV1().NetworkPolicies(w.namespace).Apply(ctx, applynet.NetworkPolicy(fence, w.namespace).WithSpec(spec), force); err != nil {
		return fmt.Errorf("keep the network of namespace %s to itself: %w", w.namespace, err)
	}
	return nil
}

// enforcers are DaemonSets of networks that hold Pods to NetworkPolicies.
func enforcers() []string {
	return []string{"kindnet", "calico-node", "cilium", "antrea-agent", "kube-router", "weave-net", "ovnkube-node", "canal", "aws-node"}
}

// Contained says in lines what the fence holds on a cluster, and what it does not.
func Contained(ctx context.Context, clients kubernetes.Interface, f Fence) ([]string, error) {
	lines := []string{
		"Pods meet the Pod Security level " + f.Level + ", and no Pod has a token of the API server",
		"each submission has a namespace of its own, with a quota",
	}
	sets, err := clients.AppsV1().DaemonSets(metav1.NamespaceAll).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("look for the cluster's network: %w", err)
	}
	known := map[string]bool{}
	for _, s := range sets.Items {
		if slices.Contains(enforcers(), s.Name) {
			known[s.Name] = true
		}
	}
	if len(known) > 0 {
		lines = append(lines, fmt.Sprintf("Pods reach those of their own namespace and the cluster's DNS only, by NetworkPolicy (%s)", strings.Join(slices.Sorted(maps.Keys(known)), ", ")))
	} else {
		lines = append(lines, "not contained: this cluster's network is not known to hold Pods to a NetworkPolicy, so that those of different students can reach each other")
	}
	return lines, nil
}
