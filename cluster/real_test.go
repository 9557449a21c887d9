package cluster_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/cluster/clustertest"
	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cluster/driver/drivertest"
	"podlab.dev/podlab/cluster/toolbox"
	"podlab.dev/podlab/cue/lab"
)

// realOptions gives options for a real cluster called name, which is removed at
// the end of the test. The user's kubeconfig is a sentinel that must not change.
func realOptions(t *testing.T, name string) cluster.Options {
	t.Helper()
	home := t.TempDir()
	sentinel := filepath.Join(home, ".kube", "config")
	const untouched = "not a kubeconfig; podlab must neither read nor write this\n"
	if err := os.MkdirAll(filepath.Dir(sentinel), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(sentinel, []byte(untouched), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", home)
	t.Setenv("KUBECONFIG", "")
	t.Cleanup(func() { // after the cluster is gone
		now, err := os.ReadFile(sentinel)
		if err != nil || string(now) != untouched {
			t.Errorf("~/.kube/config was touched: %q, %v", now, err)
		}
		if left, _ := filepath.Glob(filepath.Join(home, ".kube", "*")); len(left) != 1 {
			t.Errorf("something was left beside ~/.kube/config: %q", left)
		}
	})
	return clustertest.Options(t, name, cluster.Kind)
}

// up brings the cluster up, tells the test what happened, and gives the time.
func up(t *testing.T, opts cluster.Options, needs lab.Needs) (*cluster.Cluster, time.Duration, *drivertest.Events) {
	t.Helper()
	heard := &drivertest.Events{}
	began := time.Now()
	c, err := cluster.Up(t.Context(), opts, needs, heard.Hear)
	took := time.Since(began).Round(time.Millisecond)
	t.Logf("up in %s:\n%s", took, heard)
	if err != nil {
		t.Fatalf("up: %v%s", err, drivertest.Detail(err))
	}
	return c, took, heard
}

// docker runs the engine's command line as a user would, behind podlab's back.
func docker(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("docker", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func containersOf(t *testing.T, name string) string {
	t.Helper()
	return docker(t, "ps", "-a", "-q", "--filter", "label=io.x-k8s.kind.cluster="+name)
}

func TestRealLifeCycle(t *testing.T) {
	opts := realOptions(t, "life")
	needs := lab.Needs{Nodes: 1}

	c, _, _ := up(t, opts, needs)
	t.Logf("%+v", *c)
	if c.Driver != "kind" || c.Name != opts.Name || c.Nodes != 1 || !strings.HasPrefix(c.Version, "v1.") || !strings.Contains(c.Why, "node image") {
		t.Errorf("cluster: %+v", *c)
	}
	if info, err := os.Stat(c.Kubeconfig); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("kubeconfig: %v, %v", info, err)
	}
	usable(t, c)
	limited := func() string {
		return docker(t, "exec", c.Name+"-control-plane", "cat", "/proc/sys/net/ipv4/tcp_orphan_retries", "/proc/sys/net/ipv4/tcp_fin_timeout")
	}
	if got := limited(); got != "2\n5" {
		t.Errorf("a node that dies with its engine lives on in its connections: %q", got)
	}

	// A warm cluster is used again, quickly.
	id := containersOf(t, c.Name)
	_, took, _ := up(t, opts, needs)
	if took > 2*time.Second {
		t.Errorf("a warm cluster took %s", took)
	}

	status, err := cluster.StatusOf(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", *status)
	if len(status.Clusters) != 1 || status.Clusters[0].State != "running" || !status.Clusters[0].Nodes[0].Ready || status.Clusters[0].MemoryBytes == 0 {
		t.Errorf("status: %+v", *status)
	}

	// Stopped nodes are started, not made anew.
	docker(t, "stop", "-t", "10", c.Name+"-control-plane")
	if status, err := cluster.StatusOf(t.Context(), opts); err != nil || status.Clusters[0].State != "stopped" {
		t.Errorf("status of a stopped cluster: %+v, %v", status, err)
	}
	c, _, _ = up(t, opts, needs)
	if now := containersOf(t, c.Name); now != id {
		t.Errorf("the cluster was made anew: %s, then %s", id, now)
	}
	usable(t, c)
	if got := limited(); got != "2\n5" {
		t.Errorf("once it was started again: %q", got)
	}

	// A node that somebody removed is replaced.
	docker(t, "rm", "-f", "-v", c.Name+"-control-plane")
	c, _, _ = up(t, opts, needs)
	usable(t, c)
	crashes(t, c)

	if err := cluster.Down(t.Context(), opts, nil); err != nil {
		t.Fatalf("down: %v", err)
	}
	if left := containersOf(t, c.Name); left != "" {
		t.Errorf("containers left: %s", left)
	}
	if err := cluster.Down(t.Context(), opts, nil); err != nil {
		t.Errorf("down of nothing: %v", err)
	}
}

// usable checks that a learner could work there: the default namespace of a
// session's kubeconfig, and the API through it.
func usable(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "session", "kubeconfig")
	if err := c.Namespaced(t.Context(), path, "lab-1"); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("session kubeconfig: %v, %v", info, err)
	}
	text, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(text, []byte("namespace: lab-1")) {
		t.Errorf("session kubeconfig has no namespace lab-1: %v", err)
	}
	client := clients(t, c)
	pods, err := client.CoreV1().Pods("kube-system").List(t.Context(), metav1.ListOptions{})
	if err != nil || len(pods.Items) == 0 {
		t.Errorf("pods of kube-system: %v", err)
	}
}

func clients(t *testing.T, c *cluster.Cluster) *kubernetes.Clientset {
	t.Helper()
	config, err := c.RESTConfig()
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// crashes has a Pod of the cluster's own wait until it may start again, as one does that
// has gone down with its node often: Whole has it made anew, and does not pass it over.
func crashes(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	client := clients(t, c)
	const here = "local-path-storage"
	labels, fails := map[string]string{"app": "crashes"}, []string{"/bin/sh", "-c", "exit 1"}
	deployments, pods := client.AppsV1().Deployments(here), client.CoreV1().Pods(here)
	if _, err := deployments.Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "crashes"},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{Containers: []corev1.Container{{
					Name: "c", Image: "podlab.dev/storage-helper:v1", Command: fails,
					// Without one it is Ready in the moment between its start and its end.
					ReadinessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: fails}}},
				}}},
			},
		},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	until := func(what string, is func(corev1.Pod) bool) (found types.UID) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := driver.Until(ctx, pods.List, pods.Watch, metav1.ListOptions{LabelSelector: "app=crashes"}, func(pods []corev1.Pod) string {
			for _, p := range pods {
				if is(p) {
					found = p.UID
					return ""
				}
			}
			return what
		}); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		return found
	}
	old := until("no Pod waits until it may start again", func(p corev1.Pod) bool {
		return len(p.Status.ContainerStatuses) > 0 && p.Status.ContainerStatuses[0].State.Waiting != nil && p.Status.ContainerStatuses[0].State.Waiting.Reason == "CrashLoopBackOff"
	})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := c.Whole(ctx); err == nil {
		t.Error("whole, with a Pod that is not Ready")
	}
	until("the Pod was not made anew", func(p corev1.Pod) bool { return p.UID != old })
	if err := deployments.Delete(t.Context(), "crashes", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := c.Whole(t.Context()); err != nil {
		t.Errorf("not whole: %v", err)
	}
}

