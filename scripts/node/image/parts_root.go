package main

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// rootDirs are empty: there the node's driver mounts what is the node's own.
var rootDirs = []string{"dev", "etc", "home", "mnt", "opt/cni/bin", "proc", "root", "run", "srv", "sys", "tmp", "var"}

// rootPrograms are the compiled programs by where they are wanted.
var rootPrograms = map[string]string{
	"usr/bin/kube":                    "kube",
	"usr/bin/containerd":              "containerd",
	"usr/bin/containerd-shim-runc-v2": "containerd-shim-runc-v2",
	"usr/bin/runc":                    "runc",
	"usr/bin/etcd":                    "etcd",
	"opt/cni/bin/host-local":          "host-local",
	"opt/cni/bin/loopback":            "loopback",
	"opt/cni/bin/portmap":             "portmap",
	"opt/cni/bin/ptp":                 "ptp",
}

// rootLinks are the names that programs go by.
func rootLinks() map[string]string {
	links := map[string]string{"usr/bin/ctr": "containerd", "usr/bin/sh": "busybox"}
	for _, name := range slices.Concat(nodePrograms, staticPrograms) {
		links["usr/bin/"+name] = "kube"
	}
	for _, name := range iptablesNames {
		links["usr/sbin/"+name] = iptablesProgram
	}
	return links
}

// root lays down the node's root file system: what its programs call and load
// lies where they look for it, whatever distribution the host has.
func (p *parts) root(ctx context.Context, dir string, userland *tree) error {
	links := rootLinks()
	dirs := slices.Clone(rootDirs)
	for _, name := range merged {
		links[name] = "usr/" + name
		dirs = append(dirs, links[name])
	}
	for _, name := range dirs {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			return err
		}
	}
	// Before the files: the loader is asked for under its name in lib64.
	for name, target := range links {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	for at, name := range rootPrograms {
		if err := linkOrCopy(p.binary(name), filepath.Join(dir, at)); err != nil {
			return err
		}
	}
	files, err := userland.firewall("usr/bin/mount", "usr/bin/umount")
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(at, userland.body[files[name]], 0o755); err != nil {
			return err
		}
	}
	shell, err := userland.busybox()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "usr/bin/busybox"), shell, 0o755); err != nil {
		return err
	}
	// From the folder of scripts/node: podlab's own module has this program.
	_, err = p.gotool(ctx, []string{"CGO_ENABLED=0"}, "build", "-C", "../fit-runc", "-ldflags=-s -w", "-o", filepath.Join(dir, "usr/bin/fit-runc"), ".")
	return err
}

// linkOrCopy spares the disk a second copy where it can: not where the cache
// spans file systems, or one that has no links.
func linkOrCopy(from, to string) error {
	if err := os.Link(from, to); err == nil {
		return nil
	}
	raw, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, raw, 0o755)
}
