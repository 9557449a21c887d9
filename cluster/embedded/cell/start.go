//go:build linux

package cell

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// What process 1 is started with, beside its standard files.
const (
	gateFD   = 3 // closes or gives a byte when the outside is done
	aliveFD  = 4 // holds the lock that says that the cell lives
	listenFD = 5 // the listener on loopback, opened outside
)

// allCapabilities is what a process has in a user namespace that it made. Started
// before any user is mapped, it would lose them: only ambient ones stay.
func allCapabilities() []uintptr {
	var all []uintptr
	for c := uintptr(0); c <= unix.CAP_LAST_CAP; c++ {
		all = append(all, c)
	}
	return all
}

// namespaces are the cell's own; its cgroup namespace comes later, as it has to be
// made from within its cgroups.
const namespaces = unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC

// ErrRuns says that the cell lives already.
var ErrRuns = errors.New("the cell runs already")

// Start makes a cell and returns once process 1 is on its own way: it outlives
// this program. The listener may be closed afterwards.
func Start(ctx context.Context, spec Spec, listener *net.TCPListener) error {
	spec.Node = 1
	alive, err := lockAlive(spec.Dir)
	if err != nil {
		return err
	}
	defer alive.Close()
	if err := afterlife(ctx, recordedPID(alive)); err != nil {
		return err
	}
	if err := Sweep(ctx, spec.Dir); err != nil {
		return err
	}
	log, err := openLog(filepath.Join(spec.Dir, logFile))
	if err != nil {
		return err
	}
	defer log.Close()
	port, err := listener.File()
	if err != nil {
		return err
	}
	defer port.Close()

	cmd, gate, err := clone(spec.Program, []string{"start", spec.Dir, "1"}, log, alive, port)
	if err != nil {
		return err
	}
	defer gate.Close()
	if err := admit(ctx, cmd.Process.Pid, spec, alive, gate); err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return err
	}
	go func() { _ = cmd.Wait() }() // or it would stay a zombie of this program
	return nil
}

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

// admit does to the new process what only the outside can, and lets it go.
func admit(ctx context.Context, pid int, spec Spec, alive, gate *os.File) error {
	if err := mapUsers(ctx, pid, spec.Rung.ManyUIDs); err != nil {
		return err
	}
	if spec.Rung.Limits {
		var err error
		spec.Cgroups, err = joinCgroups(ctx, pid, spec.Dir)
		// Also what was made only in part: it is to be swept.
		if err := errors.Join(err, spec.write()); err != nil {
			return err
		}
	} else if err := spec.write(); err != nil {
		return err
	}
	if err := alive.Truncate(0); err != nil {
		return err
	}
	if _, err := alive.WriteAt([]byte(strconv.Itoa(pid)), 0); err != nil {
		return err
	}
	_, err := gate.Write([]byte{1})
	return err
}

// clone starts a cell's process with these arguments, in new namespaces. It waits until gate gets a byte, and ends if gate is closed.
func clone(program string, args []string, log *os.File, more ...*os.File) (cmd *exec.Cmd, gate *os.File, err error) {
	wait, gate, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	defer wait.Close()
	cmd = exec.Command(program, args...)
	cmd.Dir = "/"
	cmd.Env = environment()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = append([]*os.File{wait}, more...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces, AmbientCaps: allCapabilities(), Setsid: true}
	if err := cmd.Start(); err != nil {
		gate.Close()
		return nil, nil, fmt.Errorf("make namespaces: %w", err)
	}
	return cmd, gate, nil
}

// environment is the same for every cell: nothing of the user's leaks into it.
func environment() []string {
	return []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"}
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

// Remove deletes a cell's folder. Files of the cell's own users are the outside's
// to delete only from inside a namespace in which they exist.
func Remove(ctx context.Context, program, dir string, rung Rung) error {
	if Alive(dir) != 0 {
		return ErrRuns
	}
	if err := Sweep(ctx, dir); err != nil {
		return err
	}
	err := os.RemoveAll(dir)
	if err == nil || !errors.Is(err, fs.ErrPermission) {
		return err
	}
	var said bytes.Buffer
	if err := inside(ctx, program, rung, &said, "remove", dir); err != nil {
		return fmt.Errorf("remove %s: %w: %s", dir, err, strings.TrimSpace(said.String()))
	}
	return os.RemoveAll(dir)
}

// inside runs program in the namespaces of a cell and waits for its end; out gets
// what it says.
func inside(ctx context.Context, program string, rung Rung, out *bytes.Buffer, args ...string) error {
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer read.Close()
	cmd, gate, err := clone(program, args, write)
	write.Close()
	if err != nil {
		return err
	}
	defer gate.Close()
	err = mapUsers(ctx, cmd.Process.Pid, rung.ManyUIDs)
	if err == nil {
		_, err = gate.Write([]byte{1})
	}
	if err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer stop()
	_, _ = out.ReadFrom(read)
	return cmd.Wait()
}

// openLog opens the log of a process and keeps the one before it.
func openLog(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	if err := os.Rename(path, path+".1"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
}

// LastWords are the last lines that process 1 wrote, for an error.
func LastWords(dir string) string {
	raw, err := os.ReadFile(filepath.Join(dir, logFile))
	if err != nil {
		return ""
	}
	return string(raw[max(0, len(raw)-4096):])
}

// Status is how the parts of a node are.
type Status struct {
	Node  string       `json:"node"`
	Parts []PartStatus `json:"parts"`
}

// ReadStatus reads what process 1 of the node with this number last said.
func ReadStatus(dir string, node int) (*Status, error) {
	raw, err := os.ReadFile(filepath.Join((&Spec{Dir: dir, Node: node}).nodeDir(), "run", StatusFile))
	if err != nil {
		return nil, err
	}
	var s Status
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, err
	}
	return &s, nil
}
