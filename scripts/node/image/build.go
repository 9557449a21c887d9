package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sort"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// label is how podlab finds the node images that were built on this machine.
const label = "dev.podlab.node"

// Modules whose versions or files the build needs by name.
const (
	kubernetes = "k8s.io/kubernetes"
	kind       = "sigs.k8s.io/kind"
	containerd = "github.com/containerd/containerd/v2"
)

// build makes one node image. Its parts are kept in the cache under the hash of
// everything they are made of, each written aside and renamed when whole.
type build struct {
	dir     string // of the Go module scripts/node
	engine  string
	cache   string // of all builds
	work    string // of this hash
	bin     string // programs, the same for all hashes with the same program sources
	debian  string // root filesystem, the same for all hashes with the same packages
	hash    string
	version string // of Kubernetes
	tag     string
	modules map[string]module
	env     []string // of every program that is run, besides this one's own
	log     *progress
}

type module struct{ Path, Version, Dir string }

func newBuild(dir, engine string) (*build, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	b := &build{dir: dir, engine: engine, cache: filepath.Join(cache, "podlab", "node"),
		log: &progress{w: os.Stderr, started: time.Now()}}
	if b.version, err = requiredVersion(filepath.Join(dir, "go.mod"), kubernetes); err != nil {
		return nil, err
	}
	hashOf := func(part func(name string) bool) string {
		var sum string
		if err == nil {
			sum, err = contentHash(os.DirFS(dir), part)
		}
		return sum
	}
	b.hash = hashOf(func(name string) bool { return !strings.HasPrefix(name, "image/parts") })
	b.work = filepath.Join(b.cache, b.hash)
	b.bin = filepath.Join(b.cache, "bin-"+hashOf(func(name string) bool {
		return !strings.HasPrefix(name, "image/") || name == "image/compile.go"
	}))
	b.debian = filepath.Join(b.cache, "rootfs-"+hashOf(func(name string) bool { return name == "image/rootfs.go" })+".tar")
	if err != nil {
		return nil, err
	}
	b.tag = "podlab.dev/node:" + b.version + "-" + b.hash
	return b, nil
}

// requiredVersion reads a version out of go.mod without asking the go command,
// so that an image that is there is found in no time.
func requiredVersion(file, module string) (string, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(raw)) {
		if f := strings.Fields(strings.TrimPrefix(line, "require ")); len(f) >= 2 && f[0] == module {
			return f[1], nil
		}
	}
	return "", fmt.Errorf("%s does not require %s", file, module)
}

