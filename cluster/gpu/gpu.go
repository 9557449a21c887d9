// Package gpu gives the nodes of a cluster simulated GPUs, which Kubernetes cannot
// tell from real ones: a device plugin offers them to the kubelet, containers get
// them, nvidia-smi shows them, and they break when they are told to.
//
// The flow: [Ensure] writes what each node has into a ConfigMap and makes a
// DaemonSet of the image [image.GPU], whose Pods are the nodes' hardware (package
// rig) and device plugins (package kubelet); [Look], [Break] and [Heal] talk to them.
//
//	err := gpu.Ensure(ctx, config, lab.GPUs{{Model: "A100-80GB", Count: 4}}, report)
//	what, err := gpu.Break(ctx, config, gpu.Target{Index: 1}, bus.Fault{Kind: bus.FaultXid, Xid: 79})
//	nodes, err := gpu.Look(ctx, config)
package gpu

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cluster/gpu/rig"
	"podlab.dev/podlab/cue/gpu"
	"podlab.dev/podlab/cue/lab"
)

// Namespace is where podlab keeps what makes the GPUs.
const Namespace = "podlab-gpu"

// How long it may take until the nodes offer their GPUs. A kubelet tells the API
// server of its devices every ten seconds.
const readyWithin = 90 * time.Second

// Ensure makes the nodes of a cluster have the GPUs that a lab wants, and waits until
// Kubernetes offers them. GPUs of another lab are replaced, unless a Pod asks for
// them: then the error is a [*driver.Error] of kind [driver.ErrNeeds].
func Ensure(ctx context.Context, config *rest.Config, want lab.GPUs, report driver.Report) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("client of cluster: %w", err)
	}
	found, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("list nodes: %w", err)
	}
	if err := onlyOurs(found.Items); err != nil {
		return err
	}
	claims := slices.ContainsFunc(want, func(g lab.GPU) bool { return g.DRA && g.Count > 0 })
	if claims {
		if err := servesClaims(client); err != nil {
			return err
		}
	}
	have, err := inventories(found.Items, want)
	if err != nil {
		return err
	}
	data, err := encode(have)
	if err != nil {
		return err
	}
	before, err := client.CoreV1().ConfigMaps(Namespace).Get(ctx, configMap, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("read what GPUs there are: %w", err)
	}
	if err == nil && !maps.Equal(before.Data, data) {
		if err := free(ctx, client, before.Data, want); err != nil {
			return err
		}
		report.Say(driver.PhaseStart, "the GPUs of the cluster are replaced: this lab needs %s", want)
	}
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	step := report.Begin(driver.PhaseReady, "waiting for the simulated GPUs (%s)", want)
	if err := apply(ctx, client, data, claims); err != nil {
		return step.End(err)
	}
	if err := label(ctx, client, found.Items, have); err != nil {
		return step.End(err)
	}
	if err := wait(ctx, client, have); err != nil {
		return step.End(err)
	}
	return step.End(dropSlices(ctx, client, have))
}

// onlyOurs refuses a cluster with real GPUs, which podlab leaves alone.
func onlyOurs(nodes []corev1.Node) error {
	for _, n := range nodes {
		for resource, q := range n.Status.Capacity {
			if strings.HasPrefix(string(resource), vendor) && !q.IsZero() && n.Labels[machine] != simulated {
				return &driver.Error{
					Kind: driver.ErrNeeds,
					What: fmt.Sprintf("node %s has %s of its own (%s), and podlab puts no simulated GPUs beside them", n.Name, resource, q.String()),
					Do:   "let podlab make a cluster: --cluster kind or --cluster embedded",
				}
			}
		}
	}
	return nil
}

// inventories are what the nodes that run Pods are to have, by name; none for a node
// without.
func inventories(nodes []corev1.Node, want lab.GPUs) (map[string]*rig.Inventory, error) {
	var workers []corev1.Node
	for _, n := range nodes {
		tainted := slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.Key == "node-role.kubernetes.io/control-plane" })
		if !tainted {
			workers = append(workers, n)
		}
	}
	// podlab-worker, podlab-worker2 … podlab-worker10
	slices.SortFunc(workers, func(a, b corev1.Node) int {
		if d := len(a.Name) - len(b.Name); d != 0 {
			return d
		}
		return strings.Compare(a.Name, b.Name)
	})
	out := map[string]*rig.Inventory{}
	for i, n := range workers {
		g := want.Of(i)
		if g.Count == 0 {
			continue
		}
		c, err := gpu.Card(g.Model)
		if err != nil {
			return nil, err
		}
		inv := &rig.Inventory{
			Seed: n.Name, Card: *c, Count: g.Count, Replicas: g.Replicas, MIG: g.MIG, Mixed: g.Strategy == "mixed", DRA: g.DRA,
			CDI: knowsCDI(n.Status.NodeInfo.ContainerRuntimeVersion),
		}
		if err := inv.Check(); err != nil {
			return nil, fmt.Errorf("GPUs of node %s: %w", n.Name, err)
		}
		out[n.Name] = inv
	}
	return out, nil
}

// knowsCDI tells whether a runtime, "containerd://2.4.2", injects CDI devices
// without being told to.
func knowsCDI(runtime string) bool {
	version, ok := strings.CutPrefix(runtime, "containerd://")
	return ok && !strings.HasPrefix(version, "0.") && !strings.HasPrefix(version, "1.")
}

