package batch_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/cluster/clustertest"
	"podlab.dev/podlab/cluster/fault"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/class"
	"podlab.dev/podlab/labs"
	"podlab.dev/podlab/runner"
	"podlab.dev/podlab/runner/batch"
)

// up brings a cluster up that the tests of this package share.
func up(t testing.TB, needs lab.Needs) (*cluster.Cluster, *kubernetes.Clientset) {
	t.Helper()
	opts := clustertest.Options(t, "batch", cluster.Embedded, cluster.Kind)
	c, err := cluster.Up(t.Context(), opts, needs, nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := c.RESTConfig()
	if err != nil {
		t.Fatal(err)
	}
	cfg.QPS, cfg.Burst = 1000, 1000
	clients, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c, clients
}

// BenchmarkClass grades a class and, on the same cluster, gets the same Pods ready in
// as many namespaces with nothing but client-go. ratio is the rate of the first over
// that of the second. PODLAB_BENCH_CLASS is how many students there are (200).
func BenchmarkClass(b *testing.B) {
	students := 200
	if n, err := strconv.Atoi(os.Getenv("PODLAB_BENCH_CLASS")); err == nil {
		students = n
	}
	for _, name := range []string{"probes", "resources"} {
		b.Run(name, func(b *testing.B) {
			l, _, err := runner.NewCatalog(labs.FS, nil).Load(name)
			if err != nil {
				b.Fatal(err)
			}
			c, clients := up(b, l.Needs)
			for b.Loop() {
				dir := b.TempDir()
				var entries []batch.Entry
				for i := range students {
					entries = append(entries, batch.Entry{ID: fmt.Sprintf("s%03d", i), Path: filepath.Join("testdata", name)})
				}
				began := time.Now()
				var peak uint64
				out, err := batch.Run(b.Context(), batch.Config{
					Lab: l, Ref: name, Out: filepath.Join(dir, "grades"), Patience: 30 * time.Second,
					Up: func(context.Context) (*cluster.Cluster, error) { return c, nil },
					Progress: func(p batch.Progress) {
						var m runtime.MemStats
						runtime.ReadMemStats(&m)
						peak = max(peak, m.Sys-m.HeapReleased)
						if s := p.Student; s != nil {
							b.Logf("%s: %g of %d in %.0f s, %d inside", s.ID, s.Score, points(*s), s.Seconds, p.Inside)
						}
					},
					Say: b.Logf,
				}, entries)
				if err != nil {
					b.Fatal(err)
				}
				took := time.Since(began)
				var seconds []float64
				for _, s := range out.Students {
					if s.Report == nil || !s.Report.Passed {
						b.Errorf("%s: %s %s: %g points", s.ID, s.State, s.Why, s.Score)
					}
					seconds = append(seconds, s.Seconds)
				}
				slices.Sort(seconds)
				gone(b, clients)
				bare := bareLoop(b, clients, l, name, students)
				b.ReportMetric(bare.Seconds()/took.Seconds(), "ratio")
				b.ReportMetric(seconds[len(seconds)*95/100], "p95-s")
				b.ReportMetric(float64(students)/took.Minutes(), "submissions/min")
				b.ReportMetric(float64(peak)/(1<<20), "MiB")
			}
		})
	}
}

func points(s class.Student) int {
	if s.Report == nil {
		return 0
	}
	return s.Report.Points
}

// things are the Pods that a submission to the lab comes to, its own and the setups',
// and the Services that these ask.
func things(b *testing.B, l *lab.Lab, name string) (pods []*corev1.Pod, services []*corev1.Service) {
	add := func(f io.ReadCloser) {
		defer f.Close()
		documents := yaml.NewYAMLOrJSONDecoder(f, 4096)
		for {
			var x struct {
				metav1.TypeMeta   `json:",inline"`
				metav1.ObjectMeta `json:"metadata"`
				Spec              json.RawMessage `json:"spec"`
			}
			if err := documents.Decode(&x); err != nil {
				return
			}
			switch x.Kind {
			case "Pod":
				p := &corev1.Pod{ObjectMeta: x.ObjectMeta}
				if err := json.Unmarshal(x.Spec, &p.Spec); err != nil {
					b.Fatal(err)
				}
				p.Name = fmt.Sprintf("p%d-%s", len(pods), p.Name) // setups' Pods are made anew by answers
				pods = append(pods, p)
			case "Service":
				v := &corev1.Service{ObjectMeta: x.ObjectMeta}
				if err := json.Unmarshal(x.Spec, &v.Spec); err != nil {
					b.Fatal(err)
				}
				services = append(services, v)
			}
		}
	}
	files, err := filepath.Glob(filepath.Join("testdata", name, "0*.yaml"))
	if err != nil {
		b.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, ".resize.yaml") {
			continue
		}
		f, err := os.Open(file)
		if err != nil {
			b.Fatal(err)
		}
		add(f)
	}
	for _, s := range l.Steps {
		if s.Setup == nil {
			continue
		}
		for _, m := range s.Setup.Manifests {
			f, err := l.FS.Open(m)
			if err != nil {
				b.Fatal(err)
			}
			add(f)
		}
	}
	return pods, services
}

