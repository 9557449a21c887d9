package submission

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	kjson "sigs.k8s.io/json"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/cue/view"
)

// Rules say what a submission may contain.
type Rules struct {
	// Kinds are those that it may have, "Pod" or, of a group that is not the usual
	// one, "Queue.labs.example"; nil is [DefaultKinds].
	Kinds []string
	// Level is that of the Pod Security Standards: "restricted", "baseline" or
	// "privileged". All else is "restricted".
	Level string
}

// DefaultKinds are the kinds that a lab takes which says nothing about them: those
// that run Pods, and what Pods need. Whatever gives rights, or is about more than
// its namespace, is not among them.
func DefaultKinds() []string {
	return []string{
		"Pod", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob", "Service", "ConfigMap", "Secret",
		"PersistentVolumeClaim", "PodDisruptionBudget", "HorizontalPodAutoscaler",
	}
}

// possibleKinds are the built-in kinds that a lab may allow, by their group: they
// have a namespace. No lab can allow one that has none.
func possibleKinds() map[string]string {
	return map[string]string{
		"Pod": "", "PodTemplate": "", "ReplicationController": "", "Service": "", "ConfigMap": "", "Secret": "", "PersistentVolumeClaim": "",
		"ServiceAccount": "", "ResourceQuota": "", "LimitRange": "",
		"Deployment": "apps", "ReplicaSet": "apps", "StatefulSet": "apps", "DaemonSet": "apps", "Job": "batch", "CronJob": "batch",
		"HorizontalPodAutoscaler": "autoscaling", "PodDisruptionBudget": "policy",
		"Ingress": "networking.k8s.io", "NetworkPolicy": "networking.k8s.io", "EndpointSlice": "discovery.k8s.io", "Lease": "coordination.k8s.io",
		"Role": "rbac.authorization.k8s.io", "RoleBinding": "rbac.authorization.k8s.io",
		"ResourceClaim": "resource.k8s.io", "ResourceClaimTemplate": "resource.k8s.io",
	}
}

// judge holds objects against rules.
type judge struct {
	lab       *lab.Lab
	allowed   map[schema.GroupKind]bool
	kinds     []string
	level     api.LevelVersion
	standards policy.Evaluator
}

func newJudge(l *lab.Lab, rules Rules) *judge {
	level, _ := api.ParseLevel(rules.Level) // the strictest one where there is no such level
	j := &judge{lab: l, allowed: map[schema.GroupKind]bool{}, kinds: rules.Kinds, level: api.LevelVersion{Level: level, Version: api.LatestVersion()}}
	if j.kinds == nil {
		j.kinds = DefaultKinds()
	}
	possible := possibleKinds()
	for _, kind := range j.kinds {
		gk := schema.ParseGroupKind(kind)
		if group, ok := possible[gk.Kind]; ok && (gk.Group == "" || gk.Group == group) {
			gk.Group = group
		} else if gk.Group == "" || len(scheme.Scheme.VersionsForGroupKind(gk)) > 0 {
			continue // it has no namespace, or is no object
		}
		j.allowed[gk] = true
	}
	var err error
	if j.standards, err = policy.NewEvaluator(policy.DefaultChecks(), nil); err != nil {
		panic(err) // the checks of the library contradict each other
	}
	return j
}

// stable are the versions of an API that stay. Objects of others are not asked for
// by any lab, and clusters differ in them.
var stable = regexp.MustCompile(`^v[0-9]+$`)

// object says why an object cannot be taken, in lines, none if it can. It takes out
// what only a cluster writes, and the namespace.
func (j *judge) object(obj *unstructured.Unstructured) []string {
	if why := j.kind(obj); why != "" {
		return []string{why}
	}
	if why := j.metadata(obj); why != nil {
		return why // what follows reads the object as a cluster does
	}
	if obj.GetName() == "" && obj.GetGenerateName() == "" {
		return []string{"has no name; write metadata.name"}
	}
	typ, ok := view.Type(obj.GroupVersionKind())
	if !ok {
		return nil // a kind of the lab's own
	}
	typed, why := decode(obj, typ)
	if why != nil {
		return why
	}
	return j.typed(typed)
}

