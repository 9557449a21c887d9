package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
)

// packages of the node's root filesystem, by what needs them.
var packages = []string{
	"systemd", "systemd-sysv", "dbus", // init
	"conntrack", "iptables", "nftables", "iproute2", "ethtool", // kube-proxy, the network plugins
	"util-linux", "mount", "kmod", "e2fsprogs", // kubelet's volumes
	"ca-certificates", "jq", "procps", "hostname", // kind's entrypoint and hooks
	"busybox-static", // the shell of the storage helper image
}

// pruneUnits takes out of the root filesystem what has no place in a container:
// units that wait for hardware, and what the build host left in it.
const pruneUnits = `set -e; cd "$1"
rm -f usr/lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service
rm -f usr/lib/systemd/system/multi-user.target.wants/* usr/lib/systemd/system/local-fs.target.wants/*
rm -f usr/lib/systemd/system/basic.target.wants/* usr/lib/systemd/system/sockets.target.wants/*udev*
rm -f usr/lib/systemd/system/sockets.target.wants/*initctl*
rm -rf etc/systemd/system/*.wants etc/resolv.conf etc/hostname etc/machine-id var/lib/dbus/machine-id
rm -rf var/log/* var/cache/debconf/*-old var/cache/ldconfig`

func (b *build) rootfsTar() string { return filepath.Join(b.work, "rootfs.tar") }

// rootfs makes the Debian part of the image: the release and the mirrors that
// this machine itself is set up to use.
func (b *build) rootfs(ctx context.Context) error {
	if exists(b.debian) {
		return nil
	}
	codename, sources, err := b.aptSources(ctx)
	if err != nil {
		return err
	}
	defer b.log.begin("installing " + codename + " packages into the node's root filesystem")()
	tmp, err := os.MkdirTemp(b.work, "rootfs-*")
	if err != nil {
		return err
	}
	// One file system only: should a mount be left, it is not followed.
	defer b.command(context.WithoutCancel(ctx), nil, "rm", "-rf", "--one-file-system", tmp)
	args := []string{"--variant=minbase", "--include=" + strings.Join(packages, ","),
		"--aptopt=Acquire::Languages \"none\"",
		"--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
		"--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-include=/usr/share/doc/*/copyright",
		"--customize-hook=" + pruneUnits,
		codename, filepath.Join(tmp, "rootfs.tar")}
	if _, err := b.command(ctx, []string{"TMPDIR=" + tmp}, "mmdebstrap", append(args, sources...)...); err != nil {
		return err
	}
	return os.Rename(filepath.Join(tmp, "rootfs.tar"), b.debian)
}

// aptSources are the distribution's own entries of this machine's apt sources, as
// lines that mmdebstrap takes; others' packages have no place in the image.
func (b *build) aptSources(ctx context.Context) (codename string, sources []string, err error) {
	release, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return "", nil, err
	}
	for line := range strings.Lines(string(release)) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "VERSION_CODENAME="); ok {
			codename = strings.Trim(v, `"`)
		}
	}
	targets, err := b.command(ctx, nil, "apt-get", "indextargets",
		"--format", "$(ORIGIN) $(SITE) $(RELEASE) $(COMPONENT)", "Created-By: Packages")
	if err != nil {
		return "", nil, err
	}
	// Without lists of its own (no `apt-get update` yet), Debian's default mirror.
	return codename, sourceLines(codename, string(targets)), nil
}

func sourceLines(codename, targets string) []string {
	var sources []string
	seen := map[string]bool{}
	for line := range strings.Lines(targets) {
		f := strings.Fields(line)
		if len(f) != 4 || seen[line] || (f[0] != "Debian" && f[0] != "Ubuntu") {
			continue
		}
		seen[line] = true
		if f[2] == codename || strings.HasPrefix(f[2], codename+"-") {
			sources = append(sources, "deb "+strings.Join(f[1:], " "))
		}
	}
	return sources
}
