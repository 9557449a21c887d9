package cluster_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/cluster/clustertest"
	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cluster/toolbox"
	"podlab.dev/podlab/cue/lab"
)

// crowd is how many Pods are made at once.
const crowd = 50

// BenchmarkUp makes a cluster out of nothing, crowds it, and says for each driver:
//
//	node-s   seconds until its node is Ready
//	up-s     seconds until it is whole: DNS answers, the labs' image is there
//	idle-MB  memory of all that is in it, as PSS, before there is a Pod of a lab
//	crowd-s  seconds until fifty Pods that are made at once are all Ready
//
// Run it with -benchtime 1x, and nothing beside it.
func BenchmarkUp(b *testing.B) {
	var node, up, idle, crowded float64
	for i := range b.N {
		before := namespaces(b)
		opts := clustertest.Options(b, fmt.Sprintf("bench%d", i), cluster.Kind, cluster.Embedded)
		began := time.Now()
		c, err := cluster.Up(b.Context(), opts, lab.Needs{Images: []string{toolbox.Ref}}, func(e cluster.Event) {
			if e.Done && e.Err == nil && e.Message == "waiting for the node" {
				node += time.Since(began).Seconds()
			}
		})
		if err != nil {
			b.Fatal(err)
		}
		up += time.Since(began).Seconds()
		time.Sleep(20 * time.Second) // what a start takes is given back after a while
		idle += pss(b, before)
		config, err := c.RESTConfig()
		if err != nil {
			b.Fatal(err)
		}
		began = time.Now()
		if err := pods(b.Context(), kubernetes.NewForConfigOrDie(config)); err != nil {
			b.Fatal(err)
		}
		crowded += time.Since(began).Seconds()
		if err := cluster.Down(b.Context(), opts, nil); err != nil {
			b.Fatal(err)
		}
	}
	n := float64(b.N)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(node/n, "node-s")
	b.ReportMetric(up/n, "up-s")
	b.ReportMetric(idle/n/1e6, "idle-MB")
	b.ReportMetric(crowded/n, "crowd-s")
}

// pods makes a crowd of Pods and waits until all are Ready.
func pods(ctx context.Context, client kubernetes.Interface) error {
	api := client.CoreV1().Pods(metav1.NamespaceDefault)
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(16)
	for i := range crowd {
		group.Go(func() error {
			_, err := api.Create(gctx, &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("crowd-%d", i)},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: toolbox.Ref}}},
			}, metav1.CreateOptions{})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	why, err := driver.Until(ctx, api.List, api.Watch, metav1.ListOptions{}, func(all []corev1.Pod) string {
		ready := 0
		for _, p := range all {
			for _, c := range p.Status.Conditions {
				if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
					ready++
				}
			}
		}
		if ready < crowd {
			return fmt.Sprintf("%d of %d Pods are Ready", ready, crowd)
		}
		return ""
	})
	if err != nil {
		return fmt.Errorf("%s: %w", why, err)
	}
	return nil
}

// namespaces are those of processes that there are, this one's among them.
func namespaces(b *testing.B) map[string]bool {
	seen := map[string]bool{}
	for ns := range processes(b) {
		seen[ns] = true
	}
	return seen
}

// pss is the memory, in bytes, of all processes in other namespaces than those. What
// several share counts in parts.
func pss(b *testing.B, before map[string]bool) (sum float64) {
	for ns, pids := range processes(b) {
		if before[ns] {
			continue
		}
		for _, pid := range pids {
			raw, err := os.ReadFile(filepath.Join("/proc", pid, "smaps_rollup"))
			if err != nil {
				continue // it has ended, or is a thread of the kernel
			}
			for lines := bufio.NewScanner(bytes.NewReader(raw)); lines.Scan(); {
				if kB, ok := strings.CutPrefix(lines.Text(), "Pss:"); ok {
					n, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(kB, "kB")), 64)
					if err != nil {
						b.Fatal(err)
					}
					sum += n * 1024
				}
			}
		}
	}
	return sum
}

// processes are the ids of all that can be seen, by namespace.
func processes(b *testing.B) map[string][]string {
	found, err := filepath.Glob("/proc/[0-9]*/ns/pid")
	if err != nil {
		b.Fatal(err)
	}
	all := map[string][]string{}
	for _, link := range found {
		if ns, err := os.Readlink(link); err == nil {
			all[ns] = append(all[ns], strings.Split(link, "/")[2])
		}
	}
	return all
}
