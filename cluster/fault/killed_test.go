package fault_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"

	"podlab.dev/podlab/cluster/fault"
	"podlab.dev/podlab/cluster/fault/order"
	"podlab.dev/podlab/cluster/toolbox"
	"podlab.dev/podlab/cue/lab"
)

// Where who injects a fault is killed.
const (
	untold = "untold" // all is ready, and what is kept in the API server has been changed
	told   = "told"   // the program on the node has the word
)

// who tells this program that it is to inject a fault and be killed meanwhile: the
// kubeconfig, where, and the fault.
const who = "PODLAB_TEST_KILLED"

func TestMain(m *testing.M) {
	if words := strings.Fields(os.Getenv(who)); len(words) > 2 {
		killed(words[0], words[1], words[2:])
	}
	os.Exit(m.Run())
}

// killed injects a fault, and does not live to see it.
func killed(kubeconfig, where string, words []string) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		panic(err)
	}
	config.Wrap(func(rt http.RoundTripper) http.RoundTripper { return &killer{rt, where} })
	f, err := lab.ReadFault(words)
	if err != nil {
		panic(err)
	}
	_, err = fault.Inject(context.Background(), config, fault.Target{Namespace: here}, f, nil)
	panic(errors.Join(errors.New("it is alive"), err))
}

// killer kills this program at the word.
type killer struct {
	http.RoundTripper
	where string
}

func (k *killer) RoundTrip(r *http.Request) (*http.Response, error) {
	word := r.Method == http.MethodPatch && strings.Contains(r.URL.Path, "/namespaces/"+fault.Namespace+"/pods/fault-")
	if word && k.where == untold {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	answer, err := k.RoundTripper.RoundTrip(r)
	if word && err == nil {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	return answer, err
}

// kill has the fault injected by a program that is killed meanwhile.
func (w *world) kill(where string, words ...string) {
	w.Helper()
	cmd := exec.CommandContext(w.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), who+"="+strings.Join(append([]string{w.kubeconfig, where}, words...), " "))
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		w.Fatalf("%q: %v: %s", words, err, out)
	}
}

// changed says what in the API server is not as it was.
func (w *world) changed() (out []string) {
	w.Helper()
	ctx := w.Context()
	not := func(ok bool, what string) {
		if !ok {
			out = append(out, what)
		}
	}
	for _, name := range w.workers {
		n, err := w.client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			w.Fatal(err)
		}
		not(!n.Spec.Unschedulable, name+" takes no Pods")
		for _, t := range n.Spec.Taints {
			not(t.Key != "disk", name+" is tainted")
		}
	}
	s, err := w.client.CoreV1().Secrets(here).Get(ctx, "db", metav1.GetOptions{})
	if err != nil {
		w.Fatal(err)
	}
	not(string(s.Data["password"]) == "right", "the password is "+string(s.Data["password"]))
	c, err := w.client.CoreV1().ConfigMaps(here).Get(ctx, "db", metav1.GetOptions{})
	if err != nil {
		w.Fatal(err)
	}
	not(c.Data["host"] == "right", "the host is "+c.Data["host"])
	return out
}

