//go:build linux

package cell

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"sync"

	"golang.org/x/sys/unix"
)

// reaper is the one place where process 1 waits for processes: the orphans that
// the kernel gives it, shims above all, and those that it started itself. Two
// waiters would steal from each other.
type reaper struct {
	mu  sync.Mutex
	own map[int]chan unix.WaitStatus
}

func newReaper() *reaper {
	r := &reaper{own: map[int]chan unix.WaitStatus{}}
	children := make(chan os.Signal, 1)
	signal.Notify(children, unix.SIGCHLD)
	go func() {
		for range children {
			for r.reap() {
			}
		}
	}()
	return r
}

// reap takes one dead child, and tells whether there was one.
func (r *reaper) reap() bool {
	r.mu.Lock()
	defer r.mu.Unlock() // a child must be in own before its end can be seen
	var status unix.WaitStatus
	pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
	if errors.Is(err, unix.EINTR) {
		return true
	}
	if err != nil || pid <= 0 {
		return false
	}
	if end, ok := r.own[pid]; ok {
		end <- status
		delete(r.own, pid)
	}
	return true
}

// start starts cmd, whose files must be files; the channel gets how it ended.
func (r *reaper) start(cmd *exec.Cmd) (<-chan unix.WaitStatus, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	end := make(chan unix.WaitStatus, 1)
	r.own[cmd.Process.Pid] = end
	return end, nil
}
