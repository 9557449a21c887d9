//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"podlab.dev/podlab/cluster/fault/order"
)

// node is the node's own file system, as its programs see it.
type node struct{ root *os.File }

// theNode finds it through one of the programs that a node has.
func theNode() (*node, error) {
	for _, name := range []string{"containerd", "kubelet"} {
		for _, pid := range programs(name) {
			if root, err := os.Open(fmt.Sprintf("/proc/%d/root", pid)); err == nil {
				return &node{root}, nil
			}
		}
	}
	return nil, errors.New("the node has neither a kubelet nor a containerd that this Pod sees")
}

// path is where something of the node is for this program, and for its children
// until they execute something.
func (n *node) path(elem ...string) string {
	return filepath.Join(append([]string{fmt.Sprintf("/proc/self/fd/%d", n.root.Fd())}, elem...)...)
}

// containers are the folders of the node's containers, named after them.
func (n *node) containers() []string {
	files, _ := filepath.Glob(n.path(containers, "*", "init.pid"))
	for i, f := range files {
		files[i] = filepath.Base(filepath.Dir(f))
	}
	return files
}

// containers is containerd's folder of those that Kubernetes has.
const containers = "run/containerd/io.containerd.runtime.v2.task/k8s.io"

// initOf is the first process of a container.
func (n *node) initOf(container string) (int, error) {
	raw, err := os.ReadFile(n.path(containers, container, "init.pid"))
	if err != nil {
		return 0, fmt.Errorf("the container does not run: %w", err)
	}
	return strconv.Atoi(strings.TrimSpace(string(raw)))
}

// process is one of the node.
type process struct {
	pid, parent int
	comm        string
}

// processes are those that this program sees; one that ends meanwhile is left out.
func processes() (out []process) {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, d := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(d))
		raw, err := os.ReadFile(filepath.Join(d, "stat"))
		if err != nil {
			continue
		}
		// pid (comm) state parent …; a comm may have spaces and parentheses.
		text := string(raw)
		open, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
		fields := strings.Fields(text[end+1:])
		parent, _ := strconv.Atoi(fields[1])
		out = append(out, process{pid, parent, text[open+1 : end]})
	}
	return out
}

// programs are the processes of that name which are the node's own, in its network.
func programs(name string) (pids []int) {
	own, err := os.Readlink("/proc/self/ns/net") // this Pod is in the node's
	if err != nil {
		return nil
	}
	for _, p := range processes() {
		if p.comm != name {
			continue
		}
		if net, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", p.pid)); err == nil && net == own {
			pids = append(pids, p.pid)
		}
	}
	return pids
}

// signalAll sends a signal to processes, of which some may have ended.
func signalAll(pids []int, s syscall.Signal) error {
	var all error
	for _, pid := range pids {
		if err := syscall.Kill(pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
			all = errors.Join(all, fmt.Errorf("%v to process %d: %w", s, pid, err))
		}
	}
	return all
}

func (b *breaker) injectNode() error {
	switch b.Kind {
	case order.Pause:
		return signalAll(append(keepers(), b.node.contained()...), syscall.SIGSTOP)
	case order.Off:
		// First those who would start again what ends.
		return errors.Join(signalAll(keepers(), syscall.SIGSTOP), signalAll(b.node.contained(), syscall.SIGKILL))
	}
	pids := programs(b.Program)
	if len(pids) == 0 {
		return fmt.Errorf("no program %s runs on the node", b.Program)
	}
	s := syscall.SIGTERM
	if b.Kind == order.Stop {
		s = syscall.SIGSTOP
	}
	return signalAll(pids, s)
}

func (b *breaker) mendNode() error {
	switch b.Kind {
	case order.Pause:
		return signalAll(append(keepers(), b.node.contained()...), syscall.SIGCONT)
	case order.Off:
		return signalAll(keepers(), syscall.SIGCONT)
	}
	return signalAll(programs(b.Program), syscall.SIGCONT)
}

// keepers are the kubelet and the runtime, which start what is to run.
func keepers() []int { return append(programs("kubelet"), programs("containerd")...) }

// contained is all that runs in the node's containers, but for those of this Pod, which
// have its IPC namespace.
func (n *node) contained() (pids []int) {
	own, err := os.Readlink("/proc/self/ns/ipc")
	if err != nil {
		return nil
	}
	all := processes()
	for _, id := range n.containers() {
		pid, err := n.initOf(id)
		if err != nil {
			continue
		}
		if ipc, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/ipc", pid)); err == nil && ipc != own {
			pids = append(pids, family(pid, all)...)
		}
	}
	return pids
}

// family is a process with its children, and theirs.
func family(pid int, all []process) []int {
	out := []int{pid}
	for i := 0; i < len(out); i++ {
		for _, p := range all {
			if p.parent == out[i] {
				out = append(out, p.pid)
			}
		}
	}
	return out
}
