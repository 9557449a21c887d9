package driver

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"
)

func TestHomeRemembersAndForgets(t *testing.T) {
	dir := t.TempDir()
	h, err := OpenHome(dir, "podlab")
	if err != nil {
		t.Fatal(err)
	}
	if s := h.State(); s.Phase != "" {
		t.Errorf("a new home remembers %+v", s)
	}
	if err := h.Remember(State{Phase: Creating, Image: "node:1"}); err != nil {
		t.Fatal(err)
	}
	if s := h.State(); s.Phase != Creating || s.Image != "node:1" {
		t.Errorf("got %+v", s)
	}
	if names, err := Homes(dir); err != nil || !slices.Equal(names, []string{"podlab"}) {
		t.Errorf("homes: %q, %v", names, err)
	}
	if err := os.WriteFile(h.Scratch("state.json"), []byte("{half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s := h.State(); s.Phase != "" {
		t.Errorf("from a broken file: %+v", s)
	}
	if err := h.Remove(); err != nil {
		t.Fatal(err)
	}
	if names, err := Homes(dir); err != nil || len(names) != 0 {
		t.Errorf("homes after remove: %q, %v", names, err)
	}
	if err := h.Remember(State{Phase: Made}); err != nil {
		t.Errorf("remember after remove: %v", err)
	}
}

func TestHomeLock(t *testing.T) {
	h, err := OpenHome(t.TempDir(), "podlab")
	if err != nil {
		t.Fatal(err)
	}
	var heard []Event
	report := Report(func(e Event) { heard = append(heard, e) })
	unlock, err := h.Lock(context.Background(), report)
	if err != nil || len(heard) != 0 {
		t.Fatalf("a free lock: %v, %v", err, heard)
	}
	if !h.Busy() {
		t.Error("held and not busy")
	}

	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	if _, err := h.Lock(ctx, report); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a held lock: %v", err)
	}
	if len(heard) != 2 || heard[0].Done || !heard[1].Done || heard[1].Err == nil || heard[1].Elapsed == 0 {
		t.Errorf("events: %+v", heard)
	}

	time.AfterFunc(50*time.Millisecond, unlock)
	again, err := h.Lock(context.Background(), nil)
	if err != nil {
		t.Fatalf("a lock given back: %v", err)
	}
	again()
	if h.Busy() {
		t.Error("free and busy")
	}
}

func TestWriteFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kubeconfig")
	for _, text := range []string{"first", "second"} {
		if err := WriteFile(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("got %q, %v", got, err)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("something was left: %v", entries)
	}
	if err := WriteFile(filepath.Join(t.TempDir(), "missing", "x"), nil); err == nil {
		t.Error("wrote into a missing folder")
	}
}
