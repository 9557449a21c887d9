package main

import (
	"context"
	"os"
	"path/filepath"
)

// debs are the packages that the node's own userland is picked from, by what
// needs them. They come with what they depend on, and are unpacked, never
// installed: that takes no right of root.
var debs = []string{
	"conntrack", "iptables", "nftables", // kube-proxy, the network plugins
	"mount",          // kubelet's volumes
	"busybox-static", // the node's shell, and the storage helper image's
	"libseccomp-dev", // runc, where it must be compiled
}

// download fetches the packages from where this machine's own come from, with its
// apt, but into directories of ours and as if nothing were installed.
func (p *parts) download(ctx context.Context) error {
	if exists(p.debs) {
		return nil
	}
	defer p.log.begin("downloading Debian packages")()
	aside, err := os.MkdirTemp(p.work, "debs-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(aside)
	status, archives, lists := filepath.Join(aside, "status"), filepath.Join(aside, "archives"), filepath.Join(aside, "lists")
	if err := os.WriteFile(status, nil, 0o644); err != nil {
		return err
	}
	for _, dir := range []string{archives, lists} {
		if err := os.MkdirAll(filepath.Join(dir, "partial"), 0o755); err != nil {
			return err
		}
	}
	apt := func(args ...string) error {
		_, err := p.command(ctx, nil, "apt-get", append([]string{"-qq", "--yes",
			"-o", "Dir::Cache=" + aside, "-o", "Dir::Cache::archives=" + archives, "-o", "Dir::State::status=" + status,
			"-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Languages=none"}, args...)...)
		return err
	}
	install := append([]string{"install", "--no-install-recommends", "--download-only"}, debs...)
	if err := apt(install...); err != nil {
		// There are no lists yet, or a mirror has moved on since they came.
		own := []string{"-o", "Dir::State::lists=" + lists}
		err := apt(append(own, "update")...)
		if err == nil {
			err = apt(append(own, install...)...)
		}
		if err != nil {
			return &hintError{"apt-get cannot download what a node is made of: " + lastLine(err.Error(), ""),
				"see to the network and this machine's apt sources, then run this again"}
		}
	}
	if err := os.RemoveAll(filepath.Join(archives, "partial")); err != nil {
		return err
	}
	return os.Rename(archives, p.debs)
}
