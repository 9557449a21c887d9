package batch

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"
)

func narrow(most, few int, room use) *gate {
	return &gate{most: most, changed: make(chan struct{}), pods: map[types.UID]tenant{}, inside: map[string]*visit{}, peaks: map[string]use{}, room: room, node: room, few: few, bounds: [2]int{2, 32}}
}

func podOf(namespace string, n int, running bool) *corev1.Pod {
	p := &corev1.Pod{}
	p.Namespace, p.UID, p.Spec.NodeName, p.Status.Phase = namespace, types.UID(fmt.Sprint(namespace, n)), "node", corev1.PodPending
	if running {
		p.Status.Phase = corev1.PodRunning
	}
	return p
}

func enters(t *testing.T, g *gate, namespace string, want bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if got := g.enter(ctx, namespace) == nil; got != want {
		t.Errorf("%s is let in: %t", namespace, got)
	}
}

func turns(t *testing.T, g *gate, namespace string, want bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if got := g.turn(ctx, namespace, false) == nil; got != want {
		t.Errorf("%s goes on: %t", namespace, got)
	}
}

func TestGate(t *testing.T) {
	t.Run("few Pods start at a time", func(t *testing.T) {
		g := narrow(0, 2, use{pods: 100})
		enters(t, g, "a", true)
		enters(t, g, "b", true)
		enters(t, g, "c", false) // neither has a Pod yet
		g.see(podOf("a", 1, true))
		enters(t, g, "c", true)
		enters(t, g, "d", false)
		g.see(podOf("b", 1, false))
		g.see(podOf("c", 1, true))
		enters(t, g, "d", true)
		g.see(podOf("d", 1, true))
		g.see(podOf("d", 2, false)) // one more of those that are inside
		enters(t, g, "e", false)
		g.gone(podOf("b", 1, false))
		enters(t, g, "e", false) // as many are inside as twice few
		g.leave("a")
		enters(t, g, "e", true)
	})
	t.Run("who is inside goes on before others come in", func(t *testing.T) {
		g := narrow(0, 2, use{pods: 100})
		enters(t, g, "a", true)
		enters(t, g, "b", true)
		g.see(podOf("a", 1, false))
		turns(t, g, "a", true) // its own Pods do not keep it
		g.see(podOf("a", 2, false))
		turns(t, g, "b", false) // two of a's start
		done := make(chan error, 1)
		go func() { done <- g.turn(t.Context(), "b", false) }()
		for waits := false; !waits; time.Sleep(time.Millisecond) {
			g.mu.Lock()
			waits = g.turning == 1
			g.mu.Unlock()
		}
		enters(t, g, "c", false)
		g.see(podOf("a", 1, true))
		if err := <-done; err != nil {
			t.Error(err)
		}
		enters(t, g, "c", false) // b's next Pod is yet to come
		g.see(podOf("b", 1, true))
		enters(t, g, "c", true)
	})
	t.Run("a Pod that never ends to start keeps nobody", func(t *testing.T) {
		g := narrow(0, 1, use{pods: 100})
		g.see(podOf("other", 1, false))
		enters(t, g, "a", true)
		g.see(podOf("a", 1, true))
		turns(t, g, "a", false)
		g.pods["other1"] = tenant{namespace: "other", starting: true, since: time.Now().Add(-patientStart)}
		turns(t, g, "a", true)
	})
	t.Run("those inside while Pods start slowly are told", func(t *testing.T) {
		g := narrow(0, 8, use{pods: 100})
		enters(t, g, "a", true)
		for range 10 {
			g.started(slow + time.Second)
		}
		enters(t, g, "b", true)
		if !g.crowded("a") || g.crowded("b") {
			t.Error("a was there, b was not")
		}
	})
	t.Run("there is room for as much as the largest had", func(t *testing.T) {
		g := narrow(0, 30, use{pods: 10})
		enters(t, g, "a", true)
		for n := range 4 {
			g.see(podOf("a", n, true))
		}
		g.leave("a")
		enters(t, g, "b", true) // a's Pods are still there: 4, and 4 of b make 8 of 9
		enters(t, g, "c", false)
		for n := range 4 {
			g.gone(podOf("a", n, true))
		}
		enters(t, g, "c", true)
		enters(t, g, "d", false)
	})
	t.Run("one much larger than the others keeps nobody out", func(t *testing.T) {
		g := narrow(0, 30, use{pods: 10})
		for i := range 20 {
			g.peaks[fmt.Sprint("grade-", i)] = use{pods: 1}
		}
		g.peaks["grade-large"] = use{pods: 9}
		enters(t, g, "grade-a", true)
		enters(t, g, "grade-b", true)
		enters(t, g, "grade-large", false) // it is known
		g.leave("grade-a")
		g.leave("grade-b")
		enters(t, g, "grade-large", true)
	})
	t.Run("one comes in whatever others have", func(t *testing.T) {
		g := narrow(0, 2, use{pods: 3})
		for n := range 3 {
			g.see(podOf("other", n, false))
		}
		enters(t, g, "a", true)
		enters(t, g, "b", false)
	})
	t.Run("no more than was said", func(t *testing.T) {
		g := narrow(1, 30, use{pods: 100})
		enters(t, g, "a", true)
		g.see(podOf("a", 1, true))
		enters(t, g, "b", false)
		g.leave("a")
		enters(t, g, "b", true)
	})
	t.Run("it learns from how long Pods take", func(t *testing.T) {
		g := narrow(0, 8, use{pods: 100})
		fast := func() {
			for range 10 {
				g.started(time.Second)
			}
		}
		fast()
		if g.few != 8 {
			t.Errorf("when nobody was kept out %d may start at a time", g.few)
		}
		g.kept = true
		fast()
		if got := g.stretched(time.Minute); got != time.Minute {
			t.Errorf("a minute is stretched to %s", got)
		}
		if g.few != 10 {
			t.Errorf("after fast starts %d may start at a time", g.few)
		}
		for range 100 {
			g.started(10 * time.Second)
		}
		if got := g.stretched(time.Minute); got != 200*time.Second {
			t.Errorf("a minute is stretched to %s", got)
		}
		if g.few != 2 {
			t.Errorf("after slow starts %d may start at a time", g.few)
		}
	})
	t.Run("it learns nothing more from those that are too many already", func(t *testing.T) {
		g := narrow(0, 8, use{pods: 100})
		for n := range 14 {
			g.inside[fmt.Sprint(n)] = &visit{}
		}
		for range 100 {
			g.started(10 * time.Second)
		}
		if g.few != 6 {
			t.Errorf("after slow starts %d may start at a time", g.few)
		}
	})
}

