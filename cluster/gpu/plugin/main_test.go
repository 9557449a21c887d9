//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"podlab.dev/podlab/cluster/gpu/rig"
	"podlab.dev/podlab/cue/gpu"
)

func TestWithoutNodeName(t *testing.T) {
	t.Setenv("NODE_NAME", "")
	for _, role := range []string{"driver", "plugin"} {
		err := run(context.Background(), []string{role}, slog.New(slog.DiscardHandler))
		var known *problem
		if !errors.As(err, &known) || !strings.Contains(known.what, "NODE_NAME is not set") || !strings.Contains(known.do, "fieldRef") {
			t.Errorf("%s: %v", role, err)
		}
	}
}

func TestNodeThatHasNone(t *testing.T) {
	dir := t.TempDir()
	_, err := inventory(dir, "a")
	var known *problem
	if !errors.As(err, &known) || !strings.Contains(known.what, `node "a" has no GPUs`) || !strings.Contains(known.what, "no node has") {
		t.Errorf("without any: %v", err)
	}
	c, err := gpu.Card("T4")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(rig.Inventory{Seed: "b", Card: *c, Count: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "b.json"), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := inventory(dir, "a"); !errors.As(err, &known) || !strings.Contains(known.what, "these have: b") || known.do == "" {
		t.Errorf("where others have: %v", err)
	}
	if inv, err := inventory(dir, "b"); err != nil || inv.Count != 2 || inv.Card.Product != "Tesla T4" {
		t.Errorf("%+v, %v", inv, err)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{nil, {"dance"}, {"driver", "x"}, {"ctl", "x"}} {
		var known *problem
		if err := run(context.Background(), args, slog.New(slog.DiscardHandler)); !errors.As(err, &known) {
			t.Errorf("%q: %v", args, err)
		}
	}
}
