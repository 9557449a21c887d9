// Package fault breaks things in a cluster on cue, and mends them again: containers,
// networks, nodes, images and data.
//
// The flow: [Inject] finds out what a fault of a lab is about, has a Pod of the image
// [image.Fault] start on the node (package agent is the program in it), changes what
// is to change in the API server, and gives the program the word for the rest. The Pod
// is the fault: [List] lists those Pods, [Heal] deletes them, and the program mends
// what it broke when its Pod is deleted or its time is over, whatever has become of
// podlab.
//
//	what, err := fault.Inject(ctx, config, fault.Target{Namespace: "probes"}, f)
//	all, err := fault.List(ctx, config, fault.Target{Namespace: "probes"})
//	err = fault.Heal(ctx, config, all)
package fault

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cluster/fault/order"
	"podlab.dev/podlab/cue/lab"
)

// Namespace is where the Pods are that break things.
const Namespace = "podlab-fault"

const (
	labName   = "podlab.dev/lab-namespace" // label: of which lab it is, by its namespace
	checkName = "podlab.dev/check"         // label: of which check
	whatName  = "podlab.dev/what"          // annotation: what it does
	untilName = "podlab.dev/until"         // annotation: when it ends by itself, if it lasts
	ownName   = "podlab.dev/own"           // annotation: what no other fault can be about meanwhile
)

// How long a Pod may take to start, to answer, and to mend what it broke.
const (
	startWithin  = 60 * time.Second
	answerWithin = 30 * time.Second
	mendWithin   = 30 * time.Second
)

// Target is what faults are for: a lab, by its namespace, and one of its checks. With
// "" it is any.
type Target struct{ Namespace, Check string }

func (t Target) selector() string {
	out := labName
	if t.Namespace != "" {
		out += "=" + t.Namespace
	}
	if t.Check != "" {
		out += "," + checkName + "=" + t.Check
	}
	return out
}

