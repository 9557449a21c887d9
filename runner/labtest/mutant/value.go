package mutant

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"podlab.dev/podlab/cue/view"
)

// far is by how much a number is made wrong, besides by one: a check may well
// leave room.
const far = 64

// others are values that v could have been instead, the wildest first; none where
// no other makes sense.
func others(v any, s view.Shape, path []string) []any {
	switch v := v.(type) {
	case bool:
		return []any{!v}
	case float64:
		return numbers(int64(v))
	case int64:
		return numbers(v)
	case string:
		return texts(v, s, path)
	case []any: // a command, a list of names
		if len(v) == 0 {
			return nil
		}
		var out []any
		for _, last := range others(v[len(v)-1], view.Shape{}, path) {
			out = append(out, append(slices.Clone(v[:len(v)-1]), last))
		}
		return out
	}
	return nil
}

func numbers(v int64) []any {
	out := []any{v*far + 1}
	if v/far != v {
		out = append(out, v/far)
	}
	if v != 0 {
		out = append(out, v+1)
	}
	return out
}

func texts(v string, s view.Shape, path []string) (out []any) {
	if values := s.Values(); values != nil {
		for _, other := range values {
			if other != v {
				out = append(out, other)
			}
		}
		return out
	}
	if s.Form == view.Number {
		if q, err := resource.ParseQuantity(v); err == nil {
			return quantities(q)
		}
	}
	if path[len(path)-1] == "image" { // the repository is another thing to get wrong, with the same end
		if repo, tag, ok := cutTag(v); ok {
			return []any{repo + ":" + tag + "-x"}
		}
	}
	if strings.Contains(v, "\n") {
		// Likely a script, of which the last line may never be reached.
		return []any{"exit 9\n" + v}
	}
	return []any{v + "-x"}
}

func quantities(q resource.Quantity) []any {
	more, less := q.DeepCopy(), resource.NewMilliQuantity(q.MilliValue()/far, q.Format)
	more.Mul(far)
	return []any{more.String(), less.String()}
}

// cutTag splits the name of an image, which may begin with a host and its port.
func cutTag(image string) (repo, tag string, ok bool) {
	at := strings.LastIndexByte(image, ':')
	if at < 0 || strings.Contains(image[at:], "/") || strings.Contains(image, "@") {
		return "", "", false
	}
	return image[:at], image[at+1:], true
}

// swapped exchanges all but the names of the first two containers.
func swapped(v any) any {
	list, ok := v.([]any)
	if !ok || len(list) < 2 {
		return v
	}
	list = slices.Clone(list)
	a, aOK := list[0].(map[string]any)
	b, bOK := list[1].(map[string]any)
	if aOK && bOK {
		a, b = maps.Clone(a), maps.Clone(b)
		a["name"], b["name"] = b["name"], a["name"]
		list[0], list[1] = a, b
	}
	return list
}
