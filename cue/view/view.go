// Package view turns a Kubernetes object into its view: a tree of plain Go
// values (map[string]any, []any, string, int64, float64, bool) in which a lab
// author can point at a fact by name.
//
// The view differs from the object's JSON where JSON is awkward to constrain:
//
//   - A list whose elements have a key is a struct: spec.containers.web, not
//     spec.containers[0]. [Shape] says which lists, and by which key.
//   - A quantity is a number: "512Mi" is 536870912 and "100m" is 0.1, however
//     the object spells it.
//   - A bool or an integer that JSON omits because it is false or 0 is there:
//     spec.hostNetwork: false, status.readyReplicas: 0.
//   - metadata.managedFields is left out, and so is null.
//
// Kinds that this version of client-go knows go through their Go type, and a
// custom resource through the schema of its CustomResourceDefinition where
// [ReadCRDs] has read it. There a field that is not set is not in the view, be it
// a bool or an integer: a schema has no zero values. Any other kind keeps the
// lists and spellings of its JSON.
//
//	obj, _ := client.Resource(pods).Get(ctx, "web", metav1.GetOptions{})
//	v, err := view.Of(obj)
//	// v["spec"]["containers"]["web"]["resources"]["limits"]["memory"] == int64(536870912)
//
// [Kind] resolves the kind an author names, and [ShapeOf] describes the view
// of a kind without an object. [Of] builds views from the same description, so
// what lint says about a constraint and what grading sees cannot disagree. All
// three are methods of [Kinds] as well, for labs that bring CRDs.
package view

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"
	kjson "sigs.k8s.io/json"
)

// Of is the view of obj, as [Kinds.Of] makes it where no custom kinds are known.
func Of(obj *unstructured.Unstructured) (map[string]any, error) { return (*Kinds)(nil).Of(obj) }

// Of is the view of obj. obj is not changed and shares nothing with the view.
//
// It fails if obj is of a kind that client-go knows and its content does not
// have that kind's types, which an API server never serves. In a custom resource
// what does not fit its schema stays as it is in JSON: the cluster may have
// another version of the CRD. Of two elements of a list with the same key (two
// env variables of one name) the last one is in the view, as it is in the
// container; [Kinds.Duplicates] finds them.
func (k *Kinds) Of(obj *unstructured.Unstructured) (map[string]any, error) {
	v, _, err := k.build(obj)
	return v, err
}

// Duplicates are those that [Kinds.Duplicates] finds where no custom kinds are
// known.
func Duplicates(obj *unstructured.Unstructured) ([]string, error) {
	return (*Kinds)(nil).Duplicates(obj)
}

// Duplicates are the paths of the keyed elements of obj that occur more than
// once, such as "spec.containers.web.env.MODE". The view shows the last one.
func (k *Kinds) Duplicates(obj *unstructured.Unstructured) ([]string, error) {
	_, dups, err := k.build(obj)
	return dups, err
}

// OfJSON is the view of an object of the given kind as an API server writes it,
// the same as [Kinds.Of] has of it and in half the time.
func (k *Kinds) OfJSON(gvk schema.GroupVersionKind, raw []byte) (map[string]any, error) {
	if s := k.shape(gvk); s != nil || !scheme.Scheme.Recognizes(gvk) {
		u := &unstructured.Unstructured{}
		if err := json.Unmarshal(raw, &u.Object); err != nil {
			return nil, fmt.Errorf("view of %s: %w", gvk.Kind, err)
		}
		return k.Of(u)
	}
	typed, err := scheme.Scheme.New(gvk)
	if err == nil {
		err = kjson.UnmarshalCaseSensitivePreserveInts(raw, typed)
	}
	if err != nil {
		return nil, fmt.Errorf("view of %s: %w", gvk.Kind, err)
	}
	return (&builder{}).structure(reflect.ValueOf(typed).Elem()), nil
}

