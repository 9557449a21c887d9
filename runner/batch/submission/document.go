package submission

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	kjson "sigs.k8s.io/json"
	kyaml "sigs.k8s.io/yaml"
)

// document is one document of a manifest.
type document struct {
	value any // as JSON has it
	err   error
}

// reader reads documents, within a bound for all of them together.
type reader struct {
	written int // bytes of JSON
	count   int // documents, empty ones too
}

// documents are those of a manifest, split where kubectl splits. Each has a value or
// an error for the student. What is empty is left out.
func (r *reader) documents(f File) (out []document) {
	f.Data = bytes.TrimPrefix(f.Data, []byte("\uFEFF")) // editors put it there
	if strings.EqualFold(path.Ext(f.Name), ".json") {
		v, err := r.json(f.Data)
		return []document{{v, err}}
	}
	texts := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(f.Data)))
	for {
		text, err := texts.Read()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			return append(out, document{err: errors.New("has a line that begins with --- and goes on, so that it cannot be told where documents end; put --- alone on its line")})
		}
		if r.count++; r.count > maxDocuments {
			if r.count == maxDocuments+1 {
				out = append(out, document{err: fmt.Errorf("is one too many: the submission has more than %d, and those from here on were not read", maxDocuments)})
			}
			return out
		}
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		if v, err := r.yaml(text); v != nil || err != nil {
			out = append(out, document{v, err})
		}
	}
}

func (r *reader) json(text []byte) (any, error) {
	if len(text) > maxDocument {
		return nil, errLarge()
	}
	var v any
	strict, err := kjson.UnmarshalStrict(text, &v)
	switch {
	case err != nil:
		return nil, fmt.Errorf("is not JSON: %s", clip(err.Error()))
	case len(strict) > 0:
		return nil, fmt.Errorf("has a field twice: %s; keep one of the two", clip(strict[0].Error()))
	}
	return v, r.bound(v, len(text))
}

// yaml reads a document in the way of kubectl, YAML 1.1 by way of JSON, once it is
// known how much that would be: the parser bounds how many values aliases stand for,
// and not how long those are.
func (r *reader) yaml(text []byte) (v any, err error) {
	defer unread(&err)
	n, err := parse(text)
	if n == nil || err != nil {
		return nil, err
	}
	size, err := (&measure{map[*yaml.Node]int{}, map[*yaml.Node]bool{}}).of(n)
	switch {
	case err != nil:
		return nil, err
	case size > maxAliased:
		return nil, fmt.Errorf("has aliases that stand for more than %d MiB; write out what they stand for, once", maxAliased>>20)
	}
	data, err := kyaml.YAMLToJSONStrict(text)
	if err != nil {
		return nil, notYAML(err)
	}
	if _, err := kjson.UnmarshalStrict(data, &v); err != nil {
		return nil, notYAML(err)
	}
	return v, r.bound(v, len(data))
}

// parse is the one document of a text, aliases and all; nil if there is none.
func parse(text []byte) (n *yaml.Node, err error) {
	defer unread(&err)
	if len(text) > maxDocument {
		return nil, errLarge()
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	n = &yaml.Node{}
	switch err := d.Decode(n); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, notYAML(err)
	}
	for {
		var more yaml.Node
		switch err := d.Decode(&more); {
		case errors.Is(err, io.EOF):
			return n, nil
		case err != nil:
			return nil, notYAML(err)
		case !empty(&more):
			return nil, errors.New("has two documents that are not apart; put --- alone on a line between them")
		}
	}
}

// empty tells whether there is nothing in a document.
func empty(n *yaml.Node) bool {
	return len(n.Content) == 1 && n.Content[0].Kind == yaml.ScalarNode && n.Content[0].Tag == "!!null"
}

// unread makes an error of a panic: a parser that meets what its authors did not
// think of must not end a class.
func unread(err *error) {
	if p := recover(); p != nil {
		*err = errors.New("cannot be read as YAML; write it anew")
	}
}

// bound holds a value against what all of them may be.
func (r *reader) bound(v any, size int) error {
	if r.written += size; r.written > maxWritten {
		return fmt.Errorf("is too much: all objects together have more than %d MiB, written as JSON", maxWritten>>20)
	}
	if deeper(v, maxNesting) {
		return fmt.Errorf("has more than %d maps and lists within each other; no object of Kubernetes does", maxNesting)
	}
	return nil
}

func errLarge() error {
	return fmt.Errorf("is larger than %d KiB; kubectl apply would not take it either", maxDocument>>10)
}

// notYAML is what a parser says, in one line.
func notYAML(err error) error {
	text := strings.NewReplacer("error converting YAML to JSON: ", "", "yaml: ", "", "unmarshal errors:", "").Replace(err.Error())
	return fmt.Errorf("is not YAML as kubectl reads it: %s", clip(strings.Join(strings.Fields(text), " ")))
}

// deeper tells whether a value has more than n maps and lists within each other.
func deeper(v any, n int) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			if n == 0 || deeper(e, n-1) {
				return true
			}
		}
	case []any:
		for _, e := range v {
			if n == 0 || deeper(e, n-1) {
				return true
			}
		}
	}
	return false
}

// measure tells how long a document is once its aliases are written out, without
// doing it.
type measure struct {
	known  map[*yaml.Node]int
	within map[*yaml.Node]bool
}

// of is bytes, about: never fewer than the values have. It stops counting a little
// above what is allowed.
func (m *measure) of(n *yaml.Node) (int, error) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if size, ok := m.known[n]; ok {
		return size, nil
	}
	if m.within[n] {
		return 0, errors.New("has an alias to what it is itself in, which has no end; write it out")
	}
	size := len(n.Value) + 4 // quotes, a comma or colon, a blank
	if n.Anchor != "" {      // nothing else can be led to
		m.within[n] = true
		defer delete(m.within, n)
	}
	for _, c := range n.Content {
		s, err := m.of(c)
		if err != nil {
			return 0, err
		}
		if size += s; size > maxAliased {
			size = maxAliased + 1
			break
		}
	}
	if n.Anchor != "" {
		m.known[n] = size
	}
	return size, nil
}
