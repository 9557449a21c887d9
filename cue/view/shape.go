package view

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Form is how a value appears in the view.
type Form int

const (
	Any         Form = iota // free-form content
	Bool                    // bool
	Int                     // int64
	Number                  // int64 or float64: a quantity
	String                  // string; times are RFC 3339, bytes base64
	IntOrString             // int64 or string, as in the object
	List                    // []any
	Keyed                   // map[string]any, a list in the API
	Map                     // map[string]any with free keys
	Struct                  // map[string]any with the keys of Fields
)

// Shape describes the view of a type: what a value of it looks like and, for
// structured forms, what is inside.
//
// It has one of two sources: a Go type for built-in kinds and for the metadata
// of all, and what a CRD says for the rest of a custom resource. A shape that has
// neither is free-form content.
type Shape struct {
	Form Form
	// Key is the field of an element that keys a [Keyed] list.
	Key string

	typ reflect.Type // without pointers
	crd *node
}

// ShapeOf describes the view of a kind; nil if client-go does not know it.
func ShapeOf(gvk schema.GroupVersionKind) *Shape { return (*Kinds)(nil).ShapeOf(gvk) }

// ShapeOf describes the view of a kind; nil if neither k nor client-go knows it.
func (k *Kinds) ShapeOf(gvk schema.GroupVersionKind) *Shape {
	if s := k.shape(gvk); s != nil {
		return s
	}
	t, ok := Type(gvk)
	if !ok {
		return nil
	}
	return ShapeOfType(t)
}

// ShapeOfType describes the view of a Go type with JSON tags.
func ShapeOfType(t reflect.Type) *Shape {
	s := shapeOf(t, "")
	return &s
}

// Name is what messages call the type: the Go name, such as "PodSpec". A CRD
// has no names for types; there it is the kind or the name of the property.
func (s *Shape) Name() string {
	switch {
	case s.typ != nil:
		return s.typ.Name()
	case s.crd != nil:
		return s.crd.name
	}
	return ""
}

// Elem is the shape of the elements of a [List], [Keyed] or [Map].
func (s *Shape) Elem() Shape {
	if s.crd != nil {
		return s.crd.elem
	}
	return shapeOf(s.typ.Elem(), "")
}

// Fields are the fields of a [Struct], in the order of the API, or of the
// alphabet where a CRD describes them; nil for other forms.
func (s *Shape) Fields() []Field {
	switch {
	case s.Form != Struct:
		return nil
	case s.crd != nil:
		return s.crd.fields
	}
	return slices.Clone(fieldsOf(s.typ))
}

// Nearest is the field of a [Struct] that was probably meant by a mistyped one,
// or "".
func (s *Shape) Nearest(name string) string {
	var names []string
	for _, f := range s.Fields() {
		if strings.EqualFold(strings.TrimSuffix(f.Name, "s"), strings.TrimSuffix(name, "s")) {
			return f.Name
		}
		names = append(names, f.Name)
	}
	return Nearest(name, names)
}

// Field is a field of a [Struct].
type Field struct {
	Name string // in the view, and in JSON
	Shape
	// Kept says that the view always shows the field: it is a bool or an
	// integer that cannot be told from false or 0 when it is not set. In a
	// custom resource it can, and only the metadata has such fields.
	Kept bool

	omit  bool  // for fields of Go types,
	index []int // as is the place in the Go struct
}

func fieldsOf(t reflect.Type) []Field {
	if known, ok := fieldsByType.Load(t); ok {
		return known.([]Field)
	}
	out := readFields(t)
	fieldsByType.Store(t, out)
	return out
}

// fieldsByType remembers what fieldsOf, which depends on nothing else, said of a
// type: reading the tags is half of the work of a view.
var fieldsByType sync.Map

func readFields(t reflect.Type) []Field {
	out := make([]Field, 0, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case !f.IsExported() || name == "-" || name == "managedFields":
		case name == "" && f.Type.Kind() == reflect.Struct: // inline
			for _, e := range fieldsOf(f.Type) {
				e.index = append([]int{i}, e.index...)
				out = append(out, e)
			}
		case name != "":
			s := shapeOf(f.Type, mergeKey(t, f, name))
			out = append(out, Field{
				Name: name, Shape: s, index: []int{i},
				Kept: f.Type.Kind() != reflect.Pointer && (s.Form == Bool || s.Form == Int),
				omit: strings.Contains(opts, "omitempty") || strings.Contains(opts, "omitzero"),
			})
		}
	}
	return out
}

func shapeOf(t reflect.Type, key string) Shape {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	s := Shape{Form: form(t), typ: t}
	if s.Form == List && key != "" {
		s.Form, s.Key = Keyed, key
	}
	return s
}

func form(t reflect.Type) Form {
	switch t {
	case reflect.TypeFor[resource.Quantity]():
		return Number
	case reflect.TypeFor[intstr.IntOrString]():
		return IntOrString
	case reflect.TypeFor[metav1.Time](), reflect.TypeFor[metav1.MicroTime](), reflect.TypeFor[metav1.Duration]():
		return String
	}
	if m := reflect.TypeFor[json.Marshaler](); t.Implements(m) || reflect.PointerTo(t).Implements(m) {
		return Any // free-form content such as runtime.RawExtension
	}
	switch t.Kind() {
	case reflect.Bool:
		return Bool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return Int
	case reflect.String:
		return String
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return String
		}
		return List
	case reflect.Map:
		if t.Key().Kind() == reflect.String {
			return Map
		}
	case reflect.Struct:
		return Struct
	}
	return Any
}

// mergeKey is the one place that says which lists are keyed, and by what: the
// name of the field of an element, or "". The API's own patchMergeKey tags
// decide, except where they would make a view that lies or is useless.
func mergeKey(owner reflect.Type, f reflect.StructField, name string) string {
	if f.Type.Kind() != reflect.Slice || f.Type.Elem().Kind() != reflect.Struct {
		return ""
	}
	switch owner.Name() + "." + name {
	case "PodStatus.containerStatuses", "PodStatus.initContainerStatuses", "PodStatus.ephemeralContainerStatuses":
		// The API replaces these lists as a whole and so gives them no key.
		return "name"
	case "PodSpec.topologySpreadConstraints", // topologyKey and whenUnsatisfiable
		"NodeStatus.addresses",             // a dual-stack node has two of one type
		"PodVolumeHealth.healthConditions", // status and reason
		"VolumeHealthStatus.healthConditions":
		return "" // the tag's key does not identify an element
	case "ObjectMeta.ownerReferences", "ResourceClaimStatus.reservedFor", "PodStatus.podIPs", "PodStatus.hostIPs":
		// The key is a UID or an address, which no author knows, and a pattern
		// over all of them passes on none: as a list, list.MatchN says "some".
		return ""
	}
	if k := f.Tag.Get("patchMergeKey"); k != "" {
		return k
	}
	if name == "conditions" && hasField(f.Type.Elem(), "type") {
		return "type" // some APIs forget the tag; types are unique by convention
	}
	return ""
}

func hasField(t reflect.Type, name string) bool {
	return slices.ContainsFunc(fieldsOf(t), func(f Field) bool { return f.Name == name })
}
