// Package existing is the driver for a cluster that podlab does not own: any
// context of a kubeconfig that the user names.
//
// The flow: read the kubeconfig, copy its one context into podlab's own file,
// check that the API server answers and lets podlab work, check the nodes and
// wait until they report the images that the lab needs, and hand the copy on. The
// user's file is never written, and Down only forgets the copy.
//
//	d := existing.New(existing.Config{StateDir: dir, Kubeconfig: "lab.kubeconfig"})
//	running, err := d.Up(ctx, lab.Needs{Nodes: 1}, report)
package existing

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cluster/fault"
	"podlab.dev/podlab/cluster/metrics"
	"podlab.dev/podlab/cue/lab"
)

// Config is what the driver is told.
type Config struct {
	// StateDir is podlab's own folder.
	StateDir string
	// Kubeconfig is the path of the user's kubeconfig, or a list of paths as in
	// $KUBECONFIG.
	Kubeconfig string
	// Context is the context to use; empty means the current one.
	Context string
	// Why says why this driver was chosen.
	Why string
}

// Driver uses one existing cluster.
type Driver struct {
	config   Config
	patience time.Duration // with nodes that do not report an image
}

// New returns a driver for config; it looks at nothing yet.
func New(config Config) *Driver { return &Driver{config: config, patience: reportWithin} }

// answerWithin bounds the wait for the first answer of an API server that may be
// far away or gone.
const answerWithin = 15 * time.Second

// Up copies the context and checks the cluster against needs. It may wait for
// nodes to report an image.
func (d *Driver) Up(ctx context.Context, needs lab.Needs, report driver.Report) (*driver.Running, error) {
	config, err := d.load()
	if err != nil {
		return nil, err
	}
	name := config.CurrentContext
	home, err := driver.OpenHome(d.config.StateDir, homeName(name))
	if err != nil {
		return nil, err
	}
	unlock, err := home.Lock(ctx, report)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := driver.WriteKubeconfig(home.Kubeconfig(), config); err != nil {
		return nil, &driver.Error{
			Kind: driver.ErrKubeconfig,
			What: fmt.Sprintf("context %q cannot be copied: %v", name, err),
			Do:   "check the files that the kubeconfig names (`kubectl config view --context " + name + "`)",
			Err:  err,
		}
	}
	restConfig, err := driver.RESTConfig(home.Kubeconfig())
	if err != nil {
		return nil, &driver.Error{
			Kind: driver.ErrKubeconfig,
			What: fmt.Sprintf("context %q cannot be used: %v", name, err),
			Do:   "check it with `kubectl --context " + name + " get nodes`",
			Err:  err,
		}
	}
	client, err := kubernetes.NewForConfig(restConfig)
	if err != nil {
		return nil, fmt.Errorf("client of context %q: %w", name, err)
	}
	step := report.Begin(driver.PhaseReady, "asking cluster %q", name)
	nodes, err := ask(ctx, client, name, needs)
	if step.End(err) != nil {
		return nil, err
	}
	nodes, err = d.awaitImages(ctx, client, name, nodes, needs, report)
	if err != nil {
		return nil, err
	}
	why := fmt.Sprintf("existing cluster, because %s: context %q", d.config.Why, name)
	if unseen := unseenImages(nodes, needs.Images); unseen != "" {
		why += "; " + unseen
	}
	return &driver.Running{
		Driver:     "existing",
		Name:       name,
		Kubeconfig: home.Kubeconfig(),
		Version:    nodes[0].Status.NodeInfo.KubeletVersion,
		Nodes:      len(nodes),
		Why:        why,
	}, nil
}

// ask asks the cluster for all that a lab needs of it, images aside, and gives the
// nodes that are ready.
func ask(ctx context.Context, client *kubernetes.Clientset, name string, needs lab.Needs) ([]corev1.Node, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	found, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, refused(name, "list its nodes", err)
	}
	if err := may(ctx, client, name, authorizationv1.ResourceAttributes{Verb: "create", Resource: "namespaces"}, "every lab runs in its own"); err != nil {
		return nil, err
	}
	if needs.Times != (lab.Times{}) {
		return nil, &driver.Error{
			Kind: driver.ErrNeeds,
			What: fmt.Sprintf("the lab needs a cluster that waits less than others do, and cluster %q waits as it was made: %s", name, strings.Join(needs.Times.Say(), "; ")),
			Do:   "let podlab make a cluster: --cluster kind",
		}
	}
	nodes, err := readyNodes(name, found.Items, needs)
	if err == nil && needs.Faults {
		err = breakable(ctx, client, name, nodes)
	}
	if err == nil && needs.Metrics {
		err = metrics.Served(ctx, client, name)
	}
	return nodes, err
}

