package fault

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/retry"

	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cluster/fault/order"
	"podlab.dev/podlab/cue/lab"
)

// plan is what is to be done for a fault.
type plan struct {
	node  string
	order order.Order
	// own is what no other fault can be about meanwhile, or "": a key that is changed
	// twice could not be given back in any order, and on a node that stands still no
	// program starts.
	own string
	// change is done in the API server before the program on the node gets the word;
	// that program undoes it.
	change func(context.Context) error
}

// planner makes a plan.
type planner struct {
	client    kubernetes.Interface
	namespace string
	plan
}

// signals are those of Linux, by name.
var signals = map[string]int{"HUP": 1, "INT": 2, "QUIT": 3, "ABRT": 6, "KILL": 9, "USR1": 10, "SEGV": 11, "USR2": 12, "TERM": 15}

// prepare finds out what the fault is about.
func prepare(ctx context.Context, client kubernetes.Interface, namespace string, f *lab.Fault) (*plan, error) {
	p := &planner{client: client, namespace: namespace}
	var err error
	switch {
	case f.Kill != nil:
		p.order.Kind, p.order.Signal = order.Kill, signals[f.Kill.Signal]
		err = p.container(ctx, f.Kill.PodFault)
	case f.CPU != nil:
		p.order.Kind, p.order.Workers = order.CPU, f.CPU.Workers
		err = p.container(ctx, f.CPU.PodFault)
	case f.Memory != nil:
		p.order.Kind = order.Memory
		if err = p.container(ctx, *f.Memory); err == nil {
			err = p.limited(ctx, *f.Memory)
		}
	case f.Disk != nil:
		p.order.Kind, p.order.Path, p.order.Bytes = order.Disk, f.Disk.Path, f.Disk.Bytes
		err = p.container(ctx, f.Disk.PodFault)
	case f.Network != nil:
		kinds := map[string]string{"cut": order.Cut, "dns": order.DNS, "slow": order.Slow, "refuse": order.Probe}
		p.order.Kind, p.order.Port, p.order.Rate = kinds[f.Network.Do], f.Network.Port, int(f.Network.Bytes)
		err = p.container(ctx, lab.PodFault{PodChoice: f.Network.PodChoice})
	case f.Image != nil:
		p.order.Kind, p.order.Image = order.Image, f.Image.Image
		p.node, err = p.nodeOf(ctx, f.Image.Node, f.Image.PodChoice)
	case f.Node != nil:
		if p.node, err = p.nodeOf(ctx, f.Node.Node, f.Node.PodChoice); err == nil {
			err = p.onNode(ctx, f.Node)
		}
	case f.Data != nil:
		err = p.data(ctx, f.Data)
	default:
		err = fmt.Errorf("no program on a node %s", f)
	}
	return &p.plan, err
}

// free returns an error when what the fault is about is another one's, or its node is.
func (p *plan) free(ctx context.Context, client kubernetes.Interface) error {
	all, err := list(ctx, client, Target{}.selector())
	if err != nil {
		return nil //nolint:nilerr // who may not look may not break anything either, which is said next
	}
	for _, f := range all {
		switch f.own {
		case "":
		case p.own, wholeNode(p.node):
			return missing("podlab fault heal "+f.ID+" mends that", "it cannot be broken while podlab %s", f.What)
		}
	}
	return nil
}

func wholeNode(name string) string { return "node " + name }

// missing says that there is nothing to break.
func missing(do, format string, args ...any) error {
	return &driver.Error{Kind: driver.ErrNeeds, What: fmt.Sprintf(format, args...), Do: do}
}

func (p *planner) pod(ctx context.Context, which lab.PodChoice) (*corev1.Pod, error) {
	pod, err := Pick(ctx, p.client, p.namespace, which)
	if err == nil && pod.Spec.NodeName == "" {
		err = missing("wait until it is scheduled", "Pod %s is on no node", pod.Name)
	}
	return pod, err
}

