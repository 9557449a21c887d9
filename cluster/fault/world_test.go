package fault_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/cluster/clustertest"
	"podlab.dev/podlab/cluster/driver/drivertest"
	"podlab.dev/podlab/cluster/fault"
	"podlab.dev/podlab/cluster/toolbox"
	"podlab.dev/podlab/cue/lab"
)

// here is the namespace in which things are broken.
const here = "default"

// world is a real cluster of three nodes: a Pod web on one of those without the API
// server, and a Pod client on the other.
type world struct {
	*testing.T
	config *rest.Config
	// kubeconfig is the file that says the same to others.
	kubeconfig string
	client     *kubernetes.Clientset
	workers    []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	opts := clustertest.Options(t, "fault", cluster.Embedded, cluster.Kind)
	heard := &drivertest.Events{}
	c, err := cluster.Up(t.Context(), opts, lab.Needs{Nodes: 3, Images: []string{toolbox.Ref}, Faults: true}, heard.Hear)
	if err != nil {
		t.Fatalf("up: %v%s\n%s", err, drivertest.Detail(err), heard)
	}
	w := &world{T: t, kubeconfig: c.Kubeconfig}
	if w.config, err = c.RESTConfig(); err != nil {
		t.Fatal(err)
	}
	if w.client, err = kubernetes.NewForConfig(w.config); err != nil {
		t.Fatal(err)
	}
	nodes, err := w.client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes.Items {
		if _, ok := n.Labels["node-role.kubernetes.io/control-plane"]; !ok {
			w.workers = append(w.workers, n.Name)
		}
	}
	slices.Sort(w.workers)
	if len(w.workers) != 2 {
		t.Fatalf("nodes without the API server: %v", w.workers)
	}
	return w
}

// pod makes a Pod of the toolbox on a node.
func (w *world) pod(name, node string, change func(*corev1.PodSpec), args ...string) {
	w.Helper()
	now := int64(0)
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": name}},
		Spec: corev1.PodSpec{
			NodeSelector: map[string]string{"kubernetes.io/hostname": node}, TerminationGracePeriodSeconds: &now,
			Containers: []corev1.Container{{Name: "c", Image: toolbox.Ref, Args: args, ImagePullPolicy: corev1.PullNever}},
		},
	}
	if change != nil {
		change(&p.Spec)
	}
	if _, err := w.client.CoreV1().Pods(here).Create(w.Context(), p, metav1.CreateOptions{}); err != nil {
		w.Fatal(err)
	}
}

// web answers with a long text, so that a slow network is one that can be told.
func (w *world) web() {
	w.Helper()
	w.pod("web", w.workers[0], func(s *corev1.PodSpec) {
		few := resource.MustParse("8Mi")
		s.Containers[0].Resources.Limits = corev1.ResourceList{"memory": resource.MustParse("64Mi"), "cpu": resource.MustParse("200m")}
		s.Containers[0].ReadinessProbe = &corev1.Probe{
			PeriodSeconds: 1, FailureThreshold: 1, ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/", Port: intstr.FromInt32(8080)}},
		}
		s.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "data", MountPath: "/data"}}
		s.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{Medium: corev1.StorageMediumMemory, SizeLimit: &few}}}}
	}, "serve", "--message", strings.Repeat("x", 6000))
	w.ready("web", true)
}

// service has the Pod web behind it; made twice it is the same.
func (w *world) service() {
	w.Helper()
	_, err := w.client.CoreV1().Services(here).Create(w.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": "web"}, Ports: []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(8080)}}},
	}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		w.Fatal(err)
	}
}

// follow tells what comes of asking.
func (w *world) follow() <-chan fault.Served {
	told := make(chan fault.Served, 1000) // more than a test waits for
	go func() {
		_ = fault.Follow(w.Context(), w.config, here, func(s fault.Served) { told <- s })
	}()
	return told
}

func (w *world) get(name string) *corev1.Pod {
	w.Helper()
	p, err := w.client.CoreV1().Pods(here).Get(w.Context(), name, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		w.Fatal(err)
	}
	return p
}

// until looks again and again, for at most so long.
func (w *world) until(what string, within time.Duration, ok func() bool) {
	w.Helper()
	for late := time.Now().Add(within); !ok(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(late) {
			w.Fatalf("not within %s: %s", within, what)
		}
	}
}

func (w *world) ready(name string, want bool) {
	w.Helper()
	w.until(fmt.Sprintf("Ready of Pod %s is %v", name, want), 90*time.Second, func() bool {
		for _, c := range w.get(name).Status.Conditions {
			if c.Type == corev1.PodReady {
				return (c.Status == corev1.ConditionTrue) == want
			}
		}
		return false
	})
}

// run runs a command in a Pod, and says what it printed and whether it could.
func (w *world) run(pod string, command ...string) (string, bool) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 20*time.Second)
	defer cancel()
	req := w.client.CoreV1().RESTClient().Post().Resource("pods").Namespace(here).Name(pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Command: command, Stdout: true, Stderr: true}, scheme.ParameterCodec)
	stream, err := remotecommand.NewWebSocketExecutor(w.config, "GET", req.URL().String())
	if err != nil {
		w.Fatal(err)
	}
	var out, complained bytes.Buffer
	err = stream.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: &out, Stderr: &complained})
	return out.String() + complained.String(), err == nil
}

// answers tells whether web answers the client, soon.
func (w *world) answers() bool {
	w.Helper()
	_, ok := w.run("client", "wget", "-T", "2", "-q", "-O", "/dev/null", "http://"+w.get("web").Status.PodIP+":8080/")
	return ok
}

func (w *world) inject(words ...string) *fault.Fault {
	w.Helper()
	f, err := lab.ReadFault(words)
	if err != nil {
		w.Fatal(err)
	}
	began := time.Now()
	done, err := fault.Inject(w.Context(), w.config, fault.Target{Namespace: here, Check: "c"}, f, nil)
	if err != nil {
		w.Fatalf("%q: %v%s", words, err, drivertest.Detail(err))
	}
	w.Logf("%s: %s", time.Since(began).Round(time.Millisecond), f)
	return done
}

func (w *world) heal() {
	w.Helper()
	if err := fault.HealAll(w.Context(), w.config, fault.Target{Namespace: here, Check: "c"}); err != nil {
		w.Fatalf("heal: %v%s", err, drivertest.Detail(err))
	}
	if left, err := fault.List(w.Context(), w.config, fault.Target{Namespace: here, Check: "c"}); err != nil || len(left) > 0 {
		w.Fatalf("left: %v, %v", left, err)
	}
}
