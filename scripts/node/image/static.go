package main

import (
	"archive/tar"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// programs of the one Kubernetes binary, by where they are wanted.
var (
	nodePrograms   = []string{"kubelet", "kubeadm", "kubectl"}
	staticPrograms = []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"}
)

const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// staticImages are the images that a node needs before it can pull any: those
// that kubeadm lists and the pause image that containerd's config names.
func (b *build) staticImages(ctx context.Context, dir string, rootfs *tree) ([]image, error) {
	list, err := b.kubeadmImages(ctx)
	if err != nil {
		return nil, err
	}
	pause, err := b.pauseImage()
	if err != nil {
		return nil, err
	}
	layer := func(name string, fill func(*tar.Writer) error) (string, error) {
		path := filepath.Join(dir, name+".tar")
		return path, writeTar(path, fill)
	}
	base := func(tw *tar.Writer) error {
		if err := addDir(tw, "tmp", 0o1777); err != nil {
			return err
		}
		return addBytes(tw, "etc/passwd", []byte("root:x:0:0:root:/:/sbin/nologin\n"), 0o644)
	}
	kube, err := layer("kube", func(tw *tar.Writer) error {
		if err := base(tw); err != nil {
			return err
		}
		if err := addFile(tw, "usr/local/bin/kube", b.binary("kube"), 0o755); err != nil {
			return err
		}
		for _, name := range staticPrograms {
			if err := addLink(tw, "usr/local/bin/"+name, "kube"); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	proxy, err := layer("proxy", func(tw *tar.Writer) error { return addFirewall(tw, rootfs) })
	if err != nil {
		return nil, err
	}
	program := func(name, at string) (string, error) {
		return layer(name, func(tw *tar.Writer) error {
			if err := base(tw); err != nil {
				return err
			}
			return addFile(tw, at, b.binary(name), 0o755)
		})
	}
	etcd, err := program("etcd", "usr/local/bin/etcd")
	if err != nil {
		return nil, err
	}
	coredns, err := program("coredns", "coredns")
	if err != nil {
		return nil, err
	}
	hold, err := program("pause", "pause")
	if err != nil {
		return nil, err
	}
	storage, err := program("local-path-provisioner", "usr/bin/local-path-provisioner")
	if err != nil {
		return nil, err
	}
	helper, err := layer("helper", func(tw *tar.Writer) error { return addBusybox(tw, rootfs) })
	if err != nil {
		return nil, err
	}
	env := []string{searchPath}
	images := []image{
		{tags: []string{pause}, layers: []string{hold}, config: config{User: "65535:65535", Entrypoint: []string{"/pause"}}},
		{tags: []string{b.provisionerImage()}, layers: []string{storage}, config: config{Env: env}},
		{tags: []string{helperImage}, layers: []string{helper}, config: config{Env: env}},
	}
	for _, ref := range list {
		img := image{tags: []string{ref}, config: config{Env: env}}
		switch name := imageName(ref); {
		case name == "kube-proxy":
			img.layers = []string{kube, proxy}
		case slices.Contains(staticPrograms, name):
			img.layers = []string{kube}
		case name == "etcd":
			img.layers = []string{etcd}
		case name == "coredns":
			img.layers = []string{coredns}
			img.config.Entrypoint = []string{"/coredns"}
		case name == "pause":
			continue // containerd's config says which
		default:
			return nil, fmt.Errorf("kubeadm wants the image %s, which is not made here", ref)
		}
		images = append(images, img)
	}
	return images, nil
}

func imageName(ref string) string {
	name, _, _ := strings.Cut(ref[strings.LastIndex(ref, "/")+1:], ":")
	return name
}

// kubeadmImages asks the kubeadm that was just built.
func (b *build) kubeadmImages(ctx context.Context) ([]string, error) {
	dir, err := os.MkdirTemp(b.work, "kubeadm-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	kubeadm := filepath.Join(dir, "kubeadm")
	if err := os.Symlink(b.binary("kube"), kubeadm); err != nil {
		return nil, err
	}
	out, err := b.command(ctx, nil, kubeadm, "config", "images", "list", "--kubernetes-version="+b.version)
	return strings.Fields(string(out)), err
}

var sandboxImage = regexp.MustCompile(`(?m)^\s*sandbox(?:_image)?\s*=\s*"([^"]+)"`)

func (b *build) pauseImage() (string, error) {
	raw, err := os.ReadFile(filepath.Join(b.kindFiles(), "etc/containerd/config.toml"))
	if err != nil {
		return "", err
	}
	m := sandboxImage.FindSubmatch(raw)
	if m == nil {
		return "", fmt.Errorf("kind's containerd config names no sandbox image")
	}
	return string(m[1]), nil
}

// addFirewall adds what kube-proxy calls: iptables under all its names, nft,
// conntrack, with their libraries and modules.
func addFirewall(tw *tar.Writer, rootfs *tree) error {
	names := []string{"usr/sbin/xtables-nft-multi", "usr/sbin/nft", "usr/sbin/conntrack"}
	names = append(names, rootfs.matching("usr/lib/*/xtables/*.so")...)
	files, err := rootfs.closure(names...)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := addBytes(tw, name, rootfs.body[files[name]], 0o755); err != nil {
			return err
		}
	}
	for _, family := range []string{"iptables", "ip6tables"} {
		for _, suffix := range []string{"", "-save", "-restore"} {
			if err := addLink(tw, "usr/sbin/"+family+suffix, "xtables-nft-multi"); err != nil {
				return err
			}
		}
	}
	return nil
}

// addBusybox adds the shell and the two programs of the storage helper.
func addBusybox(tw *tar.Writer, rootfs *tree) error {
	body := rootfs.body[rootfs.resolve("bin/busybox")]
	if len(body) == 0 {
		return fmt.Errorf("the root filesystem has no busybox")
	}
	if err := addBytes(tw, "bin/busybox", body, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"sh", "mkdir", "rm", "chmod"} {
		if err := addLink(tw, "bin/"+name, "busybox"); err != nil {
			return err
		}
	}
	return nil
}
