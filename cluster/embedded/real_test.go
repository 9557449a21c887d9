//go:build linux

package embedded_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cluster/driver/drivertest"
	"podlab.dev/podlab/cluster/embedded"
	"podlab.dev/podlab/cluster/embedded/cell"
	"podlab.dev/podlab/cluster/toolbox"
	"podlab.dev/podlab/cue/lab"
)

// userVariable tells a test binary that it is run again as an ordinary user.
const userVariable = "PODLAB_TEST_AS_USER"

// ordinary is a user that no machine knows: without a name, a home or subordinate
// users.
const ordinary = 54321

// real skips a test that needs the cluster's programs.
func real(t *testing.T) {
	t.Helper()
	if os.Getenv("PODLAB_TEST_CLUSTER") != "embedded" {
		t.Skip("needs the programs of a cluster: make test-embedded")
	}
}

// TestAsOrdinaryUser runs the tests of this package again as an ordinary user,
// which only root can.
func TestAsOrdinaryUser(t *testing.T) {
	real(t)
	if os.Geteuid() != 0 || os.Getenv(userVariable) != "" {
		t.Skip("only for root, once")
	}
	parts, err := embedded.FindParts()
	if err != nil {
		t.Fatal(err)
	}
	home := openFolder(t)
	// Root's cache is not for others to see.
	theirs := filepath.Join(home, "parts")
	copyTree(t, parts.Dir, theirs)
	program := filepath.Join(home, "test")
	copyFile(t, os.Args[0], program, 0o755)
	cmd := exec.CommandContext(t.Context(), program, "-test.v", "-test.run", "^TestReal", "-test.timeout", "15m")
	cmd.Dir = home
	cmd.Env = []string{"HOME=" + home, "TMPDIR=" + home, "PATH=" + os.Getenv("PATH"), "PODLAB_TEST_CLUSTER=embedded", userVariable + "=1", embedded.PartsVariable + "=" + theirs}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: ordinary, Gid: ordinary}}
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "--- PASS: TestRealLifeCycle") {
		t.Error("the tests were not run")
	}
}