// Pick is the Pod that is meant. That there is none is an error of kind
// [driver.ErrNeeds]. By labels it is the first one, by name, that runs, and of those
// that are Ready, if there are any: who serves nobody is not missed when it breaks.
func Pick(ctx context.Context, client kubernetes.Interface, namespace string, which lab.PodChoice) (*corev1.Pod, error) {
	pods := client.CoreV1().Pods(namespace)
	if which.Selector == "" {
		pod, err := pods.Get(ctx, which.Pod, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil, missing("kubectl get pods shows those that there are", "there is no Pod %s in namespace %s", which.Pod, namespace)
		}
		if err != nil {
			return nil, fmt.Errorf("look at Pod %s: %w", which.Pod, err)
		}
		return pod, nil
	}
	all, err := pods.List(ctx, metav1.ListOptions{LabelSelector: which.Selector}) // by name
	if err != nil {
		return nil, fmt.Errorf("look for Pods of %s: %w", which.Selector, err)
	}
	running := slices.DeleteFunc(all.Items, func(p corev1.Pod) bool {
		return p.Status.Phase != corev1.PodRunning || p.DeletionTimestamp != nil
	})
	if len(running) > 0 {
		return &running[max(0, slices.IndexFunc(running, func(p corev1.Pod) bool { return driver.PodReady(&p) }))], nil
	}
	return nil, missing("kubectl get pods --show-labels shows those that there are", "no Pod of %s runs in namespace %s", which.Selector, namespace)
}

// container finds a container that runs, and its node.
func (p *planner) container(ctx context.Context, f lab.PodFault) error {
	pod, err := p.pod(ctx, f.PodChoice)
	if err != nil {
		return err
	}
	p.node = pod.Spec.NodeName
	name := f.Container
	if name == "" {
		name = pod.Spec.Containers[0].Name
	}
	all := slices.Concat(pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses)
	i := slices.IndexFunc(all, func(s corev1.ContainerStatus) bool { return s.Name == name })
	if i < 0 {
		return missing("kubectl describe pod "+pod.Name+" shows its containers", "Pod %s has no container %s", pod.Name, name)
	}
	id, ok := strings.CutPrefix(all[i].ContainerID, "containerd://")
	if all[i].State.Running == nil {
		return missing("wait until it runs", "the container %s of Pod %s does not run", name, pod.Name)
	}
	if !ok {
		return missing("use a cluster whose nodes run containerd", "the container %s of Pod %s is not one of containerd's: %s", name, pod.Name, all[i].ContainerID)
	}
	p.order.Container = id
	return nil
}

// limited returns an error when a container may take all of the node's memory.
func (p *planner) limited(ctx context.Context, f lab.PodFault) error {
	pod, err := p.pod(ctx, f.PodChoice)
	if err != nil {
		return err
	}
	if r := pod.Spec.Resources; r != nil && !r.Limits.Memory().IsZero() {
		return nil
	}
	for i, c := range slices.Concat(pod.Spec.Containers, pod.Spec.InitContainers) {
		if (c.Name == f.Container || f.Container == "" && i == 0) && c.Resources.Limits.Memory().IsZero() {
			return missing("give it one: resources: limits: memory: 64Mi", "the container %s of Pod %s has no memory limit, and would take that of the node", c.Name, pod.Name)
		}
	}
	return nil
}

// nodeOf is a node, by its name or by a Pod that is on it.
func (p *planner) nodeOf(ctx context.Context, name string, on lab.PodChoice) (string, error) {
	if name == "" {
		found, err := p.pod(ctx, on)
		if err != nil {
			return "", err
		}
		return found.Spec.NodeName, nil
	}
	_, err := p.client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return "", missing("kubectl get nodes shows those that there are", "there is no node %s", name)
	}
	return name, err
}

const controlPlane = "node-role.kubernetes.io/control-plane"

func (p *planner) onNode(ctx context.Context, f *lab.NodeFault) error {
	switch f.Do {
	case "stop-kubelet":
		p.order.Kind, p.order.Program, p.own = order.Stop, "kubelet", wholeNode(p.node)
	case "restart-kubelet":
		p.order.Kind, p.order.Program = order.Restart, "kubelet"
	case "restart-runtime":
		p.order.Kind, p.order.Program = order.Restart, "containerd"
	case "pause", "stop":
		p.order.Kind, p.own = map[string]string{"pause": order.Pause, "stop": order.Off}[f.Do], wholeNode(p.node)
		n, err := p.client.CoreV1().Nodes().Get(ctx, p.node, metav1.GetOptions{})
		if err != nil {
			return fmt.Errorf("look at node %s: %w", p.node, err)
		}
		if _, ok := n.Labels[controlPlane]; ok {
			return missing("break a node without it; a lab asks for some with needs: nodes: 2", "node %s has the API server, which would be gone with it", p.node)
		}
	case "cordon":
		p.order.Kind = order.Hold
		return p.cordon(ctx, func(context.Context) error { return nil })
	case "drain":
		p.order.Kind = order.Hold
		return p.cordon(ctx, p.evictAll)
	case "taint":
		p.order.Kind = order.Hold
		return p.taint(f.Taint)
	}
	return nil
}