// bareLoop gets the Pods of so many submissions started, each in a namespace, and
// says how long that took. Pods that no node takes, and such as never get ready, are
// waited for until they are what they will be.
func bareLoop(b *testing.B, clients *kubernetes.Clientset, l *lab.Lab, name string, n int) time.Duration {
	all, services := things(b, l, name)
	nodes, err := clients.CoreV1().Nodes().List(b.Context(), metav1.ListOptions{})
	if err != nil {
		b.Fatal(err)
	}
	node := nodes.Items[0].Status.Allocatable.Cpu().MilliValue()
	asked := int64(1)
	for _, p := range all {
		if cpu := asks(p); cpu <= node {
			asked += cpu
		}
	}
	began := time.Now()
	var g errgroup.Group
	g.SetLimit(min(200/len(all), int(node*9/10/asked))) // as many as the node has room for
	for i := range n {
		g.Go(func() error {
			ctx := b.Context()
			ns := fmt.Sprintf("bare-%s-%d", name, i)
			if _, err := clients.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}}, metav1.CreateOptions{}); err != nil {
				return err
			}
			w, err := clients.CoreV1().Pods(ns).Watch(ctx, metav1.ListOptions{})
			if err != nil {
				return err
			}
			defer w.Stop()
			for _, p := range all {
				for {
					if _, err = clients.CoreV1().Pods(ns).Create(ctx, p.DeepCopy(), metav1.CreateOptions{}); err == nil {
						break
					}
					time.Sleep(20 * time.Millisecond) // the namespace's account comes a moment later
				}
			}
			for _, v := range services {
				if _, err := clients.CoreV1().Services(ns).Create(ctx, v.DeepCopy(), metav1.CreateOptions{}); err != nil {
					return err
				}
			}
			up := map[string]bool{}
			late := time.After(10 * time.Minute) // so many Pods at once are slow
			for len(up) < len(all) {
				select {
				case e := <-w.ResultChan():
					if p, ok := e.Object.(*corev1.Pod); ok && settled(p, node) {
						up[p.Name] = true
					}
				case <-late:
					return fmt.Errorf("%s: %d of %d Pods", ns, len(up), len(all))
				}
			}
			now := int64(0)
			if err := clients.CoreV1().Namespaces().Delete(ctx, ns, metav1.DeleteOptions{}); err != nil {
				return err
			}
			return clients.CoreV1().Pods(ns).DeleteCollection(ctx, metav1.DeleteOptions{GracePeriodSeconds: &now}, metav1.ListOptions{})
		})
	}
	if err := g.Wait(); err != nil {
		b.Error(err)
	}
	took := time.Since(began)
	gone(b, clients)
	return took
}

// asks is how much CPU the containers of a Pod ask for, in thousandths.
func asks(p *corev1.Pod) (cpu int64) {
	for _, c := range p.Spec.Containers {
		asked, ok := c.Resources.Requests[corev1.ResourceCPU]
		if !ok {
			asked = c.Resources.Limits[corev1.ResourceCPU]
		}
		cpu += asked.MilliValue()
	}
	return cpu
}

// settled tells whether a Pod is what it will be. One that the node has no room for at
// the moment is not.
func settled(p *corev1.Pod, node int64) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue || c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && asks(p) > node {
			return true
		}
	}
	for _, s := range p.Status.ContainerStatuses {
		if s.RestartCount > 0 || s.LastTerminationState.Terminated != nil || s.State.Terminated != nil {
			return true
		}
	}
	return p.Status.Phase == corev1.PodFailed || p.Status.Phase == corev1.PodSucceeded
}

// gone waits until no Pod of anybody is left.
func gone(b testing.TB, clients *kubernetes.Clientset) {
	b.Helper()
	for range 1200 {
		list, err := clients.CoreV1().Namespaces().List(b.Context(), metav1.ListOptions{})
		if err != nil {
			b.Fatal(err)
		}
		left := slices.DeleteFunc(list.Items, func(n corev1.Namespace) bool {
			return n.Name == "default" || n.Name == fault.Namespace || slices.Contains([]string{"kube-", "local"}, n.Name[:min(5, len(n.Name))])
		})
		if len(left) == 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	b.Error("namespaces are left")
}