// contentHash covers the chosen files and the architecture. The node image's files
// are the sources, the manifests, the package list, and go.mod and go.sum with
// every dependency's version, kind's among them. Which Debian point release the
// packages come from is not part of it.
func contentHash(dir fs.FS, part func(name string) bool) (string, error) {
	var names []string
	err := fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && part(name) && !strings.HasSuffix(name, "_test.go") {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	sort.Strings(names)
	sum := sha256.New()
	fmt.Fprintln(sum, runtime.GOARCH)
	for _, name := range names {
		raw, err := fs.ReadFile(dir, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n", name, len(raw))
		sum.Write(raw)
	}
	return hex.EncodeToString(sum.Sum(nil))[:12], nil
}

// lock keeps a second build from doing the same work at the same time.
func (b *build) lock(ctx context.Context) (unlock func(), err error) {
	if err := os.MkdirAll(b.work, 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(b.cache, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	end := func() {}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			end()
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		if b.log.idle() {
			end = b.log.begin("waiting for another build")
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// run builds the image and hands it to the engine.
func (b *build) run(ctx context.Context) error {
	if err := supported("a node image", "connect to a network where kind's image can be pulled"); err != nil {
		return err
	}
	if err := b.room(); err != nil {
		return err
	}
	if err := b.sweep(); err != nil {
		return err
	}
	if err := b.buildPackages(ctx, "a node image", "mmdebstrap", "gcc", "libc6-dev", "pkg-config", "libseccomp-dev"); err != nil {
		return err
	}
	parts, partsCtx := errgroup.WithContext(ctx)
	parts.Go(func() error { return b.rootfs(partsCtx) })
	parts.Go(func() error {
		if err := b.resolve(partsCtx); err != nil {
			return err
		}
		return b.compile(partsCtx)
	})
	if err := parts.Wait(); err != nil {
		return b.explain(err)
	}
	if err := b.assemble(ctx); err != nil {
		return b.explain(err)
	}
	if err := b.load(ctx); err != nil {
		return b.explain(err)
	}
	return b.prune(ctx)
}

// room asks for the space a build from nothing needs before it takes minutes to
// find out that there is none.
func (b *build) room() error {
	const need = 6 << 30
	var s syscall.Statfs_t
	if err := syscall.Statfs(b.cache, &s); err != nil {
		return err
	}
	if free := s.Bavail * uint64(s.Bsize); free < need && !exists(b.binary("runc")) {
		return &hintError{fmt.Sprintf("%s has %.1f GB free, and building the programs of a node takes up to %d GB", b.cache, float64(free)/(1<<30), need>>30),
			"make room, or point XDG_CACHE_HOME to a disk that has it"}
	}
	return nil
}

// explain turns what many programs say in many words into one line.
func (b *build) explain(err error) error {
	if errors.Is(err, syscall.ENOSPC) || strings.Contains(err.Error(), "no space left on device") {
		return &hintError{"the disk is full (" + b.cache + ", Go's caches or the engine's data)",
			"make room and run this again: it goes on from here"}
	}
	return err
}

// sweep clears what a killed build left half-done.
func (b *build) sweep() error {
	entries, err := os.ReadDir(b.work)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := filepath.Join(b.work, e.Name())
		if name == b.nodeTar() {
			continue
		}
		// One file system only: should a mount be left, it is not followed.
		if _, err := b.command(context.Background(), nil, "rm", "-rf", "--one-file-system", name); err != nil {
			return err
		}
	}
	return nil
}

// prune drops what older sources left, a gigabyte a piece: their parts in the
// cache, and their images unless a cluster still runs on them. This image's own
// layer goes too: the engine has it, and it is made from the parts in seconds.
func (b *build) prune(ctx context.Context) error {
	entries, err := os.ReadDir(b.cache)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := filepath.Join(b.cache, e.Name())
		if name != b.bin && name != b.debian && e.Name() != "lock" && !ofParts(e.Name()) {
			if err := os.RemoveAll(name); err != nil {
				return err
			}
		}
	}
	out, err := b.command(ctx, nil, b.engine, "image", "ls", "--filter=label="+label, "--format={{.Repository}}:{{.Tag}}")
	if err != nil {
		return err
	}
	for _, ref := range strings.Fields(string(out)) {
		if ref != b.tag {
			// In use: the engine refuses, as it should.
			_, _ = b.command(ctx, nil, b.engine, "image", "rm", ref)
		}
	}
	return nil
}

// packageFiles tell whether a Debian package that building needs is there, or
// something as good: a program, or a file.
var packageFiles = map[string]string{
	"mmdebstrap": "mmdebstrap", "gcc": "gcc", "pkg-config": "pkg-config",
	"libc6-dev": "/usr/include/stdio.h", "libseccomp-dev": "/usr/include/seccomp.h",
}

func missing(packages ...string) []string {
	return slices.DeleteFunc(packages, func(name string) bool {
		file := packageFiles[name]
		return found(file) || filepath.IsAbs(file) && exists(file)
	})
}

// buildPackages sees to the few Debian packages that building needs.
func (b *build) buildPackages(ctx context.Context, what string, packages ...string) error {
	packages = missing(packages...)
	if len(packages) == 0 {
		return nil
	}
	list := strings.Join(packages, " ")
	if !found("apt-get") {
		return &hintError{"building " + what + " needs " + list, "install them, or connect to a network where kind's image can be pulled"}
	}
	if os.Geteuid() != 0 {
		return &hintError{"building " + what + " needs " + list, "sudo apt-get install " + list}
	}
	defer b.log.begin("installing " + list)()
	install := append([]string{"-qq", "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Use-Pty=0", "install", "--no-install-recommends"}, packages...)
	env := []string{"DEBIAN_FRONTEND=noninteractive"}
	if _, err := b.command(ctx, env, "apt-get", install...); err == nil {
		return nil
	}
	if _, err := b.command(ctx, env, "apt-get", "-qq", "update"); err != nil {
		return err
	}
	if _, err := b.command(ctx, env, "apt-get", install...); err != nil {
		return &hintError{err.Error(), "apt-get install " + list}
	}
	return nil
}

// command runs a program and returns what it printed; what it complained about
// is in the error. The program does not survive this one, however it ends.
func (b *build) command(ctx context.Context, env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = b.dir
	cmd.Env = slices.Concat(os.Environ(), b.env, env)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	cmd.SysProcAttr = dieWithParent()
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	runtime.LockOSThread() // the signal comes when the thread dies, not the process
	defer runtime.UnlockOSThread()
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", name, args[0], err, tail(complaint.String(), 20))
	}
	return out.Bytes(), nil
}

func tail(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func found(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}