// A killed process leaves a cluster half-made; the next Up must repair it, and a
// cancelled one must leave nothing.
func TestRealInterrupted(t *testing.T) {
	opts := realOptions(t, "kill")

	// Cancelled: Up itself cleans up.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	heard := &drivertest.Events{On: func(e cluster.Event) {
		if !e.Done && strings.HasPrefix(e.Message, "starting control-plane") {
			cancel()
		}
	}}
	began := time.Now()
	_, err := cluster.Up(ctx, opts, lab.Needs{}, heard.Hear)
	t.Logf("cancelled after %s:\n%s", time.Since(began).Round(time.Millisecond), heard)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if left := containersOf(t, opts.Name); left != "" {
		t.Errorf("cancelled: containers left: %s", left)
	}

	// Killed: this test binary runs itself and is killed in the middle.
	killUp(t, opts)
	if left := containersOf(t, opts.Name); left == "" {
		t.Error("killed: no container is left, so there is nothing to repair")
	}
	status, err := cluster.StatusOf(t.Context(), opts)
	if err != nil || len(status.Clusters) != 1 || status.Clusters[0].State != "half-made" {
		t.Errorf("killed: status %+v, %v", status, err)
	}
	c, _, heardUp := up(t, opts, lab.Needs{})
	if !strings.Contains(heardUp.String(), "interrupted") {
		t.Error("the repair was not reported")
	}
	usable(t, c)

	// Two processes at once: the second waits, says so, and uses the same cluster.
	if err := cluster.Down(t.Context(), opts, nil); err != nil {
		t.Fatal(err)
	}
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			heard := &drivertest.Events{}
			_, err := cluster.Up(t.Context(), opts, lab.Needs{}, heard.Hear)
			t.Logf("one of two (%v):\n%s", err, heard)
			if err != nil {
				t.Error(err)
			}
		})
		time.Sleep(time.Second)
	}
	both.Wait()
}

// killUp runs Up in a process of its own and kills it while kubeadm runs.
func killUp(t *testing.T, opts cluster.Options) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestUpToBeKilled$", "-test.v")
	cmd.Env = append(os.Environ(), "PODLAB_TEST_KILL_STATE="+opts.StateDir, "PODLAB_TEST_KILL_NAME="+opts.Name)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "starting control-plane") {
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
	state := os.Getenv("PODLAB_TEST_KILL_STATE")
	if state == "" {
		t.Skip("only for TestRealInterrupted")
	}
	opts := cluster.Options{StateDir: state, Driver: cluster.Kind, Name: os.Getenv("PODLAB_TEST_KILL_NAME")}
	_, err := cluster.Up(t.Context(), opts, lab.Needs{}, func(e cluster.Event) { fmt.Println(e.Message) })
	t.Errorf("not killed in time: %v", err)
}

