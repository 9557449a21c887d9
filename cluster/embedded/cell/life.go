//go:build linux

package cell

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// comm is what the kernel calls process 1.
const comm = "podlab-cell"

// afterlife waits for the rest of a cell whose process 1 was killed a moment ago:
// the kernel lets go of the lock first, and of the processes inside last.
func afterlife(ctx context.Context, pid int) error {
	const within = 10 * time.Second
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil || strings.TrimSpace(string(name)) != comm {
		return nil
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil // it is gone by now
	}
	process := os.NewFile(uintptr(fd), "process")
	defer process.Close()
	_, err = ended(ctx, fd, within)
	return err
}

// lockAlive takes the lock that process 1 holds for as long as it lives.
func lockAlive(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, aliveFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, ErrRuns
		}
		return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	return f, nil
}

// Alive is the pid of the cell's process 1, 0 if it does not live. A pid alone
// would not do, as another process may have it by now; the lock tells.
func Alive(dir string) int {
	f, err := os.Open(filepath.Join(dir, aliveFile))
	if err != nil {
		return 0
	}
	defer f.Close()
	pid := recordedPID(f)
	if unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB) == nil {
		return 0
	}
	return pid
}

func recordedPID(f *os.File) int {
	text := make([]byte, 20)
	n, _ := f.ReadAt(text, 0)
	pid, _ := strconv.Atoi(string(text[:n]))
	return pid
}

// Stop ends the cell and waits until all of it is gone: in order if it ends
// within a while, else by force. Its files stay.
func Stop(ctx context.Context, dir string, patience time.Duration) error {
	pid := Alive(dir)
	if pid == 0 {
		return Sweep(ctx, dir)
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		if errors.Is(err, unix.ESRCH) {
			return Sweep(ctx, dir)
		}
		return fmt.Errorf("stop process %d: %w", pid, err)
	}
	process := os.NewFile(uintptr(fd), "process")
	defer process.Close()
	for _, try := range []struct {
		signal   unix.Signal
		patience time.Duration
	}{{unix.SIGTERM, patience}, {unix.SIGKILL, time.Minute}} {
		if try.patience == 0 {
			continue
		}
		if err := unix.PidfdSendSignal(fd, try.signal, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("stop process %d: %w", pid, err)
		}
		if gone, err := ended(ctx, fd, try.patience); err != nil {
			return err
		} else if gone {
			return Sweep(ctx, dir)
		}
	}
	return fmt.Errorf("process %d does not end, not even by force", pid)
}

// ErrEnded says that the cell's process 1 ended while something was waited for.
var ErrEnded = errors.New("its process 1 has ended")

// Watch gives [ErrEnded] when the cell in dir ends, however it does; nothing once
// ctx has ended.
func Watch(ctx context.Context, dir string) <-chan error {
	c := make(chan error, 1)
	fd, err := unix.PidfdOpen(Alive(dir), 0)
	if err != nil {
		c <- ErrEnded
		return c
	}
	go func() {
		defer unix.Close(fd)
		if gone, _ := ended(ctx, fd, math.MaxInt64); gone {
			c <- ErrEnded
		}
	}()
	return c
}

// ended waits until the process of a pidfd has ended, and with it, as it is
// process 1, everything inside.
func ended(ctx context.Context, fd int, patience time.Duration) (bool, error) {
	const step = 100 * time.Millisecond // between looks at ctx, not at the process
	for began := time.Now(); time.Since(began) < patience; {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(step.Milliseconds()))
		if err != nil && !errors.Is(err, unix.EINTR) {
			return false, fmt.Errorf("wait for process: %w", err)
		}
		if n > 0 {
			return true, nil
		}
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
	}
	return false, nil
}
