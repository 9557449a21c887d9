package grader

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"podlab.dev/podlab/cue/fields"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/cue/view"
	"podlab.dev/podlab/grader/timeline"
)

// world is the namespace as the entries so far show it.
type world struct {
	// objects are those that exist by now, graves those that were deleted.
	objects map[ref]*object
	graves  map[ref]grave
	// doomed are the UIDs of what podlab deletes where a step begins anew: they are
	// as good as gone, and nobody deleted them.
	doomed map[string]bool
	// synced are the kinds that have been listed, trouble those that are not
	// watched at the moment, with the reason.
	synced  map[string]bool
	trouble map[string]string
	kinds   *view.Kinds
	// key is what values of Secrets are sealed under, asked the values that the
	// lab compares them with.
	key   string
	asked []string
}

type ref struct {
	kind schema.GroupKind
	name string
}

// object is a state of an object. Most states are looked at by no check, and so
// each is read when it is.
type object struct {
	seq       int64
	uid       string
	namespace string
	owners    []string // UIDs

	kind  schema.GroupVersionKind
	raw   json.RawMessage
	kinds *view.Kinds
	open  func(shown map[string]any) // puts back what was sealed; may be nil
	read  bool
	shown *view.State // once it was read; until then that of a state before, or nil
	bad   error
}

// view is what a check sees, or why it sees nothing.
func (o *object) view() (map[string]any, error) {
	if !o.read {
		o.read = true
		o.shown, o.bad = o.kinds.Next(o.kind, o.raw, o.shown)
		o.raw = nil
		if o.open != nil && o.bad == nil {
			o.open(o.shown.View)
		}
	}
	if o.bad != nil {
		return nil, o.bad
	}
	return o.shown.View, nil
}

// grave remembers the entry that last showed an object and the one that
// deleted it.
type grave struct{ shown, deleted int64 }

var (
	pods    = schema.GroupKind{Kind: "Pod"}
	secrets = schema.GroupKind{Kind: "Secret"}
)

func newWorld(l *lab.Lab) world {
	return world{kinds: l.Kinds, asked: l.SecretValues(), objects: map[ref]*object{}, graves: map[ref]grave{}, doomed: map[string]bool{}, synced: map[string]bool{}, trouble: map[string]string{}}
}

// see brings the world up to date with an object entry, and returns what it
// shows; nil for one that the recorder did not write.
func (w *world) see(e timeline.Entry) (ref, *object) {
	m, err := headOf(e.Object)
	if err != nil {
		return ref{}, nil
	}
	if w.doomed[m.Metadata.UID] {
		return ref{}, nil
	}
	kind := schema.FromAPIVersionAndKind(m.APIVersion, m.Kind)
	r := ref{kind.GroupKind(), m.Metadata.Name}
	o := &object{seq: e.Seq, uid: m.Metadata.UID, namespace: m.Metadata.Namespace, kind: kind, raw: e.Object, kinds: w.kinds}
	for _, owner := range m.Metadata.OwnerReferences {
		if w.doomed[owner.UID] { // it goes with its owner, and may have been made since
			w.doomed[o.uid] = true
			if known := w.objects[r]; known != nil && known.uid == o.uid {
				delete(w.objects, r)
			}
			return ref{}, nil
		}
		o.owners = append(o.owners, owner.UID)
	}
	if e.Kind == timeline.Deleted {
		shown := e.Seq
		if last := w.objects[r]; last != nil {
			shown = last.seq
		}
		w.graves[r] = grave{shown: shown, deleted: e.Seq}
		delete(w.objects, r)
		return r, o
	}
	switch last := w.objects[r]; {
	case r.kind == secrets:
		o.open = w.unseal // what another state shows is not what this one has
	case last != nil && last.kind == kind:
		o.shown = last.shown
	}
	w.objects[r] = o
	return r, o
}

// head is all that has to be known of a state that no check looks at.
type head struct {
	APIVersion, Kind string
	Metadata         struct {
		Name            string `json:"name"`
		UID             string `json:"uid"`
		Namespace       string `json:"namespace"`
		OwnerReferences []struct {
			UID string `json:"uid"`
		} `json:"ownerReferences"`
	}
}

// headOf reads the head of an object, and no further than it has to: the recorder
// writes fields in the order of their names, so that it is in front.
func headOf(raw json.RawMessage) (h head, err error) {
	s := fields.Of(raw)
	for seen := 0; seen < 3 && s.Next(); seen++ {
		var into any
		switch s.Name {
		case "apiVersion":
			into = &h.APIVersion
		case "kind":
			into = &h.Kind
		case "metadata":
			into = &h.Metadata
		default:
			seen--
			continue
		}
		if err := json.Unmarshal(s.Value, into); err != nil {
			return h, err
		}
	}
	return h, s.Err
}

