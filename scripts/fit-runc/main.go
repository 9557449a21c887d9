// Command fit-runc is runc for a host that cannot give a container all that it
// asks for. What the host lacks is taken out of what runc is given, the bundle of
// a new container or the process of an exec, and runc does the rest.
//
// Without being told it leaves out CAP_SYS_RESOURCE where it has none to give: a
// privileged container asks for every capability, and the kernel refuses one that
// the engine does not hold. The words in PODLAB_FIT say what else:
//
//	nocgroups   cgroups cannot be made here: no limits
//	oneuid      there is one user and one group: a terminal has no group of its own
//
// It runs the runc that lies beside it, or else the one in PATH.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "fit-runc:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if file, change := target(args); file != "" {
		f, err := fromHost()
		if err != nil {
			return err
		}
		if f != (fit{}) {
			if err := rewrite(file, func(o object) error { return change(f, o) }); err != nil {
				return err
			}
		}
	}
	runc, err := beside("runc")
	if err != nil {
		return err
	}
	return syscall.Exec(runc, append([]string{runc}, args...), os.Environ())
}

func beside(program string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	if at := filepath.Join(filepath.Dir(self), program); executable(at) {
		return at, nil
	}
	at, err := exec.LookPath(program)
	if err != nil {
		return "", errors.New("there is no " + program + " beside " + self + " nor in PATH")
	}
	return at, nil
}

func executable(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
