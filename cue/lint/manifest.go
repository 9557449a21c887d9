package lint

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	serializer "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/client-go/kubernetes/scheme"

	"podlab.dev/podlab/cue/view"
)

// manifests decodes the manifests under files/ and manifests/ as strictly as an API server
// does. YAML with neither apiVersion nor kind is something else, and the fields
// of a custom resource are not known.
func (l *linter) manifests() {
	for _, f := range slices.Concat(l.files("files"), l.files("manifests")) {
		if !f.manifest() {
			continue
		}
		object := false
		for _, d := range documents(f.text) {
			d.file = f.name
			object = l.manifest(d) || object
		}
		if object {
			l.report.Manifests = append(l.report.Manifests, f.name)
		}
	}
}

// kinds are those that the lab's manifests may be of.
func (l *linter) kinds() *view.Kinds {
	if l.lab == nil {
		return nil
	}
	return l.lab.Kinds
}

// document is one of the documents of a YAML file.
type document struct {
	file string
	text string
	line int // the line of the file before its first
}

// documents splits a file at its --- lines, which a YAML value cannot contain at
// the left edge.
func documents(text string) []document {
	out := []document{{}}
	n := 0
	for line := range strings.Lines(text) {
		n++
		if strings.HasPrefix(line, "---") && strings.Trim(line, "- \t\r\n") == "" {
			out = append(out, document{line: n})
			continue
		}
		out[len(out)-1].text += line
	}
	return out
}

func (d document) at(line int) place { return place{d.file, d.line + max(line, 1)} }

// manifest looks at a document, and tells whether it is a sound object of which
// an API server might say more.
func (l *linter) manifest(d document) bool {
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(d.text), &root); err != nil {
		l.error(d.at(yamlLine(err)), "manifest", "mend the indentation or the quotes there", "this is not YAML: %s", yamlText(err))
		return false
	}
	apiVersion, kind := find(&root, "apiVersion"), find(&root, "kind")
	switch {
	case apiVersion == nil && kind == nil:
		return false
	case apiVersion == nil:
		do := "write its apiVersion"
		if gvk, err := l.kinds().Kind("", kind.Value); err == nil {
			do = "write apiVersion: " + gvk.GroupVersion().String()
		}
		l.error(d.at(kind.Line), "manifest", do, "the %s has no apiVersion", kind.Value)
		return false
	case kind == nil:
		l.error(d.at(apiVersion.Line), "manifest", "write its kind", "the object has an apiVersion and no kind")
		return false
	}
	gvk, err := l.kinds().Kind(apiVersion.Value, kind.Value)
	if err != nil && kind.Value != "List" {
		what, do, ok := strings.Cut(err.Error(), "; ")
		if !ok {
			do = "kubectl api-resources lists the kinds"
		}
		l.error(d.at(kind.Line), "manifest", do, "%s", what)
		return false
	}
	shape := l.kinds().ShapeOf(gvk)
	if shape == nil || !scheme.Scheme.Recognizes(gvk) {
		return true // of custom resources only the API server knows all rules
	}
	strict := serializer.NewSerializerWithOptions(serializer.DefaultMetaFactory, scheme.Scheme, scheme.Scheme, serializer.SerializerOptions{Yaml: true, Strict: true})
	if _, _, err := strict.Decode([]byte(d.text), nil, nil); err != nil {
		l.decoding(d, &root, gvk, shape, err)
		return false
	}
	return true
}

// decoding says what strict decoding found, each at its line.
func (l *linter) decoding(d document, root *yaml.Node, gvk schema.GroupVersionKind, shape *view.Shape, err error) {
	var wrong *json.UnmarshalTypeError
	strict, ok := runtime.AsStrictDecodingError(err)
	switch {
	case errors.As(err, &wrong):
		path := strings.Split(wrong.Field, ".")
		do := explain(gvk, path)
		if wrong.Type.Kind() == reflect.String {
			do = "write it in quotes; in YAML yes, no, on, off, y and n are bools"
		}
		l.error(d.at(lineOf(root, path)), "manifest", do, "%s is a %s; it has to be of type %s", wrong.Field, wrong.Value, wrong.Type)
		return
	case !ok:
		l.error(d.at(0), "manifest", explain(gvk, nil), "%v", err)
		return
	}
	for _, e := range strict.Errors() {
		m := strictField.FindStringSubmatch(e.Error())
		switch {
		case m == nil: // YAML's own words for a key that is there twice
			l.error(d.at(yamlLine(e)), "manifest", "keep one of the two", "%s", yamlText(e))
		case m[1] == "unknown":
			path := strings.Split(strings.ReplaceAll(m[2], "[", ".["), ".")
			parent, name := within(shape, path), path[len(path)-1]
			do := explain(gvk, path[:len(path)-1])
			if near := parent.Nearest(name); near != "" {
				do = "did you mean " + near + "?"
			}
			l.error(d.at(lineOf(root, path)), "manifest", do, "there is no field %s", m[2])
		}
	}
}

// strictField takes the words of strict decoding apart.
var strictField = regexp.MustCompile(`^(unknown|duplicate) field "(.*)"$`)

// within is the shape of what holds the last element of path, as far as it is
// known.
func within(s *view.Shape, path []string) *view.Shape {
	for _, name := range path[:len(path)-1] {
		var next view.Shape
		switch s.Form {
		case view.Struct:
			for _, f := range s.Fields() {
				if f.Name == name {
					next = f.Shape
				}
			}
		case view.List, view.Keyed, view.Map:
			next = s.Elem()
		}
		s = &next
	}
	return s
}

// explain is the command that shows what fields there are.
func explain(gvk schema.GroupVersionKind, path []string) string {
	names := []string{strings.ToLower(gvk.Kind)}
	for _, name := range path {
		if !strings.HasPrefix(name, "[") {
			names = append(names, name)
		}
	}
	return fmt.Sprintf("kubectl explain %s shows what there is", strings.Join(names, "."))
}

// lineOf is the line of the document on which path is, or its nearest parent.
// Where path leaves out the index of an element, the first element that goes on
// with it counts.
func lineOf(n *yaml.Node, path []string) int {
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	if len(path) == 0 {
		return n.Line
	}
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if key := n.Content[i]; key.Value == path[0] {
				if len(path) == 1 {
					return key.Line
				}
				return max(key.Line, lineOf(n.Content[i+1], path[1:]))
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(strings.Trim(path[0], "[]")); err == nil && i < len(n.Content) {
			return lineOf(n.Content[i], path[1:])
		}
		for _, e := range n.Content {
			if e.Kind == yaml.MappingNode && find(e, path[0]) != nil {
				return lineOf(e, path)
			}
		}
	}
	return n.Line
}

// find is the value of a key of a mapping, or nil.
func find(n *yaml.Node, name string) *yaml.Node {
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i+1]
		}
	}
	return nil
}

// yamlError takes the words of the YAML library apart.
var yamlError = regexp.MustCompile(`line (\d+): (.*)`)

func yamlLine(err error) int {
	if m := yamlError.FindStringSubmatch(err.Error()); m != nil {
		n, _ := strconv.Atoi(m[1])
		return n
	}
	return 0
}

func yamlText(err error) string {
	if m := yamlError.FindStringSubmatch(err.Error()); m != nil {
		return m[2]
	}
	return strings.TrimPrefix(err.Error(), "yaml: ")
}
