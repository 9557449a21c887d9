package embedded

import "podlab.dev/podlab/cluster/driver"

// action is what to do about a cluster.
type action string

const (
	create   action = "create"   // nothing is there
	use      action = "use"      // it runs
	start    action = "start"    // it is there and does not run
	recreate action = "recreate" // what is there may not be whole
)

// decide says what to do, and why, from what podlab remembers, whether process 1
// lives, and which boot of the machine this is.
func decide(state driver.State, alive bool, boot string) (action, string) {
	switch {
	case alive:
		return use, "it runs"
	case state.Phase == "":
		return create, "nothing is there"
	case state.Phase == driver.Creating:
		return recreate, "an earlier start was interrupted before it was finished"
	case state.Boot != "" && state.Boot != boot:
		// It does not wait for the disk, so what a power cut left of it may be
		// half of something.
		return recreate, "the machine was switched off while it ran"
	}
	return start, "it is stopped"
}
