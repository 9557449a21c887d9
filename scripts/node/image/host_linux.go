package main

import (
	"runtime"
	"syscall"
)

// dieWithParent makes a child end when this program is killed.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} }

// memoryToSpare is whether every processor has a few gigabytes.
func memoryToSpare() bool {
	var s syscall.Sysinfo_t
	return syscall.Sysinfo(&s) == nil && uint64(s.Totalram)*uint64(s.Unit)/uint64(runtime.NumCPU()) >= 3<<30
}
