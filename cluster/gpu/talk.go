package gpu

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"

	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cluster/gpu/bus"
)

// answerWithin bounds one question to a node.
const answerWithin = 15 * time.Second

// Look asks every node that has GPUs how they are and who holds them. The nodes are
// sorted by name.
func Look(ctx context.Context, config *rest.Config) ([]bus.Node, error) {
	pods, err := drivers(ctx, config)
	if err != nil {
		return nil, err
	}
	var out []bus.Node
	for _, p := range pods {
		reply, err := ask(ctx, config, &p, bus.Request{Holders: true})
		if err != nil {
			return nil, err
		}
		if reply.Node != nil {
			out = append(out, *reply.Node)
		}
	}
	return out, nil
}

// Target is a GPU.
type Target struct {
	// Node has it; empty where only one node has GPUs, or with Pod.
	Node string
	// Index is its number on the node. With Pod it is the first GPU of that Pod.
	Index          int
	Namespace, Pod string
}

// Break makes a fault happen to a GPU, or to the device plugin of a node, and says
// in a line what was ordered.
func Break(ctx context.Context, config *rest.Config, t Target, f bus.Fault) (what string, err error) {
	t, pod, err := find(ctx, config, t)
	if err != nil {
		return "", err
	}
	f.GPU = t.Index
	if _, err := ask(ctx, config, pod, bus.Request{Fault: &f}); err != nil {
		return "", err
	}
	return Say(t.Node, f), nil
}

// Say says what a fault is, in a line.
func Say(node string, f bus.Fault) string {
	what := fmt.Sprintf("GPU %d of node %s: ", f.GPU, node)
	switch f.Kind {
	case bus.FaultXid:
		what += fmt.Sprintf("Xid %d", f.Xid)
	case bus.FaultECC:
		what += "double-bit ECC error (Xid 48)"
	case bus.FaultThermal:
		what += "too hot, it slows down"
	case bus.FaultLost:
		what += "lost from its bus (Xid 79)"
	case bus.FaultPlugin:
		what = fmt.Sprintf("device plugin of node %s: crash", node)
	}
	switch {
	case f.After > 0:
		what += fmt.Sprintf(", after %s", f.After)
	case f.AfterAllocations > 0:
		what += fmt.Sprintf(", after %d more allocations", f.AfterAllocations)
	}
	return what
}

// Heal undoes the faults of a GPU; a nil target is every GPU of the cluster.
func Heal(ctx context.Context, config *rest.Config, t *Target) (what string, err error) {
	if t != nil {
		found, pod, err := find(ctx, config, *t)
		if err != nil {
			return "", err
		}
		_, err = ask(ctx, config, pod, bus.Request{Heal: &bus.Heal{GPU: &found.Index}})
		return fmt.Sprintf("GPU %d of node %s: healed", found.Index, found.Node), err
	}
	pods, err := drivers(ctx, config)
	for i := range pods {
		if _, err = ask(ctx, config, &pods[i], bus.Request{Heal: &bus.Heal{}}); err != nil {
			break
		}
	}
	return "all GPUs: healed", err
}

// find settles which GPU is meant, and the Pod that has it.
func find(ctx context.Context, config *rest.Config, t Target) (Target, *corev1.Pod, error) {
	pods, err := drivers(ctx, config)
	if err != nil {
		return t, nil, err
	}
	if t.Pod != "" {
		if t, err = held(ctx, config, t); err != nil {
			return t, nil, err
		}
	}
	var names []string
	for _, p := range pods {
		names = append(names, p.Spec.NodeName)
	}
	i := slices.Index(names, t.Node)
	switch {
	case t.Node == "" && len(pods) == 1:
		i = 0
	case t.Node == "":
		return t, nil, &driver.Error{Kind: driver.ErrNeeds, What: "several nodes have GPUs: " + strings.Join(names, ", "), Do: "say which one with --node"}
	case i < 0:
		return t, nil, &driver.Error{Kind: driver.ErrNeeds, What: fmt.Sprintf("node %q has no simulated GPUs", t.Node), Do: "these have: " + strings.Join(names, ", ")}
	}
	t.Node = names[i]
	return t, &pods[i], nil
}

// held finds the first GPU of a Pod.
func held(ctx context.Context, config *rest.Config, t Target) (Target, error) {
	nodes, err := Look(ctx, config)
	if err != nil {
		return t, err
	}
	for _, n := range nodes {
		for _, g := range n.GPUs {
			for _, h := range g.Holders {
				if h.Namespace == t.Namespace && h.Pod == t.Pod {
					t.Node, t.Index = n.Name, g.Index
					return t, nil
				}
			}
		}
	}
	return t, &driver.Error{Kind: driver.ErrNeeds, What: fmt.Sprintf("Pod %s/%s has no GPU", t.Namespace, t.Pod), Do: "podlab gpu status shows who has one"}
}

// drivers are the Pods that have GPUs, sorted by their nodes.
func drivers(ctx context.Context, config *rest.Config) ([]corev1.Pod, error) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("client of cluster: %w", err)
	}
	pods, err := client.CoreV1().Pods(Namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + name})
	if err != nil {
		return nil, fmt.Errorf("list the Pods of the GPUs: %w", err)
	}
	out := slices.DeleteFunc(pods.Items, func(p corev1.Pod) bool { return p.DeletionTimestamp != nil || p.Spec.NodeName == "" })
	if len(out) == 0 {
		return nil, &driver.Error{Kind: driver.ErrNeeds, What: "this cluster has no simulated GPUs", Do: "start a lab that needs them, or make a cluster with some: podlab cluster up --gpus A100-80GB:4"}
	}
	slices.SortFunc(out, func(a, b corev1.Pod) int { return strings.Compare(a.Spec.NodeName, b.Spec.NodeName) })
	return out, nil
}

// ask runs the client of a Pod's driver in its container: there is no network on
// which a learner's Pod could do the same.
func ask(ctx context.Context, config *rest.Config, pod *corev1.Pod, request bus.Request) (*bus.Reply, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	text, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("client of cluster: %w", err)
	}
	url := client.CoreV1().RESTClient().Post().Resource("pods").Namespace(pod.Namespace).Name(pod.Name).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Container: "driver", Command: []string{"/podlab-gpu", "ctl"}, Stdin: true, Stdout: true, Stderr: true}, scheme.ParameterCodec).URL()
	stream, err := remotecommand.NewWebSocketExecutor(config, "GET", url.String())
	if err != nil {
		return nil, fmt.Errorf("ask the GPUs of node %s: %w", pod.Spec.NodeName, err)
	}
	var said, complained bytes.Buffer
	// It hears its request on its input: client-go loses what a command says before all
	// its streams are open.
	err = stream.StreamWithContext(ctx, remotecommand.StreamOptions{Stdin: bytes.NewReader(text), Stdout: &said, Stderr: &complained})
	var reply bus.Reply
	if err == nil {
		err = json.Unmarshal(said.Bytes(), &reply)
	}
	if err != nil {
		return nil, &driver.Error{
			Kind: driver.ErrNotReady, What: fmt.Sprintf("the GPUs of node %s do not answer: %v", pod.Spec.NodeName, err),
			Do: "see what their Pod says: kubectl logs -n " + Namespace + " " + pod.Name + " driver", Output: complained.String(), Err: err,
		}
	}
	if reply.Error != "" {
		return nil, &driver.Error{Kind: driver.ErrNeeds, What: reply.Error, Do: "podlab gpu status shows the GPUs"}
	}
	return &reply, nil
}
