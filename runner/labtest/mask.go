package labtest

import (
	"regexp"
	"strings"
)

// mask is something that is another thing in each run, and what stands for it when
// two runs are compared. What a mask hides no test can notice, so there are few.
type mask struct {
	varies *regexp.Regexp
	as     string // may name groups of varies
}

// masks are laid over a text in this order.
var masks = []mask{
	// UIDs of objects.
	{regexp.MustCompile(`\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`), "UID"},
	// Containers and digests of images: half a sha256 and more.
	{regexp.MustCompile(`\b[0-9a-f]{32,}\b`), "ID"},
	// Points in time as describe, -o yaml, ls -l and logs write them. A duration has
	// no colons.
	{regexp.MustCompile(`\b[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}\b`), "TIME"},
	{regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)`), "TIME"},
	{regexp.MustCompile(`\b[A-Z][a-z]{2} [ \d]\d (\d\d:\d\d| \d{4})\b`), "TIME"},
	{regexp.MustCompile(`\b\d\d:\d\d:\d\d\b`), "TIME"},
	// Addresses are given out anew, and a cluster has IPv4, IPv6 or both; of several
	// one is as good as another. Ports are kept.
	{regexp.MustCompile(`\b\d{1,3}(\.\d{1,3}){3}\b`), "IP"},
	{regexp.MustCompile(`\[?(\B::1|\b[0-9a-f]{1,4}:[0-9a-f:]*:[0-9a-f]{1,4})\b\]?`), "IP"},
	// Services on nodes get ports from 30000, and whoever calls has one above those.
	{regexp.MustCompile(`:[3-6]\d{4}\b`), ":PORT"},
	// Nodes have the names that their cluster's driver gives them.
	{regexp.MustCompile(`\bpodlab\S*-(control-plane|worker)\d*\b`), "NODE"},
	// The ends that ReplicaSets and Pods get: no vowels, so that they spell nothing,
	// and no digits that look like one.
	{regexp.MustCompile(`-([bcdfghjklmnpqrstvwxz2456789]{8,10}|[bcdfghjklmnpqrstvwxz2456789]{5})\b`), "-HASH"},
	// Ages, and how often an Event has come within one; the first time it comes
	// without. Bare minutes are left: 100m is also a tenth of a processor, and what a
	// test makes is not that old.
	{regexp.MustCompile(`\b(((\d+d)?(\d+h)?(\d+m)?\d+(\.\d+)?s|\d+d(\d+h)?|\d+h(\d+m)?)\b( \(x\d+ over \w+\))?)`), "AGE"},
	// What ps says of a process: its memory, and its number, of which only 1 means
	// something.
	{regexp.MustCompile(`^( *\d+ +\d+ +\w+ +[A-Z] +)[\d.]+M\b`), "${1}SIZE"},
	{regexp.MustCompile(`^ *(?:[2-9]|\d{2,})( +\d+ +\w+ +[A-Z] +SIZE )`), "PID$1"},
}

// masked are the lines of a text with all that varies hidden: the masks, and how wide
// columns are. Blank lines at its end are dropped.
func masked(text string) []string {
	var out []string
	for line := range strings.SplitSeq(strings.TrimRight(text, " \n"), "\n") {
		for _, m := range masks {
			line = m.varies.ReplaceAllString(line, m.as)
		}
		out = append(out, strings.Join(strings.Fields(line), " "))
	}
	return out
}
