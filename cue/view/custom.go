package view

import (
	"maps"
	"reflect"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// custom is the view of JSON content whose shape comes from a CRD, or nil for
// null. Content of another shape stays as it is.
func (b *builder) custom(x any, s Shape) any {
	switch x := x.(type) {
	case map[string]any:
		switch {
		case s.Form == Struct && s.typ != nil:
			return b.metadata(x)
		case s.Form == Struct:
			return b.properties(x, s)
		case s.Form == Map:
			out := make(map[string]any, len(x))
			for k, e := range x {
				b.path = append(b.path, k)
				if e := b.custom(e, s.crd.elem); e != nil {
					out[k] = e
				}
				b.path = b.path[:len(b.path)-1]
			}
			return out
		}
	case []any:
		switch s.Form {
		case List:
			out := make([]any, len(x))
			for i, e := range x {
				out[i] = b.custom(e, s.crd.elem)
			}
			return out
		case Keyed:
			if out := b.keyedJSON(x, s); out != nil {
				return out
			}
		}
	case string:
		if s.Form == Number && s.crd.quantity {
			return quantity(x)
		}
	}
	return plain(x)
}

// properties are the fields of x that the schema has, as an API server prunes
// all others.
func (b *builder) properties(x map[string]any, s Shape) map[string]any {
	out := make(map[string]any, len(x))
	for _, f := range s.Fields() {
		b.path = append(b.path, f.Name)
		if v := b.custom(x[f.Name], f.Shape); v != nil {
			out[f.Name] = v
		}
		b.path = b.path[:len(b.path)-1]
	}
	return out
}

// metadata is the view of the metadata of a custom resource, the same as in any
// other object.
func (b *builder) metadata(x map[string]any) map[string]any {
	x = maps.Clone(x)
	delete(x, "managedFields")
	var meta metav1.ObjectMeta
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(x, &meta); err != nil {
		return plain(x).(map[string]any)
	}
	return b.structure(reflect.ValueOf(meta))
}

// keyedJSON is the view of a keyed list, or nil if an element has no key.
func (b *builder) keyedJSON(list []any, s Shape) map[string]any {
	keys := make([]string, len(list))
	for i, e := range list {
		k, ok := s.KeyOf(e)
		if !ok {
			return nil
		}
		keys[i] = k
	}
	out := make(map[string]any, len(list))
	for i, e := range list {
		b.path = append(b.path, keys[i])
		b.duplicate(out, keys[i])
		out[keys[i]] = b.custom(e, s.crd.elem)
		b.path = b.path[:len(b.path)-1]
	}
	return out
}

// KeyOf is the key that the view gives an element of a [Keyed] list, by its JSON;
// not ok where the element has none.
func (s *Shape) KeyOf(elem any) (key string, ok bool) {
	m, _ := elem.(map[string]any)
	switch k := plain(m[s.Key]).(type) {
	case string:
		key = k
	case int64:
		key = strconv.FormatInt(k, 10)
	default:
		return "", false
	}
	protocol, _ := m["protocol"].(string)
	return withProtocol(s.Key, key, protocol), true
}

// quantity is the number that text spells, or text if it spells none. Nothing
// but a pattern was held against it, and what no resource ever had is not tried:
// an exponent such as that of 1e-99999999 is worked on for minutes.
func quantity(text string) any {
	exponent := strings.LastIndexAny(text, "eE")
	if len(text) > 64 || exponent >= 0 && len(text)-exponent > len("e-99") {
		return text
	}
	q, err := resource.ParseQuantity(text)
	if err != nil {
		return text
	}
	return number(q)
}