func (p *planner) nodePath() string { return "/api/v1/nodes/" + p.node }

// cordon takes no new Pods; then comes more. A node that took none already is left
// as it is.
func (p *planner) cordon(ctx context.Context, then func(context.Context) error) error {
	n, err := p.client.CoreV1().Nodes().Get(ctx, p.node, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("look at node %s: %w", p.node, err)
	}
	if !n.Spec.Unschedulable {
		p.order.Undo = []order.Undo{{Path: p.nodePath(), Patch: json.RawMessage(`[{"op":"test","path":"/spec/unschedulable","value":true},{"op":"remove","path":"/spec/unschedulable"}]`)}}
	}
	p.change = func(ctx context.Context) error {
		_, err := p.client.CoreV1().Nodes().Patch(ctx, p.node, types.MergePatchType, []byte(`{"spec":{"unschedulable":true}}`), metav1.PatchOptions{})
		if err != nil {
			return fmt.Errorf("cordon node %s: %w", p.node, err)
		}
		return then(ctx)
	}
	return nil
}

// evictAll asks for the eviction of the lab's Pods on the node; a budget may forbid
// some.
func (p *planner) evictAll(ctx context.Context) error {
	pods, err := p.client.CoreV1().Pods(p.namespace).List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + p.node})
	if err != nil {
		return fmt.Errorf("list the Pods of node %s: %w", p.node, err)
	}
	for _, pod := range pods.Items {
		if slices.ContainsFunc(pod.OwnerReferences, func(o metav1.OwnerReference) bool { return o.Kind == "DaemonSet" }) {
			continue
		}
		if err := Evict(ctx, p.client, p.namespace, pod.Name); err != nil && !apierrors.IsNotFound(err) && !apierrors.IsTooManyRequests(err) {
			return err
		}
	}
	return nil
}

// Evict asks for the eviction of a Pod.
func Evict(ctx context.Context, client kubernetes.Interface, namespace, pod string) error {
	err := client.PolicyV1().Evictions(namespace).Evict(ctx, &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: pod, Namespace: namespace}})
	if err != nil {
		return fmt.Errorf("evict Pod %s: %w", pod, err)
	}
	return nil
}

// taint gives the node a taint: "key=value:NoSchedule".
func (p *planner) taint(text string) error {
	rest, effect, _ := strings.Cut(text, ":")
	key, value, _ := strings.Cut(rest, "=")
	t := corev1.Taint{Key: key, Value: value, Effect: corev1.TaintEffect(effect)}
	p.order.Undo = []order.Undo{{Path: p.nodePath(), Taint: key}}
	p.change = func(ctx context.Context) error {
		return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
			n, err := p.client.CoreV1().Nodes().Get(ctx, p.node, metav1.GetOptions{})
			if err != nil {
				return fmt.Errorf("look at node %s: %w", p.node, err)
			}
			if slices.ContainsFunc(n.Spec.Taints, func(has corev1.Taint) bool { return has.Key == key }) {
				return missing("choose another key", "node %s has a taint %s already", p.node, key)
			}
			// By its version, a node that has changed meanwhile is looked at again.
			body, err := json.Marshal(map[string]any{
				"metadata": map[string]any{"resourceVersion": n.ResourceVersion}, "spec": map[string]any{"taints": append(n.Spec.Taints, t)},
			})
			if err != nil {
				return err
			}
			_, err = p.client.CoreV1().Nodes().Patch(ctx, p.node, types.MergePatchType, body, metav1.PatchOptions{})
			return err
		})
	}
	return nil
}

