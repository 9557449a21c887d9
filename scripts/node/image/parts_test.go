package main

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPartsSource(t *testing.T) {
	for name, want := range map[string]bool{
		"fit-runc/main.go": true, "node/go.mod": true, "node/kube/main.go": true, "node/image/parts_dns.go": true,
		"engine": false, "node/image/node.go": false, "node/image/files/kind/manifests/default-cni.yaml": false,
	} {
		if got := partsSource(name); got != want {
			t.Errorf("partsSource(%q) = %v", name, got)
		}
	}
}

// Two builders share a cache, and neither may tidy away what is the other's.
func TestOfParts(t *testing.T) {
	for name, want := range map[string]bool{
		"parts": true, "parts-0123456789ab": true, "debs-0123456789ab": true,
		"0123456789ab": false, "rootfs-0123456789ab.tar": false, "new-parts-0123456789ab": false,
	} {
		if got := ofParts(name); got != want {
			t.Errorf("ofParts(%q) = %v", name, got)
		}
	}
}

func TestPartsLinkAndPrune(t *testing.T) {
	cache := t.TempDir()
	at := func(name string) string { return filepath.Join(cache, name) }
	p := &parts{build: &build{cache: cache, bin: at("bin-new")}, dir: at("parts-new"), debs: at("debs-new")}
	for i, name := range []string{"parts-oldest", "parts-older", "parts-new", "new-parts-killed", "debs-old", "debs-new", "bin-old", "bin-new", "rootfs-x.tar", "lock"} {
		if err := os.MkdirAll(at(name), 0o755); err != nil {
			t.Fatal(err)
		}
		when := time.Unix(int64(i), 0)
		if err := os.Chtimes(at(name), when, when); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("parts-older", at("parts")); err != nil {
		t.Fatal(err)
	}
	for range 2 { // done again, nothing changes
		if err := p.link(); err != nil {
			t.Fatal(err)
		}
		if err := p.prune(); err != nil {
			t.Fatal(err)
		}
		if target, err := os.Readlink(at("parts")); target != "parts-new" {
			t.Errorf("parts points to %q, %v", target, err)
		}
		entries, err := os.ReadDir(cache)
		if err != nil {
			t.Fatal(err)
		}
		var left []string
		for _, e := range entries {
			left = append(left, e.Name())
		}
		want := []string{"bin-new", "debs-new", "lock", "parts", "parts-new", "parts-older", "rootfs-x.tar"}
		if !slices.Equal(left, want) {
			t.Errorf("left %v, want %v", left, want)
		}
	}
}

func TestRootLinks(t *testing.T) {
	programs := []string{"busybox", iptablesProgram}
	for _, name := range rootPrograms {
		programs = append(programs, name)
	}
	for link, target := range rootLinks() {
		if !slices.Contains(programs, target) {
			t.Errorf("%s points to %s, which is no program", link, target)
		}
		if rootPrograms[link] != "" {
			t.Errorf("%s is a program and a link", link)
		}
	}
}

func TestLinkOrCopy(t *testing.T) {
	from := filepath.Join(t.TempDir(), "from")
	to := filepath.Join(t.TempDir(), "to")
	if err := os.WriteFile(from, []byte("program"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := linkOrCopy(from, to); err != nil {
		t.Fatal(err)
	}
	a, _ := os.Stat(from)
	b, err := os.Stat(to)
	if err != nil || !os.SameFile(a, b) {
		t.Errorf("a second copy, %v", err)
	}
	if err := linkOrCopy(from+"-none", to+"-none"); err == nil {
		t.Error("no error for a program that is not there")
	}
}

const dns = `  replicas: 2
        readinessProbe:
          httpGet:
        prometheus :9153
        forward . /etc/resolv.conf {
           max_concurrent 1000
        }
        cache 30
        loop
        reload
`

func TestFitDNS(t *testing.T) {
	got, err := fitDNS(dns)
	want := `  replicas: 1
        readinessProbe:
          periodSeconds: 1
          httpGet:
        prometheus :9153
        cache 30
        reload
`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v", got, err)
	}
	for _, changed := range []string{strings.Replace(dns, "loop", "", 1), dns + "  replicas: 2\n"} {
		if _, err := fitDNS(changed); err == nil {
			t.Errorf("a manifest that has changed is not noticed:\n%s", changed)
		}
	}
}

// Packages have files outside of usr, which merged systems have inside.
func TestTreeReadsPackages(t *testing.T) {
	var pkg bytes.Buffer
	tw := tar.NewWriter(&pkg)
	for _, add := range []error{
		addDir(tw, "./lib", 0o755),
		addBytes(tw, "./lib/x86_64-linux-gnu/libc.so.6", []byte("c"), 0o644),
		addLink(tw, "./lib64/ld.so", "/lib/x86_64-linux-gnu/libc.so.6"),
		addBytes(tw, "./usr/share/doc/x", []byte("doc"), 0o644),
		tw.Close(),
	} {
		if add != nil {
			t.Fatal(add)
		}
	}
	tr := newTree()
	if err := tr.read(&pkg); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/lib64/ld.so", "usr/lib64/ld.so", "lib/x86_64-linux-gnu/libc.so.6"} {
		if got := tr.resolve(name); string(tr.body[got]) != "c" {
			t.Errorf("%s is %s", name, got)
		}
	}
	if len(tr.body) != 1 {
		t.Errorf("keeps %d files, not the one that can be run or loaded", len(tr.body))
	}
}

func TestMissing(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "gcc"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	if got := missing("gcc", "mmdebstrap"); !slices.Equal(got, []string{"mmdebstrap"}) {
		t.Errorf("missing %v", got)
	}
}
