package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cluster/packed"
	"podlab.dev/podlab/cluster/toolbox"
)

// GPU is the image of the simulated GPUs: their driver and device plugin.
const GPU = "podlab.dev/gpu:v1"

// Fault is the image of the program that breaks things on a node.
const Fault = "podlab.dev/fault:v1"

// Metrics is the image of metrics-server.
const Metrics = "podlab.dev/metrics-server:v1"

// Podlab is the image of this very podlab, which grades within a cluster.
const Podlab = "podlab.dev/podlab:v1"

// Carries tells whether podlab brings the image ref along.
func Carries(ref string) bool {
	return ref == toolbox.Ref || ref == GPU || ref == Fault || ref == Metrics || ref == Podlab
}

// Carried builds an image that podlab brings along, for arch (Go's name). The same
// podlab always gives the same digest. The error is a [*packed.MissingError] when
// this podlab was built without it.
func Carried(ref, arch string) (v1.Image, error) {
	switch ref {
	case toolbox.Ref:
		return toolbox.Image(arch)
	case GPU:
		return carried("podlab-gpu", arch)
	case Fault:
		return carried("podlab-fault", arch)
	case Metrics:
		return carried("metrics-server", arch)
	case Podlab:
		exe, err := self(arch)
		if err != nil {
			return nil, err
		}
		return program("podlab", exe, arch)
	}
	return nil, fmt.Errorf("podlab does not bring the image %s along", ref)
}

// carried is an image of one of the programs that are packed into podlab.
func carried(name, arch string) (v1.Image, error) {
	exe, err := packed.Program(name, arch)
	if err != nil {
		return nil, err
	}
	return program(name, exe, arch)
}

// self is this program, where nodes can run it.
func self(arch string) ([]byte, error) {
	if runtime.GOOS != "linux" || runtime.GOARCH != arch {
		return nil, &driver.Error{
			Kind: driver.ErrNeeds,
			What: fmt.Sprintf("the nodes run programs for linux/%s, and this podlab is one for %s/%s", arch, runtime.GOOS, runtime.GOARCH),
			Do:   "grade without --in-cluster, or with a podlab for linux/" + arch,
		}
	}
	path, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find podlab's own program: %w", err)
	}
	return os.ReadFile(path)
}

// program is an image that is one static program and nothing else.
func program(name string, exe []byte, arch string) (v1.Image, error) {
	created := time.Unix(1767225600, 0).UTC() // 2026-01-01: no build differs by its time
	var files bytes.Buffer
	w := tar.NewWriter(&files)
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o755, Size: int64(len(exe)), ModTime: created, Format: tar.FormatUSTAR}); err != nil {
		return nil, err
	}
	if _, err := w.Write(exe); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files.Bytes())), nil }
	layer, err := tarball.LayerFromOpener(open, tarball.WithCompressedCaching, tarball.WithCompressionLevel(gzip.BestSpeed))
	if err != nil {
		return nil, fmt.Errorf("image of %s for %s: %w", name, arch, err)
	}
	when := v1.Time{Time: created}
	img, err := mutate.Append(empty.Image, mutate.Addendum{Layer: layer, History: v1.History{Created: when, CreatedBy: "podlab"}})
	if err != nil {
		return nil, fmt.Errorf("image of %s for %s: %w", name, arch, err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("image of %s for %s: %w", name, arch, err)
	}
	config = config.DeepCopy()
	config.Created, config.OS, config.Architecture = when, "linux", arch
	config.Config = v1.Config{Entrypoint: []string{path.Join("/", name)}, Labels: map[string]string{"org.opencontainers.image.title": name}}
	return mutate.ConfigFile(img, config)
}
