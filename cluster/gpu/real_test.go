package gpu_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/cluster/clustertest"
	"podlab.dev/podlab/cluster/driver/drivertest"
	"podlab.dev/podlab/cluster/gpu"
	"podlab.dev/podlab/cluster/gpu/bus"
	"podlab.dev/podlab/cluster/toolbox"
	"podlab.dev/podlab/cue/lab"
)

// world is a real cluster with GPUs.
type world struct {
	*testing.T
	opts   cluster.Options
	needs  lab.Needs
	config *rest.Config
	client *kubernetes.Clientset
}

// newWorld makes a cluster of the kind that PODLAB_TEST_CLUSTER says.
func newWorld(t *testing.T, name string, nodes int, gpus ...lab.GPU) *world {
	t.Helper()
	w := &world{T: t, opts: clustertest.Options(t, name, cluster.Embedded, cluster.Kind)}
	w.needs = lab.Needs{Nodes: nodes, Images: []string{toolbox.Ref}}
	if err := w.up(gpus...); err != nil {
		t.Fatalf("up: %v%s", err, drivertest.Detail(err))
	}
	return w
}

// up brings the cluster up with these GPUs.
func (w *world) up(gpus ...lab.GPU) error {
	w.Helper()
	heard := &drivertest.Events{}
	began := time.Now()
	needs := w.needs
	needs.GPUs = gpus
	c, err := cluster.Up(w.Context(), w.opts, needs, heard.Hear)
	w.Logf("%s in %s:\n%s", needs.GPUs, time.Since(began).Round(time.Millisecond), heard)
	if err != nil {
		return err
	}
	if w.config, err = c.RESTConfig(); err != nil {
		return err
	}
	w.client, err = kubernetes.NewForConfig(w.config)
	return err
}

// pod makes a Pod of the toolbox that asks for devices, and does not wait for it.
func (w *world) pod(name, device string, count int, args ...string) *corev1.Pod {
	w.Helper()
	limits := corev1.ResourceList{corev1.ResourceName(device): *resource.NewQuantity(int64(count), resource.DecimalSI)}
	return w.create(&corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default"},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "c", Image: toolbox.Ref, Args: args, Resources: corev1.ResourceRequirements{Limits: limits},
		}}},
	})
}

func (w *world) create(p *corev1.Pod) *corev1.Pod {
	w.Helper()
	made, err := w.client.CoreV1().Pods("default").Create(w.Context(), p, metav1.CreateOptions{})
	if err != nil {
		w.Fatal(err)
	}
	return made
}

// see looks at a Pod until it is as wanted.
func (w *world) see(name, what string, ok func(*corev1.Pod) bool) *corev1.Pod {
	w.Helper()
	var p *corev1.Pod
	w.until("Pod "+name+" "+what, func() (string, bool) {
		var err error
		if p, err = w.client.CoreV1().Pods("default").Get(w.Context(), name, metav1.GetOptions{}); err != nil {
			return err.Error(), false
		}
		return fmt.Sprintf("%+v", p.Status), ok(p)
	})
	return p
}

func ready(p *corev1.Pod) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// until waits for something; what it saw last it says when that does not come.
func (w *world) until(what string, ok func() (saw string, yes bool)) {
	w.Helper()
	saw := ""
	for began := time.Now(); time.Since(began) < 60*time.Second; time.Sleep(100 * time.Millisecond) {
		var yes bool
		if saw, yes = ok(); yes {
			w.Logf("%s after %s", what, time.Since(began).Round(100*time.Millisecond))
			return
		}
	}
	w.Fatalf("%s: not within a minute; last seen: %s", what, saw)
}

// run runs a command in a container of a Pod, again if it said nothing: client-go
// loses what a fast command says now and then.
func (w *world) run(namespace, pod, container string, command ...string) string {
	w.Helper()
	for range 5 {
		if out := w.once(namespace, pod, container, command...); out != "" {
			return out
		}
	}
	return ""
}

