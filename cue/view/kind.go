package view

import (
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/kubernetes/scheme"
)

// Type is the Go type of a kind, not a pointer; false if client-go does not
// know the kind.
func Type(gvk schema.GroupVersionKind) (reflect.Type, bool) {
	obj, err := scheme.Scheme.New(gvk)
	if err != nil {
		return nil, false
	}
	return reflect.TypeOf(obj).Elem(), true
}

// Kind resolves the kind that an author wrote, as [Kinds.Kind] does where no
// custom kinds are known.
func Kind(apiVersion, kind string) (schema.GroupVersionKind, error) {
	return (*Kinds)(nil).Kind(apiVersion, kind)
}

// Kind resolves the kind that an author wrote.
//
// With an empty apiVersion the kind is a built-in one, in the version that a
// cluster prefers: the core group before others, then the newest stable
// version. "Deployment" is apps/v1, "Event" is v1. If there is no built-in kind
// of that name it is a custom one that k knows. With an apiVersion the kind must
// exist there if the group is built in or has a kind that k knows; a kind of any
// other group is taken as written, a custom resource.
//
// The error says what the author may have meant.
func (k *Kinds) Kind(apiVersion, kind string) (schema.GroupVersionKind, error) {
	kinds := k.all()
	if apiVersion == "" {
		if gvs := kinds[kind]; len(gvs) > 0 {
			return gvs[0].WithKind(kind), nil
		}
		if near := Nearest(kind, keys(kinds)); near != "" {
			return schema.GroupVersionKind{}, fmt.Errorf("there is no kind %q; did you mean %q?", kind, near)
		}
		return schema.GroupVersionKind{}, fmt.Errorf("there is no built-in kind %q; a custom resource needs its apiVersion", kind)
	}
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil || gv.Version == "" {
		return schema.GroupVersionKind{}, fmt.Errorf(`apiVersion %q is not of the form "v1" or "apps/v1"`, apiVersion)
	}
	gvk := gv.WithKind(kind)
	if !k.hasGroup(gv.Group) {
		if near := Nearest(gv.Group, k.groupsOf(kind)); near != "" {
			return schema.GroupVersionKind{}, fmt.Errorf("there is no API group %q; did you mean %q?", gv.Group, near)
		}
		if gvs := kinds[kind]; len(gvs) > 0 && !strings.Contains(gv.Group, ".") {
			return schema.GroupVersionKind{}, fmt.Errorf("there is no API group %q; %s is in %s", gv.Group, kind, gvs[0])
		}
		return gvk, nil
	}
	for _, have := range kinds[kind] {
		if have == gv {
			return gvk, nil
		}
	}
	if gvs := kinds[kind]; len(gvs) > 0 {
		in := max(0, slices.IndexFunc(gvs, func(have schema.GroupVersion) bool { return have.Group == gv.Group }))
		return schema.GroupVersionKind{}, fmt.Errorf("there is no kind %q in %s; it is in %s", kind, apiVersion, gvs[in])
	}
	var here []string
	for name, gvs := range kinds {
		for _, have := range gvs {
			if have == gv {
				here = append(here, name)
			}
		}
	}
	if near := Nearest(kind, here); near != "" {
		return schema.GroupVersionKind{}, fmt.Errorf("there is no kind %q in %s; did you mean %q?", kind, apiVersion, near)
	}
	return schema.GroupVersionKind{}, fmt.Errorf("there is no kind %q in %s", kind, apiVersion)
}

// builtin are the kinds of objects that client-go knows, each with its group
// versions, preferred one first. Lists and request options are not objects.
func builtin() map[string][]schema.GroupVersion {
	out := map[string][]schema.GroupVersion{}
	for gvk, t := range scheme.Scheme.AllKnownTypes() {
		if f, ok := t.FieldByName("ObjectMeta"); ok && f.Type == reflect.TypeFor[metav1.ObjectMeta]() {
			out[gvk.Kind] = append(out[gvk.Kind], gvk.GroupVersion())
		}
	}
	for _, gvs := range out {
		sort.Slice(gvs, func(i, j int) bool { return preferred(gvs[i], gvs[j]) })
	}
	return out
}

func preferred(a, b schema.GroupVersion) bool {
	if (a.Group == "") != (b.Group == "") {
		return a.Group == ""
	}
	if c := version.CompareKubeAwareVersionStrings(a.Version, b.Version); c != 0 {
		return c > 0
	}
	return a.Group < b.Group
}

func keys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return out
}

// Nearest is the name that was probably meant by a mistyped one, or "". Letter
// case counts for nothing; of equally near names the first in the alphabet wins.
func Nearest(name string, names []string) string {
	name = strings.ToLower(name)
	best, least := "", max(1, min(3, len(name)/3))+1
	for _, n := range names {
		d := distance(name, strings.ToLower(n))
		if d < least || d == least && best != "" && n < best {
			best, least = n, d
		}
	}
	return best
}

// distance is the number of letters to insert, delete, replace or swap with
// their neighbour that makes b of a.
func distance(a, b string) int {
	prev2, prev, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		prev2, prev, row = prev, row, prev2
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(prev[j]+cost, prev[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], prev2[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
