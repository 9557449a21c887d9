package runner

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/timeline"
)

// Remains is what a namespace of the session held that is gone now, by the record:
// what the learner had made, and what pages brought and the learner changed. What
// belongs to another object comes with that one and is not in it.
type Remains struct {
	// Objects can be made anew, in the order in which they were made.
	Objects []*unstructured.Unstructured
	// Left is what the record does not have.
	Left []timeline.Left

	recorded  map[string]bool // group-kinds that were recorded in full
	known     map[timeline.Name]bool
	untouched map[timeline.Name]bool // pages brought these, and nobody changed them
	names     []string
}

// gone tells whether the record shows that an object was not there at the end.
func (r Remains) gone(n timeline.Name) bool {
	obj := &unstructured.Unstructured{}
	obj.SetAPIVersion(n.APIVersion)
	obj.SetKind(n.Kind)
	return r.recorded[obj.GroupVersionKind().GroupKind().String()] && !r.known[n]
}

// Names are the objects that do not come back by themselves and can be made anew:
// those that the learner had made or changed, and those that other pages than the
// one that the session is on had brought.
func (r Remains) Names() []string { return r.names }

// household is a namespace as the entries so far show it.
type household struct {
	origin   timeline.Origin
	objects  map[timeline.Name]json.RawMessage
	touched  map[timeline.Name]bool // those that were changed after they were made
	recorded map[string]bool
}

func newHousehold(o timeline.Origin) household {
	return household{o, map[timeline.Name]json.RawMessage{}, map[timeline.Name]bool{}, map[string]bool{}}
}

// see takes a state of an object.
func (h household) see(e timeline.Entry) {
	var head metav1.PartialObjectMetadata
	if h.objects == nil || json.Unmarshal(e.Object, &head) != nil || head.Kind == "Event" {
		return
	}
	name := timeline.Name{APIVersion: head.APIVersion, Kind: head.Kind, Name: head.Name}
	if e.Kind == timeline.Deleted {
		delete(h.objects, name)
		delete(h.touched, name)
		return
	}
	// What has a status has a generation; of the rest, each state is a change.
	plain := head.Kind == "ConfigMap" || head.Kind == "Secret"
	h.touched[name] = plain && h.objects[name] != nil || !plain && head.Generation > 1
	h.objects[name] = e.Object
}

// remainsOf is what the namespace held before the one of the last recording, or,
// where that one is gone too, what it held itself. A namespace in which only pages
// brought something does not count where there is another.
func remainsOf(l *lab.Lab, entries []timeline.Entry, gone bool) Remains {
	var own, last household
	brought := map[timeline.Name]bool{}
	for _, s := range l.Steps {
		objects, _ := setupObjects(l, []string{s.ID}) // what cannot be read brought nothing
		for _, obj := range objects {
			brought[nameOf(obj)] = true
		}
	}
	move := func() {
		if r := own.remains(l, brought); len(r.Left) > 0 || len(r.names) > 0 || last.objects == nil {
			last = own
		}
	}
	for _, e := range entries {
		switch e.Kind {
		case timeline.Start:
			if e.Origin != nil && (own.objects == nil || e.Origin.Cluster != own.origin.Cluster || e.Origin.Namespace != own.origin.Namespace) {
				move()
				own = newHousehold(*e.Origin)
			}
		case timeline.Reset:
			own, last = household{}, household{}
		case timeline.Synced:
			if own.recorded != nil {
				own.recorded[e.Of] = true
			}
		case timeline.Object, timeline.Deleted:
			own.see(e)
		}
	}
	if gone {
		move()
	}
	return last.remains(l, brought)
}

// remains are the household's objects as they can be made anew; some the pages
// brought.
func (h household) remains(l *lab.Lab, brought map[timeline.Name]bool) Remains {
	r := Remains{recorded: h.recorded, known: map[timeline.Name]bool{}, untouched: map[timeline.Name]bool{}}
	made := map[*unstructured.Unstructured]time.Time{}
	for name, raw := range h.objects {
		r.known[name] = true
		obj := &unstructured.Unstructured{}
		if obj.UnmarshalJSON(raw) != nil {
			continue
		}
		why, keep := anew(obj)
		if keep && why == "" && name.Kind == "Secret" && name.APIVersion == "v1" {
			why = unsealed(obj, h.origin.Namespace, l.SecretValues())
		}
		switch {
		case why != "":
			r.Left = append(r.Left, timeline.Left{Name: name, Why: why})
		case keep:
			made[obj] = born(raw)
			r.Objects = append(r.Objects, obj)
		}
	}
	slices.SortFunc(r.Objects, func(a, b *unstructured.Unstructured) int {
		// Objects of one command are of one second: those come first that others use.
		return cmp.Or(made[a].Compare(made[b]), cmp.Compare(used(a), used(b)), cmp.Compare(nameOf(a).String(), nameOf(b).String()))
	})
	for _, obj := range r.Objects {
		name := nameOf(obj)
		if r.untouched[name] = brought[name] && !h.touched[name]; !r.untouched[name] {
			r.names = append(r.names, name.String())
		}
	}
	slices.SortFunc(r.Left, func(a, b timeline.Left) int { return cmp.Compare(a.Name.String(), b.Name.String()) })
	return r
}

func born(raw json.RawMessage) time.Time {
	var head metav1.PartialObjectMetadata
	_ = json.Unmarshal(raw, &head) // it was read before
	return head.CreationTimestamp.Time
}

func used(obj *unstructured.Unstructured) int {
	switch obj.GetKind() {
	case "ServiceAccount", "ConfigMap", "Secret", "PersistentVolumeClaim":
		return 0
	}
	return 1
}