// openFolder is a folder that the ordinary user can reach and owns.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "podlab-user-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chown(dir, ordinary, ordinary); err != nil {
		t.Fatal(err)
	}
	return dir
}

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		switch {
		case d.IsDir():
			return os.MkdirAll(target, 0o755)
		case d.Type()&fs.ModeSymlink != 0:
			link, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(link, target)
		case os.Link(path, target) == nil:
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		copyFile(t, path, target, info.Mode().Perm())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func copyFile(t *testing.T, from, to string, mode fs.FileMode) {
	t.Helper()
	r, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	w, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, mode)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(w, r); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// world is one state folder with its driver.
type world struct {
	*testing.T
	dir     string
	made    *embedded.Driver
	cgroups []string // that its cells have had
}

func newWorld(t *testing.T, name string) *world {
	t.Helper()
	real(t)
	dir := t.TempDir()
	w := &world{T: t, dir: dir, made: embedded.New(embedded.Config{StateDir: dir, Name: name, Why: "a test asked", Log: slog.New(slog.DiscardHandler)})}
	t.Cleanup(func() {
		if err := w.made.Down(context.Background(), nil); err != nil {
			t.Errorf("remove: %v", err)
		}
		w.nothingLeft()
	})
	return w
}

// up brings the cluster up.
func (w *world) up(needs lab.Needs) *driver.Running {
	w.Helper()
	running, err := w.tryUp(needs)
	if err != nil {
		w.Fatalf("up: %v%s", err, drivertest.Detail(err))
	}
	return running
}

// tryUp tells the test what happened.
func (w *world) tryUp(needs lab.Needs) (*driver.Running, error) {
	w.Helper()
	heard := &drivertest.Events{}
	began := time.Now()
	running, err := w.made.Up(w.Context(), needs, heard.Hear)
	w.Logf("up in %s:\n%s", time.Since(began).Round(time.Millisecond), heard)
	specs, _ := filepath.Glob(filepath.Join(w.dir, "clusters", "*", "cell"))
	for _, dir := range specs {
		if spec, err := cell.ReadSpec(dir); err == nil {
			for _, c := range spec.Cgroups {
				w.cgroups = append(w.cgroups, c.Dir)
			}
		}
	}
	return running, err
}

// kubectl is the cluster's own, used from outside.
func (w *world) kubectl(running *driver.Running, args ...string) (string, error) {
	w.Helper()
	parts, err := embedded.FindParts()
	if err != nil {
		w.Fatal(err)
	}
	cmd := exec.CommandContext(w.Context(), filepath.Join(parts.Dir, "root/usr/bin/kubectl"), args...)
	cmd.Env = []string{"KUBECONFIG=" + running.Kubeconfig, "HOME=" + w.dir, "PATH=/usr/bin:/bin"}
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// must is kubectl that may not fail.
func (w *world) must(running *driver.Running, args ...string) string {
	w.Helper()
	out, err := w.kubectl(running, args...)
	if err != nil {
		w.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// nothingLeft looks for processes, mounts, interfaces and cgroups of a cell.
func (w *world) nothingLeft() {
	w.Helper()
	processes, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, p := range processes {
		if raw, err := os.ReadFile(p); err == nil && strings.Contains(string(raw), w.dir) && !strings.Contains(string(raw), "-test.") {
			w.Errorf("process left: %s %q", p, raw)
		}
	}
	if raw, err := os.ReadFile("/proc/self/mountinfo"); err != nil || strings.Contains(string(raw), w.dir) {
		w.Errorf("mounts left: %v", err)
	}
	if links, err := filepath.Glob("/sys/class/net/eth0-end"); err != nil || len(links) > 0 {
		w.Errorf("interfaces left: %q, %v", links, err)
	}
	for _, c := range w.cgroups {
		if _, err := os.Stat(c); err == nil {
			w.Errorf("cgroup left: %s", c)
		}
	}
}

func TestRealLifeCycle(t *testing.T) {
	w := newWorld(t, "life")
	needs := lab.Needs{Images: []string{toolbox.Ref}}
	c := w.up(needs)
	t.Logf("%+v", *c)
	if c.Driver != "embedded" || c.Nodes != 1 || !strings.HasPrefix(c.Version, "v1.") {
		t.Errorf("running: %+v", *c)
	}
	if info, err := os.Stat(c.Kubeconfig); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("kubeconfig: %v, %v", info, err)
	}
	w.must(c, "run", "web", "--image", toolbox.Ref)
	w.must(c, "wait", "--for=condition=Ready", "pod/web", "--timeout=60s")

	// Warm, it is used again.
	began := time.Now()
	w.up(needs)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("a warm cluster took %s", took)
	}

	// Stopped, it comes back with what it had.
	if err := w.made.Stop(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	w.nothingLeft()
	if status, err := w.made.Status(t.Context()); err != nil || status.Clusters[0].State != driver.StateStopped {
		t.Errorf("status of a stopped cluster: %+v, %v", status, err)
	}
	c = w.up(needs)
	w.must(c, "wait", "--for=condition=Ready", "pod/web", "--timeout=60s")
	if got := w.must(c, "exec", "web", "--", "wget", "-qO-", "http://localhost:8080/"); got == "" {
		t.Error("the Pod does not serve")
	}
	status, err := w.made.Status(t.Context())
	if err != nil || status.Clusters[0].State != driver.StateRunning || !status.Clusters[0].Nodes[0].Ready || status.Clusters[0].MemoryBytes == 0 {
		t.Errorf("status: %+v, %v", status, err)
	}
}

func TestRealNodes(t *testing.T) {
	w := newWorld(t, "nodes")
	c := w.up(lab.Needs{Nodes: 3, Images: []string{toolbox.Ref}})
	if c.Nodes != 3 {
		t.Errorf("nodes: %d", c.Nodes)
	}
	t.Log(w.must(c, "get", "nodes", "-o", "wide"))
	for i, node := range []string{"nodes-3n-worker", "nodes-3n-worker2"} {
		w.must(c, "run", fmt.Sprintf("web%d", i), "--image", toolbox.Ref, "--labels=app=web", "--overrides", `{"spec":{"nodeName":"`+node+`"}}`)
	}
	w.must(c, "expose", "pod", "web1", "--port=80", "--target-port=8080", "--name=web1")
	w.must(c, "wait", "--for=condition=Ready", "pod/web0", "pod/web1", "--timeout=60s")
	// From one node to the other, by name: DNS, a Service and the Pod network.
	if got, err := w.kubectl(c, "exec", "web0", "--", "wget", "-qO-", "-T", "5", "http://web1/"); err != nil || got == "" {
		t.Errorf("across nodes: %q, %v", got, err)
	}

	// A node that fails is started again, and the others go on.
	killInside(t, w.processOne("nodes-3n"), "podlab-cell", "run", "/mnt/cluster", "2")
	w.until("the node is back", func() bool {
		status, err := w.made.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range status.Clusters[0].Nodes[0].Parts {
			if p.Name == "nodes-3n-worker" && p.Restarts == 1 && p.State == "running" {
				return true
			}
		}
		return false
	})
	w.until("its Pod serves again", func() bool {
		_, err := w.kubectl(c, "exec", "web0", "--", "wget", "-qO-", "-T", "5", "http://web1/")
		return err == nil
	})
}
