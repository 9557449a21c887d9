//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"podlab.dev/podlab/cluster/fault/order"
)

// hog is a process that takes from a container's limits. It lives as long as its
// input is open, so that it ends with this program, however that ends.
type hog struct {
	cmd   *exec.Cmd
	input io.WriteCloser
}

func (b *breaker) injectHogs() error {
	pid, err := b.node.initOf(b.Container)
	if err != nil {
		return err
	}
	groups, err := b.node.cgroupsOf(b.Container)
	if err != nil {
		return err
	}
	mode, n := "burn", max(b.Workers, 1)
	if b.Kind == order.Memory {
		mode, n = "eat", 1
		if !bounded(groups) {
			return errors.New("the container has no memory limit: the node's memory would be filled")
		}
		if err := b.firstToDie(pid); err != nil {
			return err
		}
	}
	for range n {
		cmd := exec.Command("/proc/self/exe", mode)
		cmd.Stderr = os.Stderr
		input, err := cmd.StdinPipe()
		if err != nil {
			return err
		}
		if err := cmd.Start(); err != nil {
			return err
		}
		go cmd.Wait() //nolint:errcheck // it is killed in most cases
		b.hogs = append(b.hogs, &hog{cmd, input})
		for _, g := range groups {
			if err := os.WriteFile(filepath.Join(g, "cgroup.procs"), []byte(strconv.Itoa(cmd.Process.Pid)), 0); err != nil {
				b.mendHogs()
				return fmt.Errorf("enter the container's limits: %w", err)
			}
		}
		if _, err := input.Write([]byte{'\n'}); err != nil { // now it may begin
			b.mendHogs()
			return err
		}
	}
	if b.Kind == order.Memory {
		b.over = make(chan struct{})
		go func() {
			untilDead(pid)
			close(b.over)
		}()
	}
	return nil
}

func (b *breaker) mendHogs() {
	for pid, before := range b.scores { // of those that have not died
		_ = os.WriteFile(score(pid), before, 0)
	}
	for _, h := range b.hogs {
		h.input.Close()
		_ = h.cmd.Process.Kill()
	}
}

// untilDead returns when the container has died of it: then the memory is let go of,
// since its limits are removed only when they are empty.
func untilDead(pid int) {
	for syscall.Kill(pid, 0) == nil {
		time.Sleep(50 * time.Millisecond)
	}
}

// firstToDie has the kernel choose the container's own processes when memory ends,
// as it would if they had taken it, and not the one that takes it.
func (b *breaker) firstToDie(pid int) error {
	b.scores = map[int][]byte{}
	for _, p := range family(pid, processes()) {
		before, err := os.ReadFile(score(p))
		if err == nil {
			b.scores[p] = before
			err = os.WriteFile(score(p), []byte("1000"), 0)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func score(pid int) string { return fmt.Sprintf("/proc/%d/oom_score_adj", pid) }

// cgroupsOf are the folders of a container's limits, one for each hierarchy.
func (n *node) cgroupsOf(container string) (dirs []string, err error) {
	roots := []string{n.path("sys/fs/cgroup")}
	if _, err := os.Stat(filepath.Join(roots[0], "cgroup.controllers")); err != nil { // v1
		roots, _ = filepath.Glob(filepath.Join(roots[0], "*"))
	}
	for _, root := range roots {
		if info, err := os.Lstat(root); err != nil || !info.IsDir() { // v1 has links to the hierarchies
			continue
		}
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.IsDir() {
				return nil //nolint:nilerr // groups come and go
			}
			if strings.Contains(d.Name(), container) {
				dirs = append(dirs, path)
				return filepath.SkipAll
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if len(dirs) == 0 {
		return nil, errors.New("containers have no limits on this node, so that there is nothing to fill")
	}
	return dirs, nil
}

// bounded tells whether one of the folders says how much memory there is.
func bounded(groups []string) bool {
	for _, g := range groups {
		for _, file := range []string{"memory.max", "memory.limit_in_bytes"} {
			raw, err := os.ReadFile(filepath.Join(g, file))
			if err != nil {
				continue
			}
			if n, err := strconv.ParseInt(strings.TrimSpace(string(raw)), 10, 64); err == nil && n < 1<<50 { // v1 writes a large number for none
				return true
			}
		}
	}
	return false
}

// burn computes until its input ends.
func burn() error {
	if _, err := os.Stdin.Read(make([]byte, 1)); err != nil {
		return nil
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	for n := uint64(1); ; n = n*6364136223846793005 + 1442695040888963407 {
		sink = n
	}
}

// sink keeps the compiler from leaving the work out.
var sink uint64

// eat takes memory until its input ends. What it is not given it asks for again.
func eat() error {
	if _, err := os.Stdin.Read(make([]byte, 1)); err != nil {
		return nil
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	// It is the last to be killed; where nobody may say so, at least after the others.
	if os.WriteFile("/proc/self/oom_score_adj", []byte("-999"), 0) != nil {
		if err := os.WriteFile("/proc/self/oom_score_adj", []byte("0"), 0); err != nil {
			return err
		}
	}
	const piece = 4 << 20
	for {
		m, err := syscall.Mmap(-1, 0, piece, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err != nil {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		for i := 0; i < len(m); i += 4096 {
			m[i] = 1
		}
	}
}
