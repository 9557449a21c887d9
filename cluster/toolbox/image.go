// Package toolbox is the one workload image of every podlab lab.
//
// A lab must not pull from a registry: half a classroom behind one address hits
// the pull limits, and some rooms have no network at all. So podlab carries its
// own image: one static Go binary ([podlab.dev/podlab/cluster/toolbox/box]) that
// is a web server, a shell and a small userland, depending on the name it is
// called by.
//
// The flow: package packed carries box compiled (make build), [Image] lays a root file system around it, and [Tar] writes the archive
// that a cluster driver imports into each node:
//
//	var archive bytes.Buffer
//	if err := toolbox.Tar(&archive, "amd64"); err != nil {
//		return err
//	}
//	err := nodeutils.LoadImageArchive(node, &archive)
//
// A Pod then names it by [Ref]:
//
//	kubectl run web --image=podlab.dev/toolbox:v1                       # serves HTTP on :8080
//	kubectl run web --image=podlab.dev/toolbox:v1 -- --message hi       # the same, other flags
//	kubectl run one --image=podlab.dev/toolbox:v1 -- sh -c 'echo done'  # any applet as arguments
//	kubectl run two --image=podlab.dev/toolbox:v1 --command -- sleep 3600
//
// All four work because the image's entrypoint is the dispatcher "toolbox" and
// its command is "serve": args replace the command, --command replaces both.
package toolbox

import (
	"compress/gzip"
	"fmt"
	"io"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"podlab.dev/podlab/cluster/packed"
)

// Ref is the name under which the image lies in every node, and the only one a
// lab's manifests use. The tag is not "latest", so the kubelet's default pull
// policy is IfNotPresent and nothing is ever pulled.
const Ref = "podlab.dev/toolbox:v1"

// Port is the TCP port on which the image serves HTTP unless told otherwise.
const Port = 8080

// AppUID and AppGID are the user "app" of /etc/passwd. The image runs as root by
// default, as most images do: dropping that is something labs teach.
const (
	AppUID = 1000
	AppGID = 1000
)

// created stamps the image and every file in it. It is a constant because the
// same binary must always give the same digest.
const created = 1767225600 // 2026-01-01T00:00:00Z

// Image builds the image for arch ("amd64" or "arm64", Go's names) from the
// embedded binary. It needs no container engine and touches no disk; the same
// binary always gives the same digest. The error is a [*packed.MissingError] when
// this program was built without the toolbox binary for arch.
func Image(arch string) (v1.Image, error) {
	exe, err := packed.Program("toolbox", arch)
	if err != nil {
		return nil, err
	}
	files, err := rootfs(exe)
	if err != nil {
		return nil, fmt.Errorf("toolbox image for %s: %w", arch, err)
	}
	// Caching matters: the digest, the size and the content of the layer are
	// asked for separately, and each would compress the binary again. A node
	// unpacks it a moment later, so speed counts more than size.
	layer, err := tarball.LayerFromOpener(files, tarball.WithCompressedCaching, tarball.WithCompressionLevel(gzip.BestSpeed))
	if err != nil {
		return nil, fmt.Errorf("toolbox image for %s: %w", arch, err)
	}
	when := v1.Time{Time: time.Unix(created, 0).UTC()}
	img, err := mutate.Append(empty.Image, mutate.Addendum{
		Layer:   layer,
		History: v1.History{Created: when, CreatedBy: "podlab cluster/toolbox", Comment: "static Go binary and its links"},
	})
	if err != nil {
		return nil, fmt.Errorf("toolbox image for %s: %w", arch, err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("toolbox image for %s: %w", arch, err)
	}
	config = config.DeepCopy()
	config.Created = when
	config.OS = "linux"
	config.Architecture = arch
	config.Config = v1.Config{
		Entrypoint:   []string{"toolbox"},
		Cmd:          []string{"serve"},
		WorkingDir:   "/",
		Env:          []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		ExposedPorts: map[string]struct{}{fmt.Sprintf("%d/tcp", Port): {}},
		Labels:       map[string]string{"org.opencontainers.image.title": "podlab toolbox"},
	}
	img, err = mutate.ConfigFile(img, config)
	if err != nil {
		return nil, fmt.Errorf("toolbox image for %s: %w", arch, err)
	}
	return img, nil
}

// Tar writes the image for arch to w as a docker-archive tarball, which both
// `ctr images import` and `docker load` read, tagged [Ref] and nothing else.
// Errors are those of [Image] and of writing to w.
func Tar(w io.Writer, arch string) error {
	img, err := Image(arch)
	if err != nil {
		return err
	}
	tag, err := name.NewTag(Ref, name.StrictValidation)
	if err != nil {
		return fmt.Errorf("toolbox tag %q: %w", Ref, err)
	}
	if err := tarball.Write(tag, img, w); err != nil {
		return fmt.Errorf("write toolbox image for %s: %w", arch, err)
	}
	return nil
}