// unseal puts the values that the lab asks for back into a Secret, where it has
// them. Of all others it can only be told that they are others.
func (w *world) unseal(shown map[string]any) {
	data, _ := shown["data"].(map[string]any)
	for name, value := range data {
		text, _ := value.(string)
		if !timeline.Sealed(text) {
			continue // recorded by hand
		}
		data[name] = "(another value)"
		for _, asked := range w.asked {
			if timeline.Seal(w.key, asked) == text {
				data[name] = asked
			}
		}
	}
}

// sees tells whether what is known of a check's kinds is what there is. While
// they are being listed, or cannot be watched, the objects known from before may
// be gone.
func (w *world) sees(s *state) bool {
	for _, kind := range s.Kinds() {
		of := kind.GroupKind().String()
		if _, trouble := w.trouble[of]; trouble || !w.synced[of] {
			return false
		}
	}
	return true
}

// troubleOf says why the cluster cannot be observed for a check, or "";
// unsynced tells that it has not been looked at yet.
func (w *world) troubleOf(s *state) (reason string, unsynced bool) {
	for _, kind := range s.Kinds() {
		of := kind.GroupKind().String()
		if reason, ok := w.trouble[of]; ok {
			return "the cluster cannot be watched: " + reason, false
		}
		if !w.synced[of] {
			return "the cluster has not been looked at yet", true
		}
	}
	return "", false
}

// field is what the newest state of an object has at a path, as text.
func (w *world) field(r ref, path []string) (text string, seq int64, ok bool) {
	o, exists := w.objects[r]
	if !exists {
		return "", 0, false
	}
	shown, err := o.view()
	if err != nil {
		return "", o.seq, false
	}
	var at any = shown
	for _, name := range path {
		m, isMap := at.(map[string]any)
		if !isMap {
			return "", o.seq, false
		}
		if at, ok = m[name]; !ok {
			return "", o.seq, false
		}
	}
	switch at.(type) {
	case map[string]any, []any, nil:
		return "", o.seq, false
	}
	return fmt.Sprint(at), o.seq, true
}

// missing says that an object does not exist and names those that do.
func (w *world) missing(r ref) string {
	var names []string
	for o := range w.objects {
		if o.kind == r.kind {
			names = append(names, o.name)
		}
	}
	sort.Strings(names)
	const most = 6
	switch {
	case len(names) == 0:
		return fmt.Sprintf("there is no %s %s, and no other %s either", r.kind.Kind, r.name, r.kind.Kind)
	case len(names) > most:
		return fmt.Sprintf("there is no %s %s; there are %s and %d more", r.kind.Kind, r.name, strings.Join(names[:most], ", "), len(names)-most)
	case len(names) == 1:
		return fmt.Sprintf("there is no %s %s; there is %s", r.kind.Kind, r.name, names[0])
	}
	return fmt.Sprintf("there is no %s %s; there are %s", r.kind.Kind, r.name, strings.Join(names, ", "))
}

// runs tells by the state of a Pod whether a container of it runs, sidecars
// included; an empty name is the first of those that are not.
func runs(o *object, container string) bool {
	pod, err := o.view()
	if err != nil {
		return false
	}
	status, _ := pod["status"].(map[string]any)
	in := func(list string, first bool) bool {
		statuses, _ := status[list].(map[string]any)
		for name, s := range statuses {
			s, _ := s.(map[string]any)
			state, _ := s["state"].(map[string]any)
			if _, ok := state["running"]; ok && (first || container == name) {
				return true
			}
		}
		return false
	}
	return in("containerStatuses", container == "") || in("initContainerStatuses", false)
}

// noContainer says that a Pod has no container of this name, and which it has, or
// "": so it is when no name is asked for.
func noContainer(pod string, o *object, name string) string {
	shown, err := o.view()
	spec, _ := shown["spec"].(map[string]any)
	if err != nil || name == "" || spec["containers"] == nil {
		return ""
	}
	var names []string
	for _, list := range []string{"containers", "initContainers", "ephemeralContainers"} {
		containers, _ := spec[list].(map[string]any)
		if _, ok := containers[name]; ok {
			return ""
		}
		names = slices.AppendSeq(names, maps.Keys(containers))
	}
	slices.Sort(names)
	return fmt.Sprintf("Pod %s has no container %s; it has %s", pod, name, strings.Join(names, ", "))
}
