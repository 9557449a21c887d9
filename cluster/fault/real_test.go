package fault_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"podlab.dev/podlab/cluster/fault"
	"podlab.dev/podlab/cluster/toolbox"
	"podlab.dev/podlab/cue/lab"
)

// TestReal has every fault happen, shows its symptom, mends it, and shows that the
// symptom is gone; twice each, or once with -short.
func TestReal(t *testing.T) {
	w := newWorld(t)
	w.pod("client", w.workers[1], nil, "sleep", "infinity")
	w.ready("client", true)
	w.web()
	rounds := 2
	if testing.Short() {
		rounds = 1
	}
	sub := func(name string, test func(w *world)) {
		t.Run(name, func(t *testing.T) {
			in := *w
			in.T = t
			for range rounds {
				test(&in)
			}
		})
	}
	restarts := func(w *world) int32 { return w.get("web").Status.ContainerStatuses[0].RestartCount }
	again := func(w *world) { // without the pause of a container that has crashed before
		if err := w.client.CoreV1().Pods(here).Delete(w.Context(), "web", metav1.DeleteOptions{}); err != nil {
			w.Fatal(err)
		}
		w.until("Pod web is gone", time.Minute, func() bool { return w.get("web").Name == "" })
		w.web()
	}
	ended := func(w *world, reason string, code int32) {
		w.Helper()
		w.until("the container starts again", 30*time.Second, func() bool { return restarts(w) > 0 })
		if e := w.get("web").Status.ContainerStatuses[0].LastTerminationState.Terminated; e == nil || e.Reason != reason || e.ExitCode != code {
			w.Errorf("ended: %+v, want %s, %d", e, reason, code)
		}
		again(w)
	}
	sub("kill", func(w *world) {
		w.inject("kill", "pod=web")
		ended(w, "Error", 137)
	})
	sub("kill-term", func(w *world) {
		w.inject("kill", "pod=web", "container=c", "signal=TERM")
		ended(w, "Completed", 0)
	})
	sub("memory", func(w *world) {
		w.inject("memory", "pod=web")
		ended(w, "OOMKilled", 137)
		w.until("the fault is over", 10*time.Second, func() bool {
			left, err := fault.List(w.Context(), w.config, fault.Target{})
			return err == nil && len(left) == 0
		})
	})
	sub("cut", func(w *world) {
		w.inject("network", "pod=web", "do=cut")
		if w.answers() {
			w.Error("web answers")
		}
		w.ready("web", false)
		w.heal()
		if !w.answers() {
			w.Error("web does not answer")
		}
		w.ready("web", true)
	})
	sub("dns", func(w *world) {
		ask := func() bool {
			_, ok := w.run("client", "timeout", "5", "nslookup", "kubernetes.default.svc.cluster.local")
			return ok
		}
		w.inject("network", "pod=client", "do=dns")
		if ask() {
			w.Error("a name is found")
		}
		if !w.answers() {
			w.Error("an address is not reached")
		}
		w.heal()
		if !ask() {
			w.Error("no name is found")
		}
	})
	sub("slow", func(w *world) {
		w.inject("network", "pod=web", "do=slow", "rate=2Ki")
		if w.answers() {
			w.Error("6000 bytes came within 2 seconds at 2 KiB a second")
		}
		w.heal()
		w.until("web answers", 10*time.Second, w.answers)
	})
	sub("refuse", func(w *world) {
		w.inject("network", "pod=web", "do=refuse", "port=8080")
		w.ready("web", false)
		if !w.answers() {
			w.Error("others are refused too")
		}
		w.heal()
		w.ready("web", true)
	})
	sub("cpu", func(w *world) {
		throttled := func() (n int) {
			out, _ := w.run("web", "cat", "/sys/fs/cgroup/cpu.stat", "/sys/fs/cgroup/cpu/cpu.stat")
			for line := range strings.Lines(out) {
				if _, err := fmt.Sscanf(line, "nr_throttled %d", &n); err == nil {
					return n
				}
			}
			w.Fatalf("no figure: %s", out)
			return 0
		}
		w.inject("cpu", "pod=web", "workers=2")
		before := throttled()
		w.until("the container is throttled", 20*time.Second, func() bool { return throttled() >= before+5 })
		w.heal()
		before = throttled()
		time.Sleep(time.Second)
		if n := throttled(); n > before+5 {
			w.Errorf("throttled %d times in a second", n-before)
		}
	})
	sub("disk", func(w *world) {
		write := func() bool {
			_, ok := w.run("web", "dd", "if=/dev/zero", "of=/data/own", "bs=1M", "count=2")
			return ok
		}
		w.inject("disk", "pod=web", "path=/data", "size=64Mi")
		if write() {
			w.Error("2 MiB go into a full folder")
		}
		w.heal()
		if !write() {
			w.Error("the folder is still full")
		}
		if _, ok := w.run("web", "rm", "/data/own"); !ok {
			w.Error("the file cannot be removed")
		}
	})
	sub("image", func(w *world) {
		w.inject("image", "image="+toolbox.Ref, "node="+w.workers[0])
		w.pod("late", w.workers[0], nil, "sleep", "infinity")
		w.until("the image is missing", 20*time.Second, func() bool {
			s := w.get("late").Status.ContainerStatuses
			return len(s) > 0 && s[0].State.Waiting != nil && s[0].State.Waiting.Reason == "ErrImageNeverPull"
		})
		w.heal()
		w.ready("late", true)
		if err := w.client.CoreV1().Pods(here).Delete(w.Context(), "late", metav1.DeleteOptions{}); err != nil {
			w.Fatal(err)
		}
		w.until("Pod late is gone", time.Minute, func() bool { return w.get("late").Name == "" })
	})
	sub("data", func(w *world) {
		api := w.client.CoreV1().Secrets(here)
		if _, err := api.Create(w.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "db"}, StringData: map[string]string{"password": "right"}}, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			w.Fatal(err)
		}
		value := func() string {
			s, err := api.Get(w.Context(), "db", metav1.GetOptions{})
			if err != nil {
				w.Fatal(err)
			}
			return string(s.Data["password"])
		}
		for _, words := range [][]string{{"value=wrong"}, {"value="}, nil} {
			w.inject(append([]string{"data", "kind=Secret", "name=db", "key=password"}, words...)...)
			if v := value(); v == "right" {
				w.Error("the value is as it was")
			}
			w.heal()
			if v := value(); v != "right" {
				w.Errorf("the value is %q", v)
			}
		}
		// Broken twice it is mended once, and is what it was.
		w.inject("data", "kind=Secret", "name=db", "key=password", "value=wrong")
		w.inject("data", "kind=Secret", "name=db", "key=password", "value=wrong too")
		if v := value(); v != "wrong too" {
			w.Errorf("the value is %q", v)
		}
		w.heal()
		if v := value(); v != "right" {
			w.Errorf("the value is %q", v)
		}
		// What somebody has put right, or otherwise, is left so.
		w.inject("data", "kind=Secret", "name=db", "key=password", "value=wrong")
		if _, err := api.Patch(w.Context(), "db", "application/merge-patch+json", []byte(`{"stringData":{"password":"other"}}`), metav1.PatchOptions{}); err != nil {
			w.Fatal(err)
		}
		w.heal()
		if v := value(); v != "other" {
			w.Errorf("the value is %q", v)
		}
		if err := api.Delete(w.Context(), "db", metav1.DeleteOptions{}); err != nil {
			w.Fatal(err)
		}
	})
	node := func(w *world, i int) *corev1.Node {
		n, err := w.client.CoreV1().Nodes().Get(w.Context(), w.workers[i], metav1.GetOptions{})
		if err != nil {
			w.Fatal(err)
		}
		return n
	}
	sub("cordon", func(w *world) {
		w.inject("node", "pod=web", "do=cordon")
		if !node(w, 0).Spec.Unschedulable {
			w.Error("the node takes Pods")
		}
		w.heal()
		if node(w, 0).Spec.Unschedulable {
			w.Error("the node takes none")
		}
	})
	sub("taint", func(w *world) {
		w.inject("node", "node="+w.workers[0], "do=taint", "taint=disk=slow:NoSchedule")
		if n := len(node(w, 0).Spec.Taints); n != 1 {
			w.Errorf("%d taints", n)
		}
		w.heal()
		if n := len(node(w, 0).Spec.Taints); n != 0 {
			w.Errorf("%d taints", n)
		}
	})
	sub("drain", func(w *world) {
		w.inject("node", "pod=web", "do=drain")
		w.until("Pod web is evicted", 30*time.Second, func() bool { return w.get("web").Name == "" })
		w.heal()
		w.web()
	})
	sub("restart", func(w *world) {
		before := restarts(w)
		w.inject("node", "pod=web", "do=restart-runtime")
		w.until("the runtime is back", time.Minute, func() bool { _, ok := w.run("web", "true"); return ok })
		w.inject("node", "pod=web", "do=restart-kubelet")
		w.until("the kubelet is back", time.Minute, func() bool { _, ok := w.run("web", "true"); return ok })
		w.ready("web", true)
		if n := restarts(w); n != before {
			w.Errorf("the container was started %d more times", n-before)
		}
	})
	sub("pause", func(w *world) {
		w.inject("node", "node="+w.workers[0], "do=pause")
		if w.answers() {
			w.Error("a Pod answers from a node that stands still")
		}
		w.heal()
		w.until("web answers", 20*time.Second, w.answers)
	})
	sub("stop", func(w *world) {
		before := w.get("web").Status.ContainerStatuses[0]
		w.inject("node", "node="+w.workers[0], "do=stop")
		if w.answers() {
			w.Error("a Pod answers from a node that is switched off")
		}
		w.heal()
		w.until("its container starts again", time.Minute, func() bool { return restarts(w) > before.RestartCount })
		w.ready("web", true)
		w.until("web answers", 20*time.Second, w.answers)
		again(w)
	})
	t.Run("stop-kubelet", func(t *testing.T) { // once: Kubernetes takes its time
		in := *w
		in.T = t
		lost := func() bool {
			for _, c := range node(&in, 0).Status.Conditions {
				if c.Type == corev1.NodeReady {
					return c.Status == corev1.ConditionUnknown
				}
			}
			return false
		}
		in.inject("node", "pod=web", "do=stop-kubelet")
		in.until("the node is Unknown", 2*time.Minute, lost)
		if !in.answers() {
			in.Error("what runs on the node does not run any more")
		}
		in.heal()
		in.until("the node is back", time.Minute, func() bool { return !lost() })
		in.ready("web", true) // its kubelet says so some time after that of itself
	})

	// A Service is asked throughout, and who is not answered is counted.
	sub("asked", func(w *world) {
		w.service()
		target := fault.Target{Namespace: here, Check: "asked"}
		asking, err := fault.Ask(w.Context(), w.config, target, &lab.Throughout{Service: "web", Port: 80, Path: "/"})
		if err != nil {
			w.Fatal(err)
		}
		told := w.follow()
		if err := asking.Begin(w.Context()); err != nil {
			w.Fatal(err)
		}
		whole := <-told
		if whole.Check != "asked" || whole.Trouble != "" || whole.Asked == 0 || whole.Answered != whole.Asked {
			w.Errorf("whole: %+v", whole)
		}
		w.inject("network", "selector=app=web", "do=cut")
		var cut fault.Served
		w.until("requests are lost", 20*time.Second, func() bool { cut = <-told; return cut.Asked >= cut.Answered+10 })
		if cut.Why == "" || cut.Trouble != "" {
			w.Errorf("cut: %+v", cut)
		}
		w.heal()
		w.until("requests are answered again", 20*time.Second, func() bool { return (<-told).Answered >= cut.Answered+10 })
		if err := fault.HealAll(w.Context(), w.config, target); err != nil {
			w.Fatal(err)
		}
		w.until("it is said that nobody asks any more", 10*time.Second, func() bool { return (<-told).Trouble != "" })
		if _, err := fault.Ask(w.Context(), w.config, target, &lab.Throughout{Service: "nobody", Port: 80, Path: "/"}); err == nil || !strings.Contains(err.Error(), "Service nobody does not answer") {
			w.Errorf("a Service that is not there: %v", err)
		}
	})
	// It ends by itself, whatever has become of podlab.
	sub("for", func(w *world) {
		w.inject("network", "pod=web", "do=cut", "for=3s")
		if w.answers() {
			w.Error("web answers")
		}
		w.until("web answers", 20*time.Second, w.answers)
	})
	// Its program mends what it broke before it crashed.
	sub("crash", func(w *world) {
		f := w.inject("network", "pod=web", "do=cut")
		kill, err := lab.ReadFault([]string{"kill", "pod=fault-" + f.ID})
		if err != nil {
			w.Fatal(err)
		}
		if _, err := fault.Inject(w.Context(), w.config, fault.Target{Namespace: fault.Namespace}, kill, nil); err != nil {
			w.Fatal(err)
		}
		w.until("web answers", 20*time.Second, w.answers)
	})
}

