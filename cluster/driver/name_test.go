package driver

import "testing"

func TestSizedNames(t *testing.T) {
	for nodes, want := range map[int]string{0: "podlab", 1: "podlab", 2: "podlab-2n", 3: "podlab-3n"} {
		if got := SizedName("podlab", nodes); got != want {
			t.Errorf("%d nodes: got %s, want %s", nodes, got, want)
		}
	}
	for name, want := range map[string]bool{
		"podlab": true, "podlab-3n": true, "podlab-12n": true,
		"podlab-test": false, "podlab-3nx": false, "podlab-n": false, "podlab-03n": false, "kind": false, "podlabs": false,
	} {
		if got := IsSizedName("podlab", name); got != want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}
