package driver

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

var started = time.Date(2026, 1, 1, 12, 0, 0, 500, time.UTC)

func node(name string, status corev1.ConditionStatus, beat time.Time) corev1.Node {
	n := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name)}}
	n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: status, Reason: "KubeletNotReady", LastHeartbeatTime: metav1.NewTime(beat)}}
	n.Status.NodeInfo.KubeletVersion = "v1.37.2"
	return n
}

func TestNodesMissing(t *testing.T) {
	ready := node("a", corev1.ConditionTrue, started)
	tainted := node("b", corev1.ConditionTrue, started)
	tainted.Spec.Taints = []corev1.Taint{{Key: corev1.TaintNodeNotReady}}
	for _, tc := range []struct {
		name  string
		nodes []corev1.Node
		want  int
		says  string // "" when nothing is missing
	}{
		{"one", []corev1.Node{ready}, 1, ""},
		{"more than wanted", []corev1.Node{ready, node("b", corev1.ConditionFalse, started)}, 1, ""},
		{"none yet", nil, 1, "0 of 1 nodes have joined"},
		{"not ready", []corev1.Node{node("a", corev1.ConditionFalse, started)}, 1, "KubeletNotReady"},
		{"one of two", []corev1.Node{ready}, 2, "1 of 2 nodes have joined"},
		{"words from before the restart", []corev1.Node{node("a", corev1.ConditionTrue, started.Add(-time.Minute))}, 1, "has not reported since"},
		{"still tainted", []corev1.Node{tainted}, 1, "taint"},
		{"nothing reported", []corev1.Node{{}}, 1, "has not reported yet"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := nodesMissing(tc.nodes, Ready{Nodes: tc.want, Since: started})
			if (got == "") != (tc.says == "") || !strings.Contains(got, tc.says) {
				t.Errorf("got %q, want %q", got, tc.says)
			}
		})
	}
}

func TestDNSMissing(t *testing.T) {
	pod := func(ready corev1.ConditionStatus, since time.Time) corev1.Pod {
		var p corev1.Pod
		p.Name = "coredns-1"
		p.Status.Phase = corev1.PodRunning
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(since)}}}}
		return p
	}
	for _, tc := range []struct {
		name string
		pods []corev1.Pod
		says string
	}{
		{"none", nil, "no pod yet"},
		{"not ready", []corev1.Pod{pod(corev1.ConditionFalse, started)}, "not ready"},
		{"one of two is enough", []corev1.Pod{pod(corev1.ConditionFalse, started), pod(corev1.ConditionTrue, started)}, ""},
		{"ready before the restart", []corev1.Pod{pod(corev1.ConditionTrue, started.Add(-time.Minute))}, "not been started again"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := dnsMissing(tc.pods, started)
			if (got == "") != (tc.says == "") || !strings.Contains(got, tc.says) {
				t.Errorf("got %q, want %q", got, tc.says)
			}
		})
	}
}

// TestUntil follows a node from absent over a broken watch to ready.
func TestUntil(t *testing.T) {
	lists, watches := 0, 0
	list := func(context.Context, metav1.ListOptions) (*corev1.NodeList, error) {
		lists++
		if lists == 1 {
			return nil, errors.New("connection refused")
		}
		return &corev1.NodeList{}, nil
	}
	follow := func(context.Context, metav1.ListOptions) (watch.Interface, error) {
		watches++
		w := watch.NewFakeWithChanSize(3, false)
		a := node("a", corev1.ConditionFalse, started)
		w.Add(&a)
		if watches == 1 {
			w.Stop() // as an API server does every few minutes
			return w, nil
		}
		b := node("a", corev1.ConditionTrue, started)
		w.Modify(&b)
		return w, nil
	}
	missing := func(nodes []corev1.Node) string { return nodesMissing(nodes, Ready{Nodes: 1}) }
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if why, err := Until(ctx, list, follow, metav1.ListOptions{}, missing); err != nil || why != "" {
		t.Fatal(why, err)
	}
	if lists != 3 || watches != 2 {
		t.Errorf("%d lists and %d watches", lists, watches)
	}
}

func TestUntilSaysWhatWasMissing(t *testing.T) {
	list := func(context.Context, metav1.ListOptions) (*corev1.NodeList, error) {
		return &corev1.NodeList{Items: []corev1.Node{node("a", corev1.ConditionFalse, started)}}, nil
	}
	follow := func(ctx context.Context, _ metav1.ListOptions) (watch.Interface, error) {
		w := watch.NewFake()
		context.AfterFunc(ctx, w.Stop)
		return w, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	err := notReady(Until(ctx, list, follow, metav1.ListOptions{}, func(nodes []corev1.Node) string { return nodesMissing(nodes, Ready{Nodes: 1}) }))
	known, ok := errors.AsType[*Error](err)
	if !ok || !errors.Is(err, ErrNotReady) || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(known.Error(), "node a is not ready") || known.Remedy() == "" {
		t.Errorf("got %q → %q", known.Error(), known.Remedy())
	}
}