// What cannot be broken is said so, and nothing is left of it.
func TestRealRefused(t *testing.T) {
	w := newWorld(t)
	w.pod("free", w.workers[0], nil, "sleep", "infinity")
	w.ready("free", true)
	w.pod("host", w.workers[0], func(s *corev1.PodSpec) { s.HostNetwork = true }, "sleep", "infinity")
	w.ready("host", true)
	if _, err := w.client.CoreV1().ConfigMaps(here).Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "twice"}, Data: map[string]string{"k": "v"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	w.inject("data", "kind=ConfigMap", "name=twice", "key=k", "value=x")
	again, err := lab.ReadFault([]string{"data", "kind=ConfigMap", "name=twice", "key=k", "value=y"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fault.Inject(t.Context(), w.config, fault.Target{Namespace: here}, again, nil); err == nil || !strings.Contains(err.Error(), "it cannot be broken while podlab changes the key k of ConfigMap twice") {
		t.Errorf("the same key twice: %v", err)
	}
	w.heal()
	w.inject("node", "node="+w.workers[1], "do=stop-kubelet")
	for _, words := range [][]string{{"node", "node=" + w.workers[1], "do=pause"}, {"image", "image=" + toolbox.Ref, "node=" + w.workers[1]}} {
		f, err := lab.ReadFault(words)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fault.Inject(t.Context(), w.config, fault.Target{Namespace: here}, f, nil); err == nil || !strings.Contains(err.Error(), "it cannot be broken while podlab stops the kubelet of node") {
			t.Errorf("%q: %v", words, err)
		}
	}
	w.heal()
	for _, x := range []struct {
		words []string
		want  string
	}{
		{[]string{"kill", "pod=nobody"}, "there is no Pod nobody"},
		{[]string{"kill", "pod=free", "container=x"}, "has no container x"},
		{[]string{"memory", "pod=free"}, "has no memory limit"},
		{[]string{"network", "pod=host", "do=cut"}, "the node's own network"},
		{[]string{"disk", "pod=free", "path=/nowhere", "size=1Mi"}, "no such file"},
		{[]string{"image", "image=nowhere:v1", "pod=free"}, "not found"},
		{[]string{"node", "node=nobody", "do=pause"}, "there is no node nobody"},
		{[]string{"data", "kind=Secret", "name=none", "key=k"}, "there is no Secret none"},
	} {
		f, err := lab.ReadFault(x.words)
		if err != nil {
			t.Fatal(err)
		}
		_, err = fault.Inject(t.Context(), w.config, fault.Target{Namespace: here}, f, nil)
		if err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%q: %v, want %s", x.words, err, x.want)
		}
		if left, err := fault.List(t.Context(), w.config, fault.Target{}); err != nil || len(left) > 0 {
			t.Errorf("%q: left: %v, %v", x.words, left, err)
		}
	}
	nodes, err := w.client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{LabelSelector: "node-role.kubernetes.io/control-plane"})
	if err != nil || len(nodes.Items) != 1 {
		t.Fatalf("%v, %v", nodes, err)
	}
	pause := &lab.Fault{Node: &lab.NodeFault{Node: nodes.Items[0].Name, Do: "pause"}, For: time.Minute}
	if _, err := fault.Inject(t.Context(), w.config, fault.Target{Namespace: here}, pause, nil); err == nil || !strings.Contains(err.Error(), "has the API server") {
		t.Errorf("the API server's node: %v", err)
	}
}
