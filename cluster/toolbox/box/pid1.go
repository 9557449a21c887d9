//go:build linux

package main

import (
	"os"
	"os/signal"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// graceful is how long a child may stay a zombie before it counts as an orphan
// that nobody will wait for. A child of our own is waited for at once.
const graceful = 2 * time.Second

// becomeInit gives the process the two properties of PID 1 that Go's runtime
// would hide.
//
// The kernel ignores a signal to PID 1 unless the process asked for it, so that
// `sleep 3600` in a container ignores SIGTERM and is killed after the grace
// period: a lesson in itself. Go's runtime handles every signal and would exit.
// So the usual ones are received and dropped; an applet that asks for one
// (serve, a trap in sh) still gets it, and children start with the defaults.
//
// And orphans become its children: it reaps them, so that they do not stay in
// the process table for good.
func becomeInit() {
	dropped := make(chan os.Signal, 1)
	signal.Notify(dropped, unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGQUIT, unix.SIGUSR1, unix.SIGUSR2)
	go func() {
		for range dropped {
		}
	}()
	go reap()
}

// reap waits for orphans. It must not wait for the process's own children, which
// os/exec waits for: those vanish from the table by themselves, while an orphan
// stays, so only a zombie that was there before is reaped.
func reap() {
	died := make(chan os.Signal, 1)
	signal.Notify(died, unix.SIGCHLD)
	for range died {
		for seen := 0; ; {
			time.Sleep(graceful)
			pid := zombie()
			if pid == 0 {
				break
			}
			if pid == seen {
				_, _ = unix.Wait4(pid, nil, unix.WNOHANG, nil)
			}
			seen = pid
		}
	}
}

// zombie is the PID of a child that has ended and was not waited for, or 0.
func zombie() int {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	if err != nil || info.Signo == 0 {
		return 0
	}
	// The structure's union is opaque in Go; on 64-bit Linux si_pid is its first
	// member.
	return int(*(*int32)(unsafe.Add(unsafe.Pointer(&info), 16)))
}
