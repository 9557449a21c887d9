package cluster

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"podlab.dev/podlab/cluster/driver"
)

// recovery is how long nodes may take until they are whole again, once they are mended:
// a kubelet that goes on has some ten seconds of its own until it says so.
const recovery = time.Minute

// Whole waits until the cluster is as it was before a node of it broke, a minute at
// most: its nodes are Ready, and the Deployments that came with it have their Pods. A Pod
// of theirs that has gone down with nodes some five times waits for minutes until it is
// started again, and where it is the provisioner, every claim of a volume waits with it:
// it is made anew, which takes seconds. On clusters that are not podlab's nothing is.
func (c *Cluster) Whole(ctx context.Context) error {
	cfg, err := c.RESTConfig()
	if err != nil {
		return err
	}
	clients, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return fmt.Errorf("client of cluster: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, recovery)
	defer cancel()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		_, err := driver.WaitReady(ctx, cfg, driver.Ready{Nodes: c.Nodes, DNS: true}, nil)
		return err
	})
	if c.Driver != Existing {
		for _, ns := range []string{metav1.NamespaceSystem, "local-path-storage"} {
			g.Go(func() error { return wakened(ctx, clients, ns) })
		}
	}
	return g.Wait()
}

// wakened waits until the Deployments of a namespace have the Pods that they want, and
// has Pods made anew meanwhile that wait until they may start again.
func wakened(ctx context.Context, clients kubernetes.Interface, namespace string) error {
	pods, deployments := clients.CoreV1().Pods(namespace), clients.AppsV1().Deployments(namespace)
	waking, woken := context.WithCancel(ctx)
	defer woken()
	go func() {
		_, _ = driver.Until(waking, pods.List, pods.Watch, metav1.ListOptions{}, func(found []corev1.Pod) string {
			for i := range found {
				p := &found[i]
				owner := metav1.GetControllerOf(p) // a node's own Pods would not be made anew
				if owner != nil && owner.Kind != "Node" && p.DeletionTimestamp == nil && backsOff(p) {
					now := int64(0)
					_ = pods.Delete(ctx, p.Name, metav1.DeleteOptions{GracePeriodSeconds: &now, Preconditions: metav1.NewUIDPreconditions(string(p.UID))})
				}
			}
			return "goes on"
		})
	}()
	why, err := driver.Until(ctx, deployments.List, deployments.Watch, metav1.ListOptions{}, func(found []appsv1.Deployment) string {
		for _, d := range found {
			if d.Status.UnavailableReplicas > 0 {
				return fmt.Sprintf("Deployment %s in namespace %s lacks %d of its Pods", d.Name, namespace, d.Status.UnavailableReplicas)
			}
		}
		return ""
	})
	if err != nil {
		return fmt.Errorf("%s: %w", why, err)
	}
	return nil
}

func backsOff(p *corev1.Pod) bool {
	for _, s := range p.Status.ContainerStatuses {
		if s.State.Waiting != nil && s.State.Waiting.Reason == "CrashLoopBackOff" {
			return true
		}
	}
	return false
}
