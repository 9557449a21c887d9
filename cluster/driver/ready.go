package driver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// Ready is what must be true before a lab may start.
type Ready struct {
	// Nodes is how many nodes must be Ready.
	Nodes int
	// DNS asks for a ready CoreDNS Pod too. It becomes ready only after it has
	// reached the API server by its Service address, so it also proves that
	// kube-proxy and the Pod network work.
	DNS bool
	// Since is when the nodes were last started, by their own clock; zero if they
	// were made just now. What the API server says from before then is not
	// believed: after a restart it still holds the last words of a kubelet that
	// has since died.
	Since time.Time
}

// Seen is what one look at a cluster shows.
type Seen struct {
	Nodes      []corev1.Node
	Ready      int      // nodes that are Ready, as [Ready] counts them
	ReadyNames []string // and their names
	Version    string   // of the first node
}

// Look asks the API server once, without waiting, whether the cluster is as want
// says. The error says what is missing.
func Look(ctx context.Context, config *rest.Config, want Ready) (*Seen, error) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("client of cluster: %w", err)
	}
	var seen Seen
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return fmt.Errorf("list nodes: %w", err)
		}
		seen = see(nodes.Items, want.Since)
		if missing := nodesMissing(nodes.Items, want); missing != "" {
			return errors.New(missing)
		}
		return nil
	})
	group.Go(func() error {
		if _, err := client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{}); err != nil {
			return fmt.Errorf("default service account: %w", err)
		}
		return nil
	})
	if want.DNS {
		group.Go(func() error {
			pods, err := client.CoreV1().Pods("kube-system").List(ctx, metav1.ListOptions{LabelSelector: dnsSelector})
			if err != nil {
				return fmt.Errorf("list DNS pods: %w", err)
			}
			if missing := dnsMissing(pods.Items, want.Since); missing != "" {
				return errors.New(missing)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return &seen, err
	}
	return &seen, nil
}

// dnsSelector finds CoreDNS: kubeadm kept the label of its predecessor.
const dnsSelector = "k8s-app=kube-dns"

// WaitReady waits until the cluster is as want says, or ctx ends; the error is
// then an [*Error] of kind [ErrUnreachable] or [ErrNotReady] that says what was
// still missing. It watches; only the first answer of the API server is polled
// for, since a port on which nobody listens cannot be watched.
func WaitReady(ctx context.Context, config *rest.Config, want Ready, report Report) (*Seen, error) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("client of cluster: %w", err)
	}
	step := report.Begin(PhaseReady, "waiting for the API server")
	if err := step.End(waitAPI(ctx, client)); err != nil {
		return nil, err
	}

	var seen Seen
	group, gctx := errgroup.WithContext(ctx)
	wait := func(message string, run func(ctx context.Context) error) {
		step := report.Begin(PhaseReady, "%s", message)
		group.Go(func() error { return step.End(run(gctx)) })
	}
	wait(plural(want.Nodes, "waiting for the node", "waiting for %d nodes"), func(ctx context.Context) error {
		api := client.CoreV1().Nodes()
		return notReady(Until(ctx, api.List, api.Watch, metav1.ListOptions{}, func(nodes []corev1.Node) string {
			seen = see(nodes, want.Since)
			return nodesMissing(nodes, want)
		}))
	})
	wait("waiting for the default service account", func(ctx context.Context) error {
		api := client.CoreV1().ServiceAccounts("default")
		only := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("metadata.name", "default").String()}
		return notReady(Until(ctx, api.List, api.Watch, only, func(found []corev1.ServiceAccount) string {
			if len(found) == 0 {
				return "namespace default has no service account yet"
			}
			return ""
		}))
	})
	if want.DNS {
		wait("waiting for cluster DNS", func(ctx context.Context) error {
			api := client.CoreV1().Pods("kube-system")
			return notReady(Until(ctx, api.List, api.Watch, metav1.ListOptions{LabelSelector: dnsSelector}, func(pods []corev1.Pod) string {
				return dnsMissing(pods, want.Since)
			}))
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return &seen, nil
}

// waitAPI asks for /readyz until the API server says that it is ready. No answer
// ends it early, not even a refusal: a server that has just started forbids
// everything until it has read its own rules.
func waitAPI(ctx context.Context, client *kubernetes.Clientset) error {
	for {
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(attempt).Error()
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return &Error{
				Kind: ErrUnreachable,
				What: "the API server does not answer: " + firstLine(err),
				Do:   "look at `podlab cluster status`; `podlab cluster down` removes the cluster, and the next start makes a new one",
				Err:  errors.Join(ctx.Err(), err),
			}
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// notReady explains an [Until] that ended before nothing was missing.
func notReady(why string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{
		Kind: ErrNotReady,
		What: "the cluster did not become ready: " + why,
		Do:   "look at `podlab cluster status`; `podlab cluster down` removes the cluster, and the next start makes a new one",
		Err:  err,
	}
}

func see(nodes []corev1.Node, since time.Time) Seen {
	s := Seen{Nodes: nodes}
	for i := range nodes {
		if nodeReady(&nodes[i], since) == "" {
			s.Ready++
			s.ReadyNames = append(s.ReadyNames, nodes[i].Name)
		}
		if s.Version == "" {
			s.Version = nodes[i].Status.NodeInfo.KubeletVersion
		}
	}
	return s
}

// nodesMissing says what is missing from nodes, or "".
func nodesMissing(nodes []corev1.Node, want Ready) string {
	ready, missing := 0, []string(nil)
	for i := range nodes {
		if why := nodeReady(&nodes[i], want.Since); why != "" {
			missing = append(missing, fmt.Sprintf("node %s is not ready: %s", nodes[i].Name, why))
			continue
		}
		ready++
	}
	if ready >= want.Nodes {
		return ""
	}
	if len(nodes) < want.Nodes {
		missing = append(missing, fmt.Sprintf("%d of %d nodes have joined", len(nodes), want.Nodes))
	}
	slices.Sort(missing)
	return strings.Join(missing, "; ")
}

// nodeReady is "" or why the node is not ready.
func nodeReady(node *corev1.Node, since time.Time) string {
	for _, c := range node.Status.Conditions {
		if c.Type != corev1.NodeReady {
			continue
		}
		if c.Status != corev1.ConditionTrue {
			return strings.TrimSpace(c.Reason + " " + c.Message)
		}
		// Seconds are all that the condition keeps.
		if c.LastHeartbeatTime.Time.Before(since.Truncate(time.Second)) {
			return "its kubelet has not reported since it was started"
		}
		for _, t := range node.Spec.Taints {
			if t.Key == corev1.TaintNodeNotReady || t.Key == corev1.TaintNodeUnreachable {
				return "the taint " + t.Key + " is still on it"
			}
		}
		return ""
	}
	return "its kubelet has not reported yet"
}

// dnsMissing is "" when one Pod of pods serves DNS.
func dnsMissing(pods []corev1.Pod, since time.Time) string {
	why := "CoreDNS has no pod yet"
	for i := range pods {
		pod := &pods[i]
		if !PodReady(pod) {
			why = fmt.Sprintf("pod %s is not ready (%s)", pod.Name, pod.Status.Phase)
			continue
		}
		for _, c := range pod.Status.ContainerStatuses {
			if r := c.State.Running; r != nil && !r.StartedAt.Time.Before(since.Truncate(time.Second)) {
				return ""
			}
		}
		why = fmt.Sprintf("pod %s has not been started again yet", pod.Name)
	}
	return why
}

// PodReady tells whether a Pod is Ready.
func PodReady(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return fmt.Sprintf(many, n)
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
