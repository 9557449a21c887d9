package main

import (
	"archive/tar"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// files of the node that are podlab's own: the default network and storage, and
// the unit that fits the node to its host. The rest are kind's.
//
//go:embed all:files
var files embed.FS

func (b *build) kindFiles() string {
	return filepath.Join(b.modules[kind].Dir, "images", "base", "files")
}

func (b *build) nodeTar() string { return filepath.Join(b.work, "node.tar") }

// assemble makes the second layer of the node image: programs, kind's and our
// files, and containerd's store with the static images in it.
func (b *build) assemble(ctx context.Context) error {
	if exists(b.nodeTar()) {
		return nil
	}
	defer b.log.begin("assembling the node image")()
	rootfs, err := readTree(b.debian)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(b.work, "node-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	images, err := b.staticImages(ctx, dir, rootfs)
	if err != nil {
		return err
	}
	store := filepath.Join(dir, "store")
	if err := b.importImages(ctx, store, images); err != nil {
		return err
	}
	storage, err := b.storageManifest()
	if err != nil {
		return err
	}
	spec, err := b.containerSpec(ctx)
	if err != nil {
		return err
	}
	return writeTar(b.nodeTar(), func(tw *tar.Writer) error {
		for _, add := range []func(*tar.Writer) error{
			b.addPrograms,
			func(tw *tar.Writer) error { return addTree(tw, os.DirFS(b.kindFiles()), "") },
			func(tw *tar.Writer) error { return addTree(tw, mustSub(files, "files"), "") },
			func(tw *tar.Writer) error { return addUnits(tw, rootfs) },
			func(tw *tar.Writer) error { return addBytes(tw, "kind/version", []byte(b.version), 0o644) },
			func(tw *tar.Writer) error {
				return addBytes(tw, "kind/manifests/default-storage.yaml", storage, 0o644)
			},
			func(tw *tar.Writer) error { return addBytes(tw, "etc/containerd/cri-base.json", spec, 0o644) },
			func(tw *tar.Writer) error { return addDir(tw, "etc/kubernetes/manifests", 0o755) },
			func(tw *tar.Writer) error { return addTree(tw, os.DirFS(store), "var/lib/containerd") },
		} {
			if err := add(tw); err != nil {
				return err
			}
		}
		return nil
	})
}

func mustSub(f fs.FS, dir string) fs.FS {
	sub, err := fs.Sub(f, dir)
	if err != nil {
		panic(err) // only an invalid name, and it is a constant
	}
	return sub
}

// addPrograms puts every program where kind's files and kubeadm look for it.
func (b *build) addPrograms(tw *tar.Writer) error {
	for at, name := range map[string]string{
		"usr/local/bin/kube":                    "kube",
		"usr/local/bin/containerd":              "containerd",
		"usr/local/bin/containerd-shim-runc-v2": "containerd-shim-runc-v2",
		"usr/local/sbin/runc":                   "runc",
		"opt/cni/bin/host-local":                "host-local",
		"opt/cni/bin/loopback":                  "loopback",
		"opt/cni/bin/ptp":                       "ptp",
		"opt/cni/bin/portmap":                   "portmap",
	} {
		if err := addFile(tw, at, b.binary(name), 0o755); err != nil {
			return err
		}
	}
	for _, name := range nodePrograms {
		if err := addLink(tw, "usr/bin/"+name, "../local/bin/kube"); err != nil {
			return err
		}
	}
	return addLink(tw, "usr/local/bin/ctr", "containerd")
}

// addUnits enables the node's services, as `systemctl enable` would.
func addUnits(tw *tar.Writer, rootfs *tree) error {
	const dir = "etc/systemd/system/"
	for _, unit := range []string{"kubelet", "containerd", "undo-mount-hacks", "podlab-host", "podlab-network"} {
		if err := addLink(tw, dir+"multi-user.target.wants/"+unit+".service", "/"+dir+unit+".service"); err != nil {
			return err
		}
	}
	// It would register binary formats with the kernel, which is everybody's.
	if err := addLink(tw, dir+"systemd-binfmt.service", "/dev/null"); err != nil {
		return err
	}
	if rootfs.files["usr/sbin/init"] == nil {
		return errors.New("the root filesystem has no /sbin/init")
	}
	return nil
}

// addTree adds files under a prefix. The module cache and embedding drop modes:
// what is run gets its own from where it lies, as in kind's Dockerfile.
func addTree(tw *tar.Writer, from fs.FS, prefix string) error {
	return fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		at := path.Join(prefix, name)
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch {
		case d.IsDir():
			if prefix == "" { // the directories of the first layer keep their modes
				return nil
			}
			return addDir(tw, at, int64(info.Mode().Perm()))
		case !d.Type().IsRegular():
			return nil // containerd's sockets
		}
		mode := int64(0o644)
		if strings.Contains(at, "/bin/") {
			mode = 0o755
		}
		f, err := from.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := tw.WriteHeader(&tar.Header{Name: at, Mode: mode, Size: info.Size(), ModTime: epoch}); err != nil {
			return err
		}
		_, err = io.Copy(tw, f)
		return err
	})
}

// containerSpec is the base of every container's OCI spec: containerd's default
// with kind's hook, without limits that would hide the node's own.
func (b *build) containerSpec(ctx context.Context) ([]byte, error) {
	ctr, cleanup, err := b.ctr()
	if err != nil {
		return nil, err
	}
	defer cleanup()
	raw, err := b.command(ctx, nil, ctr, "oci", "spec")
	if err != nil {
		return nil, err
	}
	return hookSpec(raw)
}

