package main

import (
	"archive/tar"
	"context"
	"errors"
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
	images, err := b.podImages(dir, list, rootfs)
	if err != nil {
		return nil, err
	}
	l := layers{b, dir}
	kube, err := l.write("kube", func(tw *tar.Writer) error {
		if err := addBase(tw); err != nil {
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
	proxy, err := l.write("proxy", func(tw *tar.Writer) error { return addFirewall(tw, rootfs) })
	if err != nil {
		return nil, err
	}
	etcd, err := l.program("etcd", "usr/local/bin/etcd")
	if err != nil {
		return nil, err
	}
	for _, ref := range list {
		img := image{tags: []string{ref}, config: config{Env: []string{searchPath}}}
		switch name := imageName(ref); {
		case name == "kube-proxy":
			img.layers = []string{kube, proxy}
		case slices.Contains(staticPrograms, name):
			img.layers = []string{kube}
		case name == "etcd":
			img.layers = []string{etcd}
		case name == "coredns", name == "pause":
			continue // with the images of Pods
		default:
			return nil, fmt.Errorf("kubeadm wants the image %s, which is not made here", ref)
		}
		images = append(images, img)
	}
	return images, nil
}

// podImages are the images of the Pods that no node is without, and of what holds
// a Pod together. containerd's config names the latter, kubeadm a newer one.
func (b *build) podImages(dir string, kubeadmList []string, userland *tree) ([]image, error) {
	pause, err := b.pauseImage()
	if err != nil {
		return nil, err
	}
	dns := slices.IndexFunc(kubeadmList, func(ref string) bool { return imageName(ref) == "coredns" })
	if dns < 0 {
		return nil, fmt.Errorf("kubeadm wants no CoreDNS: %v", kubeadmList)
	}
	l := layers{b, dir}
	hold, err := l.program("pause", "pause")
	if err != nil {
		return nil, err
	}
	coredns, err := l.program("coredns", "coredns")
	if err != nil {
		return nil, err
	}
	storage, err := l.program("local-path-provisioner", "usr/bin/local-path-provisioner")
	if err != nil {
		return nil, err
	}
	helper, err := l.write("helper", func(tw *tar.Writer) error { return addBusybox(tw, userland) })
	if err != nil {
		return nil, err
	}
	env := []string{searchPath}
	return []image{
		{tags: []string{pause}, layers: []string{hold}, config: config{User: "65535:65535", Entrypoint: []string{"/pause"}}},
		{tags: []string{kubeadmList[dns]}, layers: []string{coredns}, config: config{Env: env, Entrypoint: []string{"/coredns"}}},
		{tags: []string{b.provisionerImage()}, layers: []string{storage}, config: config{Env: env}},
		{tags: []string{helperImage}, layers: []string{helper}, config: config{Env: env}},
	}, nil
}

// layers writes the layers of images into a directory.
type layers struct {
	b   *build
	dir string
}

func (l layers) write(name string, fill func(*tar.Writer) error) (string, error) {
	path := filepath.Join(l.dir, name+".tar")
	return path, writeTar(path, fill)
}

// program is the layer of an image that holds one program.
func (l layers) program(name, at string) (string, error) {
	return l.write(name, func(tw *tar.Writer) error {
		if err := addBase(tw); err != nil {
			return err
		}
		return addFile(tw, at, l.b.binary(name), 0o755)
	})
}

func addBase(tw *tar.Writer) error {
	if err := addDir(tw, "tmp", 0o1777); err != nil {
		return err
	}
	return addBytes(tw, "etc/passwd", []byte("root:x:0:0:root:/:/sbin/nologin\n"), 0o644)
}

func imageName(ref string) string {
	name, _, _ := strings.Cut(ref[strings.LastIndex(ref, "/")+1:], ":")
	return name
}

func (b *build) kubeadmImages(ctx context.Context) ([]string, error) {
	out, err := b.kubeadm(ctx, "config", "images", "list")
	return strings.Fields(string(out)), err
}

// kubeadm runs the one that was just built.
func (b *build) kubeadm(ctx context.Context, args ...string) ([]byte, error) {
	dir, err := os.MkdirTemp(b.work, "kubeadm-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	kubeadm := filepath.Join(dir, "kubeadm")
	if err := os.Symlink(b.binary("kube"), kubeadm); err != nil {
		return nil, err
	}
	return b.command(ctx, nil, kubeadm, append(args, "--kubernetes-version="+b.version)...)
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

// iptablesProgram acts as the program it is called by.
const iptablesProgram = "xtables-nft-multi"

var iptablesNames = []string{"iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore"}

// firewall is the closure of what kube-proxy calls: iptables with its modules, nft,
// conntrack, and of more programs.
func (t *tree) firewall(more ...string) (map[string]string, error) {
	names := append([]string{"usr/sbin/" + iptablesProgram, "usr/sbin/nft", "usr/sbin/conntrack"}, more...)
	return t.closure(append(names, t.matching("usr/lib/*/xtables/*.so")...)...)
}

// addFirewall adds them, iptables under all its names.
func addFirewall(tw *tar.Writer, rootfs *tree) error {
	files, err := rootfs.firewall()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := addBytes(tw, name, rootfs.body[files[name]], 0o755); err != nil {
			return err
		}
	}
	for _, name := range iptablesNames {
		if err := addLink(tw, "usr/sbin/"+name, iptablesProgram); err != nil {
			return err
		}
	}
	return nil
}

func (t *tree) busybox() ([]byte, error) {
	body := t.body[t.resolve("bin/busybox")]
	if len(body) == 0 {
		return nil, errors.New("the root filesystem has no busybox")
	}
	return body, nil
}

// addBusybox adds the shell and the two programs of the storage helper.
func addBusybox(tw *tar.Writer, rootfs *tree) error {
	body, err := rootfs.busybox()
	if err != nil {
		return err
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