func (w *world) once(namespace, pod, container string, command ...string) string {
	w.Helper()
	url := w.client.CoreV1().RESTClient().Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Container: container, Command: command, Stdout: true, Stderr: true}, scheme.ParameterCodec).URL()
	stream, err := remotecommand.NewWebSocketExecutor(w.config, "GET", url.String())
	if err != nil {
		w.Fatal(err)
	}
	var out, complained bytes.Buffer // one each: they are written to side by side
	err = stream.StreamWithContext(w.Context(), remotecommand.StreamOptions{Stdout: &out, Stderr: &complained})
	if err != nil {
		complained.WriteString(err.Error())
	}
	return out.String() + complained.String()
}

// offers waits until the node with this number offers so many devices.
func (w *world) offers(device string, count int64) {
	w.Helper()
	w.until(fmt.Sprintf("%d of %s are allocatable", count, device), func() (string, bool) {
		total := int64(0)
		nodes, err := w.client.CoreV1().Nodes().List(w.Context(), metav1.ListOptions{})
		if err != nil {
			return err.Error(), false
		}
		for _, n := range nodes.Items {
			q := n.Status.Allocatable[corev1.ResourceName(device)]
			total += q.Value()
		}
		return fmt.Sprint(total), total == count
	})
}

// gone deletes Pods and waits until they are gone.
func (w *world) gone(names ...string) {
	w.Helper()
	now := int64(0)
	for _, name := range names {
		if err := w.client.CoreV1().Pods("default").Delete(w.Context(), name, metav1.DeleteOptions{GracePeriodSeconds: &now}); err != nil {
			w.Fatal(err)
		}
	}
	w.until(fmt.Sprintf("Pods %s are gone", names), func() (string, bool) {
		pods, err := w.client.CoreV1().Pods("default").List(w.Context(), metav1.ListOptions{})
		for _, p := range pods.Items {
			if slices.Contains(names, p.Name) {
				return p.Name, false
			}
		}
		return fmt.Sprint(err), err == nil
	})
}

// fault breaks the first GPU of a Pod.
func (w *world) fault(pod string, f bus.Fault) {
	w.Helper()
	what, err := gpu.Break(w.Context(), w.config, gpu.Target{Namespace: "default", Pod: pod}, f)
	if err != nil {
		w.Fatal(err)
	}
	w.Log(what)
}

func (w *world) heal() {
	w.Helper()
	if _, err := gpu.Heal(w.Context(), w.config, nil); err != nil {
		w.Fatal(err)
	}
}

// plugin waits until the DaemonSet's Pod is whole after so many ends of its plugin.
func (w *world) plugin(restarts int32) corev1.Pod {
	w.Helper()
	var pod corev1.Pod
	w.until(fmt.Sprintf("the plugin is back after %d ends", restarts), func() (string, bool) {
		pods, err := w.client.CoreV1().Pods(gpu.Namespace).List(w.Context(), metav1.ListOptions{})
		if err != nil || len(pods.Items) != 1 {
			return fmt.Sprint(err), false
		}
		pod = pods.Items[0]
		for _, s := range pod.Status.ContainerStatuses {
			if s.Name == "plugin" {
				return fmt.Sprintf("%+v", s), s.RestartCount == restarts && s.Ready
			}
		}
		return "no container", false
	})
	return pod
}

const whole = "nvidia.com/gpu"