func (k *Kinds) build(obj *unstructured.Unstructured) (map[string]any, []string, error) {
	gvk := obj.GroupVersionKind()
	if s := k.shape(gvk); s != nil && s.Form == Struct {
		b := &builder{}
		v := b.properties(obj.Object, *s)
		return v, b.dups, nil
	}
	if !scheme.Scheme.Recognizes(gvk) {
		return generic(obj.Object), nil, nil
	}
	typed, err := scheme.Scheme.New(gvk)
	if err != nil {
		return nil, nil, fmt.Errorf("view of %s: %w", gvk.Kind, err)
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(obj.Object, typed); err != nil {
		return nil, nil, fmt.Errorf("view of %s %q: %w", gvk.Kind, obj.GetName(), err)
	}
	b := &builder{}
	v := b.structure(reflect.ValueOf(typed).Elem())
	return v, b.dups, nil
}

// builder makes one view.
type builder struct {
	path []string // to the keyed elements around
	dups []string
}

// value is the view of v, or nil where the view shows nothing.
func (b *builder) value(v reflect.Value, s Shape) any {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	switch s.Form {
	case Struct:
		return b.structure(v)
	case Keyed:
		return b.keyed(v, s)
	case Map:
		out := make(map[string]any, v.Len())
		elem := s.Elem()
		for it := v.MapRange(); it.Next(); {
			if e := b.value(it.Value(), elem); e != nil {
				out[it.Key().String()] = e
			}
		}
		return out
	case List:
		out := make([]any, v.Len())
		elem := s.Elem()
		for i := range out {
			out[i] = b.value(v.Index(i), elem)
		}
		return out
	case Bool:
		return v.Bool()
	case Int:
		return v.Int()
	}
	switch x := v.Interface().(type) {
	case string:
		return x
	case resource.Quantity:
		return number(x)
	case intstr.IntOrString:
		if x.Type == intstr.Int {
			return int64(x.IntVal)
		}
		return x.StrVal
	case metav1.Time:
		if x.IsZero() {
			return nil
		}
		return x.UTC().Format(time.RFC3339) // as its JSON has it
	}
	if v.Kind() == reflect.String {
		return v.String()
	}
	return viaJSON(v.Interface())
}

// usual is how many fields of a struct a view shows at most, but for a few structs: most
// of what the API has is not set.
const usual = 8

func (b *builder) structure(v reflect.Value) map[string]any {
	fs := fieldsOf(v.Type())
	out := make(map[string]any, min(len(fs), usual))
	for _, f := range fs {
		fv := v.FieldByIndex(f.index)
		// A struct held by value is always there in Go; whether the view shows
		// it depends on whether it shows any of its fields.
		if f.omit && !f.Kept && f.Form != Struct && empty(fv) {
			continue
		}
		b.path = append(b.path, f.Name)
		x := b.value(fv, f.Shape)
		b.path = b.path[:len(b.path)-1]
		if m, ok := x.(map[string]any); x == nil || ok && len(m) == 0 && f.omit && fv.Kind() == reflect.Struct {
			continue
		}
		out[f.Name] = x
	}
	return out
}

// empty is what encoding/json's omitempty and omitzero leave out between them.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Map, reflect.Slice:
		return v.Len() == 0
	}
	return v.IsZero()
}

func (b *builder) keyed(list reflect.Value, s Shape) any {
	out := make(map[string]any, list.Len())
	elem := s.Elem()
	for i := range list.Len() {
		k := b.key(list.Index(i), s.Key)
		b.path = append(b.path, k)
		b.duplicate(out, k)
		out[k] = b.value(list.Index(i), elem)
		b.path = b.path[:len(b.path)-1]
	}
	return out
}

// duplicate notes the place of the element at hand if its key is taken.
func (b *builder) duplicate(taken map[string]any, key string) {
	if _, dup := taken[key]; dup {
		b.dups = append(b.dups, strings.Join(b.path, "."))
	}
}

// key is where the view puts an element.
func (b *builder) key(elem reflect.Value, field string) (key string) {
	protocol := ""
	for _, f := range fieldsOf(elem.Type()) {
		switch fv := elem.FieldByIndex(f.index); {
		case f.Name == field && f.Form == Int:
			key = strconv.FormatInt(fv.Int(), 10)
		case f.Name == field:
			key = fv.String()
		case f.Name == "protocol":
			protocol = fv.String()
		}
	}
	return withProtocol(field, key, protocol)
}

// withProtocol is the key of an element that has a protocol, or "". A port is
// identified by its number and protocol together: "53" for TCP, "53/UDP"
// otherwise, so that a key depends on nothing but its own element.
func withProtocol(field, key, protocol string) string {
	if !isPort(field) || protocol == "" || protocol == "TCP" {
		return key
	}
	return key + "/" + protocol
}

func isPort(field string) bool { return field == "containerPort" || field == "port" }

// number is an int64 if q is whole, and otherwise the float64 nearest to q, so
// that 100m is exactly what the literal 0.1 is.
func number(q resource.Quantity) any {
	if n, ok := q.AsInt64(); ok {
		return n
	}
	d := q.AsDec()
	if d.Scale() < -400 { // writing out all zeros of 1e999999999 takes a minute
		return q.String()
	}
	f, err := strconv.ParseFloat(d.String(), 64)
	if err != nil {
		return q.String()
	}
	return whole(f)
}

// viaJSON is the view of what has no better one: times and durations become
// strings, bytes base64, and free-form content stays as it is.
func viaJSON(x any) any {
	data, err := json.Marshal(x)
	if err != nil {
		return nil
	}
	var out any
	if json.Unmarshal(data, &out) != nil {
		return nil
	}
	return plain(out)
}

// generic is the view of an object of unknown kind.
func generic(obj map[string]any) map[string]any {
	out, _ := plain(obj).(map[string]any)
	if meta, ok := out["metadata"].(map[string]any); ok {
		delete(meta, "managedFields")
	}
	return out
}

// plain copies JSON content without nulls and with whole numbers as int64.
func plain(x any) any {
	switch x := x.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			if e := plain(e); e != nil {
				out[k] = e
			}
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = plain(e)
		}
		return out
	case float64:
		return whole(x)
	case float32:
		return whole(float64(x))
	case int:
		return int64(x)
	case int32:
		return int64(x)
	}
	return x
}

// whole is f as an int64 if it is one: in CUE 1 and 1.0 are different values.
func whole(f float64) any {
	if math.Trunc(f) == f && math.Abs(f) < 1<<63 {
		return int64(f)
	}
	return f
}
