package kind

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/kind/pkg/cluster/nodes"
	"sigs.k8s.io/kind/pkg/cluster/nodeutils"
	"sigs.k8s.io/kind/pkg/exec"

	"podlab.dev/podlab/cluster/driver"
	workload "podlab.dev/podlab/cluster/image"
	"podlab.dev/podlab/cluster/toolbox"
)

// imageLoad puts podlab's own image on nodes that are still being made: while
// kubeadm waits for the control plane, containerd is up and has nothing to do.
type imageLoad struct {
	cancel context.CancelFunc
	begin  func() // starts the load once; safe to call again
	done   chan struct{}
	digest string // of what was loaded; valid after done
	err    error  // why it was not; valid after done
}

// prepareImages builds the archive beside the create of the nodes. Nil when the
// lab does not need podlab's image.
func (s *session) prepareImages(ctx context.Context, arch string, refs []string) *imageLoad {
	if !slices.Contains(refs, toolbox.Ref) {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	load := &imageLoad{cancel: cancel, done: make(chan struct{})}
	begun := make(chan struct{})
	load.begin = sync.OnceFunc(func() { close(begun) })
	go func() {
		defer close(load.done)
		archive, err := s.archive(toolbox.Ref, arch)
		if err != nil {
			load.err = err
			return
		}
		select {
		case <-begun:
		case <-ctx.Done():
			load.err = ctx.Err()
			return
		}
		load.digest = digestOf(archive)
		load.err = s.onEveryNode(ctx, func(ctx context.Context, node nodes.Node) error {
			return importSoon(ctx, node, archive)
		})
	}()
	return load
}

// importSoon imports into a node whose containerd may still be starting: with
// cgroup v1, kind does not wait for it. Asking again costs less than a watch.
func importSoon(ctx context.Context, node nodes.Node, archive []byte) error {
	const within = 20 * time.Second
	for began := time.Now(); ; {
		err := importImage(ctx, node, bytes.NewReader(archive))
		if err == nil || ctx.Err() != nil || time.Since(began) > within {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// stop gives the load up; a nil load has nothing to stop.
func (l *imageLoad) stop() {
	if l != nil {
		l.cancel()
		<-l.done
	}
}

// ensureImages puts every image of refs on every node that lacks it.
func (s *session) ensureImages(ctx context.Context, state *driver.State, seen []corev1.Node, refs []string) error {
	early := s.takeEarly(ctx)
	for _, ref := range refs {
		loaded, err := s.ensureImage(ctx, state, seen, ref, early)
		if err != nil {
			return err
		}
		if state.Loaded == nil {
			state.Loaded = map[string]string{}
		}
		if state.Loaded[ref] == loaded {
			continue
		}
		state.Loaded[ref] = loaded
		if err := s.home.Remember(*state); err != nil {
			return err
		}
	}
	return nil
}

// takeEarly waits for the load that ran beside the create; "" if it failed, which
// only means that it is done again.
func (s *session) takeEarly(ctx context.Context) (digest string) {
	if s.images == nil {
		return ""
	}
	s.images.begin() // a kind that names its phases otherwise
	step := s.report.Begin(driver.PhaseLoad, "loading the workload image")
	select {
	case <-s.images.done:
	case <-ctx.Done():
		s.images.stop()
	}
	s.images.cancel()
	_ = step.End(ctx.Err())
	if s.images.err != nil {
		s.config.Log.Debug("load image beside create", "err", s.images.err)
		return ""
	}
	return s.images.digest
}

// ensureImage puts one image on the nodes and returns what to remember of it.
func (s *session) ensureImage(ctx context.Context, state *driver.State, seen []corev1.Node, ref, early string) (string, error) {
	if !workload.Carries(ref) {
		return "present", s.ensureForeign(ctx, seen, ref)
	}
	program := driver.ProgramIdentity()
	if early != "" && ref == toolbox.Ref {
		return early + " " + program, nil
	}
	remembered, by, _ := strings.Cut(state.Loaded[ref], " ")
	if remembered != "" && by == program && program != "" && s.onNodes(ctx, seen, ref) {
		return state.Loaded[ref], nil // the same program has loaded it
	}
	arch, err := s.arch(ctx)
	if err != nil {
		return "", err
	}
	archive, err := s.archive(ref, arch)
	if err != nil {
		return "", err
	}
	digest := digestOf(archive)
	if remembered == digest && s.onNodes(ctx, seen, ref) {
		return digest + " " + program, nil // another build of podlab, the same image
	}
	step := s.report.Begin(driver.PhaseLoad, "loading %s (%d MB) on every node", ref, len(archive)>>20)
	return digest + " " + program, step.End(s.onEveryNode(ctx, func(ctx context.Context, node nodes.Node) error {
		return importImage(ctx, node, bytes.NewReader(archive))
	}))
}

// ensureForeign puts an image that podlab does not carry on the nodes: from the
// engine's own store, else from its registry. Nodes never pull.
func (s *session) ensureForeign(ctx context.Context, seen []corev1.Node, ref string) error {
	if s.onNodes(ctx, seen, ref) {
		return nil
	}
	have, err := s.engine.image(ctx, ref)
	if err != nil {
		return err
	}
	from, write := s.engine.name, func(ctx context.Context, w io.Writer) error { return s.engine.save(ctx, w, ref) }
	if have == nil {
		from = "its registry"
		if write, err = s.fetch(ctx, ref); err != nil {
			return err
		}
	}
	step := s.report.Begin(driver.PhaseLoad, "loading %s from %s on every node", ref, from)
	return step.End(s.onEveryNode(ctx, func(ctx context.Context, node nodes.Node) error {
		return importWritten(ctx, node, write)
	}))
}

// archiver writes an image as a docker archive.
type archiver = func(ctx context.Context, w io.Writer) error

// fetch gets an image for the nodes from its registry.
func (s *session) fetch(ctx context.Context, ref string) (archiver, error) {
	arch, err := s.arch(ctx)
	if err != nil {
		return nil, err
	}
	step := s.report.Begin(driver.PhaseLoad, "fetching %s from its registry, as %s does not have it", ref, s.engine.name)
	img, err := workload.Fetch(ctx, ref, arch)
	if known, ok := errors.AsType[*driver.Error](err); ok && errors.Is(err, driver.ErrNeeds) {
		known.Do += fmt.Sprintf("; or put it into %s yourself (`%s load`)", s.engine.name, s.engine.binary)
	}
	if step.End(err) != nil {
		return nil, err
	}
	return func(_ context.Context, w io.Writer) error { return workload.Write(w, ref, img) }, nil
}

// onNodes tells whether every node has the image. What the nodes report lags by
// some seconds, so a node that does not report it is asked itself.
func (s *session) onNodes(ctx context.Context, seen []corev1.Node, ref string) bool {
	names := spellings(ref)
	reported := len(seen) > 0
	for i := range seen {
		reported = reported && slices.ContainsFunc(seen[i].Status.Images, func(image corev1.ContainerImage) bool {
			return slices.ContainsFunc(image.Names, func(name string) bool { return slices.Contains(names, name) })
		})
	}
	if reported {
		return true
	}
	err := s.onEveryNode(ctx, func(ctx context.Context, node nodes.Node) error {
		// ctr, not crictl: a node image built from source may have none.
		lines, err := exec.OutputLines(node.CommandContext(ctx, "ctr", "--namespace=k8s.io", "images", "ls", "-q"))
		if err != nil {
			return err
		}
		for _, line := range lines {
			if slices.Contains(names, line) {
				return nil
			}
		}
		return errors.New("not there")
	})
	return err == nil
}

// spellings are the names under which containerd may know a reference: it always
// spells out the registry that docker implies.
func spellings(ref string) []string {
	names := []string{ref, "docker.io/" + ref, "docker.io/library/" + ref}
	if last := ref[strings.LastIndex(ref, "/")+1:]; !strings.ContainsAny(last, ":@") {
		for _, name := range slices.Clone(names) {
			names = append(names, name+":latest")
		}
	}
	return names
}

// archive is an image that podlab carries as a docker-archive tarball.
func (s *session) archive(ref, arch string) ([]byte, error) {
	var b bytes.Buffer
	if err := s.tar(&b, ref, arch); err != nil {
		return nil, fmt.Errorf("build image %s: %w", ref, err)
	}
	return b.Bytes(), nil
}

// arch is the architecture of the nodes, in Go's words.
func (s *session) arch(ctx context.Context) (string, error) {
	all, err := s.kubeNodes()
	if err != nil {
		return "", err
	}
	lines, err := exec.OutputLines(all[0].CommandContext(ctx, "uname", "-m"))
	if err != nil || len(lines) != 1 {
		return "", s.engine.explain("ask node "+all[0].String()+" for its architecture", errors.Join(err, ctx.Err()))
	}
	switch lines[0] {
	case "x86_64":
		return "amd64", nil
	case "aarch64":
		return "arm64", nil
	default:
		return lines[0], nil
	}
}

func (s *session) kubeNodes() ([]nodes.Node, error) {
	all, err := s.provider.ListInternalNodes(s.name)
	if err == nil && len(all) == 0 {
		err = errors.New("it has no nodes")
	}
	if err != nil {
		return nil, s.engine.explain(fmt.Sprintf("list the nodes of cluster %q", s.name), err)
	}
	return all, nil
}

// onEveryNode runs do for all nodes at once; the first error ends the others.
func (s *session) onEveryNode(ctx context.Context, do func(context.Context, nodes.Node) error) error {
	all, err := s.kubeNodes()
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, node := range all {
		group.Go(func() error {
			if err := do(ctx, node); err != nil {
				return s.engine.explain("node "+node.String(), err)
			}
			return nil
		})
	}
	return group.Wait()
}

// importImage gives an archive to the node's containerd.
func importImage(ctx context.Context, node nodes.Node, archive io.Reader) error {
	if err := nodeutils.LoadImageArchive(contextNode{node, ctx}, archive); err != nil {
		return fmt.Errorf("import image: %w", err)
	}
	return nil
}

// importWritten gives what write writes to the node's containerd.
func importWritten(ctx context.Context, node nodes.Node, write archiver) error {
	archive, w := io.Pipe()
	wrote := make(chan struct{})
	var writeErr error
	go func() {
		writeErr = write(ctx, w)
		close(wrote)
		_ = w.CloseWithError(writeErr)
	}()
	err := importImage(ctx, node, archive)
	select {
	case <-wrote:
		if writeErr != nil { // and so the import failed too
			err = writeErr
		}
	default: // the import gave up
	}
	_ = archive.Close()
	<-wrote
	return err
}

// contextNode lets kind's helpers, which know no context, be stopped.
type contextNode struct {
	nodes.Node
	ctx context.Context
}

// Command is CommandContext with the node's context.
func (n contextNode) Command(command string, args ...string) exec.Cmd {
	return n.CommandContext(n.ctx, command, args...)
}

func digestOf(archive []byte) string {
	sum := sha256.Sum256(archive)
	return "sha256:" + hex.EncodeToString(sum[:])
}