func TestRealGPUs(t *testing.T) {
	w := newWorld(t, "gpu", 1, lab.GPU{Model: "A100-80GB", Count: 2})
	nodes, err := w.client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for label, want := range map[string]string{
		"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB", "nvidia.com/gpu.count": "2", "nvidia.com/gpu.memory": "81920", "nvidia.com/gpu.family": "ampere",
	} {
		if got := nodes.Items[0].Labels[label]; got != want {
			t.Errorf("label %s is %q, want %q", label, got, want)
		}
	}

	// What a container gets.
	w.pod("idle", whole, 1, "sleep", "1h")
	w.pod("llm", whole, 1, "model", "--memory", "20Gi", "--load", "30")
	w.see("idle", "is ready", ready)
	w.see("llm", "is ready", ready)
	if got := w.run("default", "idle", "c", "nvidia-smi", "-L"); strings.Count(got, "NVIDIA A100-SXM4-80GB (UUID: GPU-") != 1 || !strings.HasPrefix(got, "GPU 0: ") {
		t.Errorf("the container sees %s", got)
	}
	if got := w.run("default", "idle", "c", "sh", "-c", "ls /dev/nvidia* | wc -l; echo $NVIDIA_VISIBLE_DEVICES"); !strings.HasPrefix(got, "4\nGPU-") {
		t.Errorf("the container has %q", got)
	}
	w.until("the load follows the program", func() (string, bool) {
		got := w.run("default", "llm", "c", "nvidia-smi", "--query-gpu=memory.used,utilization.gpu", "--format=csv,noheader")
		return got, got == "20480 MiB, 30 %\n"
	})
	if got := w.run("default", "idle", "c", "nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"); got != "0\n" {
		t.Errorf("the other GPU: %q", got)
	}
	metrics := w.run("default", "idle", "c", "wget", "-qO-", "http://dcgm-exporter.podlab-gpu:9400/metrics")
	found := false
	for line := range strings.Lines(metrics) {
		found = found || strings.HasPrefix(line, "DCGM_FI_DEV_GPU_UTIL{") && strings.Contains(line, `pod="llm"`) && strings.HasSuffix(line, " 30\n")
	}
	if !found {
		t.Errorf("the metrics do not show the load: %s", metrics)
	}

	// There are no more.
	w.pod("third", whole, 1, "sleep", "1h")
	w.see("third", "is told why it waits", func(p *corev1.Pod) bool {
		for _, c := range p.Status.Conditions {
			if c.Type == corev1.PodScheduled && strings.Contains(c.Message, "Insufficient nvidia.com/gpu") {
				return p.Status.Phase == corev1.PodPending
			}
		}
		return false
	})
	half := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "half", Namespace: "default"},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: toolbox.Ref, Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{whole: resource.MustParse("1")}, Limits: corev1.ResourceList{whole: resource.MustParse("2")},
		}}}},
	}
	if _, err := w.client.CoreV1().Pods("default").Create(t.Context(), half, metav1.CreateOptions{}); err == nil || !strings.Contains(err.Error(), "must be equal to nvidia.com/gpu limit") {
		t.Errorf("requests that are not limits: %v", err)
	}
	w.gone("third")

	// A GPU fails under its program, and Kubernetes sees it.
	before := w.run("default", "llm", "c", "nvidia-smi", "-L")
	w.fault("llm", bus.Fault{Kind: bus.FaultXid, Xid: 79})
	w.offers(whole, 1)
	w.see("llm", "has failed, and its device is unhealthy", func(p *corev1.Pod) bool {
		s := p.Status.ContainerStatuses[0]
		return !s.Ready && len(s.AllocatedResourcesStatus) == 1 && s.AllocatedResourcesStatus[0].Resources[0].Health == corev1.ResourceHealthStatusUnhealthy
	})
	if got := w.run("default", "idle", "c", "nvidia-smi"); !strings.Contains(got, "No running processes found") {
		t.Errorf("the other GPU: %s", got)
	}
	// A plugin that starts anew does not take a broken GPU for a whole one.
	w.fault("idle", bus.Fault{Kind: bus.FaultPlugin})
	w.plugin(1)
	w.offers(whole, 1)
	w.heal()
	w.offers(whole, 2)
	w.see("llm", "is back", ready)
	if got := w.run("default", "llm", "c", "nvidia-smi", "-L"); got != before {
		t.Errorf("its GPU was %s and is %s", before, got)
	}
	// After two more containers have been given one.
	w.gone("llm")
	w.fault("idle", bus.Fault{Kind: bus.FaultECC, AfterAllocations: 2})
	w.pod("first", whole, 1, "sleep", "1h")
	w.see("first", "is ready", ready)
	w.gone("first")
	w.offers(whole, 2)
	w.pod("second", whole, 1, "sleep", "1h")
	w.offers(whole, 1)
	w.heal()
	w.offers(whole, 2)

	// A kubelet that starts anew has its GPUs again, and the Pods keep theirs.
	mine := w.run("default", "idle", "c", "nvidia-smi", "-L")
	w.restartKubelet()
	w.until("the kubelet has forgotten and found the plugin", func() (string, bool) {
		pod := w.plugin(1)
		log := w.log(pod.Name, "plugin")
		return log, strings.Count(log, "msg=registered") >= 2
	})
	w.offers(whole, 2)
	if got := w.run("default", "idle", "c", "nvidia-smi", "-L"); got != mine {
		t.Errorf("after the kubelet's restart: %s, before %s", got, mine)
	}
	w.gone("second")
	w.pod("after", whole, 1, "sleep", "1h")
	w.see("after", "is ready", ready)
	w.gone("after")

	// Other GPUs replace them, but not under a Pod.
	err = w.up(lab.GPU{Model: "T4", Count: 2, Replicas: 3})
	var refused *cluster.Error
	if !errors.As(err, &refused) || !errors.Is(err, cluster.ErrNeeds) || !strings.Contains(refused.What, "default/idle") || refused.Do == "" {
		t.Errorf("other GPUs under a Pod: %v", err)
	}
	w.gone("idle")
	if err := w.up(lab.GPU{Model: "T4", Count: 2, Replicas: 3}); err != nil {
		t.Fatal(err)
	}
	w.offers(whole, 6)
	for _, name := range []string{"a", "b", "c"} {
		w.pod(name, whole, 1, "model", "--memory", "6Gi")
	}
	w.see("a", "is ready", ready)
	w.see("b", "is ready", ready)
	w.see("c", "is ready", ready) // the third shares a GPU of 15 GiB with one of the others
	w.pod("d", whole, 1, "model", "--memory", "10Gi")
	w.see("d", "finds no memory", func(p *corev1.Pod) bool {
		return strings.Contains(w.tryLog("d"), "CUDA error: out of memory")
	})
	w.gone("a", "b", "c", "d")

	if err := w.up(lab.GPU{Model: "H100", Count: 1, MIG: map[string]int{"1g.10gb": 3, "3g.40gb": 1}, Strategy: "mixed"}); err != nil {
		t.Fatal(err)
	}
	w.offers("nvidia.com/mig-1g.10gb", 3)
	w.offers("nvidia.com/mig-3g.40gb", 1)
	w.offers(whole, 0)
	w.pod("slice", "nvidia.com/mig-1g.10gb", 1, "model", "--memory", "9Gi")
	w.see("slice", "is ready", ready)
	if got := w.run("default", "slice", "c", "nvidia-smi", "-L"); strings.Count(got, "MIG 1g.10gb") != 1 || strings.Count(got, "MIG ") != 1 {
		t.Errorf("the container sees %s", got)
	}
	w.gone("slice")

	// Under the other strategy a slice is called as a whole GPU is.
	if err := w.up(lab.GPU{Model: "H100", Count: 1, MIG: map[string]int{"1g.10gb": 7}, Strategy: "single"}); err != nil {
		t.Fatal(err)
	}
	w.offers(whole, 7)
	w.offers("nvidia.com/mig-1g.10gb", 0)
	if nodes, err = w.client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Fatal(err)
	}
	if labels := nodes.Items[0].Labels; labels["nvidia.com/mig.strategy"] != "single" || labels["nvidia.com/gpu.product"] != "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb" || labels["nvidia.com/gpu.count"] != "7" {
		t.Errorf("the node's labels: %v", labels)
	}
	w.pod("slices", whole, 2, "model", "--memory", "9Gi")
	w.see("slices", "is ready", ready)
	if got := w.run("default", "slices", "c", "nvidia-smi", "-L"); strings.Count(got, "MIG 1g.10gb") != 2 || strings.Count(got, "MIG ") != 2 {
		t.Errorf("the container sees %s", got)
	}
	w.pod("many", whole, 6, "sleep", "1h")
	w.see("many", "waits", func(p *corev1.Pod) bool {
		for _, c := range p.Status.Conditions {
			if c.Type == corev1.PodScheduled && strings.Contains(c.Message, "Insufficient nvidia.com/gpu") {
				return true
			}
		}
		return false
	})
}

