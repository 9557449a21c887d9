package batch

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

func narrow(most, few int, room use) *gate {
	return &gate{most: most, changed: make(chan struct{}), pods: map[types.UID]tenant{}, inside: map[string]*visit{}, room: room, few: few, bounds: [2]int{2, 32}}
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
		for range 10 {
			g.started(time.Second)
		}
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
