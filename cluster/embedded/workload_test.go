//go:build linux

package embedded_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cluster/driver/drivertest"
	"podlab.dev/podlab/cluster/embedded"
	"podlab.dev/podlab/cluster/toolbox"
	"podlab.dev/podlab/cue/lab"
)

// workloads are Pods of most kinds that lessons use.
const workloads = `
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: c
    image: podlab.dev/toolbox:v1
    readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: site}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Mi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: disk}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: c, image: podlab.dev/toolbox:v1, command: [sh, -c, "echo kept > /data/file; sleep 1000"], volumeMounts: [{name: data, mountPath: /data}]}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
---
apiVersion: v1
kind: Pod
metadata: {name: live}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: c
    image: podlab.dev/toolbox:v1
    command: [sh, -c, "touch /tmp/ok; sleep 3; rm /tmp/ok; sleep 1000"]
    livenessProbe: {exec: {command: [cat, /tmp/ok]}, periodSeconds: 1, failureThreshold: 1}
---
apiVersion: v1
kind: Pod
metadata: {name: strict}
spec:
  restartPolicy: Never
  containers:
  - name: c
    image: podlab.dev/toolbox:v1
    command: [sh, -c, "touch /here 2>/dev/null && echo writable; grep -E 'CapEff|NoNewPrivs' /proc/self/status; df /mem; hostname"]
    securityContext: {readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
    volumeMounts: [{name: mem, mountPath: /mem}]
  volumes: [{name: mem, emptyDir: {medium: Memory, sizeLimit: 8Mi}}]
`

// limited is for clusters where limits hold.
const limited = `
apiVersion: v1
kind: Pod
metadata: {name: hungry}
spec:
  restartPolicy: Never
  containers: [{name: c, image: podlab.dev/toolbox:v1, args: [hog, --memory, 60Mi], resources: {limits: {memory: 24Mi}}}]
`

// owned is for clusters with users of their own.
const owned = `
apiVersion: v1
kind: Pod
metadata: {name: owned}
spec:
  restartPolicy: Never
  securityContext: {runAsUser: 1234, runAsGroup: 1235, fsGroup: 2000}
  containers: [{name: c, image: podlab.dev/toolbox:v1, command: [sh, -c, "id; touch /e/x; stat -c '%u %g' /e/x"], volumeMounts: [{name: e, mountPath: /e}]}]
  volumes: [{name: e, emptyDir: {}}]
`

func (w *world) apply(c *driver.Running, manifests string) {
	w.Helper()
	file := filepath.Join(w.dir, "manifests.yaml")
	if err := os.WriteFile(file, []byte(manifests), 0o600); err != nil {
		w.Fatal(err)
	}
	w.must(c, "apply", "-f", file)
}

func TestRealWorkloads(t *testing.T) {
	w := newWorld(t, "work")
	t.Setenv("PATH", "/nonexistent") // nothing of the host is used: no iptables, no mount
	foreign := pushed(t)
	c := w.up(lab.Needs{Images: []string{toolbox.Ref, foreign}})
	w.apply(c, workloads)
	w.must(c, "run", "foreign", "--image", foreign)
	users, limits := strings.Contains(c.Why, "with users"), strings.Contains(c.Why, "limits") && !strings.Contains(c.Why, "without limits")
	if ordinary := os.Getenv(userVariable) != ""; ordinary == users {
		t.Errorf("ordinary user: %t, and %q", ordinary, c.Why)
	}
	if users {
		w.apply(c, owned)
	}
	if limits {
		w.apply(c, limited)
	}
	w.must(c, "wait", "--for=condition=Ready", "pod/web", "pod/disk", "pod/foreign", "--timeout=60s")

	in := func(pod string, command ...string) string {
		t.Helper()
		return w.must(c, append([]string{"exec", pod, "--"}, command...)...)
	}
	page := in("web", "wget", "-qO-", "http://localhost:8080/")
	node := "10.89.0.1"
	for what, url := range map[string]string{
		"its own Service, by name": "http://site/", "in full": "http://site.default.svc.cluster.local/", "NodePort": "http://" + node + ":30080/",
	} {
		for _, from := range []string{"web", "disk"} {
			if got := in(from, "wget", "-qO-", "-T", "5", url); got != page {
				t.Errorf("%s from %s: %q", what, from, got)
			}
		}
	}
	if got := in("disk", "cat", "/data/file"); got != "kept" {
		t.Errorf("on the volume: %q", got)
	}
	if out, err := w.kubectl(c, "exec", "web", "--", "sh", "-c", "exit 7"); err == nil || !strings.Contains(out, "exit code 7") {
		t.Errorf("exit code of exec: %q, %v", out, err)
	}

	// Outside is refused, and soon; the kubelet talks to nobody it does not know.
	for _, url := range []string{"http://192.0.2.1/", "http://10.96.7.7/"} {
		began := time.Now()
		if out, err := w.kubectl(c, "exec", "web", "--", "wget", "-qO-", "-T", "10", url); err == nil || time.Since(began) > 5*time.Second {
			t.Errorf("%s from a Pod, after %s: %q", url, time.Since(began), out)
		}
	}
	if out, err := w.kubectl(c, "exec", "web", "--", "wget", "-qO-", "-T", "5", "--no-check-certificate", "https://"+node+":10250/pods"); err == nil || !strings.Contains(out, "401") {
		t.Errorf("the kubelet, asked by nobody: %q, %v", out, err)
	}

	w.cp(c)
	w.portForward(c, page)
	w.terminal(c)
	w.until("live is restarted", func() bool {
		return w.must(c, "get", "pod", "live", "-o", "jsonpath={.status.containerStatuses[0].restartCount}") != "0"
	})
	w.must(c, "wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/strict", "--timeout=60s")
	strict := w.must(c, "logs", "strict")
	if strings.Contains(strict, "writable") || !regexp.MustCompile(`CapEff:\s+0000000000000000`).MatchString(strict) || !regexp.MustCompile(`NoNewPrivs:\s+1`).MatchString(strict) || !strings.Contains(strict, "8192") {
		t.Errorf("strict: %s", strict)
	}
	if users {
		w.must(c, "wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/owned", "--timeout=60s")
		if got := w.must(c, "logs", "owned"); !strings.Contains(got, "uid=1234") || !strings.Contains(got, "1234 2000") {
			t.Errorf("owned: %s", got)
		}
	}
	if limits {
		w.until("hungry is killed", func() bool {
			return w.must(c, "get", "pod", "hungry", "-o", "jsonpath={.status.containerStatuses[0].state.terminated.reason}") == "OOMKilled"
		})
	}
	w.loopbackOnly()
}

