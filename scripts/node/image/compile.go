package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// resolve asks the go command where the modules are that the build reads from.
func (b *build) resolve(ctx context.Context) error {
	paths := []string{kubernetes, kind, containerd, provisioner}
	defer b.log.begin("fetching Go modules")()
	if _, err := b.gotool(ctx, nil, append([]string{"mod", "download"}, paths...)...); err != nil {
		return err
	}
	raw, err := b.gotool(ctx, nil, append([]string{"list", "-m", "-json"}, paths...)...)
	if err != nil {
		return err
	}
	b.modules = map[string]module{}
	for dec := json.NewDecoder(bytes.NewReader(raw)); dec.More(); {
		var m module
		if err := dec.Decode(&m); err != nil {
			return err
		}
		b.modules[m.Path] = m
	}
	return nil
}

// binaries are the packages of the node's programs; the last path element is the
// file's name. All are static and without cgo but runc.
var binaries = []string{
	"./kube", "./containerd", "./coredns", "./pause",
	"github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
	"github.com/containernetworking/plugins/plugins/ipam/host-local",
	"github.com/containernetworking/plugins/plugins/main/loopback",
	"github.com/containernetworking/plugins/plugins/main/ptp",
	"github.com/containernetworking/plugins/plugins/meta/portmap",
}

// compile builds with the flags that podlab itself is built with, so that the
// packages which both use are compiled once.
func (b *build) compile(ctx context.Context) error {
	major, minor, _ := strings.Cut(strings.TrimPrefix(b.version, "v"), ".")
	minor, _, _ = strings.Cut(minor, ".")
	stamp := "-s -w"
	for key, value := range map[string]string{
		"k8s.io/component-base/version.gitVersion":   b.version,
		"k8s.io/component-base/version.gitMajor":     major,
		"k8s.io/component-base/version.gitMinor":     minor,
		"k8s.io/component-base/version.gitTreeState": "clean",
		containerd + "/version.Version":              b.modules[containerd].Version,
	} {
		stamp += " -X " + key + "=" + value
	}
	static := []string{"CGO_ENABLED=0"}
	for _, step := range []struct {
		what, done string
		env, args  []string
	}{
		{"compiling Kubernetes, containerd, CoreDNS and the network plugins", "kube", static,
			append([]string{"-ldflags=" + stamp, "-tags=no_btrfs,no_devmapper,no_zfs"}, binaries...)},
		{"compiling etcd", "etcd", static,
			[]string{"-ldflags=-s -w", "go.etcd.io/etcd/server/v3"}},
		// By itself: it spells logrus in a way that does not go with the others'.
		{"compiling the storage provisioner", "local-path-provisioner", static,
			[]string{"-ldflags=-s -w", provisioner}},
		{"compiling runc", "runc", []string{"CGO_ENABLED=1"},
			[]string{"-ldflags=-s -w -linkmode=external -extldflags=-static", "-tags=seccomp,netgo,osusergo,urfave_cli_no_docs",
				"github.com/opencontainers/runc"}},
	} {
		if exists(b.binary(step.done)) {
			continue
		}
		if err := b.goBuild(ctx, step.what, step.done, step.env, step.args); err != nil {
			return err
		}
	}
	return nil
}

// goBuild leaves whole binaries only: the one that tells that the step is done is
// renamed last.
func (b *build) goBuild(ctx context.Context, what, done string, env, args []string) error {
	defer b.log.begin(what)()
	aside, err := os.MkdirTemp(b.work, "go-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(aside)
	out := aside + "/"
	if done == "etcd" {
		out += "etcd" // the package is called after its major version
	}
	if _, err := b.gotool(ctx, env, append([]string{"build", "-o", out}, args...)...); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(b.binary(done)), 0o755); err != nil {
		return err
	}
	built, err := os.ReadDir(aside)
	if err != nil {
		return err
	}
	sort.Slice(built, func(i, j int) bool { return built[j].Name() == done })
	for _, f := range built {
		if err := os.Rename(filepath.Join(aside, f.Name()), b.binary(f.Name())); err != nil {
			return err
		}
	}
	return nil
}

func (b *build) binary(name string) string { return filepath.Join(b.bin, name) }

// gotool runs the go command in the module scripts/node by itself: what podlab's
// own module requires must not change what the image is made of.
func (b *build) gotool(ctx context.Context, env []string, args ...string) ([]byte, error) {
	env = append([]string{"GOWORK=off", "GOFLAGS=-buildvcs=false"}, env...)
	// A quarter of the compiler's time is its garbage collection: where there is
	// memory, let it have some.
	if os.Getenv("GOGC") == "" && memoryToSpare() {
		env = append(env, "GOGC=400")
	}
	return b.command(ctx, env, "go", args...)
}
