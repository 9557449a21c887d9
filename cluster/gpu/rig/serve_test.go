package rig

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"podlab.dev/podlab/cluster/gpu/bus"
)

// serve serves a rig and returns a way to connect.
func serve(t *testing.T, r *Rig, s Socket) func() *bus.Conn {
	t.Helper()
	dir, err := os.MkdirTemp("", "rig") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Serve(ctx, l, s) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return func() *bus.Conn {
		t.Helper()
		c, err := bus.Dial(ctx, path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
}

func TestMemoryIsFreeWhenItsProgramEnds(t *testing.T) {
	r, _ := newTestRig(t, inventory(t, "H100", 1))
	dial := serve(t, r, Socket{})
	a, b := dial(), dial()
	n, err := a.Node()
	if err != nil {
		t.Fatal(err)
	}
	most := bus.Use{Devices: bus.Devices(n.GPUs), MemoryMiB: 80000}
	if err := a.Use(most); err != nil {
		t.Fatal(err)
	}
	if err := b.Use(most); err == nil {
		t.Fatal("the same memory twice")
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		err := b.Use(most)
		if err == nil {
			break
		}
		if time.Since(began) > 5*time.Second {
			t.Fatalf("the memory of a program that ended: %v", err)
		}
	}
}

func TestProgramsCannotBreakGPUs(t *testing.T) {
	r, _ := newTestRig(t, inventory(t, "H100", 1))
	dial := serve(t, r, Socket{})
	seen := uint64(0)
	for _, request := range []bus.Request{{Fault: &bus.Fault{Kind: bus.FaultLost}}, {Heal: &bus.Heal{}}, {Allocated: []string{"x"}}, {Holders: true}, {Watch: &seen}, {}} {
		if _, err := dial().Ask(request); err == nil || !strings.Contains(err.Error(), "no such request") {
			t.Errorf("%+v: %v", request, err)
		}
	}
	if g := r.Node().GPUs[0]; g.Lost {
		t.Error("a program has broken its GPU")
	}
}

func TestControl(t *testing.T) {
	r, _ := newTestRig(t, inventory(t, "H100", 1))
	holder := bus.Holder{Pod: "llm"}
	dial := serve(t, r, Socket{Control: true, Holders: func(_ context.Context, n *bus.Node) error {
		n.GPUs[0].Holders = []bus.Holder{holder}
		return nil
	}})
	watching, c := dial(), dial()
	heard := make(chan bus.Reply, 1)
	seen := uint64(1)
	go func() {
		reply, _ := watching.Ask(bus.Request{Watch: &seen})
		heard <- reply
	}()
	if _, err := c.Ask(bus.Request{Fault: &bus.Fault{Kind: bus.FaultLost}}); err != nil {
		t.Fatal(err)
	}
	if reply := <-heard; reply.Node == nil || !reply.Node.GPUs[0].Lost || reply.Version == seen {
		t.Errorf("watched: %+v", reply)
	}
	if reply, err := c.Ask(bus.Request{Holders: true}); err != nil || reply.Node.GPUs[0].Holders[0] != holder {
		t.Errorf("%+v, %v", reply, err)
	}
	if _, err := c.Ask(bus.Request{Fault: &bus.Fault{Kind: bus.FaultLost, GPU: 3}}); err == nil || !strings.Contains(err.Error(), "GPUs 0 to 0") {
		t.Errorf("a GPU that is not there: %v", err)
	}
}
