package kind

import (
	"os"
	"strconv"
	"strings"
)

// capSysResource is the number of CAP_SYS_RESOURCE, see capabilities(7).
const capSysResource = 24

// lacksSysResource tells whether no process of this machine's containers can have
// CAP_SYS_RESOURCE, judged by this process's own bounding set. It is wrong where
// podlab itself runs in a container beside the engine; what it decides is
// harmless then.
func lacksSysResource() bool {
	status, err := os.ReadFile("/proc/self/status")
	return err == nil && boundingSetLacks(string(status), capSysResource)
}

// boundingSetLacks reads the CapBnd line of a /proc/PID/status.
func boundingSetLacks(status string, capability uint) bool {
	for line := range strings.Lines(status) {
		if value, ok := strings.CutPrefix(line, "CapBnd:"); ok {
			set, err := strconv.ParseUint(strings.TrimSpace(value), 16, 64)
			return err == nil && set>>capability&1 == 0
		}
	}
	return false
}
