package view

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// node is what the schema of a CRD says of a value: the source of a [Shape]
// that has no Go type.
type node struct {
	name     string   // of the property, or of the kind at the root
	elem     Shape    // of a List, Keyed or Map
	fields   []Field  // of a Struct
	values   []string // of a String, if it has an enum
	quantity bool     // the Number is spelled as a quantity
}

// rootShape is the shape of a custom resource.
func rootShape(kind string, root map[string]any) (Shape, error) {
	r := schemaReader{path: []string{kind}}
	if root["type"] != "object" {
		return Shape{}, r.errorf("has to be of type: object")
	}
	s, err := r.shape(kind, root)
	switch {
	case err != nil:
		return Shape{}, err
	case s.Form == Map:
		return Shape{}, r.errorf("has to have properties, not additionalProperties")
	case s.Form == Struct:
		s.crd.fields = withMetadata(s.crd.fields)
	}
	return s, nil
}

// withMetadata adds what every Kubernetes object has to the fields of one. Whatever
// a schema says about the metadata, an API server has ObjectMeta there.
func withMetadata(fields []Field) []Field {
	out := slices.Clone(fieldsOf(reflect.TypeFor[metav1.PartialObjectMetadata]()))
	for _, f := range fields {
		if !slices.ContainsFunc(out, func(have Field) bool { return have.Name == f.Name }) {
			out = append(out, f)
		}
	}
	return out
}

// schemaReader makes shapes of a structural schema: one in which type,
// properties, additionalProperties and items alone say what a value is made of.
// What allOf, anyOf, oneOf and not add are conditions on a value and no matter
// of shape.
type schemaReader struct{ path []string }

func (r *schemaReader) errorf(format string, args ...any) error {
	at := strings.ReplaceAll(strings.Join(r.path, "."), ".[]", "[]")
	return fmt.Errorf("%s %s", at, fmt.Sprintf(format, args...))
}

// in is the shape of the schema of something inside the value at hand.
func (r *schemaReader) in(step, name string, schema any) (Shape, error) {
	r.path = append(r.path, step)
	defer func() { r.path = r.path[:len(r.path)-1] }()
	m, ok := schema.(map[string]any)
	if !ok {
		return Shape{}, r.errorf("has no schema; it has to be a map")
	}
	return r.shape(name, m)
}

// shape is the shape of the values of a schema. Content that the schema leaves
// open is [Any], with all that is in it: an API server keeps unknown fields next
// to known ones there, so that none is a mistake.
func (r *schemaReader) shape(name string, schema map[string]any) (s Shape, err error) {
	s.crd = &node{name: name}
	if schema["x-kubernetes-preserve-unknown-fields"] == true {
		return s, nil
	}
	if schema["x-kubernetes-int-or-string"] == true {
		s.Form = IntOrString
		if schema["pattern"] == quantityPattern {
			s.Form, s.crd.quantity = Number, true
		}
		return s, nil
	}
	switch schema["type"] {
	case "object":
		err = r.object(&s, schema)
	case "array":
		err = r.array(&s, schema)
	case "string":
		s.Form, s.crd.values = String, enum(schema)
	case "boolean":
		s.Form = Bool
	case "integer":
		s.Form = Int
	case "number":
		s.Form = Number
	case nil, "":
		for _, key := range []string{"properties", "additionalProperties", "items"} {
			if _, ok := schema[key]; ok {
				return s, r.errorf("has %s and no type", key)
			}
		}
	default:
		return s, r.errorf("has type %q; there are object, array, string, integer, number and boolean", fmt.Sprint(schema["type"]))
	}
	return s, err
}

// quantityPattern is what controller-gen writes for a resource.Quantity, and all
// that tells one from other fields that take an integer or a string.
const quantityPattern = `^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$`

// object makes s a Map or a Struct. An object of which nothing is said is a
// Struct without fields: an API server drops all that is in it.
func (r *schemaReader) object(s *Shape, schema map[string]any) (err error) {
	properties, ok := schema["properties"].(map[string]any)
	if !ok && schema["properties"] != nil {
		return r.errorf("has properties that are not a map")
	}
	if more := schema["additionalProperties"]; more != nil && more != false {
		if len(properties) > 0 {
			return r.errorf("has both properties and additionalProperties")
		}
		s.Form = Map
		if more == true {
			more = map[string]any{}
		}
		s.crd.elem, err = r.in("*", s.crd.name, more)
		return err
	}
	s.Form = Struct
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		f, err := r.in(name, name, properties[name])
		if err != nil {
			return err
		}
		s.crd.fields = append(s.crd.fields, Field{Name: name, Shape: f})
	}
	if schema["x-kubernetes-embedded-resource"] == true {
		s.crd.fields = withMetadata(s.crd.fields)
	}
	return nil
}

func (r *schemaReader) array(s *Shape, schema map[string]any) (err error) {
	if schema["items"] == nil {
		return r.errorf("has type array and no items")
	}
	s.Form = List
	if s.crd.elem, err = r.in("[]", s.crd.name, schema["items"]); err != nil {
		return err
	}
	if key := listKey(s.crd.elem, schema); key != "" {
		s.Form, s.Key = Keyed, key
	}
	return nil
}

// listKey is for a CRD what [mergeKey] is for Go types: the field of an element
// that keys the list, or "". Several keys together make no name that an author
// could guess, and such a list stays one.
func listKey(elem Shape, schema map[string]any) string {
	keys, _ := schema["x-kubernetes-list-map-keys"].([]any)
	if schema["x-kubernetes-list-type"] != "map" || len(keys) != 1 {
		return ""
	}
	for _, f := range elem.Fields() {
		// A port that is not a number would not be the key that lint expects of
		// a port.
		if f.Name == keys[0] && (f.Form == Int || f.Form == String && !isPort(f.Name)) {
			return f.Name
		}
	}
	return ""
}

// enum are the strings that a schema admits, or nil if it does not say.
func enum(schema map[string]any) (out []string) {
	values, _ := schema["enum"].([]any)
	for _, v := range values {
		if text, ok := v.(string); ok { // not the null of a nullable one
			out = append(out, text)
		}
	}
	return out
}
