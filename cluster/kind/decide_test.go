package kind

import (
	"testing"

	"podlab.dev/podlab/cluster/driver"
)

func TestDecide(t *testing.T) {
	made := driver.State{Phase: driver.Made, Nodes: map[string]string{"podlab-control-plane": "1", "podlab-worker": "2"}}
	node := func(status string) container {
		return container{Name: "podlab-control-plane", ID: "1", Status: status}
	}
	worker := container{Name: "podlab-worker", ID: "2", Status: "running"}
	for _, tc := range []struct {
		name       string
		state      driver.State
		containers []container
		nodes      int
		want       action
	}{
		{"nothing there", driver.State{}, nil, 1, create},
		{"containers removed behind our back", made, nil, 1, create},
		{"killed while creating, before any container", driver.State{Phase: driver.Creating}, nil, 1, create},
		{"killed while creating", driver.State{Phase: driver.Creating}, []container{node("running")}, 1, recreate},
		{"warm", made, []container{node("running")}, 1, use},
		{"state lost, cluster there", driver.State{}, []container{node("running")}, 1, use},
		{"state lost, cluster stopped", driver.State{}, []container{node("exited")}, 1, start},
		{"stopped", made, []container{node("exited")}, 1, start},
		{"paused", made, []container{node("paused")}, 1, start},
		{"one of two stopped", made, []container{node("exited"), worker}, 2, start},
		{"being removed", made, []container{node("removing")}, 1, recreate},
		{"dead", made, []container{node("dead")}, 1, recreate},
		{"a node is missing", made, []container{node("running")}, 2, recreate},
		{"somebody else's container of the same name", made, []container{{Name: "podlab-control-plane", ID: "9", Status: "running"}}, 1, recreate},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, why := decide(tc.state, tc.containers, tc.nodes)
			if got != tc.want {
				t.Errorf("got %s (%s), want %s", got, why, tc.want)
			}
			if why == "" {
				t.Error("no reason given")
			}
		})
	}
}
