//go:build linux

package cell

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestNodes(t *testing.T) {
	for number, want := range map[int][3]string{
		1: {"lab-control-plane", "10.89.0.1", "10.244.0.0/24"},
		2: {"lab-worker", "10.89.0.2", "10.244.1.0/24"},
		3: {"lab-worker2", "10.89.0.3", "10.244.2.0/24"},
	} {
		if got := [3]string{NodeName("lab", number), NodeIP(number).String(), podRange(number).String()}; got != want {
			t.Errorf("node %d: got %q, want %q", number, got, want)
		}
	}
}

func TestFit(t *testing.T) {
	for rung, want := range map[Rung]string{
		{ManyUIDs: true, Limits: true}: "",
		{ManyUIDs: true}:               "nocgroups",
		{Limits: true}:                 "oneuid",
		{}:                             "nocgroups oneuid",
	} {
		s := &Spec{Rung: rung}
		if got := s.fit(); got != want {
			t.Errorf("%+v: got %q, want %q", rung, got, want)
		}
		if wrapped := s.runtime() != "/usr/bin/runc"; wrapped != (want != "") {
			t.Errorf("%+v: the runtime is %s", rung, s.runtime())
		}
	}
}

// theReaper is the only one of this process: two would steal from each other.
var theReaper = sync.OnceValue(newReaper)

// A part that ends is started again, with a pause, and says so.
func TestSupervisor(t *testing.T) {
	dir := t.TempDir()
	s := &supervisor{reaper: theReaper(), logs: dir, status: filepath.Join(dir, "status"), node: "n"}
	order := filepath.Join(dir, "order")
	sh := func(script string) []string { return []string{"/bin/sh", "-c", script} }
	parts := []part{
		{name: "first", patience: 5 * time.Second, argv: sh("trap 'echo first >> " + order + "; exit' TERM; while :; do sleep 0.05; done")},
		{name: "second", patience: 5 * time.Second, argv: sh("trap 'echo second >> " + order + "; exit' TERM; while :; do sleep 0.05; done")},
		{name: "short", patience: time.Second, argv: sh("exit 3")},
		{name: "deaf", patience: 100 * time.Millisecond, argv: sh("trap '' TERM; while :; do sleep 0.05; done")},
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan struct{})
	go func() { s.run(ctx, parts); close(done) }()
	read := func() Status {
		var got Status
		raw, err := os.ReadFile(s.status)
		if err == nil {
			err = json.Unmarshal(raw, &got)
		}
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return got
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		got := read()
		if len(got.Parts) == 4 && got.Parts[0].State == "running" && got.Parts[1].State == "running" && got.Parts[3].State == "running" && got.Parts[2].Restarts >= 2 {
			if got.Parts[2].LastEnd != "exit code 3" || got.Node != "n" {
				t.Errorf("status: %+v", got)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("status: %+v", got)
		}
	}
	time.Sleep(100 * time.Millisecond) // the shells set their traps
	stop()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("the parts do not end")
	}
	if raw, err := os.ReadFile(order); err != nil || strings.Fields(string(raw))[0] != "second" || len(strings.Fields(string(raw))) != 2 {
		t.Errorf("they ended in the order %q, %v", raw, err)
	}
	for _, p := range read().Parts {
		if p.State != "stopped" {
			t.Errorf("%s is %s", p.Name, p.State)
		}
	}
}

// Orphans are taken, and nobody else's end is stolen.
func TestReaper(t *testing.T) {
	r := theReaper()
	for range 20 {
		end, err := r.start(exec.Command("/bin/sh", "-c", "exit 5"))
		if err != nil {
			t.Fatal(err)
		}
		select {
		case status := <-end:
			if status.ExitStatus() != 5 {
				t.Errorf("exit status %d", status.ExitStatus())
			}
		case <-time.After(10 * time.Second):
			t.Fatal("the end was not seen")
		}
	}
}
