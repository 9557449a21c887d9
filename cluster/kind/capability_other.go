//go:build !linux

package kind

// lacksSysResource: the engine runs in a Linux machine of its own, with all
// capabilities.
func lacksSysResource() bool { return false }
