package lab_test

import (
	"reflect"
	"testing"

	"podlab.dev/podlab/cue/lab"
)

func TestNeedsOfSeveralLabs(t *testing.T) {
	got := lab.Needs{Nodes: 1, Images: []string{"a"}, Kubernetes: "1.9"}.
		With(lab.Needs{Nodes: 3, Images: []string{"a", "b"}, Limits: true, Kubernetes: "1.33"}).
		With(lab.Needs{Users: true, Kubernetes: "1.30"})
	want := lab.Needs{Nodes: 3, Images: []string{"a", "b"}, Limits: true, Users: true, Kubernetes: "1.33"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
