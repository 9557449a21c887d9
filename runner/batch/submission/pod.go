package submission

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/distribution/reference"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// typed says what of an object is not taken beyond its metadata.
func (j *judge) typed(obj any) (why []string) {
	switch o := obj.(type) {
	case *corev1.Pod:
		return j.pod(&o.ObjectMeta, &o.Spec, "spec")
	case *corev1.PodTemplate:
		return j.template(&o.Template, "template")
	case *corev1.ReplicationController:
		if o.Spec.Template != nil {
			why = j.template(o.Spec.Template, "spec.template")
		}
		return append(why, few("spec.replicas", o.Spec.Replicas)...)
	case *appsv1.Deployment:
		return append(j.template(&o.Spec.Template, "spec.template"), few("spec.replicas", o.Spec.Replicas)...)
	case *appsv1.ReplicaSet:
		return append(j.template(&o.Spec.Template, "spec.template"), few("spec.replicas", o.Spec.Replicas)...)
	case *appsv1.DaemonSet:
		return j.template(&o.Spec.Template, "spec.template")
	case *appsv1.StatefulSet:
		why = append(j.template(&o.Spec.Template, "spec.template"), few("spec.replicas", o.Spec.Replicas)...)
		for i := range o.Spec.VolumeClaimTemplates {
			c := &o.Spec.VolumeClaimTemplates[i]
			why = append(why, claim(&c.ObjectMeta, &c.Spec, fmt.Sprintf("spec.volumeClaimTemplates[%d]", i))...)
		}
		return why
	case *batchv1.Job:
		return j.job(&o.Spec, "spec")
	case *batchv1.CronJob:
		return append(inner(&o.Spec.JobTemplate.ObjectMeta, "spec.jobTemplate.metadata"), j.job(&o.Spec.JobTemplate.Spec, "spec.jobTemplate.spec")...)
	case *autoscalingv1.HorizontalPodAutoscaler:
		return few("spec.maxReplicas", &o.Spec.MaxReplicas)
	case *autoscalingv2.HorizontalPodAutoscaler:
		return few("spec.maxReplicas", &o.Spec.MaxReplicas)
	case *corev1.PersistentVolumeClaim:
		return claim(nil, &o.Spec, "")
	case *corev1.Service:
		return service(&o.Spec)
	case *corev1.Secret:
		return secret(o)
	}
	return nil
}

func (j *judge) job(s *batchv1.JobSpec, at string) []string {
	why := j.template(&s.Template, at+".template")
	why = append(why, few(at+".parallelism", s.Parallelism)...)
	return append(why, few(at+".completions", s.Completions)...)
}

func (j *judge) template(t *corev1.PodTemplateSpec, at string) []string {
	return append(inner(&t.ObjectMeta, at+".metadata"), j.pod(&t.ObjectMeta, &t.Spec, at+".spec")...)
}

// few says that a number of Pods is too large.
func few(field string, n *int32) []string {
	if n == nil || *n <= maxReplicas {
		return nil
	}
	return []string{fmt.Sprintf("has %s: %d; at most %d are made", field, *n, maxReplicas)}
}

// inner holds the metadata within an object against what holds for its own.
func inner(m *metav1.ObjectMeta, at string) []string {
	meta := map[string]any{"labels": anyMap(m.Labels), "annotations": anyMap(m.Annotations)}
	if len(m.Finalizers) > 0 {
		meta["finalizers"] = m.Finalizers
	}
	if len(m.OwnerReferences) > 0 {
		meta["ownerReferences"] = m.OwnerReferences
	}
	return forbiddenMeta(meta, at)
}

func anyMap(m map[string]string) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		if k != lastApplied {
			out[k] = v
		}
	}
	return out
}

// pod says what of a Pod is not taken: what the Pod Security Standards forbid, and
// what they leave to others, such as where it runs and as whom it asks the API.
func (j *judge) pod(meta *metav1.ObjectMeta, p *corev1.PodSpec, at string) (why []string) {
	no := func(format string, args ...any) { why = append(why, "has "+at+"."+fmt.Sprintf(format, args...)) }
	var broken []string
	for _, r := range j.standards.EvaluatePod(j.level, meta, p) {
		if !r.Allowed {
			broken = append(broken, strings.TrimSuffix(r.ForbiddenReason+" ("+r.ForbiddenDetail+")", " ()"))
		}
	}
	if len(broken) > 0 {
		why = append(why, fmt.Sprintf("is against the Pod Security Standard %q: %s; change that in %s", j.level.Level, clipTo(strings.Join(broken, ", "), 6*maxText), at))
	}
	if p.NodeName != "" {
		no("nodeName, which goes past the scheduler; take it out (kubectl get -o yaml prints one)")
	}
	if p.SchedulerName != "" && p.SchedulerName != corev1.DefaultSchedulerName {
		no("schedulerName %q; only the default one is there, so take it out", clip(p.SchedulerName))
	}
	if p.PriorityClassName != "" || p.Priority != nil && *p.Priority != 0 {
		no("priority or priorityClassName, which would push other Pods aside; take it out")
	}
	if p.RuntimeClassName != nil {
		no("runtimeClassName; take it out")
	}
	if p.OS != nil && p.OS.Name != corev1.Linux {
		no("os.name %q; the nodes run Linux, so take it out", clip(string(p.OS.Name)))
	}
	for _, name := range []string{p.ServiceAccountName, p.DeprecatedServiceAccount} {
		if name != "" && name != "default" {
			no("serviceAccountName %q; Pods of a submission have no rights at the API server, so take it out", clip(name))
			break
		}
	}
	if p.AutomountServiceAccountToken != nil && *p.AutomountServiceAccountToken {
		no("automountServiceAccountToken: true; Pods of a submission get no token, so take it out")
	}
	if s := p.TerminationGracePeriodSeconds; s != nil && *s > maxGrace {
		no("terminationGracePeriodSeconds: %d; at most %d are waited", *s, maxGrace)
	}
	for i, t := range p.Tolerations {
		if !tolerable(t) {
			no("tolerations[%d], which reaches nodes that are kept free of Pods; take it out", i)
		}
	}
	if p.Affinity != nil && abroad(p.Affinity.PodAffinity) {
		no("affinity.podAffinity with namespaces, which looks at Pods of others; take namespaces and namespaceSelector out")
	}
	if p.Affinity != nil && abroad((*corev1.PodAffinity)(p.Affinity.PodAntiAffinity)) {
		no("affinity.podAntiAffinity with namespaces, which keeps Pods of others away; take namespaces and namespaceSelector out")
	}
	for _, v := range p.Volumes {
		why = append(why, volume(v, at+".volumes["+clip(v.Name)+"]")...)
	}
	return append(why, containers(p, at)...)
}

