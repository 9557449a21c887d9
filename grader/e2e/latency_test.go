package e2e_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/cluster/clustertest"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/live"
	"podlab.dev/podlab/grader/timeline"
)

// BenchmarkVerdict measures how long a verdict takes to change from the moment
// at which the API server has answered the change, on a real cluster.
func BenchmarkVerdict(b *testing.B) {
	kubeconfig := clustertest.Kubeconfig(b, cluster.Embedded, cluster.Kind)
	cfg, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		b.Fatal(err)
	}
	cfg.QPS, cfg.Burst = 1000, 1000
	api, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "latency-"}}
	if namespace, err = api.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
		b.Fatal(err)
	}
	defer api.CoreV1().Namespaces().Delete(context.Background(), namespace.Name, metav1.DeleteOptions{}) //nolint:errcheck // the cluster is a test's
	l, err := lab.Load(fstest.MapFS{"lab.cue": {Data: []byte(`
schema: "v1", title: "T", summary: "S", minutes: 1
steps: [{id: "a", checks: [{id: "c", title: "t", why: "w", object: {kind: "ConfigMap", name: "c"}, want: data: n: "none"}]}]`)}, "01-a.md": {}}, "latency")
	if err != nil {
		b.Fatal(err)
	}
	heard := make(chan string, 100)
	ended := make(chan error, 1)
	go func() {
		ended <- live.New(l, timeline.New(time.Now)).Run(ctx, cfg, namespace.Name, func(r grader.Report) error {
			for _, m := range r.Results[0].Mismatches {
				heard <- strings.Trim(m.Got, `"`)
			}
			return nil
		})
	}()
	maps := api.CoreV1().ConfigMaps(namespace.Name)
	c, err := maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "c"}, Data: map[string]string{"n": "first"}}, metav1.CreateOptions{})
	if err != nil {
		b.Fatal(err)
	}
	for got := range heard {
		if got == "first" {
			break
		}
	}
	var took []time.Duration
	for n := 0; b.Loop(); n++ {
		want := fmt.Sprint(n)
		c.Data["n"] = want
		if c, err = maps.Update(ctx, c, metav1.UpdateOptions{}); err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		for got := range heard {
			if got == want {
				break
			}
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	cancel()
	if err := <-ended; err != nil {
		b.Error(err)
	}
}