// may refuses a cluster whose user does not have a right.
func may(ctx context.Context, client kubernetes.Interface, name string, right authorizationv1.ResourceAttributes, because string) error {
	answer, err := client.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &right},
	}, metav1.CreateOptions{})
	if err != nil {
		return refused(name, "say what this user may do", err)
	}
	if answer.Status.Allowed {
		return nil
	}
	where := ""
	if right.Namespace != "" {
		where = " in namespace " + right.Namespace
	}
	return &driver.Error{
		Kind: driver.ErrPermission,
		What: fmt.Sprintf("the user of context %q may not %s %s%s, and %s", name, right.Verb, right.Resource, where, because),
		Do:   "use a context with that right, or let podlab make a cluster: --cluster kind",
	}
}

// breakable refuses a cluster in which podlab cannot break what a lab wants broken, so
// that nobody learns it on the third page.
func breakable(ctx context.Context, client kubernetes.Interface, name string, nodes []corev1.Node) error {
	for _, n := range nodes {
		if r := n.Status.NodeInfo.ContainerRuntimeVersion; !strings.HasPrefix(r, "containerd://") {
			return &driver.Error{
				Kind: driver.ErrNeeds,
				What: fmt.Sprintf("the lab breaks things on nodes, which takes containerd, and node %s of cluster %q runs %s", n.Name, name, r),
				Do:   "let podlab make a cluster: --cluster kind",
			}
		}
	}
	for _, right := range fault.Rights() {
		if err := may(ctx, client, name, right, "the lab breaks things, which takes that"); err != nil {
			return err
		}
	}
	return nil
}

// readyNodes gives the nodes that are ready, or refuses a lab that needs more.
func readyNodes(cluster string, all []corev1.Node, needs lab.Needs) ([]corev1.Node, error) {
	var ready []corev1.Node
	for i := range all {
		if nodeReady(&all[i]) {
			ready = append(ready, all[i])
		}
	}
	if want := max(needs.Nodes, 1); len(ready) < want {
		return nil, &driver.Error{
			Kind: driver.ErrNeeds,
			What: fmt.Sprintf("the lab needs %d ready nodes and cluster %q has %d (of %d)", want, cluster, len(ready), len(all)),
			Do:   "use a larger cluster, or let podlab make one: --cluster kind",
		}
	}
	return ready, nil
}

