package kind

import (
	"fmt"
	"time"

	"podlab.dev/podlab/cluster/driver"
)

// action is what to do about a cluster.
type action string

const (
	create   action = "create"   // nothing is there
	use      action = "use"      // it runs
	start    action = "start"    // its containers are stopped
	recreate action = "recreate" // what is there cannot become a cluster
)

// decide says what to do, and why, from what podlab remembers and what the
// engine has.
func decide(state driver.State, containers []container, nodes int) (action, string) {
	if len(containers) == 0 {
		return create, "nothing is there"
	}
	if state.Phase == driver.Creating {
		// The lock is ours, so whoever was creating it is gone.
		return recreate, "an earlier start was interrupted before it was finished"
	}
	if len(containers) != nodes {
		return recreate, fmt.Sprintf("it has %d of %d nodes", len(containers), nodes)
	}
	action, why := use, "it runs"
	for _, c := range containers {
		if id, known := state.Nodes[c.Name]; state.Phase == driver.Made && (!known || id != c.ID) {
			return recreate, fmt.Sprintf("node %s is not the one that podlab made", c.Name)
		}
		switch c.Status {
		case "running":
		case "exited", "created", "stopped", "paused":
			action, why = start, "its nodes are stopped"
		default:
			return recreate, fmt.Sprintf("the container of node %s is %s", c.Name, c.Status)
		}
	}
	return action, why
}

// lastStart is when the last of the containers started, by the engine's clock.
func lastStart(containers []container) time.Time {
	var last time.Time
	for _, c := range containers {
		if c.Started.After(last) {
			last = c.Started
		}
	}
	return last
}

// identities maps names to container identities.
func identities(containers []container) map[string]string {
	ids := make(map[string]string, len(containers))
	for _, c := range containers {
		ids[c.Name] = c.ID
	}
	return ids
}
