//go:build linux

package main

import (
	"os"
	"os/signal"
	"strconv"
	"time"

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
// os/exec waits for: those vanish from the process table by themselves, while an
// orphan stays, so only a zombie that was there a while ago too is reaped.
func reap() {
	died := make(chan os.Signal, 1)
	signal.Notify(died, unix.SIGCHLD)
	for range died {
		for before := map[int]bool{}; ; {
			time.Sleep(graceful)
			now := zombies()
			if len(now) == 0 {
				break
			}
			for pid := range now {
				if before[pid] {
					_, _ = unix.Wait4(pid, nil, unix.WNOHANG, nil) // gone already is as good
				}
			}
			before = now
		}
	}
}

// zombies are the children of PID 1 that have ended and were not waited for.
func zombies() map[int]bool {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil // no /proc: then nobody sees them either
	}
	found := map[int]bool{}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			if p, ok := readProcess(pid); ok && p.parent == 1 && p.state == "Z" {
				found[pid] = true
			}
		}
	}
	return found
}
