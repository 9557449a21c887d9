//go:build linux

package cell

// Rung is how much of Linux a cell may use: each step of the ladder that this
// machine and user allow.
type Rung struct {
	// ManyUIDs: the cell has 65536 users, so that images may own their files and
	// Pods may run as whom they like. Otherwise all is one user.
	ManyUIDs bool `json:"manyUIDs"`
	// Limits: the cell has cgroups of its own, so that memory and CPU limits hold
	// and what is measured is true.
	Limits bool `json:"limits"`
}
