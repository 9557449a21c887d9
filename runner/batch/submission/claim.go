package submission

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// claim says what of a claim for storage is not taken. at is where it is within its
// object, empty where it is one itself, whose metadata was looked at.
func claim(meta *metav1.ObjectMeta, c *corev1.PersistentVolumeClaimSpec, at string) (why []string) {
	if meta != nil {
		why = inner(meta, at+".metadata")
	}
	at = strings.TrimPrefix(at+".spec", ".")
	if c.VolumeName != "" || c.Selector != nil {
		why = append(why, "has "+at+".volumeName or selector, which picks a volume that may be somebody's; take it out")
	}
	if c.StorageClassName != nil && *c.StorageClassName == "" {
		why = append(why, "has an empty "+at+".storageClassName, which takes any volume that is free; leave it out")
	}
	if c.DataSource != nil || c.DataSourceRef != nil {
		why = append(why, "has "+at+".dataSource, which copies a volume; take it out")
	}
	most := resource.NewQuantity(maxStorage, resource.BinarySI)
	for _, list := range []corev1.ResourceList{c.Resources.Requests, c.Resources.Limits} {
		if got, ok := list[corev1.ResourceStorage]; ok && got.Cmp(*most) > 0 {
			why = append(why, fmt.Sprintf("asks for %s of storage; at most %s is given", clip(got.String()), most))
			break
		}
	}
	return why
}

// service says what of a Service is not taken: whatever is reached from outside the
// cluster, or leads out of it.
func service(s *corev1.ServiceSpec) (why []string) {
	switch s.Type {
	case "", corev1.ServiceTypeClusterIP:
	default:
		why = append(why, fmt.Sprintf("has spec.type %q; a Service of a submission is of the type ClusterIP", clip(string(s.Type))))
	}
	if len(s.ExternalIPs) > 0 || s.ExternalName != "" || s.LoadBalancerIP != "" || s.LoadBalancerClass != nil {
		why = append(why, "has an address or name outside the cluster; take externalIPs, externalName and the like out of spec")
	}
	for _, ip := range append([]string{s.ClusterIP}, s.ClusterIPs...) {
		if ip != "" && ip != corev1.ClusterIPNone {
			why = append(why, "has an address of its own choice, which may be another's; take spec.clusterIP and clusterIPs out (kubectl get -o yaml prints them)")
			break
		}
	}
	for _, p := range s.Ports {
		if p.NodePort != 0 {
			why = append(why, "has a nodePort, a port of every node; take it out")
			break
		}
	}
	return why
}

// secret says that a Secret is of a type that Kubernetes fills in or obeys.
func secret(s *corev1.Secret) []string {
	switch s.Type {
	case corev1.SecretTypeServiceAccountToken, corev1.SecretTypeBootstrapToken:
		return []string{fmt.Sprintf("is of the type %q, which is about rights; a Secret of a submission is Opaque or of another plain type", s.Type)}
	}
	return nil
}
