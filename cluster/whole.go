package cluster

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"podlab.dev/podlab/cluster/driver"
)

// recovery is how long nodes may take until they are whole again, once they are mended:
// a kubelet that goes on has some ten seconds of its own until it says so.
const recovery = time.Minute

// Whole waits until the cluster is as it was before a node of it broke, a minute at
// most: its nodes are Ready, and so are the Pods that came with it. Of these, one that
// has gone down with nodes five times waits for minutes until it is started again, and
// every claim of a volume waits with it: it is made anew, which takes seconds. On
// clusters that are not podlab's nothing is made anew.
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

// wakened waits until the Pods of a namespace are Ready, and has those made anew that
// wait until they may start again.
func wakened(ctx context.Context, clients kubernetes.Interface, namespace string) error {
	api := clients.CoreV1().Pods(namespace)
	why, err := driver.Until(ctx, api.List, api.Watch, metav1.ListOptions{}, func(pods []corev1.Pod) (missing string) {
		for i := range pods {
			p := &pods[i]
			owner := metav1.GetControllerOf(p)
			if owner == nil || owner.Kind == "Node" || p.DeletionTimestamp != nil || driver.PodReady(p) {
				continue // the helpers of volumes have no owner, the control plane has its node
			}
			missing = fmt.Sprintf("Pod %s in namespace %s is not Ready", p.Name, namespace)
			if backsOff(p) {
				now := int64(0)
				_ = api.Delete(ctx, p.Name, metav1.DeleteOptions{GracePeriodSeconds: &now, Preconditions: metav1.NewUIDPreconditions(string(p.UID))})
			}
		}
		return missing
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