// A Pod that finds no room waits for others if it would have room without them, and
// what is larger than a node, or meets nothing but its own submission's, does not.
func TestGateShort(t *testing.T) {
	const message = "0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod."
	waiting := func(namespace, message string, cpu int64) *corev1.Pod {
		p := podOf(namespace, 9, false)
		p.Spec.NodeName = ""
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable, Message: message}}
		p.Spec.Containers = []corev1.Container{{Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: *resource.NewMilliQuantity(cpu, resource.DecimalSI)}}}}
		return p
	}
	running := func(namespace string, n int, cpu int64) *corev1.Pod {
		p := waiting(namespace, "", cpu)
		p.UID, p.Spec.NodeName, p.Status.Phase, p.Status.Conditions = types.UID(fmt.Sprint(namespace, n)), "node", corev1.PodRunning, nil
		return p
	}
	for _, c := range []struct {
		name  string
		pod   *corev1.Pod
		short bool
	}{
		{"others have the room", waiting("grade-a", message, 900), true},
		{"no node has as much", waiting("grade-a", message, 1100), false},
		{"its own have the room", waiting("grade-b", message, 700), false},
		{"no node has the label", waiting("grade-a", "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.", 900), false},
		{"a GPU is not counted", waiting("grade-a", "0/2 nodes are available: 1 Insufficient cpu, 2 Insufficient nvidia.com/gpu. preemption: 0/2 nodes are available.", 900), false},
		{"no processor, and no memory", waiting("grade-a", "0/2 nodes are available: 1 Insufficient cpu, 1 Insufficient memory.", 900), true},
		{"no place", waiting("grade-a", "0/2 nodes are available: 2 Too many pods. preemption: 0/2 nodes are available.", 900), true},
		{"what is no submission's stays", waiting("grade-a", message, 1000), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := narrow(0, 30, use{pods: 100, cpu: 2000})
			g.node.cpu = 1000
			enters(t, g, c.pod.Namespace, true)
			g.see(running("grade-b", 1, 700))
			g.see(running("grade-b", 2, 700))
			g.see(running("kube-system", 2, 100))
			if c.pod.Spec.Containers[0].Resources.Requests.Cpu().MilliValue() == 1000 {
				g.see(running("kube-system", 1, 1100))
			}
			g.see(c.pod)
			if _, short := g.waits(c.pod.Namespace); short != c.short || g.crowded(c.pod.Namespace) != c.short {
				t.Errorf("it waits for others: %t, want %t", short, c.short)
			}
			if !g.idle("") && !c.short {
				t.Error("it costs a node something")
			}
			now := c.pod.DeepCopy()
			now.Spec.NodeName, now.Status.Phase, now.Status.Conditions = "node", corev1.PodRunning, nil
			g.see(now)
			if _, short := g.waits(c.pod.Namespace); short {
				t.Error("it has a node, and waits")
			}
		})
	}
}

// A page that breaks nodes is nobody else's page, and who comes to one is alone until
// its end.
func TestGateAlone(t *testing.T) {
	g := narrow(0, 4, use{pods: 100})
	for _, name := range []string{"a", "b", "c"} {
		enters(t, g, name, true)
	}
	waits := func(name string) <-chan error {
		done := make(chan error, 1)
		go func() { done <- g.turn(t.Context(), name, true) }()
		for waits := false; !waits; time.Sleep(time.Millisecond) {
			g.mu.Lock()
			waits = g.inside[name].turns
			g.mu.Unlock()
		}
		return done
	}
	goes := func(done <-chan error, want bool) {
		t.Helper()
		select {
		case err := <-done:
			if err != nil || !want {
				t.Errorf("it goes on: %v", err)
			}
		case <-time.After(50 * time.Millisecond):
			if want {
				t.Error("it does not go on")
			}
		}
	}
	a := waits("a")
	goes(a, false) // b and c are on their pages
	turns(t, g, "b", true)
	b := waits("b")
	goes(b, false)
	g.leave("c")
	var second <-chan error
	name := ""
	select {
	case <-a:
		name, second = "a", b
	case <-b:
		name, second = "b", a
	case <-time.After(time.Second):
		t.Fatal("nobody goes on, though both wait")
	}
	enters(t, g, "d", false)
	turns(t, g, name, true) // its next page is its own, too
	goes(second, false)
	g.leave(name)
	goes(second, true)
}