func TestRealNodesThatDiffer(t *testing.T) {
	w := newWorld(t, "gpus", 4, lab.GPU{Model: "A100-40GB", Count: 4}, lab.GPU{Model: "T4", Count: 1}, lab.GPU{Model: "T4"})
	seen := map[string]string{}
	nodes, err := w.client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes.Items {
		q := n.Status.Allocatable[whole]
		seen[strings.TrimPrefix(n.Name, w.opts.Name+"-4n-")] = q.String() + " " + n.Labels["nvidia.com/gpu.product"]
	}
	want := map[string]string{"control-plane": "0 ", "worker": "4 NVIDIA-A100-SXM4-40GB", "worker2": "1 Tesla-T4", "worker3": "0 "}
	for node, has := range want {
		if seen[node] != has {
			t.Errorf("node %s has %q, want %q", node, seen[node], has)
		}
	}
	w.pod("large", whole, 4, "sleep", "1h")
	p := w.see("large", "is ready", ready)
	if !strings.HasSuffix(p.Spec.NodeName, "-worker") {
		t.Errorf("it runs on %s", p.Spec.NodeName)
	}
	state, err := gpu.Look(t.Context(), w.config)
	if err != nil || len(state) != 2 || len(state[0].GPUs) != 4 || len(state[0].GPUs[3].Holders) != 1 || len(state[1].GPUs[0].Holders) != 0 {
		t.Errorf("%+v, %v", state, err)
	}
	if _, err := gpu.Break(t.Context(), w.config, gpu.Target{}, bus.Fault{Kind: bus.FaultLost}); err == nil || !strings.Contains(err.Error(), "several nodes") {
		t.Errorf("a fault on no node in particular: %v", err)
	}
}

