package kind

import "testing"

func TestBoundingSetLacks(t *testing.T) {
	for status, want := range map[string]bool{
		"CapBnd:\t000001ffffffffff\n":                       false,
		"Name:\tx\nCapEff:\t0\nCapBnd:\t000001fffeffffff\n": true,
		"Name:\tx\n":          false, // unknown: nothing is assumed
		"CapBnd:\tnonsense\n": false,
	} {
		if got := boundingSetLacks(status, capSysResource); got != want {
			t.Errorf("%q: got %t", status, got)
		}
	}
}
