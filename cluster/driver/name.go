package driver

import (
	"fmt"
	"regexp"
	"strings"

	"podlab.dev/podlab/cue/lab"
)

// NameFor is what the cluster is called that serves labs with these needs: "podlab",
// "podlab-3n" for three nodes, "podlab-3n-u12s" where they are Unknown after twelve
// seconds. Labs with the same name share a cluster.
func NameFor(base string, needs lab.Needs) string {
	if needs.Nodes > 1 {
		base += fmt.Sprintf("-%dn", needs.Nodes)
	}
	if id := needs.Times.ID(); id != "" {
		base += "-" + id
	}
	return base
}

var suffix = regexp.MustCompile(`^(-([2-9]|[1-9][0-9]+)n)?(-b[1-9][0-9]*s)?(-u[1-9][0-9]*s)?(-e[1-9][0-9]*s)?$`)

// IsNameFor tells whether [NameFor] gives this name for some needs.
func IsNameFor(base, name string) bool {
	rest, ok := strings.CutPrefix(name, base)
	return ok && suffix.MatchString(rest)
}
