package embedded

import (
	"testing"

	"podlab.dev/podlab/cluster/driver"
)

func TestDecide(t *testing.T) {
	const now, before = "boot-2", "boot-1"
	for _, tc := range []struct {
		name  string
		state driver.State
		alive bool
		want  action
	}{
		{"nothing", driver.State{}, false, create},
		{"half-made, its maker killed", driver.State{Phase: driver.Creating, Boot: now}, false, recreate},
		{"half-made, but process 1 lives", driver.State{Phase: driver.Creating, Boot: now}, true, use},
		{"it runs", driver.State{Phase: driver.Made, Boot: now}, true, use},
		{"stopped in order", driver.State{Phase: driver.Made}, false, start},
		{"stopped in order, then a reboot", driver.State{Phase: driver.Made}, false, start},
		{"killed", driver.State{Phase: driver.Made, Boot: now}, false, start},
		{"the machine was switched off", driver.State{Phase: driver.Made, Boot: before}, false, recreate},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got, why := decide(tc.state, tc.alive, now); got != tc.want || why == "" {
				t.Errorf("got %s (%s), want %s", got, why, tc.want)
			}
		})
	}
}