// pushed is an image that only a registry has, on this machine's loopback, which the
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

func (w *world) until(what string, done func() bool) {
	w.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.Fatalf("not within a minute: %s", what)
		}
	}
}

func (w *world) cp(c *driver.Running) {
	w.Helper()
	from, back := filepath.Join(w.dir, "from"), filepath.Join(w.dir, "back")
	if err := os.WriteFile(from, []byte("carried"), 0o600); err != nil {
		w.Fatal(err)
	}
	w.must(c, "cp", from, "disk:/data/carried")
	w.must(c, "cp", "disk:/data/carried", back)
	if got, err := os.ReadFile(back); err != nil || string(got) != "carried" {
		w.Errorf("cp: %q, %v", got, err)
	}
}

// start starts kubectl beside the test.
func (w *world) start(ctx context.Context, c *driver.Running, args ...string) *exec.Cmd {
	w.Helper()
	parts, err := embedded.FindParts()
	if err != nil {
		w.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, filepath.Join(parts.Dir, "root/usr/bin/kubectl"), args...)
	cmd.Env = []string{"KUBECONFIG=" + c.Kubeconfig, "HOME=" + w.dir, "TERM=xterm"}
	return cmd
}

func (w *world) portForward(c *driver.Running, page string) {
	w.Helper()
	ctx, cancel := context.WithCancel(w.Context())
	defer cancel()
	cmd := w.start(ctx, c, "port-forward", "pod/web", ":8080")
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.Fatal(err)
	}
	defer func() { cancel(); _ = cmd.Wait() }()
	lines := bufio.NewScanner(out)
	lines.Scan()
	m := regexp.MustCompile(`127\.0\.0\.1:(\d+)`).FindStringSubmatch(lines.Text())
	if m == nil {
		w.Fatalf("port-forward says %q", lines.Text())
	}
	response, err := http.Get("http://127.0.0.1:" + m[1] + "/")
	if err != nil {
		w.Fatal(err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil || strings.TrimSpace(string(got)) != page {
		w.Errorf("port-forward: %q, %v", got, err)
	}
}

// terminal types into a shell in a Pod, as a learner would.
func (w *world) terminal(c *driver.Running) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 20*time.Second)
	defer cancel()
	tty, err := pty.Start(w.start(ctx, c, "exec", "-it", "web", "--", "sh"))
	if err != nil {
		w.Fatal(err)
	}
	defer tty.Close()
	if _, err := io.WriteString(tty, "test -t 0 && echo a ter\"\"minal; exit\n"); err != nil {
		w.Fatal(err)
	}
	got, _ := io.ReadAll(tty) // ends with an error, as terminals do
	if !strings.Contains(string(got), "a terminal") {
		w.Errorf("exec -it: %q", got)
	}
}

// loopbackOnly looks at what listens on this machine for the cluster.
func (w *world) loopbackOnly() {
	w.Helper()
	home, err := driver.OpenHome(w.dir, "embedded-work")
	if err != nil {
		w.Fatal(err)
	}
	port := fmt.Sprintf(":%04X", home.State().Port)
	found := false
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		raw, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(raw)) {
			f := strings.Fields(line)
			if len(f) < 4 || f[3] != "0A" { // listening
				continue
			}
			if f[1] == "0100007F"+port {
				found = true
			} else if strings.HasSuffix(f[1], port) || strings.HasSuffix(f[1], fmt.Sprintf(":%04X", 6443)) || strings.HasSuffix(f[1], fmt.Sprintf(":%04X", 2379)) {
				w.Errorf("something listens at %s", f[1])
			}
		}
	}
	if !found {
		w.Error("the API server's port does not listen on loopback")
	}
}