// deletion is the object without all but what names it.
func (j *judge) deletion(obj *unstructured.Unstructured) (bare *unstructured.Unstructured, why []string) {
	if why := j.kind(obj); why != "" {
		return nil, []string{why}
	}
	if why = j.named(obj); why != nil {
		return nil, why
	}
	if obj.GetName() == "" {
		return nil, []string{"is to be deleted and has no name; write metadata.name, one object for each"}
	}
	bare = &unstructured.Unstructured{Object: map[string]any{}}
	bare.SetGroupVersionKind(obj.GroupVersionKind())
	bare.SetName(obj.GetName())
	return bare, nil
}

// resize says why a Pod cannot be given the resources that an object says, which has
// the names of its containers and their resources, and nothing else that counts.
func (j *judge) resize(obj *unstructured.Unstructured) []string {
	if obj.GetKind() != "Pod" || obj.GetAPIVersion() != "v1" {
		return []string{"is to be resized, and is no Pod; only Pods are"}
	}
	if why := j.kind(obj); why != "" {
		return []string{why}
	}
	if why := j.named(obj); why != nil {
		return why
	}
	if obj.GetName() == "" {
		return []string{"is to be resized and has no name; write metadata.name"}
	}
	containers, _, err := unstructured.NestedSlice(obj.Object, "spec", "containers")
	if err != nil || len(containers) == 0 {
		return []string{"has no list spec.containers; write name and resources of those to resize"}
	}
	var bare []any
	for _, c := range containers {
		c, ok := c.(map[string]any)
		if !ok {
			return []string{"has a container that is no map; write its name and resources"}
		}
		bare = append(bare, map[string]any{"name": c["name"], "resources": c["resources"]})
	}
	name := obj.GetName()
	obj.Object = map[string]any{"apiVersion": "v1", "kind": "Pod", "spec": map[string]any{"containers": bare}}
	obj.SetName(name)
	// What fits no Pod the API server calls a failure of its own, and not the student's.
	typed, why := decode(obj, reflect.TypeFor[corev1.Pod]())
	if why != nil {
		return why
	}
	seen := map[string]bool{}
	for _, c := range typed.(*corev1.Pod).Spec.Containers {
		if seen[c.Name] {
			return []string{fmt.Sprintf("has the container %q twice; keep one of the two", clip(c.Name))}
		}
		seen[c.Name] = true
	}
	return nil
}

// kind says why an object's kind is not taken.
func (j *judge) kind(obj *unstructured.Unstructured) string {
	kind, okKind := obj.Object["kind"].(string)
	version, okVersion := obj.Object["apiVersion"].(string)
	if !okKind || !okVersion || kind == "" || version == "" {
		return "has no kind or no apiVersion; an object begins with both"
	}
	gv, err := schema.ParseGroupVersion(version)
	if err != nil || gv.Version == "" {
		return fmt.Sprintf(`has the apiVersion %q; it is of the form "v1" or "apps/v1"`, clip(version))
	}
	gvk := gv.WithKind(kind)
	if !j.allowed[gvk.GroupKind()] {
		if group, ok := possibleKinds()[kind]; ok && j.allowed[schema.GroupKind{Group: group, Kind: kind}] {
			return fmt.Sprintf("has the apiVersion %q, where no %s is taken from; write one of the group %q", clip(version), kind, group)
		}
		return fmt.Sprintf("is of the kind %q, which is not taken; a submission to this lab may have %s", clip(kind), strings.Join(j.kinds, ", "))
	}
	switch _, builtin := view.Type(gvk); {
	case builtin && !stable.MatchString(gv.Version):
		return fmt.Sprintf("has the apiVersion %q, which is none that stays; write a stable one", clip(version))
	case builtin:
		return ""
	}
	if _, err := j.lab.Kinds.Kind(version, kind); err != nil {
		return fmt.Sprintf("has the apiVersion %q: %s", clip(version), clipTo(err.Error(), 3*maxText))
	}
	return ""
}