// log is what a container of podlab's own has said.
func (w *world) log(pod, container string) string {
	raw, err := w.client.CoreV1().Pods(gpu.Namespace).GetLogs(pod, &corev1.PodLogOptions{Container: container}).DoRaw(w.Context())
	return string(raw) + fmt.Sprint(err)
}

// tryLog is what a Pod has said, also before its last end.
func (w *world) tryLog(pod string) string {
	var all string
	for _, previous := range []bool{false, true} {
		raw, _ := w.client.CoreV1().Pods("default").GetLogs(pod, &corev1.PodLogOptions{Previous: previous}).DoRaw(w.Context())
		all += string(raw)
	}
	return all
}

// restartKubelet has the node's kubelet start anew.
func (w *world) restartKubelet() {
	w.Helper()
	if w.opts.Driver == cluster.Embedded {
		killKubelet(w.T, w.opts.StateDir)
		return
	}
	if out, err := exec.Command("docker", "exec", w.opts.Name+"-control-plane", "systemctl", "restart", "kubelet").CombinedOutput(); err != nil {
		w.Fatalf("restart the kubelet: %v\n%s", err, out)
	}
}

// killKubelet kills the kubelet of the embedded cluster in dir, which its supervisor
// starts again.
func killKubelet(t *testing.T, dir string) {
	t.Helper()
	roots, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, root := range roots {
		line, err := os.ReadFile(filepath.Join(root, "cmdline"))
		if err != nil || !strings.HasPrefix(string(line), "kubelet\x00") {
			continue
		}
		// Others may have clusters too: the file system of this one is in dir.
		mounts, err := os.ReadFile(filepath.Join(root, "mountinfo"))
		if err != nil || !strings.Contains(string(mounts), strings.TrimPrefix(dir, "/tmp")) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(root))
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Fatal("no kubelet was found")
}
