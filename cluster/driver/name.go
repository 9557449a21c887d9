package driver

import (
	"fmt"
	"strings"
)

// SizedName is what the cluster that serves labs with so many nodes is called:
// "podlab", or "podlab-3n" for three.
func SizedName(base string, nodes int) string {
	if nodes <= 1 {
		return base
	}
	return fmt.Sprintf("%s-%dn", base, nodes)
}

// IsSizedName tells whether [SizedName] gives this name for some number of nodes.
func IsSizedName(base, name string) bool {
	rest, ok := strings.CutPrefix(name, base)
	if !ok {
		return false
	}
	var nodes int
	_, err := fmt.Sscanf(rest, "-%dn", &nodes)
	return rest == "" || err == nil && rest == fmt.Sprintf("-%dn", nodes)
}
