// Package clustertest gives a test a real cluster of its own.
package clustertest

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/adrg/xdg"

	"podlab.dev/podlab/cluster"
)

// Options is of a cluster for this test alone, on one of the drivers, that is removed
// when the test ends. The test is skipped unless PODLAB_TEST_CLUSTER says one of them.
//
// The cluster is not there yet: what an earlier run that was killed has left of it in
// the engine is removed first, for a test that finds its own Pods already there fails
// for nothing.
func Options(t testing.TB, name string, drivers ...string) cluster.Options {
	t.Helper()
	kind := driver(t, drivers)
	opts := cluster.Options{StateDir: t.TempDir(), Driver: kind, Name: "podlab-test-" + name}
	down := func() error { return cluster.Down(context.Background(), opts, nil) }
	if err := down(); err != nil {
		t.Fatalf("remove what was left of %s: %v", opts.Name, err)
	}
	t.Cleanup(func() {
		if err := down(); err != nil {
			t.Errorf("remove: %v", err)
		}
	})
	return opts
}

// Kubeconfig is of the cluster that `podlab cluster up` has made and that tests share;
// it is in the state directory that this process has. The test is skipped unless
// PODLAB_TEST_CLUSTER says one of the drivers.
func Kubeconfig(t testing.TB, drivers ...string) string {
	t.Helper()
	home := "podlab"
	if driver(t, drivers) == cluster.Embedded {
		home = "embedded-podlab"
	}
	return filepath.Join(xdg.StateHome, "podlab", "clusters", home, "kubeconfig")
}

func driver(t testing.TB, drivers []string) string {
	t.Helper()
	kind := os.Getenv("PODLAB_TEST_CLUSTER")
	if !slices.Contains(drivers, kind) {
		t.Skip("needs a cluster: PODLAB_TEST_CLUSTER=" + strings.Join(drivers, " or "))
	}
	return kind
}