// Status asks the cluster and copies nothing.
func (d *Driver) Status(ctx context.Context) (*driver.Status, error) {
	file, err := d.load()
	if err != nil {
		return nil, err
	}
	name := file.CurrentContext
	cluster := driver.ClusterStatus{
		Name:   name,
		State:  driver.StateRunning,
		Nodes:  []driver.NodeStatus{},
		Remove: "podlab did not make this cluster and does not remove it",
	}
	status := &driver.Status{Driver: "existing", Why: d.config.Why}
	config, err := clientcmd.NewDefaultClientConfig(*file, &clientcmd.ConfigOverrides{}).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("context %q: %w", name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	seen, err := driver.Look(ctx, config, driver.Ready{Nodes: 1})
	if err != nil && (seen == nil || len(seen.Nodes) == 0) {
		cluster.State = driver.StateUnreachable
	}
	if seen != nil {
		cluster.Version = seen.Version
		for i := range seen.Nodes {
			node := &seen.Nodes[i]
			cluster.Nodes = append(cluster.Nodes, driver.NodeStatus{Name: node.Name, Ready: nodeReady(node)})
			if created := node.CreationTimestamp.Time; cluster.Created.IsZero() || created.Before(cluster.Created) {
				cluster.Created = created
			}
		}
		if !cluster.Created.IsZero() {
			cluster.AgeSeconds = int64(time.Since(cluster.Created).Seconds())
		}
	}
	status.Clusters = []driver.ClusterStatus{cluster}
	return status, nil
}

// Stop leaves the cluster as it is: others may be using it.
func (d *Driver) Stop(_ context.Context, report driver.Report) error {
	report.Say(driver.PhaseRemove, "the cluster is not podlab's: it goes on running")
	return nil
}

// Down forgets the copy of the context. The cluster itself is left as it is.
func (d *Driver) Down(ctx context.Context, report driver.Report) error {
	config, err := d.load()
	if err != nil {
		return err
	}
	home, err := driver.OpenHome(d.config.StateDir, homeName(config.CurrentContext))
	if err != nil {
		return err
	}
	unlock, err := home.Lock(ctx, report)
	if err != nil {
		return err
	}
	defer unlock()
	report.Say(driver.PhaseRemove, "cluster %q is not podlab's: it is left as it is, only podlab's copy of its kubeconfig is removed", config.CurrentContext)
	return home.Remove()
}

// load reads the user's kubeconfig with the wanted context as its current one.
func (d *Driver) load() (*clientcmdapi.Config, error) {
	if d.config.Kubeconfig == "" {
		return nil, &driver.Error{
			Kind: driver.ErrKubeconfig,
			What: "no kubeconfig was named for the existing cluster (podlab never takes ~/.kube/config by itself)",
			Do:   "add --kubeconfig FILE, or set KUBECONFIG",
		}
	}
	// Only the named files: the default loading rules would fall back to
	// ~/.kube/config.
	rules := &clientcmd.ClientConfigLoadingRules{Precedence: filepath.SplitList(d.config.Kubeconfig), WarnIfAllMissing: false}
	config, err := rules.Load()
	if err != nil {
		return nil, &driver.Error{
			Kind: driver.ErrKubeconfig,
			What: fmt.Sprintf("kubeconfig %s cannot be read: %v", d.config.Kubeconfig, err),
			Do:   "name another file with --kubeconfig",
			Err:  err,
		}
	}
	if d.config.Context != "" {
		config.CurrentContext = d.config.Context
	}
	if _, ok := config.Contexts[config.CurrentContext]; !ok {
		what := fmt.Sprintf("kubeconfig %s has no context %q", d.config.Kubeconfig, config.CurrentContext)
		if config.CurrentContext == "" {
			what = fmt.Sprintf("kubeconfig %s has no current context", d.config.Kubeconfig)
		}
		return nil, &driver.Error{
			Kind: driver.ErrKubeconfig,
			What: what,
			Do:   "name one with --context: " + contextNames(config),
		}
	}
	return config, nil
}

// contextNames lists the contexts that there are.
func contextNames(config *clientcmdapi.Config) string {
	names := slices.Sorted(maps.Keys(config.Contexts))
	if len(names) == 0 {
		return "it has none"
	}
	if len(names) > 8 {
		names = append(names[:8], "…")
	}
	return strings.Join(names, ", ")
}

// refused explains an API server that does not do what podlab asked.
func refused(name, asked string, err error) error {
	switch {
	case apierrors.IsUnauthorized(err):
		return &driver.Error{
			Kind: driver.ErrPermission,
			What: fmt.Sprintf("cluster %q does not know the user of this context", name),
			Do:   "renew its credentials; check with `kubectl --context " + name + " auth whoami`",
			Err:  err,
		}
	case apierrors.IsForbidden(err):
		return &driver.Error{
			Kind: driver.ErrPermission,
			What: fmt.Sprintf("cluster %q does not let this user %s", name, asked),
			Do:   "use a context with more rights, or let podlab make a cluster: --cluster kind",
			Err:  err,
		}
	case errors.Is(err, context.Canceled):
		return err
	default:
		return &driver.Error{
			Kind: driver.ErrUnreachable,
			What: fmt.Sprintf("cluster %q does not answer: %s", name, strings.ReplaceAll(err.Error(), "\n", " ")),
			Do:   "check it with `kubectl --context " + name + " get nodes`",
			Err:  err,
		}
	}
}

// homeName turns the name of a context into the name of a folder.
func homeName(contextName string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		}
		return '_'
	}, contextName)
	return "existing-" + clean
}

func nodeReady(node *corev1.Node) bool {
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}
