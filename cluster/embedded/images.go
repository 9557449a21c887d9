//go:build linux

package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cluster/embedded/cell"
	"podlab.dev/podlab/cluster/image"
)

// ensureImages puts every image of refs on every node that lacks it. The nodes
// themselves reach no registry: an image that podlab does not carry is fetched
// here, where one may be reached.
func (s *session) ensureImages(ctx context.Context, refs []string) error {
	for _, ref := range refs {
		// What was loaded by this very program, or fetched once, is there: nobody
		// collects images here.
		by := "fetched"
		if image.Carries(ref) {
			by = driver.ProgramIdentity()
		}
		if by != "" && s.state.Loaded[ref] == by {
			continue
		}
		if err := s.load(ctx, ref); err != nil {
			return err
		}
		if s.state.Loaded == nil {
			s.state.Loaded = map[string]string{}
		}
		s.state.Loaded[ref] = by
		if err := s.home.Remember(s.state); err != nil {
			return err
		}
	}
	return nil
}

// load puts one image on every node.
func (s *session) load(ctx context.Context, ref string) error {
	var img v1.Image
	var err error
	if image.Carries(ref) {
		img, err = image.Carried(ref, runtime.GOARCH)
	} else {
		step := s.report.Begin(driver.PhaseLoad, "fetching %s", ref)
		img, err = image.Fetch(ctx, ref, runtime.GOARCH)
		_ = step.End(err)
	}
	if err != nil {
		return err
	}
	if !s.rung.ManyUIDs {
		if img, err = image.OwnedByRoot(img); err != nil {
			return err
		}
	}
	step := s.report.Begin(driver.PhaseLoad, "loading %s on every node", ref)
	group, ctx := errgroup.WithContext(ctx)
	for n := 1; n <= s.nodes; n++ {
		group.Go(func() error { return s.importImage(ctx, n, ref, img) })
	}
	return step.End(group.Wait())
}

// importImage gives an image to the containerd of a node, with the node's own
// client.
func (s *session) importImage(ctx context.Context, node int, ref string, img v1.Image) error {
	spec, err := cell.ReadSpec(s.dir)
	if err != nil {
		return err
	}
	// The path of a socket may have 107 bytes, and a home may be deep.
	folder, err := os.Open(filepath.Join(s.dir, "nodes", fmt.Sprint(node), "run", "containerd"))
	if err != nil {
		return err
	}
	defer folder.Close()
	read, write := io.Pipe()
	go func() { write.CloseWithError(image.Write(write, ref, img)) }()
	defer read.Close()
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, filepath.Join(spec.Parts, "root/usr/bin/ctr"),
		"--address", "/proc/self/fd/3/containerd.sock", "--namespace", "k8s.io", "images", "import", "-")
	cmd.Stdin, cmd.Stderr = read, &said
	cmd.ExtraFiles = []*os.File{folder}
	if err := cmd.Run(); err != nil {
		if strings.Contains(said.String(), "no space left") {
			return &driver.Error{Kind: driver.ErrNoSpace, What: "the disk is full: image " + ref + " does not fit", Do: "free some space and run this again", Err: err}
		}
		return fmt.Errorf("import %s on node %d: %w", ref, node, errors.Join(err, errors.New(driver.LastLines(said.String(), 3))))
	}
	return nil
}
