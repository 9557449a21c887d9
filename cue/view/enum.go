package view

import (
	"reflect"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Values are the strings that an API server lets a field of this shape have;
// nil if it is not one of the closed sets known here, or an enum of a CRD. An
// empty string, which JSON omits, is not among those of built-in kinds.
func (s *Shape) Values() []string {
	if s.crd != nil {
		return s.crd.values
	}
	switch s.typ {
	case reflect.TypeFor[corev1.PodPhase]():
		return []string{"Pending", "Running", "Succeeded", "Failed", "Unknown"}
	case reflect.TypeFor[corev1.ConditionStatus](), reflect.TypeFor[metav1.ConditionStatus]():
		return []string{"True", "False", "Unknown"}
	case reflect.TypeFor[corev1.RestartPolicy]():
		return []string{"Always", "OnFailure", "Never"}
	case reflect.TypeFor[corev1.PullPolicy]():
		return []string{"Always", "Never", "IfNotPresent"}
	case reflect.TypeFor[corev1.Protocol]():
		return []string{"TCP", "UDP", "SCTP"}
	case reflect.TypeFor[corev1.ServiceType]():
		return []string{"ClusterIP", "NodePort", "LoadBalancer", "ExternalName"}
	case reflect.TypeFor[corev1.TaintEffect]():
		return []string{"NoSchedule", "PreferNoSchedule", "NoExecute"}
	case reflect.TypeFor[corev1.PodQOSClass]():
		return []string{"Guaranteed", "Burstable", "BestEffort"}
	case reflect.TypeFor[corev1.DNSPolicy]():
		return []string{"ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"}
	case reflect.TypeFor[corev1.URIScheme]():
		return []string{"HTTP", "HTTPS"}
	case reflect.TypeFor[corev1.UnsatisfiableConstraintAction]():
		return []string{"DoNotSchedule", "ScheduleAnyway"}
	case reflect.TypeFor[corev1.PersistentVolumeClaimPhase]():
		return []string{"Pending", "Bound", "Lost"}
	case reflect.TypeFor[corev1.PersistentVolumePhase]():
		return []string{"Pending", "Available", "Bound", "Released", "Failed"}
	case reflect.TypeFor[corev1.PersistentVolumeAccessMode]():
		return []string{"ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"}
	case reflect.TypeFor[corev1.NamespacePhase]():
		return []string{"Active", "Terminating"}
	case reflect.TypeFor[appsv1.DeploymentStrategyType]():
		return []string{"Recreate", "RollingUpdate"}
	case reflect.TypeFor[batchv1.ConcurrencyPolicy]():
		return []string{"Allow", "Forbid", "Replace"}
	case reflect.TypeFor[batchv1.CompletionMode]():
		return []string{"NonIndexed", "Indexed"}
	}
	return nil
}