// anew makes of an object's last state one that can be created: without what the
// API server and controllers have put into it. keep is false for what nobody made
// by hand; why says what is in the way.
func anew(obj *unstructured.Unstructured) (why string, keep bool) {
	if obj.GetNamespace() == "" || obj.GetDeletionTimestamp() != nil {
		return "", false
	}
	for _, owner := range obj.GetOwnerReferences() {
		if owner.Controller != nil && *owner.Controller {
			return "", false
		}
		why = fmt.Sprintf("it belonged to %s %s, which is another one now", owner.Kind, owner.Name)
	}
	switch kind := obj.GetKind(); {
	case kind == "ConfigMap" && obj.GetName() == "kube-root-ca.crt", kind == "ServiceAccount" && obj.GetName() == "default",
		kind == "Endpoints", kind == "EndpointSlice", kind == "Lease", kind == "Secret" && field(obj, "type") == "kubernetes.io/service-account-token":
		return "", false
	case kind == "Pod" && obj.GetAnnotations()["kubernetes.io/config.mirror"] != "":
		return "", false
	}
	unstructured.RemoveNestedField(obj.Object, "status")
	for _, name := range []string{"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink", "ownerReferences"} {
		unstructured.RemoveNestedField(obj.Object, "metadata", name)
	}
	obj.SetFinalizers(slices.DeleteFunc(obj.GetFinalizers(), func(f string) bool {
		return strings.HasPrefix(f, "kubernetes.io/") || f == metav1.FinalizerDeleteDependents || f == metav1.FinalizerOrphanDependents
	}))
	annotations := obj.GetAnnotations()
	maps.DeleteFunc(annotations, func(name, _ string) bool {
		return slices.ContainsFunc([]string{"deployment.kubernetes.io/", "pv.kubernetes.io/", "volume.kubernetes.io/", "volume.beta.kubernetes.io/", "deprecated.daemonset.template.generation", "batch.kubernetes.io/job-tracking"},
			func(own string) bool { return strings.HasPrefix(name, own) })
	})
	if len(annotations) == 0 {
		annotations = nil
	}
	obj.SetAnnotations(annotations)
	trim(obj)
	return why, true
}

// trim removes from the spec what was filled in for the one object.
func trim(obj *unstructured.Unstructured) {
	without := func(path ...string) { unstructured.RemoveNestedField(obj.Object, path...) }
	switch obj.GetKind() {
	case "Pod":
		without("spec", "nodeName")
		without("spec", "ephemeralContainers")
		trimToken(obj)
	case "Service":
		if field(obj, "spec", "clusterIP") != "None" {
			without("spec", "clusterIP")
			without("spec", "clusterIPs")
		}
		without("spec", "healthCheckNodePort")
	case "PersistentVolumeClaim":
		without("spec", "volumeName")
	case "Job":
		if manual, _, _ := unstructured.NestedBool(obj.Object, "spec", "manualSelector"); manual {
			return
		}
		without("spec", "selector")
		for _, at := range [][]string{{"metadata", "labels"}, {"spec", "template", "metadata", "labels"}} {
			for _, name := range []string{"controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"} {
				without(append(slices.Clone(at), name)...)
			}
		}
	}
}

// trimToken removes the volume with the token, which every Pod gets.
func trimToken(pod *unstructured.Unstructured) {
	const token = "kube-api-access-"
	drop := func(in map[string]any, list string) {
		items, _ := in[list].([]any)
		items = slices.DeleteFunc(items, func(item any) bool {
			m, _ := item.(map[string]any)
			name, _ := m["name"].(string)
			return strings.HasPrefix(name, token)
		})
		if delete(in, list); len(items) > 0 {
			in[list] = items
		}
	}
	spec, _ := pod.Object["spec"].(map[string]any)
	drop(spec, "volumes")
	for _, list := range []string{"containers", "initContainers"} {
		containers, _ := spec[list].([]any)
		for _, c := range containers {
			if c, ok := c.(map[string]any); ok {
				drop(c, "volumeMounts")
			}
		}
	}
}

// unsealed puts back the values of a Secret that the lab itself names, or says that
// there are others.
func unsealed(secret *unstructured.Unstructured, key string, values []string) (why string) {
	data, _, _ := unstructured.NestedMap(secret.Object, "data")
	for name, sealed := range data {
		text, _ := sealed.(string)
		if !timeline.Sealed(text) {
			continue
		}
		i := slices.IndexFunc(values, func(v string) bool { return timeline.Seal(key, v) == text })
		if i < 0 {
			return "values of Secrets are not in the record; make it again"
		}
		data[name] = values[i]
	}
	if len(data) > 0 {
		secret.Object["data"] = data
	}
	return ""
}

func field(obj *unstructured.Unstructured, path ...string) string {
	text, _, _ := unstructured.NestedString(obj.Object, path...)
	return text
}

// Remains is what the namespace held that was before this one, or, where this one
// is new and nothing of it has been recorded yet, the last that was.
func (x *Session) Remains(fresh bool) (Remains, error) {
	file, err := timeline.Read(x.timeline())
	if err != nil {
		return Remains{}, err
	}
	r := remainsOf(x.Lab, file.Entries(), fresh)
	own, err := setupObjects(x.Lab, []string{x.Step().ID})
	if err != nil {
		return Remains{}, err
	}
	for _, obj := range r.Objects {
		name := nameOf(obj)
		if r.untouched[name] && !slices.ContainsFunc(own, func(o *unstructured.Unstructured) bool { return nameOf(o) == name }) {
			r.names = append(r.names, name.String())
		}
	}
	return r, nil
}
