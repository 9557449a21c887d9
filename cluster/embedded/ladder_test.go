//go:build linux

package embedded

import (
	"errors"
	"strings"
	"testing"

	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cluster/embedded/cell"
	"podlab.dev/podlab/cue/lab"
)

func TestRefuse(t *testing.T) {
	for _, tc := range []struct {
		name    string
		rung    cell.Rung
		needs   lab.Needs
		refused string // what the error speaks of; empty for none
	}{
		{"nothing asked", cell.Rung{}, lab.Needs{}, ""},
		{"limits", cell.Rung{ManyUIDs: true}, lab.Needs{Limits: true}, "limits that hold"},
		{"users", cell.Rung{Limits: true}, lab.Needs{Users: true}, "users of their own"},
		{"figures of the whole machine", cell.Rung{ManyUIDs: true}, lab.Needs{Metrics: true}, "true figures of what Pods use"},
		{"all of it", cell.Rung{ManyUIDs: true, Limits: true}, lab.Needs{Users: true, Limits: true, Metrics: true}, ""},
	} {
		err := refuse(tc.rung, tc.needs)
		if tc.refused == "" {
			if err != nil {
				t.Errorf("%s: refused: %v", tc.name, err)
			}
			continue
		}
		if !errors.Is(err, driver.ErrNeeds) || !strings.Contains(err.Error(), tc.refused) {
			t.Errorf("%s: got %v, want it refused for %s", tc.name, err, tc.refused)
		}
	}
}
