package view

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

// definition is what is read of a CustomResourceDefinition.
type definition struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Group string `json:"group"`
		Names struct {
			Kind   string `json:"kind"`
			Plural string `json:"plural"`
		} `json:"names"`
		Scope    string `json:"scope"`
		Versions []struct {
			Name    string `json:"name"`
			Served  bool   `json:"served"`
			Storage bool   `json:"storage"`
			Schema  struct {
				Root map[string]any `json:"openAPIV3Schema"`
			} `json:"schema"`
		} `json:"versions"`
	} `json:"spec"`
}

func (d *definition) groupKind() schema.GroupKind {
	return schema.GroupKind{Group: d.Spec.Group, Kind: d.Spec.Names.Kind}
}

// definitions reads the documents of a file, of which there is at least one.
func definitions(text string) ([]definition, error) {
	var out []definition
	for _, doc := range documents(text) {
		data, err := yaml.YAMLToJSONStrict([]byte(doc.text))
		if err != nil { // again, so that the line it names is one of the file
			_, err = yaml.YAMLToJSONStrict([]byte(strings.Repeat("\n", doc.line) + doc.text))
			return nil, fmt.Errorf("this is not YAML: %s", strings.TrimPrefix(strings.TrimPrefix(err.Error(), "yaml: "), "unmarshal errors:"))
		}
		if string(data) == "null" { // nothing but comments
			continue
		}
		var d definition
		if err := d.decode(data); err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	if out == nil {
		return nil, errors.New("there is no CustomResourceDefinition in it")
	}
	return out, nil
}

// document is one of the documents of a YAML file.
type document struct {
	text string
	line int // the lines of the file before it
}

// documents splits a file at its --- lines, which a YAML value cannot contain at
// the left edge. What follows the --- on its line begins the next one.
func documents(text string) (out []document) {
	begin, line, offset, n := 0, 0, 0, 0
	for l := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(l, "---"); ok && strings.TrimLeft(rest, " \t\r\n") != rest {
			out = append(out, document{text[begin:offset], line})
			begin, line = offset+len("---"), n
		}
		offset += len(l)
		n++
	}
	return append(out, document{text[begin:], line})
}

// decode reads one object. Even where a field of it has the wrong type the
// others are read, so it is known first whether it is a CRD at all.
func (d *definition) decode(data []byte) error {
	err := json.Unmarshal(data, d)
	var wrong *stdjson.UnmarshalTypeError
	switch {
	case d.Kind == "":
		return errors.New("it has no kind; a CustomResourceDefinition is expected")
	case d.Kind != "CustomResourceDefinition":
		return fmt.Errorf("%s is not a CustomResourceDefinition", d.Kind)
	case d.APIVersion != "apiextensions.k8s.io/v1":
		return fmt.Errorf("the CustomResourceDefinition is of apiVersion %q; write apiextensions.k8s.io/v1", d.APIVersion)
	case errors.As(err, &wrong):
		return fmt.Errorf("%s is never a %s", wrong.Field, wrong.Value)
	case err != nil:
		return err
	}
	return d.check()
}

// check says what is missing or contradicts itself.
func (d *definition) check() error {
	spec := &d.Spec
	for _, f := range []struct{ path, value string }{
		{"spec.group", spec.Group}, {"spec.names.kind", spec.Names.Kind}, {"spec.names.plural", spec.Names.Plural},
	} {
		if f.value == "" {
			return fmt.Errorf("%s is missing", f.path)
		}
	}
	if want := spec.Names.Plural + "." + spec.Group; d.Metadata.Name != want {
		return fmt.Errorf("metadata.name is %q; spec.names.plural and spec.group make it %q", d.Metadata.Name, want)
	}
	if scheme.Scheme.IsGroupRegistered(spec.Group) {
		return fmt.Errorf("spec.group %s is a built-in one", spec.Group)
	}
	if spec.Scope != "Namespaced" && spec.Scope != "Cluster" {
		return fmt.Errorf("spec.scope is %q; it is Namespaced or Cluster", spec.Scope)
	}
	if len(spec.Versions) == 0 {
		return errors.New("spec.versions is missing")
	}
	seen, stored := map[string]bool{}, 0
	for i, v := range spec.Versions {
		switch {
		case v.Name == "":
			return fmt.Errorf("spec.versions[%d] has no name", i)
		case seen[v.Name]:
			return fmt.Errorf("version %s is there twice", v.Name)
		case v.Schema.Root == nil:
			return fmt.Errorf("version %s has no schema.openAPIV3Schema", v.Name)
		}
		seen[v.Name] = true
		if v.Storage {
			stored++
		}
	}
	if stored != 1 {
		return fmt.Errorf("%d versions have storage: true; exactly one has to", stored)
	}
	return nil
}