func hookSpec(raw []byte) ([]byte, error) {
	var spec map[string]any
	if err := json.Unmarshal(raw, &spec); err != nil {
		return nil, err
	}
	process, ok := spec["process"].(map[string]any)
	if !ok {
		return nil, errors.New("ctr's container spec has no process")
	}
	delete(process, "rlimits")
	spec["hooks"] = map[string]any{"createContainer": []any{map[string]any{"path": "/kind/bin/mount-product-files.sh"}}}
	return json.MarshalIndent(spec, "", "  ")
}

// ctr is our containerd under the name of its client.
func (b *build) ctr() (path string, cleanup func(), err error) {
	dir, err := os.MkdirTemp(b.work, "ctr-*")
	if err != nil {
		return "", nil, err
	}
	path = filepath.Join(dir, "ctr")
	return path, func() { os.RemoveAll(dir) }, os.Symlink(b.binary("containerd"), path)
}

// storeConfig is a containerd that keeps images and does nothing else.
const storeConfig = `version = 3
root = %q
state = %q
disabled_plugins = [
  "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime", "io.containerd.grpc.v1.cri", "io.containerd.podsandbox.controller.v1.podsandbox",
  "io.containerd.nri.v1.nri", "io.containerd.internal.v1.tracing", "io.containerd.tracing.processor.v1.otlp", "io.containerd.ttrpc.v1.otelttrpc",
  "io.containerd.snapshotter.v1.blockfile", "io.containerd.snapshotter.v1.erofs", "io.containerd.internal.v1.restart",
  "io.containerd.monitor.container.v1.restart", "io.containerd.internal.v1.opt",
]
[grpc]
  address = %q
[ttrpc]
  address = %q
`

// importImages fills containerd's store as the node will find it, with the very
// containerd that will read it.
func (b *build) importImages(ctx context.Context, store string, images []image) error {
	// A socket's path has little room: not under the cache.
	state, err := os.MkdirTemp("", "podlab-store-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(state)
	socket := filepath.Join(state, "s")
	conf := filepath.Join(state, "config.toml")
	if err := os.WriteFile(conf, fmt.Appendf(nil, storeConfig, store, filepath.Join(state, "state"), socket, socket+".ttrpc"), 0o600); err != nil {
		return err
	}
	ctr, cleanup, err := b.ctr()
	if err != nil {
		return err
	}
	defer cleanup()

	logFile, err := os.Create(filepath.Join(state, "log"))
	if err != nil {
		return err
	}
	defer logFile.Close()
	daemon := exec.Command(b.binary("containerd"), "--config", conf)
	daemon.Stdout, daemon.Stderr = logFile, logFile
	daemon.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := daemon.Start(); err != nil {
		return err
	}
	stopped := make(chan error, 1)
	go func() { stopped <- daemon.Wait() }()
	stop := func() error {
		_ = daemon.Process.Signal(syscall.SIGTERM)
		select {
		case err := <-stopped:
			return err
		case <-time.After(10 * time.Second):
			return daemon.Process.Kill()
		}
	}
	for deadline := time.Now().Add(30 * time.Second); ; {
		if _, err := b.command(ctx, nil, ctr, "--address="+socket, "version"); err == nil {
			break
		} else if ctx.Err() != nil || time.Now().After(deadline) {
			_ = stop()
			said, _ := os.ReadFile(logFile.Name())
			return fmt.Errorf("containerd does not answer: %w\n%s", err, tail(string(said), 10))
		}
		select {
		case err := <-stopped:
			said, _ := os.ReadFile(logFile.Name())
			return fmt.Errorf("containerd ended: %v\n%s", err, tail(string(said), 10))
		case <-time.After(50 * time.Millisecond):
		}
	}
	archive := filepath.Join(filepath.Dir(store), "images.tar")
	if err := writeArchiveFile(archive, images...); err != nil {
		_ = stop()
		return err
	}
	if _, err := b.command(ctx, nil, ctr, "--address="+socket, "--namespace=k8s.io",
		"images", "import", "--all-platforms", "--no-unpack", archive); err != nil {
		_ = stop()
		return err
	}
	return stop()
}

// load hands the image to the engine: its two layers, put together on the way.
func (b *build) load(ctx context.Context) error {
	defer b.log.begin("loading " + b.tag + " into " + b.engine)()
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	written := make(chan error, 1)
	go func() {
		err := writeArchive(w, image{
			tags:    []string{b.tag},
			layers:  []string{b.debian, b.nodeTar()},
			created: time.Now().UTC(),
			config: config{
				Env:        []string{searchPath, "container=docker"},
				Entrypoint: []string{"/usr/local/bin/entrypoint", "/sbin/init"},
				StopSignal: "SIGRTMIN+3", // systemd's; it takes SIGTERM for a re-exec
				Labels:     map[string]string{label: b.version},
			},
		})
		w.Close()
		written <- err
	}()
	cmd := exec.CommandContext(ctx, b.engine, "load")
	cmd.Stdin = r
	out, err := cmd.CombinedOutput()
	r.Close()
	if writeErr := <-written; err == nil && writeErr != nil {
		return writeErr
	}
	if err != nil {
		return fmt.Errorf("%s load: %w\n%s", b.engine, err, tail(string(out), 5))
	}
	return nil
}
