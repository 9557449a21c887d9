//go:build linux

package embedded_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cluster/driver/drivertest"
	"podlab.dev/podlab/cluster/embedded"
	"podlab.dev/podlab/cue/lab"
)

// processOne is the pid of the cluster's process 1.
func (w *world) processOne(name string) int {
	w.Helper()
	raw, err := os.ReadFile(filepath.Join(w.dir, "clusters", "embedded-"+name, "cell", "alive"))
	if err != nil {
		w.Fatal(err)
	}
	pid, err := strconv.Atoi(string(raw))
	if err != nil {
		w.Fatal(err)
	}
	return pid
}

// Whatever is killed, the next command finds nothing in its way.
func TestRealKilled(t *testing.T) {
	w := newWorld(t, "kill")
	c := w.up(lab.Needs{})
	w.must(c, "create", "configmap", "kept", "--from-literal=a=b")

	// Process 1: all goes with it, and the cluster comes back with what it had.
	if err := unix.Kill(w.processOne("kill"), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	c = w.up(lab.Needs{})
	w.must(c, "get", "configmap", "kept")

	// A part: it is started again, and podlab says so.
	status, err := w.made.Status(t.Context())
	if err != nil || len(status.Clusters[0].Nodes[0].Parts) < 7 {
		t.Fatalf("status: %+v, %v", status, err)
	}
	killInside(t, w.processOne("kill"), "kube-scheduler")
	deadline := time.Now().Add(20 * time.Second)
	for {
		status, err := w.made.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range status.Clusters[0].Nodes[0].Parts {
			if p.Name == "kube-scheduler" && p.Restarts == 1 && p.State == "running" && strings.Contains(p.LastEnd, "killed") {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("the scheduler did not come back: %+v", status.Clusters[0].Nodes[0].Parts)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// killInside kills a program of a cell, by how its command line begins.
func killInside(t *testing.T, one int, command ...string) {
	t.Helper()
	users, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/user", one))
	if err != nil {
		t.Fatal(err)
	}
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range processes {
		raw, _ := os.ReadFile(p + "/cmdline")
		if of, err := os.Readlink(p + "/ns/user"); err == nil && of == users && strings.HasPrefix(string(raw), strings.Join(command, "\x00")+"\x00") {
			pid, _ := strconv.Atoi(filepath.Base(p))
			if err := unix.Kill(pid, unix.SIGKILL); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("%s does not run", command)
}

// anyone leaves a test to the ordinary user, for whom there is more that can go wrong
// and as whom TestAsOrdinaryUser plays it, where root would only play it once more.
func anyone(t *testing.T) {
	t.Helper()
	if testing.Short() && os.Geteuid() == 0 {
		t.Skip("played as an ordinary user; without -short as root, too")
	}
}

// podlab itself is killed, at each thing that it says it does.
func TestRealStartKilled(t *testing.T) {
	anyone(t)
	for _, at := range []string{"making cluster", "waiting for the API server", "waiting for the node", "waiting for cluster DNS"} {
		t.Run(strings.ReplaceAll(at, " ", "-"), func(t *testing.T) {
			w := newWorld(t, "cut")
			killUp(t, w.dir, at)
			w.up(lab.Needs{})
		})
	}
}

// killUp runs Up in a process of its own and kills it once it says at.
func killUp(t *testing.T, dir, at string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestUpToBeKilled$", "-test.v")
	cmd.Env = append(os.Environ(), "PODLAB_TEST_KILL_STATE="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), at) {
			break
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
}

// TestUpToBeKilled is not a test: it is the process that killUp kills.
func TestUpToBeKilled(t *testing.T) {
	dir := os.Getenv("PODLAB_TEST_KILL_STATE")
	if dir == "" {
		t.Skip("only for TestRealStartKilled")
	}
	d := embedded.New(embedded.Config{StateDir: dir, Name: "cut", Why: "a test asked", Log: slog.New(slog.DiscardHandler)})
	_, err := d.Up(t.Context(), lab.Needs{}, func(e driver.Event) { fmt.Println(e.Message) })
	t.Errorf("not killed in time: %v", err)
}

// Ctrl-C leaves nothing at all.
func TestRealCancelled(t *testing.T) {
	anyone(t)
	w := newWorld(t, "cancel")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	heard := &drivertest.Events{On: func(e driver.Event) {
		if strings.HasPrefix(e.Message, "waiting for the node") {
			cancel()
		}
	}}
	if _, err := w.made.Up(ctx, lab.Needs{}, heard.Hear); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	w.nothingLeft()
	if status, err := w.made.Status(t.Context()); err != nil || len(status.Clusters) != 0 {
		t.Errorf("status: %+v, %v", status, err)
	}
}

func TestRealTwoAtOnce(t *testing.T) {
	anyone(t)
	one, two := newWorld(t, "one"), newWorld(t, "two")
	var both sync.WaitGroup
	for _, w := range []*world{one, two} {
		both.Go(func() {
			c, err := w.tryUp(lab.Needs{})
			if err != nil {
				t.Error(err)
				return
			}
			if out, err := w.kubectl(c, "get", "nodes", "-o", "name"); err != nil || !strings.Contains(out, "-control-plane") {
				t.Errorf("nodes: %s, %v", out, err)
			}
		})
	}
	both.Wait()
	// The same one, by two processes: the second waits and uses it.
	for range 2 {
		both.Go(func() {
			if _, err := one.made.Up(t.Context(), lab.Needs{}, nil); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
}

func TestRealPortTaken(t *testing.T) {
	anyone(t)
	w := newWorld(t, "port")
	w.up(lab.Needs{})
	if err := w.made.Stop(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	home, err := driver.OpenHome(w.dir, "embedded-port")
	if err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", home.State().Port))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	c := w.up(lab.Needs{})
	w.must(c, "get", "nodes")
}

// A lab that needs more than there is is refused, with what to do.
func TestRealNeedsRefused(t *testing.T) {
	w := newWorld(t, "needs")
	if os.Getenv(userVariable) == "" {
		t.Skip("root has everything; see TestAsOrdinaryUser")
	}
	for _, needs := range []lab.Needs{{Limits: true}, {Users: true}} {
		_, err := w.made.Up(t.Context(), needs, nil)
		known, ok := errors.AsType[*driver.Error](err)
		if !ok || !errors.Is(err, driver.ErrNeeds) || known.Do == "" || strings.Contains(known.What, "\n") {
			t.Errorf("%+v: %v", needs, err)
		}
	}
}

// Where nobody may make user namespaces, one line says so and one what to do.
func TestRealNoNamespaces(t *testing.T) {
	w := newWorld(t, "none")
	cmd := exec.Command(os.Args[0], "-test.run=^TestUpWithoutNamespaces$", "-test.v")
	cmd.Env = append(os.Environ(), "PODLAB_TEST_NONE_STATE="+w.dir)
	// The limit is one of each user namespace: in one of its own it harms nobody.
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Error(err)
	}
}

// TestUpWithoutNamespaces is the process that TestRealNoNamespaces starts.
func TestUpWithoutNamespaces(t *testing.T) {
	dir := os.Getenv("PODLAB_TEST_NONE_STATE")
	if dir == "" {
		t.Skip("only for TestRealNoNamespaces")
	}
	if err := os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("0"), 0); err != nil {
		t.Fatal(err)
	}
	d := embedded.New(embedded.Config{StateDir: dir, Name: "none", Why: "a test asked", Log: slog.New(slog.DiscardHandler)})
	_, err := d.Up(t.Context(), lab.Needs{}, nil)
	known, ok := errors.AsType[*driver.Error](err)
	if !ok || !errors.Is(err, driver.ErrUnsupported) || !strings.Contains(known.Do, "max_user_namespaces") || strings.Contains(known.What, "\n") {
		t.Errorf("got %v", err)
	}
}

// A full disk is one line, and no harm is done: with space, the same goes on.
func TestRealDiskFull(t *testing.T) {
	w := newWorld(t, "full")
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small disk")
	}
	small := func(size string, flags uintptr) {
		if err := unix.Mount("tmpfs", w.dir, "tmpfs", flags, "size="+size); err != nil {
			t.Fatal(err)
		}
	}
	small("40m", 0)
	t.Cleanup(func() {
		_ = w.made.Down(context.Background(), nil)
		if err := unix.Unmount(w.dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	began := time.Now()
	_, err := w.made.Up(t.Context(), lab.Needs{}, nil)
	known, ok := errors.AsType[*driver.Error](err)
	if !ok || !errors.Is(err, driver.ErrNoSpace) || known.Do == "" {
		t.Errorf("on a full disk, after %s: %v", time.Since(began), err)
	}
	small("2g", unix.MS_REMOUNT)
	w.up(lab.Needs{})
}