// encode is the data of the ConfigMap.
func encode(have map[string]*rig.Inventory) (map[string]string, error) {
	data := map[string]string{}
	for node, inv := range have {
		raw, err := json.Marshal(inv)
		if err != nil {
			return nil, err
		}
		data[node+".json"] = string(raw)
	}
	return data, nil
}

// free refuses to take GPUs away that Pods ask for.
func free(ctx context.Context, client kubernetes.Interface, before map[string]string, want lab.GPUs) error {
	pods, err := client.CoreV1().Pods(metav1.NamespaceAll).List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("list Pods: %w", err)
	}
	var holders []string
	for _, p := range pods.Items {
		ended := p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed || p.DeletionTimestamp != nil
		if !ended && asks(&p) {
			holders = append(holders, p.Namespace+"/"+p.Name)
		}
	}
	if len(holders) == 0 {
		return nil
	}
	slices.Sort(holders)
	more := ""
	if len(holders) > 3 {
		holders, more = holders[:3], fmt.Sprintf(" and %d more", len(holders)-3)
	}
	return &driver.Error{
		Kind: driver.ErrNeeds,
		What: fmt.Sprintf("the lab needs %s, but Pods use the GPUs that the cluster has now (%s): %s%s", want, describe(before), strings.Join(holders, ", "), more),
		Do:   "end the lab that they belong to (podlab stop LAB), or delete them, and start this one again",
	}
}

// asks tells whether a Pod asks for GPUs, by resources or by a claim.
func asks(p *corev1.Pod) bool {
	for _, containers := range [][]corev1.Container{p.Spec.InitContainers, p.Spec.Containers} {
		for _, c := range containers {
			for name := range c.Resources.Limits {
				if strings.HasPrefix(string(name), vendor) {
					return true
				}
			}
		}
	}
	return len(p.Spec.ResourceClaims) > 0
}

// describe says what the data of a ConfigMap is.
func describe(data map[string]string) string {
	var all []string
	for _, file := range slices.Sorted(maps.Keys(data)) {
		var inv rig.Inventory
		if json.Unmarshal([]byte(data[file]), &inv) == nil {
			all = append(all, fmt.Sprintf("%d × %s", inv.Count, inv.Card.Name))
		}
	}
	return strings.Join(slices.Compact(all), ", ")
}

// wait waits until the Pods are those of this inventory, and the nodes offer what it
// says.
func wait(ctx context.Context, client kubernetes.Interface, have map[string]*rig.Inventory) error {
	sets := client.AppsV1().DaemonSets(Namespace)
	why, err := driver.Until(ctx, sets.List, sets.Watch, metav1.ListOptions{}, func(all []appsv1.DaemonSet) string { return setMissing(all, int32(len(have))) })
	if err == nil {
		nodes := client.CoreV1().Nodes()
		why, err = driver.Until(ctx, nodes.List, nodes.Watch, metav1.ListOptions{}, func(all []corev1.Node) string { return devicesMissing(all, have) })
	}
	if err == nil && slices.ContainsFunc(slices.Collect(maps.Values(have)), func(i *rig.Inventory) bool { return i.DRA }) {
		all := client.ResourceV1().ResourceSlices()
		why, err = driver.Until(ctx, all.List, all.Watch, metav1.ListOptions{}, func(all []resourcev1.ResourceSlice) string { return slicesMissing(all, have) })
	}
	if err == nil {
		return nil
	}
	if ctx.Err() == context.Canceled {
		return err
	}
	return &driver.Error{
		Kind: driver.ErrNotReady,
		What: "the simulated GPUs do not come up: " + why,
		Do:   "see what their Pods say (-v shows the last of it): kubectl logs -n " + Namespace + " daemonset/" + name + " --all-containers",
		Err:  err, Output: lastWords(context.WithoutCancel(ctx), client),
	}
}

// lastWords are the states of the Pods, and the last that their containers said.
func lastWords(ctx context.Context, client kubernetes.Interface) string {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	pods, err := client.CoreV1().Pods(Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, p := range pods.Items {
		fmt.Fprintf(&b, "%s on %s: %s %s\n", p.Name, p.Spec.NodeName, p.Status.Phase, p.Status.Message)
		for _, s := range p.Status.ContainerStatuses {
			state, _ := json.Marshal(s.State)
			lines := int64(5)
			said, err := client.CoreV1().Pods(Namespace).GetLogs(p.Name, &corev1.PodLogOptions{Container: s.Name, TailLines: &lines}).DoRaw(ctx)
			if err != nil {
				said = []byte(err.Error())
			}
			fmt.Fprintf(&b, "%s, ended %d times, %s\n%s\n", s.Name, s.RestartCount, state, said)
		}
	}
	return b.String()
}

// devicesMissing says which node does not offer what it has.
func devicesMissing(nodes []corev1.Node, have map[string]*rig.Inventory) string {
	for i := range nodes {
		n := &nodes[i]
		if have[n.Name] == nil || have[n.Name].DRA {
			continue
		}
		for _, r := range have[n.Name].Resources() {
			// A GPU may be broken, and stay so: what the node has is its capacity.
			if got := n.Status.Capacity[corev1.ResourceName(r.Name)]; got.Value() != int64(len(r.Devices)) {
				return fmt.Sprintf("node %s offers %s of %d %s", n.Name, got.String(), len(r.Devices), r.Name)
			}
		}
	}
	return ""
}