// ours are the fields of metadata that a cluster writes. kubectl get -o yaml prints
// them, so that whoever hands in what it printed has them.
func ours() []string {
	return []string{"uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "managedFields", "selfLink"}
}

// lastApplied is what kubectl apply notes.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// metadata takes out of an object what a cluster writes, and says what else of its
// metadata is not taken.
func (j *judge) metadata(obj *unstructured.Unstructured) []string {
	delete(obj.Object, "status")
	why := j.named(obj)
	if why != nil {
		return why
	}
	meta := obj.Object["metadata"].(map[string]any) // named saw to it
	for _, field := range ours() {
		delete(meta, field)
	}
	delete(meta, "namespace")
	if annotations, ok := meta["annotations"].(map[string]any); ok {
		delete(annotations, lastApplied)
	}
	return forbiddenMeta(meta, "metadata")
}

// named says what is wrong with an object's name and namespace.
func (j *judge) named(obj *unstructured.Unstructured) (why []string) {
	meta, ok := obj.Object["metadata"].(map[string]any)
	if !ok {
		return []string{"has no metadata; write metadata.name"}
	}
	for _, field := range []string{"name", "namespace", "generateName"} {
		if _, ok := meta[field].(string); meta[field] != nil && !ok {
			return []string{"has a metadata." + field + " that is no text; put it in quotes"}
		}
	}
	if ns := obj.GetNamespace(); ns != "" && ns != j.lab.ID {
		why = append(why, fmt.Sprintf("is for the namespace %q; everything goes into the namespace of the lab, so leave metadata.namespace out", clip(ns)))
	}
	for _, field := range []string{"name", "generateName"} {
		name, _ := meta[field].(string)
		if name == "" {
			continue
		}
		if errs := validation.NameIsDNSSubdomain(name, field == "generateName"); len(errs) > 0 {
			why = append(why, fmt.Sprintf("has the %s %q; a name has small letters, digits and dashes", field, clip(name)))
		} else if name == "podlab" || strings.HasPrefix(name, "podlab-") || name == "kube-root-ca.crt" {
			why = append(why, fmt.Sprintf("has the name %q, which belongs to the namespace itself; give it another one", name))
		}
	}
	return why
}

// forbiddenMeta says what of an object's or a template's metadata is not taken.
func forbiddenMeta(meta map[string]any, at string) (why []string) {
	for _, field := range []string{"finalizers", "ownerReferences"} {
		if v, ok := meta[field]; ok && v != nil {
			why = append(why, fmt.Sprintf("has %s.%s, which could keep it from being cleaned up; take it out", at, field))
		}
	}
	for _, field := range []string{"labels", "annotations"} {
		m, ok := meta[field].(map[string]any)
		if v := meta[field]; v != nil && !ok {
			why = append(why, fmt.Sprintf("has %s.%s that are no map; write key: value", at, field))
		}
		var keys []string
		for key := range m {
			if !harmless(key) {
				keys = append(keys, key)
			}
		}
		slices.Sort(keys)
		for _, key := range keys {
			why = append(why, fmt.Sprintf("has %q in %s.%s, which speaks to the cluster or to podlab; take it out", clip(key), at, field))
		}
	}
	return why
}

// harmless tells whether a label or an annotation says nothing to anybody but its
// owner. Of the names of Kubernetes only these are known to. The others are those of
// programs that a cluster may have and that give addresses, networks or containers
// to whoever asks.
func harmless(key string) bool {
	domain, name, ok := strings.Cut(key, "/")
	if !ok {
		return true
	}
	domain = strings.ToLower(domain)
	switch domain {
	case "app.kubernetes.io", "batch.kubernetes.io", "deployment.kubernetes.io", "statefulset.kubernetes.io", "apps.kubernetes.io":
		return true
	case "kubectl.kubernetes.io":
		return name == "restartedAt" || name == "default-container"
	case "kubernetes.io":
		return name == "change-cause" || name == "description"
	}
	return !slices.ContainsFunc([]string{
		"podlab.dev", "kubernetes.io", "k8s.io",
		"cncf.io", "projectcalico.org", "ovn.org", "cilium.io", "istio.io", "linkerd.io", "hashicorp.com", "nvidia.com",
	}, func(d string) bool { return domain == d || strings.HasSuffix(domain, "."+d) })
}

// decode reads an object as an API server does, so that what is judged is what the
// server will see.
func decode(obj *unstructured.Unstructured, typ reflect.Type) (typed any, why []string) {
	data, err := json.Marshal(obj.Object)
	if err != nil {
		return nil, []string{"cannot be written as JSON: " + clip(err.Error())}
	}
	typed = reflect.New(typ).Interface()
	strict, err := kjson.UnmarshalStrict(data, typed)
	if err != nil {
		return nil, []string{"does not fit its kind: " + clip(strings.TrimPrefix(err.Error(), "json: "))}
	}
	for _, e := range strict[:min(3, len(strict))] {
		why = append(why, "has a field that its kind does not have, "+clip(e.Error())+"; is it mistyped, or too far left or right?")
	}
	return typed, why
}
