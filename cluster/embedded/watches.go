//go:build linux

package embedded

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"podlab.dev/podlab/cluster/driver"
)

// So many instances of inotify the programs of a cluster have open, measured with
// Kubernetes 1.37: API server and controllers 11, and on each node 7. A node with GPUs
// has two more.
const (
	watchesOfCluster = 12
	watchesOfNode    = 9
)

// watches tells whether a cluster of so many nodes can watch its files, by trying it:
// Linux lets each user have 128 instances of inotify by default, all of the user's
// programs together, and a kubelet that gets none does not start.
func watches(nodes int) error {
	want := watchesOfCluster + nodes*watchesOfNode
	fds := make([]int, 0, want)
	defer func() {
		for _, fd := range fds {
			_ = unix.Close(fd)
		}
	}()
	for range want {
		fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
		if errors.Is(err, unix.EMFILE) {
			return &driver.Error{
				Kind: driver.ErrNeeds,
				What: fmt.Sprintf("this user's programs may have %d more instances of inotify, by which files are watched, and the cluster takes %d", len(fds), want),
				Do:   "stop other clusters (podlab cluster status), or as root: sysctl -w fs.inotify.max_user_instances=1024", Err: err,
			}
		}
		if err != nil {
			return fmt.Errorf("watch files: %w", err)
		}
		fds = append(fds, fd)
	}
	return nil
}
