//go:build linux

package cell

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Main is the program podlab-cell: what a process of a cell does, by its first
// argument. It returns the exit code.
func Main(args []string) int {
	if len(args) < 3 {
		fmt.Fprintln(os.Stderr, "podlab-cell is started by podlab: podlab cluster up --cluster embedded")
		return 2
	}
	what, dir := args[1], args[2]
	var err error
	if what != "run" { // which has been let in already
		err = waitAtGate()
	}
	if err == nil {
		switch what {
		case "start": // in new namespaces
			err = start(dir, args[3])
		case "run": // in all namespaces
			err = run(dir, args[3])
		case "remove":
			err = os.RemoveAll(dir)
		case "probe":
			err = probe(dir)
		default:
			err = fmt.Errorf("unknown: %s", what)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// waitAtGate waits until the outside has mapped the users and joined the cgroups.
func waitAtGate() error {
	gate := os.NewFile(gateFD, "gate")
	defer gate.Close()
	if _, err := gate.Read(make([]byte, 1)); err != nil {
		return fmt.Errorf("whoever started this is gone: %w", err)
	}
	return nil
}

// start makes the cgroup namespace, whose root is the cgroups of this process,
// and becomes process 1 for good: a namespace belongs to a thread, and this
// program has several until it is executed anew.
func start(dir, node string) error {
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWCGROUP); err != nil {
		return fmt.Errorf("make cgroup namespace: %w", err)
	}
	return unix.Exec("/proc/self/exe", []string{comm, "run", dir, node}, os.Environ())
}

// run is process 1 of a node.
func run(dir, node string) error {
	number, err := strconv.Atoi(node)
	if err != nil {
		return err
	}
	spec, err := further(dir, number)
	if err != nil {
		return err
	}
	if number > 1 {
		return spec.live(nil)
	}
	unix.CloseOnExec(aliveFD)
	listener, err := inherited()
	if err != nil {
		return err
	}
	return spec.live(listener)
}

// live makes this process's namespaces a node, and keeps it until it is told to
// end. The listener is nil for all nodes but the first.
func (s *Spec) live(listener net.Listener) error {
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM, unix.SIGINT)
	defer stop()
	began := time.Now()
	reaper := newReaper()
	_ = os.WriteFile("/proc/self/comm", []byte(comm), 0) // for ps, and for [afterlife]
	_ = unix.Sethostname([]byte(s.nodeName()))
	unix.Umask(0o022)
	for _, step := range []func() error{s.setNetwork, s.enterRoot, s.ownCgroup, s.configure} {
		if err := step(); err != nil {
			return err
		}
	}
	if listener != nil {
		go relay(listener)
	}
	fmt.Fprintf(os.Stderr, "%s %s is set up, after %s\n", time.Now().Format(time.TimeOnly), s.nodeName(), time.Since(began).Round(time.Millisecond))
	super := &supervisor{reaper: reaper, logs: "/var/log/podlab", status: "/run/" + StatusFile, node: s.nodeName()}
	super.run(ctx, s.parts(super))
	return nil
}
