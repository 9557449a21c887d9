//go:build linux

package cell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

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

// clone starts a cell's process with these arguments, in new namespaces. It waits
// until gate gets a byte, and ends if gate is closed.
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
