package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// parts builds what a node needs that runs without a container engine, be it as
// root or as an ordinary user: a directory with
//
//	parts.json   what this is
//	root/        root file system, to be mounted read-only
//	manifests/   what a cluster has besides Kubernetes itself: dns.yaml, storage.yaml
//	images/      the container images of each, to be imported: dns.tar, storage.tar
//
// The programs are the node image's, from the same cache.
type parts struct {
	*build
	hash string // of the parts; the embedded one is the image's
	dir  string // of the parts when they are whole
	debs string // directory of Debian packages
}

// otherwise is what to do where they cannot be made.
const otherwise = "make them on Debian or Ubuntu, or use a container engine: docker or podman"

// partsInfo is parts.json.
type partsInfo struct {
	Version string `json:"version"`
	Arch    string `json:"arch"`
	Hash    string `json:"hash"`
	Pause   string `json:"pause"` // image that holds a Pod together
}

// parts says where the parts are that are made of these sources, and makes them
// if need be.
func (b *build) parts(ctx context.Context) (dir string, err error) {
	p, err := newParts(b)
	if err != nil {
		return "", err
	}
	if !exists(p.dir) {
		if err := p.make(ctx); err != nil {
			return "", p.explain(err)
		}
	}
	return p.dir, p.link()
}

// make gathers what the parts are made of, and puts them together.
func (p *parts) make(ctx context.Context) error {
	if err := supported("the parts of a node", otherwise); err != nil {
		return err
	}
	unlock, err := p.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if exists(p.dir) { // by whoever held the lock
		return p.prune()
	}
	if err := p.room(); err != nil {
		return err
	}
	if err := p.sweep(); err != nil {
		return err
	}
	if err := p.tools(ctx); err != nil {
		return err
	}
	if err := p.gather(ctx); err != nil {
		return err
	}
	if err := p.assemble(ctx); err != nil {
		return err
	}
	return p.prune()
}

// gather downloads and compiles side by side.
func (p *parts) gather(ctx context.Context) error {
	both, ctx := errgroup.WithContext(ctx)
	downloaded := make(chan struct{})
	both.Go(func() error {
		if err := p.download(ctx); err != nil {
			return err
		}
		close(downloaded)
		return nil
	})
	both.Go(func() error {
		if err := p.resolve(ctx); err != nil {
			return err
		}
		if p.lacksSeccomp() {
			select {
			case <-downloaded:
			case <-ctx.Done():
				return ctx.Err()
			}
			if err := p.provideSeccomp(ctx); err != nil {
				return err
			}
		}
		return p.compile(ctx)
	})
	return both.Wait()
}

// tools are what only the system can have; libraries are downloaded.
func (p *parts) tools(ctx context.Context) error {
	if !found("apt-get") || !found("dpkg-deb") {
		return &hintError{"the parts of a node are made with apt-get and dpkg-deb, and this machine lacks them", otherwise}
	}
	if exists(p.binary("runc")) {
		return nil
	}
	return p.buildPackages(ctx, "the programs of a node", "gcc", "libc6-dev")
}

// assemble puts the parts together aside: they appear whole or not at all.
func (p *parts) assemble(ctx context.Context) error {
	defer p.log.begin("assembling the parts of a node")()
	userland, err := p.userland(ctx)
	if err != nil {
		return err
	}
	aside := filepath.Join(p.work, "parts")
	for _, dir := range []string{"root", "manifests", "images"} {
		if err := os.MkdirAll(filepath.Join(aside, dir), 0o755); err != nil {
			return err
		}
	}
	if err := p.root(ctx, filepath.Join(aside, "root"), userland); err != nil {
		return err
	}
	if err := p.images(ctx, filepath.Join(aside, "images"), userland); err != nil {
		return err
	}
	for name, content := range map[string]func() ([]byte, error){
		"manifests/dns.yaml":     func() ([]byte, error) { return p.dnsManifest(ctx) },
		"manifests/storage.yaml": p.storageManifest,
		"parts.json":             p.info,
	} {
		raw, err := content()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(aside, name), raw, 0o644); err != nil {
			return err
		}
	}
	if err := os.Rename(aside, p.dir); err != nil {
		return err
	}
	return os.RemoveAll(p.work)
}

func (p *parts) info() ([]byte, error) {
	pause, err := p.pauseImage()
	if err != nil {
		return nil, err
	}
	return json.Marshal(partsInfo{Version: p.version, Arch: runtime.GOARCH, Hash: p.hash, Pause: pause})
}

// images writes those that every cluster needs. A node starts once it has the first
// archive, the second may come later.
func (p *parts) images(ctx context.Context, dir string, userland *tree) error {
	list, err := p.kubeadmImages(ctx)
	if err != nil {
		return err
	}
	images, err := p.podImages(p.work, list, userland)
	if err != nil {
		return err
	}
	var dns, storage []image
	for _, img := range images {
		// Where an ordinary user's node has one uid, no process can have another.
		img.config.User = ""
		if ref := img.tags[0]; ref == p.provisionerImage() || ref == helperImage {
			storage = append(storage, img)
		} else {
			dns = append(dns, img)
		}
	}
	return errors.Join(
		writeArchiveFile(filepath.Join(dir, "dns.tar"), dns...),
		writeArchiveFile(filepath.Join(dir, "storage.tar"), storage...))
}
