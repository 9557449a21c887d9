package driver

import (
	"testing"
	"time"

	"podlab.dev/podlab/cue/lab"
)

func TestNames(t *testing.T) {
	for _, tc := range []struct {
		needs lab.Needs
		want  string
	}{
		{lab.Needs{}, "podlab"},
		{lab.Needs{Nodes: 1}, "podlab"},
		{lab.Needs{Nodes: 3}, "podlab-3n"},
		{lab.Needs{Nodes: 12}, "podlab-12n"},
		{lab.Needs{Times: lab.Times{Unknown: 12 * time.Second}}, "podlab-u12s"},
		{lab.Needs{Nodes: 2, Times: lab.Times{BackOff: time.Minute, Unknown: 8 * time.Second, Evict: 5 * time.Second}}, "podlab-2n-b60s-u8s-e5s"},
	} {
		got := NameFor("podlab", tc.needs)
		if got != tc.want {
			t.Errorf("%+v: got %s, want %s", tc.needs, got, tc.want)
		}
		if !IsNameFor("podlab", got) {
			t.Errorf("%s is not known as such a name", got)
		}
	}
	for _, name := range []string{"podlab-test", "podlab-3nx", "podlab-n", "podlab-03n", "podlab-1n", "kind", "podlabs", "podlab-u12s-b1s", "podlab-u12"} {
		if IsNameFor("podlab", name) {
			t.Errorf("%s is taken for such a name", name)
		}
	}
}