// broken says what is not as it was.
func (w *world) broken() []string {
	w.Helper()
	ctx, out := w.Context(), w.changed()
	not := func(ok bool, what string) {
		if !ok {
			out = append(out, what)
		}
	}
	not(w.answers(), "web does not answer")
	_, found := w.run("client", "timeout", "5", "nslookup", "kubernetes.default.svc.cluster.local")
	not(found, "no name is found")
	_, free := w.run("web", "dd", "if=/dev/zero", "of=/data/own", "bs=1M", "count=2")
	not(free, "the folder is full")
	_, _ = w.run("web", "rm", "-f", "/data/own")
	// A Pod that may not fetch its image starts where the node has it.
	w.pod("late", w.workers[0], nil, "sleep", "infinity")
	for range 50 {
		if s := w.get("late").Status.ContainerStatuses; len(s) > 0 && (s[0].State.Running != nil || s[0].State.Waiting != nil && s[0].State.Waiting.Reason == "ErrImageNeverPull") {
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	not(w.get("late").Status.Phase == corev1.PodRunning, "Pod late does not run")
	if err := w.client.CoreV1().Pods(here).Delete(ctx, "late", metav1.DeleteOptions{}); err != nil {
		w.Fatal(err)
	}
	w.until("Pod late is gone", time.Minute, func() bool { return w.get("late").Name == "" })
	return out
}

func (w *world) left() int {
	w.Helper()
	left, err := fault.List(w.Context(), w.config, fault.Target{})
	if err != nil {
		return -1 // whoever looks does so again
	}
	return len(left)
}

// TestRealKilled has podlab killed while it breaks things, of each kind, and looks
// whether they are whole again afterwards: by themselves, or, where the program on the
// node crashes too, because it is started again.
func TestRealKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("minutes")
	}
	w := newWorld(t)
	w.pod("client", w.workers[1], nil, "sleep", "infinity")
	w.ready("client", true)
	w.web()
	if _, err := w.client.CoreV1().Secrets(here).Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "db"}, StringData: map[string]string{"password": "right"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.client.CoreV1().ConfigMaps(here).Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "db"}, Data: map[string]string{"host": "right"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if b := w.broken(); len(b) > 0 {
		t.Fatalf("to begin with: %v", b)
	}
	// Those that a Pod on the node can be started beside.
	kinds := [][]string{
		{"cpu", "pod=web"},
		{"disk", "pod=web", "path=/data", "size=64Mi"},
		{"image", "image=" + toolbox.Ref, "node=" + w.workers[0]},
		{"data", "kind=Secret", "name=db", "key=password", "value=wrong"},
		{"data", "kind=ConfigMap", "name=db", "key=host"},
		{"node", "node=" + w.workers[1], "do=cordon"},
		{"node", "node=" + w.workers[0], "do=taint", "taint=disk=slow:NoSchedule"},
		{"network", "pod=client", "do=dns"},
		{"network", "pod=web", "do=cut"},
	}
	over := func(within time.Duration) {
		t.Helper()
		w.until("all faults are over", within, func() bool { return w.left() == 0 })
		w.ready("web", true)
		if b := w.broken(); len(b) > 0 {
			t.Errorf("left broken: %v", b)
		}
	}
	for _, f := range kinds {
		w.kill(untold, append(f, "for=10m")...)
	}
	if n := w.left(); n != len(kinds) {
		t.Errorf("%d faults, want %d", n, len(kinds))
	}
	if c := w.changed(); len(c) != 4 || !w.answers() {
		t.Errorf("without the word: %v", c)
	}
	over(3 * time.Minute) // the programs wait a minute for the word

	for range 2 {
		for _, f := range kinds {
			w.kill(told, append(f, "for=45s")...)
		}
		if b := w.broken(); len(b) != len(kinds)-1 { // that the processor is busy shows elsewhere
			t.Errorf("broken: %v", b)
		}
		over(2 * time.Minute)
	}
	// What takes the node with it, each for itself.
	for _, do := range []string{"pause", "stop", "stop-kubelet"} {
		w.kill(told, "node", "node="+w.workers[0], "do="+do, "for=8s")
		w.until("the node goes on", time.Minute, func() bool { return w.left() == 0 && w.answers() })
		over(time.Minute)
	}
	w.kill(told, "memory", "pod=web", "for=8s")
	over(time.Minute)

	// podlab is gone, and the program on the node crashes: it is started again, and mends.
	for _, f := range kinds {
		w.kill(told, append(f, "for=10m")...)
	}
	all, err := fault.List(t.Context(), w.config, fault.Target{})
	if err != nil || len(all) != len(kinds) {
		t.Fatalf("%d faults, want %d: %v", len(all), len(kinds), err)
	}
	for _, x := range all {
		crash, err := lab.ReadFault([]string{"kill", "pod=fault-" + x.ID})
		if err != nil {
			t.Fatal(err)
		}
		w.until("the program has begun", 20*time.Second, func() bool {
			p, err := w.client.CoreV1().Pods(fault.Namespace).Get(t.Context(), "fault-"+x.ID, metav1.GetOptions{})
			return err == nil && p.Annotations[order.Done] != ""
		})
		if _, err := fault.Inject(t.Context(), w.config, fault.Target{Namespace: fault.Namespace}, crash, nil); err != nil {
			t.Fatal(err)
		}
	}
	over(2 * time.Minute)
}
