//go:build linux

package cell

import (
	"fmt"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// node is a further node of the cluster: to the first it is one more part, whose
// process is process 1 of namespaces of its own.
func (s *Spec) node(number int) part {
	return part{
		name: NodeName(s.Cluster, number), patience: 2 * while,
		argv: []string{"/proc/self/exe", "start", insideDir, strconv.Itoa(number)},
		clone: &syscall.SysProcAttr{
			Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC,
			Pdeathsig:  unix.SIGKILL,
		},
		admit: func(pid int) error {
			for _, c := range s.Cgroups {
				inside := Cgroup{c.Controllers, filepath.Join(cgroupRoot, c.mountName(), nodeCgroup(number))}
				if err := inside.make(); err != nil {
					return err
				}
				if err := inside.join(pid); err != nil {
					return err
				}
			}
			return joinNode(pid, number)
		},
	}
}

func nodeCgroup(number int) string { return fmt.Sprintf("node%d", number) }

// further is the spec of another node, as the first node's process 1 tells it.
func further(dir string, number int) (*Spec, error) {
	s, err := ReadSpec(dir)
	if err != nil {
		return nil, err
	}
	s.Node = number
	if number > 1 {
		s.Dir, s.Parts = insideDir, insideParts
	}
	if number < 1 || number > s.Nodes {
		return nil, fmt.Errorf("the cluster has no node %d", number)
	}
	return s, nil
}