// The engine stops answering in the middle of a create: a typed error soon, and
// everything can be cleaned up once it is back.
func TestRealEngineGone(t *testing.T) {
	opts := realOptions(t, "gone")
	engine, err := net.Listen("unix", filepath.Join(t.TempDir(), "docker.sock"))
	if err != nil {
		t.Fatal(err)
	}
	relay := &relay{to: strings.TrimPrefix(cmp.Or(os.Getenv("DOCKER_HOST"), "unix:///var/run/docker.sock"), "unix://")}
	go relay.serve(engine)
	back := os.Getenv("DOCKER_HOST")
	t.Setenv("DOCKER_HOST", "unix://"+engine.Addr().String())

	heard := &drivertest.Events{On: func(e cluster.Event) {
		if !e.Done && strings.HasPrefix(e.Message, "starting control-plane") {
			_ = engine.Close()
			relay.cut()
		}
	}}
	began := time.Now()
	_, err = cluster.Up(t.Context(), opts, lab.Needs{}, heard.Hear)
	t.Logf("after %s: %v%s\n%s", time.Since(began).Round(time.Millisecond), err, drivertest.Detail(err), heard)
	known, ok := errors.AsType[*cluster.Error](err)
	if !ok || !errors.Is(err, cluster.ErrEngine) || known.Remedy() == "" || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v, want one line of kind ErrEngine", err)
	}
	if _, err := cluster.Up(t.Context(), opts, lab.Needs{}, nil); !errors.Is(err, cluster.ErrNoEngine) {
		t.Errorf("while it is gone: %v", err)
	}
	t.Setenv("DOCKER_HOST", back)
	if status, err := cluster.StatusOf(t.Context(), opts); err != nil || len(status.Clusters) != 1 || status.Clusters[0].State != "half-made" {
		t.Errorf("once it is back: %+v, %v", status, err)
	}
}

// relay passes a socket on to another until it is cut.
type relay struct {
	to    string
	mu    sync.Mutex
	conns []net.Conn
}

func (r *relay) serve(l net.Listener) {
	for {
		in, err := l.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("unix", r.to)
		if err != nil {
			_ = in.Close()
			continue
		}
		r.mu.Lock()
		r.conns = append(r.conns, in, out)
		r.mu.Unlock()
		pass := func(to, from net.Conn) {
			_, _ = io.Copy(to, from)
			if half, ok := to.(*net.UnixConn); ok {
				_ = half.CloseWrite()
			}
		}
		go pass(out, in)
		go pass(in, out)
	}
}

func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		_ = c.Close()
	}
}

// The workload image is on the node when Up returns, whichever way it got there,
// and the existing driver accepts the cluster for it.
func TestRealImagesAndExisting(t *testing.T) {
	opts := realOptions(t, "image")
	needs := lab.Needs{Nodes: 1, Images: []string{toolbox.Ref}}
	c, _, _ := up(t, opts, needs)
	has := func(ref string) bool {
		return strings.Contains(docker(t, "exec", c.Name+"-control-plane", "ctr", "-n", "k8s.io", "images", "ls", "-q"), ref)
	}
	if !has(toolbox.Ref) {
		t.Fatal("the image is not on the node")
	}
	_, took, heard := up(t, opts, needs)
	if took > 3*time.Second || strings.Contains(heard.String(), "load ") {
		t.Errorf("the second time took %s", took)
	}
	const nowhere = "127.0.0.1:1/none:1"
	_, err := cluster.Up(t.Context(), opts, lab.Needs{Images: []string{nowhere}}, nil)
	if known, ok := errors.AsType[*cluster.Error](err); !ok || !errors.Is(err, cluster.ErrNeeds) || !strings.Contains(known.Remedy(), "docker load") {
		t.Errorf("an image that is nowhere: %v", err)
	}
	foreign := pushed(t)
	_, _, heard = up(t, opts, lab.Needs{Images: []string{foreign}})
	if !has(foreign) || !strings.Contains(heard.String(), "from its registry") {
		t.Errorf("%s is not on the node", foreign)
	}
	if _, _, heard = up(t, opts, lab.Needs{Images: []string{foreign}}); strings.Contains(heard.String(), foreign) {
		t.Errorf("%s was fetched again", foreign)
	}

	theirs := cluster.Options{StateDir: t.TempDir(), Kubeconfig: c.Kubeconfig}
	// It waits for the kubelet, which reports a new image within some seconds.
	e, _, _ := up(t, theirs, needs)
	t.Logf("%+v", *e)
	if e.Driver != cluster.Existing || e.Nodes != 1 {
		t.Errorf("existing: %+v", *e)
	}
	usable(t, e)
	if err := cluster.Down(t.Context(), theirs, nil); err != nil {
		t.Error(err)
	}
	usable(t, c)
}

// pushed is an image that only a registry has, on this machine's loopback, which
// nodes cannot reach.
func pushed(t *testing.T) string {
	t.Helper()
	t.Setenv("DOCKER_CONFIG", t.TempDir()) // no credentials of whoever runs this
	ref, stop, err := drivertest.Push()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return ref
}