// Fault is one that was injected.
type Fault struct {
	// ID tells it from others: "kx3q9z".
	ID string `json:"id"`
	// Lab is the namespace of the lab that it is about.
	Lab string `json:"lab"`
	// What it does, in a line: "cuts the network of Pod web".
	What string `json:"what"`
	Node string `json:"node"`
	// Since and Until are when it began and ends by itself.
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`

	uid, own string
}

// Inject does what a fault says, in a lab's namespace, for a check or by hand. The fault must be one of those
// that [lab.Fault.OnNode] names. That what it is about is not there is an error of
// kind [driver.ErrNeeds], as is a cluster that does not allow it. What was broken for
// the same check before, and lasts, is mended first.
//
// Right before it is broken, once all is ready for that, begin is called, unless it is nil.
func Inject(ctx context.Context, config *rest.Config, t Target, f *lab.Fault, begin func(context.Context) error) (*Fault, error) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("client of cluster: %w", err)
	}
	sweep(ctx, client)
	if t.Check != "" { // podlab was killed before it could record the first one
		old, err := list(ctx, client, t.selector()+",!"+asksName)
		if err == nil {
			err = Heal(ctx, config, old)
		}
		if err != nil && !apierrors.IsForbidden(err) {
			return nil, err
		}
	}
	p, err := prepare(ctx, client, t.Namespace, f)
	if err != nil {
		return nil, err
	}
	if err := p.free(ctx, client); err != nil {
		return nil, err
	}
	if err := allow(ctx, client); err != nil {
		return nil, refused(err)
	}
	p.order.ID, p.order.For = strings.ToLower(rand.Text()[:8]), f.For
	text, err := json.Marshal(&p.order)
	if err != nil {
		return nil, err
	}
	pod := agent(program(p.order.ID, p.node, t, f.String(), f.For, "wait", string(text)))
	pod.Annotations[ownName] = p.own
	if pod, err = client.CoreV1().Pods(Namespace).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		return nil, refused(err)
	}
	done := of(pod)
	// What is half broken is mended, also when the user ends podlab now.
	undo := func() { _ = Heal(context.WithoutCancel(ctx), config, []Fault{*done}) }
	if err := runs(ctx, client, pod); err != nil {
		undo()
		return nil, err
	}
	if begin != nil {
		if err := begin(ctx); err != nil {
			undo()
			return nil, err
		}
	}
	if p.change != nil {
		if err := p.change(ctx); err != nil {
			undo()
			return nil, refused(err)
		}
	}
	how, err := word(ctx, client, pod)
	switch {
	case err != nil:
		undo()
		return nil, err
	case how != order.OK:
		undo()
		return nil, &driver.Error{Kind: driver.ErrNeeds, What: fmt.Sprintf("podlab cannot do what the fault says (it %s): %s", f, how), Do: "docs/faults.md says what each fault takes"}
	}
	return done, nil
}

// List are the faults that last, oldest first.
func List(ctx context.Context, config *rest.Config, t Target) ([]Fault, error) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("client of cluster: %w", err)
	}
	return list(ctx, client, t.selector())
}

func list(ctx context.Context, client kubernetes.Interface, selector string) ([]Fault, error) {
	pods, err := client.CoreV1().Pods(Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, fmt.Errorf("list the faults: %w", err)
	}
	out := []Fault{}
	for i := range pods.Items {
		p := &pods.Items[i]
		if !over(p) {
			out = append(out, *of(p))
		}
	}
	slices.SortFunc(out, func(a, b Fault) int { return a.Since.Compare(b.Since) })
	return out, nil
}

// over tells whether a fault, by its Pod, is broken no more. What does not last is over
// once it is done; the kubelet says a moment later that its Pod has ended.
func over(p *corev1.Pod) bool {
	_, lasts := p.Annotations[untilName]
	return p.DeletionTimestamp != nil || p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed || !lasts && p.Annotations[order.Done] != ""
}

// Heal mends what the faults broke, and returns when it is mended. Those that are
// over already need nothing.
func Heal(ctx context.Context, config *rest.Config, faults []Fault) error {
	if len(faults) == 0 {
		return nil
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("client of cluster: %w", err)
	}
	pods := client.CoreV1().Pods(Namespace)
	for _, f := range faults {
		if err := pods.Delete(ctx, podName(f.ID), metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("mend %s: %w", f.ID, err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, mendWithin)
	defer cancel()
	why, err := driver.Until(ctx, pods.List, pods.Watch, metav1.ListOptions{LabelSelector: labName}, func(all []corev1.Pod) string {
		for _, p := range all {
			if slices.ContainsFunc(faults, func(f Fault) bool { return string(p.UID) == f.uid }) {
				return "Pod " + p.Name + " is there still"
			}
		}
		return ""
	})
	if err != nil {
		return &driver.Error{Kind: driver.ErrNotReady, What: "not everything is mended: " + why, Do: "podlab fault list shows what is left; it ends by itself when its time is over", Err: err}
	}
	return nil
}

// HealAll mends all that was broken for it.
func HealAll(ctx context.Context, config *rest.Config, t Target) error {
	all, err := List(ctx, config, t)
	if err != nil {
		return err
	}
	return Heal(ctx, config, all)
}

// of reads a fault off its Pod.
func of(p *corev1.Pod) *Fault {
	until, _ := time.Parse(time.RFC3339, p.Annotations[untilName])
	return &Fault{
		ID: strings.TrimPrefix(p.Name, podName("")), Lab: p.Labels[labName], What: p.Annotations[whatName], Node: p.Spec.NodeName,
		Since: p.CreationTimestamp.Time, Until: until, uid: string(p.UID), own: p.Annotations[ownName],
	}
}

func podName(id string) string { return "fault-" + id }

// sweep removes what is left of faults that are over. That it fails does no harm.
func sweep(ctx context.Context, client kubernetes.Interface) {
	for _, phase := range []corev1.PodPhase{corev1.PodSucceeded, corev1.PodFailed} {
		_ = client.CoreV1().Pods(Namespace).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: labName, FieldSelector: "status.phase=" + string(phase)})
	}
}

// runs waits until the Pod runs.
func runs(ctx context.Context, client kubernetes.Interface, pod *corev1.Pod) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	pods := client.CoreV1().Pods(Namespace)
	why, err := driver.Until(ctx, pods.List, pods.Watch, metav1.ListOptions{FieldSelector: "metadata.name=" + pod.Name}, func(all []corev1.Pod) string {
		for _, p := range all {
			for _, s := range p.Status.ContainerStatuses {
				switch {
				case s.State.Running != nil:
					return ""
				case s.State.Waiting != nil:
					return s.State.Waiting.Reason + " " + s.State.Waiting.Message
				case s.State.Terminated != nil:
					return "it ended: " + s.State.Terminated.Message
				}
			}
		}
		return "its node has not begun with it"
	})
	if err == nil || ctx.Err() == context.Canceled {
		return err
	}
	return &driver.Error{Kind: driver.ErrNotReady, What: fmt.Sprintf("the Pod that is to break things on node %s does not start: %s", pod.Spec.NodeName, why), Do: "kubectl -n " + Namespace + " describe pod " + pod.Name, Err: err}
}

// word gives the program the word, and says how it went.
func word(ctx context.Context, client kubernetes.Interface, pod *corev1.Pod) (how string, err error) {
	pods := client.CoreV1().Pods(Namespace)
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:"now"}}}`, order.Go)
	if _, err := pods.Patch(ctx, pod.Name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return "", fmt.Errorf("give the word to Pod %s: %w", pod.Name, err)
	}
	return done(ctx, client, pod)
}

// done waits until the program has said how it went.
func done(ctx context.Context, client kubernetes.Interface, pod *corev1.Pod) (how string, err error) {
	pods := client.CoreV1().Pods(Namespace)
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	_, err = driver.Until(ctx, pods.List, pods.Watch, metav1.ListOptions{FieldSelector: "metadata.name=" + pod.Name}, func(all []corev1.Pod) string {
		for _, p := range all {
			how = p.Annotations[order.Done]
		}
		if how == "" {
			return "it has not said how it went"
		}
		return ""
	})
	if err == nil || ctx.Err() == context.Canceled {
		return how, err
	}
	return "", &driver.Error{
		Kind: driver.ErrNotReady, What: fmt.Sprintf("podlab's program on node %s does not answer", pod.Spec.NodeName),
		Do: "try again; kubectl -n " + Namespace + " logs " + pod.Name + " may say why", Err: err,
	}
}

// refused explains an answer of the API server that says that podlab may not.
func refused(err error) error {
	if !apierrors.IsForbidden(err) {
		return err
	}
	return &driver.Error{
		Kind: driver.ErrNeeds, What: "podlab may not break things in this cluster: " + err.Error(),
		Do: "use a kubeconfig that may run privileged Pods in namespace " + Namespace + ", or let podlab make a cluster: --cluster kind", Err: err,
	}
}
