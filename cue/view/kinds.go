package view

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

// Kinds are the kinds that a lab may speak of: the built-in ones and those of
// the lab's CRDs. A nil *Kinds knows the built-in ones only. Kinds do not change
// once they are read and may be used by several goroutines at once.
type Kinds struct {
	custom map[schema.GroupVersionKind]*Shape
}

// ReadCRDs reads the CustomResourceDefinitions in files, which are YAML with any
// number of documents, by name. Their served versions become known.
//
// The error is one line for the author: the file, and what is wrong in it. What
// would mislead a view or lint is refused, such as a schema that is not
// structural; that all else is as an API server wants it is not verified.
func ReadCRDs(files map[string][]byte) (*Kinds, error) {
	k := &Kinds{custom: map[schema.GroupVersionKind]*Shape{}}
	from := map[schema.GroupKind]string{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := k.read(name, string(files[name]), from); err != nil {
			return nil, fmt.Errorf("%s: %s", name, strings.Join(strings.Fields(err.Error()), " "))
		}
	}
	return k, nil
}

// read adds what one file defines; from says which file each kind is from.
func (k *Kinds) read(name, text string, from map[schema.GroupKind]string) error {
	ds, err := definitions(text)
	if err != nil {
		return err
	}
	for _, d := range ds {
		if other, ok := from[d.groupKind()]; ok {
			return fmt.Errorf("%s is defined a second time; the first is in %s", d.Metadata.Name, other)
		}
		from[d.groupKind()] = name
		for _, v := range d.Spec.Versions {
			s, err := rootShape(d.Spec.Names.Kind, v.Schema.Root)
			if err != nil {
				return fmt.Errorf("schema of version %s: %w", v.Name, err)
			}
			if v.Served {
				k.custom[d.groupKind().WithVersion(v.Name)] = &s
			}
		}
	}
	return nil
}

// shape is the shape of a custom kind, or nil.
func (k *Kinds) shape(gvk schema.GroupVersionKind) *Shape {
	if k == nil {
		return nil
	}
	return k.custom[gvk]
}

// all are the kinds by name, each with its group versions: built-in ones first,
// then preferred ones.
func (k *Kinds) all() map[string][]schema.GroupVersion {
	out := builtin()
	if k == nil {
		return out
	}
	custom := map[string][]schema.GroupVersion{}
	for gvk := range k.custom {
		custom[gvk.Kind] = append(custom[gvk.Kind], gvk.GroupVersion())
	}
	for kind, gvs := range custom {
		sort.Slice(gvs, func(i, j int) bool { return preferred(gvs[i], gvs[j]) })
		out[kind] = append(out[kind], gvs...)
	}
	return out
}

// hasGroup says that the kinds of a group are known.
func (k *Kinds) hasGroup(group string) bool {
	if scheme.Scheme.IsGroupRegistered(group) {
		return true
	}
	if k != nil {
		for gvk := range k.custom {
			if gvk.Group == group {
				return true
			}
		}
	}
	return false
}

// groupsOf are the groups that have a custom kind of this name.
func (k *Kinds) groupsOf(kind string) (out []string) {
	if k != nil {
		for gvk := range k.custom {
			if gvk.Kind == kind {
				out = append(out, gvk.Group)
			}
		}
	}
	return out
}
