// Package mutant derives wrong answers from right ones: each has one thing
// different from what a solution asked of the API server. A check that does not
// notice any of them does not check what its title says.
//
//	for _, m := range mutant.Of(kinds, deeds) {
//		for v := range m.Variants { wrong, ok := m.Change(state, v) … }
//	}
package mutant

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"podlab.dev/podlab/cue/view"
)

// Deed is something that a solution had the API server do.
type Deed struct {
	// Method is POST, PATCH or DELETE.
	Method   string
	Resource schema.GroupVersionResource
	Kind     schema.GroupVersionKind
	// Namespace is empty for an object that has none. A Name that ends in * means
	// all objects whose names the API server made out of what stands before it.
	Namespace, Name string
	// Command is what kubectl was called as.
	Command string
	// Body is the object that was sent, or the patch.
	Body map[string]any
	// Page is the step on which it was done.
	Page string
}

// Is tells whether the deed is about the object of that name.
func (d Deed) Is(name string) bool {
	prefix, generated := strings.CutSuffix(d.Name, "*")
	return name == d.Name || generated && strings.HasPrefix(name, prefix)
}

func (d Deed) id() string { return d.Namespace + "/" + d.Resource.Resource + "/" + d.Name }

// Op is what a mutant does to a field or an object.
type Op string

const (
	// Drop leaves a field, or an element of a list, out.
	Drop Op = "drop"
	// Change makes another value of it.
	Change Op = "change"
	// Swap exchanges the names of the first two containers.
	Swap Op = "swap"
	// Zero scales to 0.
	Zero Op = "zero"
	// Omit does not make the object at all.
	Omit Op = "omit"
	// Keep does not delete it.
	Keep Op = "keep"
)

// Mutant is a deed with one thing different.
type Mutant struct {
	Deed Deed
	Op   Op
	// Path leads to the field as the view of the object has it, without that of
	// the object itself: a list of containers is keyed by their names.
	Path []string
	// Variants is how many ways there are to do it. Some may be as right as the
	// solution (a limit of twice the memory), so that one that is caught will do.
	Variants int

	shape *view.Shape
}

// String names the mutant: "Pod/web: drop spec.containers.server.image".
func (m Mutant) String() string {
	s := fmt.Sprintf("%s/%s: %s", m.Deed.Kind.Kind, m.Deed.Name, m.Op)
	if len(m.Path) > 0 {
		s += " " + strings.Join(m.Path, ".")
	}
	return s
}

// Of derives all mutants of the deeds, each once. What kubectl run made and deleted
// again (--rm) was a tool of the solution's, and is no part of it.
func Of(kinds *view.Kinds, deeds []Deed) []Mutant {
	d := deriver{known: map[string]bool{}}
	tools := map[string]bool{}
	for _, x := range deeds {
		if x.Method == "DELETE" && x.Command == "kubectl run" {
			tools[x.id()] = true
		}
	}
	for _, x := range deeds {
		if x.Command == "kubectl run" && tools[x.id()] {
			continue
		}
		d.deed, d.shape = x, kinds.ShapeOf(x.Kind)
		if d.shape == nil {
			d.shape = &view.Shape{}
		}
		switch x.Method {
		case "DELETE":
			d.add(Keep, nil, 1)
		case "POST":
			d.add(Omit, nil, 1)
			d.fields(x.Body, *d.shape, nil)
		case "PATCH":
			d.fields(x.Body, *d.shape, nil)
		}
	}
	return d.out
}

type deriver struct {
	deed  Deed
	shape *view.Shape
	known map[string]bool
	out   []Mutant
}

func (d *deriver) add(op Op, path []string, variants int) {
	if d.deed.Command == "kubectl debug" && len(path) > 0 && !slices.Contains([]string{"image", "command", "args"}, path[len(path)-1]) {
		return // it copies a Pod: nobody asked for the rest
	}
	m := Mutant{Deed: d.deed, Op: op, Path: slices.Clone(path), Variants: variants, shape: d.shape}
	if id := m.String(); variants > 0 && !d.known[id] {
		d.known[id] = true
		d.out = append(d.out, m)
	}
}

// value derives from v, which stands at path.
func (d *deriver) value(v any, s view.Shape, path []string) {
	if d.ours(path) {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		// Without its spec or its metadata nothing is left of an object, and of a patch
		// what has one field is no more than that field.
		if alone := d.deed.Method == "PATCH" && len(v) == 1; len(path) > 2 && !alone {
			d.add(Drop, path, 1)
		}
		d.fields(v, s, path)
	case []any:
		d.list(v, s, path)
	default:
		d.add(Drop, path, 1)
		if strings.HasPrefix(path[len(path)-1], kubectls) {
			return // when something was restarted does not matter, if only it was
		}
		d.add(Change, path, len(others(v, s, path)))
		if n := path[len(path)-1]; n == "replicas" && v != nil {
			d.add(Zero, path, 1)
		}
	}
}

func (d *deriver) fields(m map[string]any, s view.Shape, path []string) {
	for _, name := range sorted(m) {
		if strings.HasPrefix(name, "$") {
			continue // a directive of a patch
		}
		d.value(m[name], below(s, name), append(path, name))
	}
}

func (d *deriver) list(list []any, s view.Shape, path []string) {
	keys := keysOf(list, s)
	if keys == nil {
		d.add(Drop, path, 1)
		d.add(Change, path, len(others(list, s, path)))
		return
	}
	for i, e := range list {
		at := append(path, keys[i])
		d.add(Drop, at, 1)
		if m, ok := e.(map[string]any); ok {
			d.fields(m, s.Elem(), at)
		}
	}
	if name := path[len(path)-1]; len(list) > 1 && (name == "containers" || name == "initContainers") {
		d.add(Swap, path, 1)
	}
}

// kubectls is how the names of annotations begin that kubectl puts there.
const kubectls = "kubectl.kubernetes.io/"

// ours tells that not the author of the solution asked for the field: it names
// the object, or kubectl puts it there by itself.
func (d *deriver) ours(path []string) bool {
	switch p := strings.Join(path, "/"); {
	case slices.Contains([]string{
		"apiVersion", "kind", "status", "metadata/name", "metadata/generateName", "metadata/namespace", "metadata/creationTimestamp",
		"metadata/uid", "metadata/resourceVersion", "metadata/generation", "metadata/managedFields",
	}, p):
		return true
	case strings.HasPrefix(p, "metadata/annotations/"+kubectls):
		return true
	case p == "metadata/labels/run":
		return d.generated()
	case p == "metadata/labels/app":
		return d.deed.Command == "kubectl create deployment"
	case len(path) > 2 && path[len(path)-1] == "name" && path[len(path)-3] == "containers":
		return d.generated() || d.deed.Command == "kubectl create deployment"
	}
	return false
}

// generated tells that kubectl run wrote the object, maybe to a file first: then
// nobody chose the label and the name of the container.
func (d *deriver) generated() bool {
	meta, _ := d.deed.Body["metadata"].(map[string]any)
	labels, _ := meta["labels"].(map[string]any)
	return d.deed.Command == "kubectl run" || labels["run"] == d.deed.Name
}