// unseen explains why an object cannot be looked at.
func (p *planner) unseen(err error, kind, name string) error {
	if apierrors.IsNotFound(err) {
		return Missing(kind, name, p.namespace)
	}
	return fmt.Errorf("look at %s %s: %w", kind, name, err)
}

// Missing says that an object that is to be broken is not there.
func Missing(kind, name, namespace string) error {
	return missing("kubectl get "+strings.ToLower(kind)+" shows those that there are", "there is no %s %s in namespace %s", kind, name, namespace)
}

// data changes a key of a ConfigMap or Secret. It is undone unless somebody else
// has changed the key meanwhile.
func (p *planner) data(ctx context.Context, f *lab.DataFault) error {
	var data map[string]string // as JSON has it
	var patch func(context.Context, []byte) error
	resource := "configmaps"
	switch f.Kind {
	case "ConfigMap":
		api := p.client.CoreV1().ConfigMaps(p.namespace)
		c, err := api.Get(ctx, f.Name, metav1.GetOptions{})
		if err != nil {
			return p.unseen(err, "ConfigMap", f.Name)
		}
		data = c.Data
		patch = func(ctx context.Context, body []byte) error {
			_, err := api.Patch(ctx, f.Name, types.MergePatchType, body, metav1.PatchOptions{})
			return err
		}
	case "Secret":
		resource = "secrets"
		api := p.client.CoreV1().Secrets(p.namespace)
		s, err := api.Get(ctx, f.Name, metav1.GetOptions{})
		if err != nil {
			return p.unseen(err, "Secret", f.Name)
		}
		data = map[string]string{}
		for k, v := range s.Data {
			data[k] = base64.StdEncoding.EncodeToString(v)
		}
		patch = func(ctx context.Context, body []byte) error {
			_, err := api.Patch(ctx, f.Name, types.MergePatchType, body, metav1.PatchOptions{})
			return err
		}
	}
	var broken any // null takes the key away
	if f.Value != nil {
		broken = *f.Value
		if f.Kind == "Secret" {
			broken = base64.StdEncoding.EncodeToString([]byte(*f.Value))
		}
	}
	type operation struct {
		Op    string `json:"op"`
		Path  string `json:"path"`
		Value any    `json:"value,omitempty"`
	}
	path := "/data/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(f.Key)
	was, had := data[f.Key]
	var back []operation
	undo := order.Undo{Path: fmt.Sprintf("/api/v1/namespaces/%s/%s/%s", p.namespace, resource, f.Name)}
	var err error
	switch {
	case !had && broken == nil:
		return missing(fmt.Sprintf("kubectl describe %s %s shows those that it has", strings.ToLower(f.Kind), f.Name), "%s %s has no key %s", f.Kind, f.Name, f.Key)
	case broken == nil: // who has added it anew meanwhile has added what was there
		undo.Merge, err = json.Marshal(map[string]any{"data": map[string]any{f.Key: was}})
	case had:
		back = []operation{{"test", path, broken}, {"replace", path, was}}
	default:
		back = []operation{{"test", path, broken}, {"remove", path, nil}}
	}
	if err == nil && back != nil {
		undo.Patch, err = json.Marshal(back)
	}
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"data": map[string]any{f.Key: broken}})
	if err != nil {
		return err
	}
	p.order.Kind = order.Hold
	p.order.Undo = []order.Undo{undo}
	p.own = fmt.Sprintf("%s %s/%s %s", f.Kind, p.namespace, f.Name, f.Key)
	p.change = func(ctx context.Context) error {
		if err := patch(ctx, body); err != nil {
			return fmt.Errorf("change %s %s: %w", f.Kind, f.Name, err)
		}
		return nil
	}
	p.node, err = anyNode(ctx, p.client)
	return err
}

// anyNode is one that is ready, for what can be done from anywhere: that of the API
// server where it shows, which no fault pauses.
func anyNode(ctx context.Context, client kubernetes.Interface) (name string, err error) {
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", fmt.Errorf("list nodes: %w", err)
	}
	for _, n := range nodes.Items {
		for _, c := range n.Status.Conditions {
			if _, first := n.Labels[controlPlane]; c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue && (name == "" || first) {
				name = n.Name
			}
		}
	}
	if name == "" {
		return "", missing("kubectl describe nodes may say why", "no node is ready")
	}
	return name, nil
}