// tolerable tells whether a toleration is a learner's: of a taint that a lab set, or
// of those that every Pod tolerates for a while.
func tolerable(t corev1.Toleration) bool {
	domain, name, _ := strings.Cut(t.Key, "/")
	switch {
	case t.Key == "":
		return false
	case domain == "node.kubernetes.io":
		return name == "not-ready" || name == "unreachable"
	case domain == "node-role.kubernetes.io", domain == "node.cloudprovider.kubernetes.io":
		return false
	}
	return true
}

// abroad tells whether Pods of other namespaces matter. The scheduler asks both ways: it
// puts no Pod beside one that wants it away.
func abroad(a *corev1.PodAffinity) bool {
	if a == nil {
		return false
	}
	terms := slices.Clone(a.RequiredDuringSchedulingIgnoredDuringExecution)
	for _, p := range a.PreferredDuringSchedulingIgnoredDuringExecution {
		terms = append(terms, p.PodAffinityTerm)
	}
	return slices.ContainsFunc(terms, func(t corev1.PodAffinityTerm) bool { return len(t.Namespaces) > 0 || t.NamespaceSelector != nil })
}

// containers says what of a Pod's containers is not taken.
func containers(p *corev1.PodSpec, at string) (why []string) {
	all := slices.Concat(p.InitContainers, p.Containers)
	for _, e := range p.EphemeralContainers {
		all = append(all, corev1.Container(e.EphemeralContainerCommon))
	}
	if len(all) > maxContainers {
		return []string{fmt.Sprintf("has %d containers in %s; at most %d are run", len(all), at, maxContainers)}
	}
	for _, c := range all {
		if c.Image != "" {
			why = append(why, image(c.Image, "container "+clip(c.Name))...)
		}
		for _, probe := range []*corev1.Probe{c.StartupProbe, c.LivenessProbe} {
			if probe != nil && probe.TerminationGracePeriodSeconds != nil && *probe.TerminationGracePeriodSeconds > maxGrace {
				why = append(why, fmt.Sprintf("has a probe of container %s with terminationGracePeriodSeconds: %d; at most %d are waited", clip(c.Name), *probe.TerminationGracePeriodSeconds, maxGrace))
			}
		}
	}
	return why
}

// image says that a name of an image is none.
func image(name, of string) []string {
	if _, err := reference.ParseNormalizedNamed(name); err != nil {
		return []string{fmt.Sprintf("has the image %q in %s, which is no name of an image; one is like podlab.dev/toolbox:v1", clip(name), of)}
	}
	return nil
}

// volume says what of a volume is not taken. What is a host's is left to the Pod
// Security Standards; the rest of what they do not forbid reaches further than the
// namespace.
func volume(v corev1.Volume, at string) (why []string) {
	sources := reflect.ValueOf(v.VolumeSource)
	for i := range sources.NumField() {
		if sources.Field(i).IsNil() {
			continue
		}
		name, _, _ := strings.Cut(sources.Type().Field(i).Tag.Get("json"), ",")
		switch name {
		case "configMap", "downwardAPI", "emptyDir", "ephemeral", "hostPath", "image", "persistentVolumeClaim", "projected", "secret":
		default:
			why = append(why, fmt.Sprintf("has %s.%s, a kind of volume that is not taken; use emptyDir or a claim", at, name))
		}
	}
	if e := v.Ephemeral; e != nil && e.VolumeClaimTemplate != nil {
		why = append(why, claim(&e.VolumeClaimTemplate.ObjectMeta, &e.VolumeClaimTemplate.Spec, at+".ephemeral.volumeClaimTemplate")...)
	}
	if v.Image != nil && v.Image.Reference != "" {
		why = append(why, image(v.Image.Reference, at)...)
	}
	if v.Projected == nil {
		return why
	}
	for _, s := range v.Projected.Sources {
		switch {
		case s.ServiceAccountToken != nil:
			why = append(why, fmt.Sprintf("has %s with a serviceAccountToken; Pods of a submission get no token, so take it out (kubectl get -o yaml prints one)", at))
		case s.ClusterTrustBundle != nil, s.PodCertificate != nil:
			why = append(why, fmt.Sprintf("has %s with certificates of the cluster; take it out", at))
		}
	}
	return why
}
