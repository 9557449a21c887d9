package view

import (
	"bytes"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"podlab.dev/podlab/cue/fields"
)

// State is the view of an object at one time. That of the next time is made of it in
// half the time: most of an object, its spec above all, is the same as before.
type State struct {
	// View must not be changed, as the next state may have parts of it.
	View map[string]any

	parts map[string][]byte // the fields of the object, in JSON
}

// Next is the view of an object of the given kind as an API server writes it, the
// same as [Kinds.OfJSON] makes, where last, which may be nil, was a state of an object
// of that kind. It keeps raw.
func (k *Kinds) Next(gvk schema.GroupVersionKind, raw []byte, last *State) (*State, error) {
	parts := map[string][]byte{}
	var same []string
	var changed []byte
	s := fields.Of(raw)
	for s.Next() {
		if _, twice := parts[s.Name]; twice {
			return k.first(gvk, raw) // what that means is for encoding/json to say
		}
		parts[s.Name] = s.Value
		if last == nil {
			continue
		}
		kind := s.Name == "apiVersion" || s.Name == "kind" // without them nobody knows what the rest is
		if !kind && bytes.Equal(last.parts[s.Name], s.Value) {
			same = append(same, s.Name)
			continue
		}
		between := byte(',')
		if len(changed) == 0 {
			between = '{'
		}
		changed = append(append(append(append(changed, between), s.Quoted...), ':'), s.Value...)
	}
	if s.Err != nil || len(same) == 0 || len(changed) == 0 {
		out, err := k.first(gvk, raw)
		if err == nil && s.Err == nil {
			out.parts = parts
		}
		return out, err
	}
	v, err := k.OfJSON(gvk, append(changed, '}'))
	if err != nil {
		return nil, err
	}
	for _, name := range same {
		if shown, ok := last.View[name]; ok {
			v[name] = shown
		} else {
			delete(v, name)
		}
	}
	return &State{v, parts}, nil
}

func (k *Kinds) first(gvk schema.GroupVersionKind, raw []byte) (*State, error) {
	v, err := k.OfJSON(gvk, raw)
	if err != nil {
		return nil, err
	}
	return &State{View: v}, nil
}
