package kind

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	kindcluster "sigs.k8s.io/kind/pkg/cluster"

	"k8s.io/client-go/tools/clientcmd"

	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cue/lab"
)

// create makes the cluster. When it fails or ctx ends, nothing half-made stays.
func (s *session) create(ctx context.Context, needs lab.Needs, state *driver.State) (*driver.Seen, error) {
	image, err := s.chooseImage(ctx)
	if err != nil {
		return nil, err
	}
	host := host{cgroup: s.engine.cgroup, lacksResource: lacksSysResource()}
	*state = driver.State{
		Phase: driver.Creating, Engine: s.engine.name,
		Image: image.name, Origin: image.origin, Built: image.Labels[builtLabel] != "",
		Created: time.Now(),
	}
	// From here on a killed process leaves a trace that the next Up reads.
	if err := s.home.Remember(*state); err != nil {
		return nil, err
	}
	s.images = s.prepareImages(ctx, image.Arch, needs.Images)
	step := s.report.Begin(driver.PhaseCreate, "making cluster %q with %s, node image %s", s.name, s.engine.name, describeImage(*state))
	seen, err := s.build(ctx, image, host, state)
	if err != nil {
		s.images.stop()
		// The user must not be left with something that is no cluster.
		if cleanErr := s.removeAfter(ctx); cleanErr != nil {
			s.report.Say(driver.PhaseRemove, "what is half-made could not be removed now (%v); the next start or `podlab cluster down` does it", cleanErr)
		}
	}
	return seen, step.End(err)
}

// build runs kind aside, because its Provider knows no context, and waits for
// Kubernetes.
func (s *session) build(ctx context.Context, image *nodeImage, host host, state *driver.State) (*driver.Seen, error) {
	done := make(chan error, 1)
	go func() {
		others, err := s.provider.List()
		if err != nil {
			done <- fmt.Errorf("list clusters: %w", err)
			return
		}
		done <- s.provider.Create(s.name,
			kindcluster.CreateWithV1Alpha4Config(clusterConfig(s.nodes, s.times, host, podSubnet(s.name, others))),
			kindcluster.CreateWithNodeImage(image.name),
			// Never the default, which is the user's ~/.kube/config.
			kindcluster.CreateWithKubeconfigPath(s.scratchKubeconfig()),
			// podlab waits itself, and not only for the node.
			kindcluster.CreateWithWaitForReady(0),
			kindcluster.CreateWithDisplayUsage(false),
			kindcluster.CreateWithDisplaySalutation(false),
		)
	}()
	select {
	case err := <-done:
		if err != nil {
			if interrupted(ctx, err) {
				return nil, fmt.Errorf("make cluster %q: %w", s.name, context.Canceled)
			}
			return nil, s.engine.explainCreate(s.name, err)
		}
	case <-ctx.Done():
		// Take the nodes away from under kind, so that it ends.
		s.interrupt(ctx, done)
		return nil, fmt.Errorf("make cluster %q: %w", s.name, ctx.Err())
	}
	if err := s.takeKubeconfig(); err != nil {
		return nil, err
	}
	config, err := driver.RESTConfig(s.home.Kubeconfig())
	if err != nil {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, readyAfterCreate)
	defer cancel()
	seen, err := driver.WaitReady(wait, config, driver.Ready{Nodes: s.nodes, DNS: true}, s.report)
	if err != nil {
		return nil, err
	}
	containers, err := s.engine.containers(ctx, s.name)
	if err != nil {
		return nil, err
	}
	state.Phase, state.Nodes = driver.Made, identities(containers)
	return seen, s.home.Remember(*state)
}

// interrupted tells whether a command ended because of the Ctrl-C that also ends
// ctx: a terminal sends it to every process, and ours may hear of it last.
func interrupted(ctx context.Context, err error) bool {
	if ctx.Err() == nil && strings.Contains(err.Error(), "signal: interrupt") {
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
	return ctx.Err() != nil
}

// onPhase is told of each phase of a create.
func (s *session) onPhase(ctx context.Context, phase string) {
	if !strings.HasPrefix(phase, "starting control-plane") {
		return
	}
	// kubeadm begins: every node's containerd runs from here on, and has nothing to
	// do until there is a control plane.
	if s.images != nil {
		s.images.begin()
	}
	go s.limitOrphans(ctx)
}

// cleanWithin bounds the cleaning up after an interrupted or failed create.
const cleanWithin = 45 * time.Second

// interrupt deletes nodes until a running create has given up.
func (s *session) interrupt(ctx context.Context, done <-chan error) {
	step := s.report.Begin(driver.PhaseRemove, "stopped; removing what was half-made")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanWithin)
	defer cancel()
	for {
		_ = s.deleteNodes(ctx) // removeAfter tries again and reports
		select {
		case <-done:
			_ = step.End(nil)
			return
		case <-ctx.Done():
			_ = step.End(ctx.Err())
			return
		case <-time.After(500 * time.Millisecond): // it may just have made another node
		}
	}
}

// removeAfter removes the cluster although ctx may have ended.
func (s *session) removeAfter(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanWithin)
	defer cancel()
	return s.remove(ctx)
}

// remove deletes the nodes and forgets the cluster.
func (s *session) remove(ctx context.Context) error {
	if err := s.deleteNodes(ctx); err != nil {
		return err
	}
	return s.home.Remove()
}

// deleteNodes deletes the containers with kind's own means, which know of the
// volumes too. It is run aside for the sake of ctx.
func (s *session) deleteNodes(ctx context.Context) error {
	path := s.scratchKubeconfig()
	done := make(chan error, 1)
	go func() { done <- s.provider.Delete(s.name, path) }()
	select {
	case err := <-done:
		if err != nil {
			return s.engine.explain(fmt.Sprintf("remove cluster %q", s.name), err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("remove cluster %q: %w", s.name, ctx.Err())
	}
}

// scratchKubeconfig is the file that kind may write. A killed process leaves
// kind's lock file beside it, which would stop kind for good; podlab's own lock
// is held here, so it belongs to nobody.
func (s *session) scratchKubeconfig() string {
	path := s.home.Scratch("kind.kubeconfig")
	_ = os.Remove(path + ".lock")
	return path
}

// takeKubeconfig makes what kind wrote podlab's own kubeconfig.
func (s *session) takeKubeconfig() error {
	scratch := s.home.Scratch("kind.kubeconfig")
	config, err := clientcmd.LoadFromFile(scratch)
	if err != nil {
		return fmt.Errorf("read what kind wrote: %w", err)
	}
	if err := driver.WriteKubeconfig(s.home.Kubeconfig(), config); err != nil {
		return err
	}
	_ = os.Remove(scratch)
	return nil
}

// writeKubeconfig asks the nodes for the kubeconfig.
func (s *session) writeKubeconfig(ctx context.Context) error {
	type answer struct {
		text string
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		text, err := s.provider.KubeConfig(s.name, false)
		done <- answer{text, err}
	}()
	select {
	case a := <-done:
		if a.err != nil {
			return s.engine.explain(fmt.Sprintf("ask cluster %q for its kubeconfig", s.name), a.err)
		}
		config, err := clientcmd.Load([]byte(a.text))
		if err != nil {
			return fmt.Errorf("read kubeconfig of cluster %q: %w", s.name, err)
		}
		return driver.WriteKubeconfig(s.home.Kubeconfig(), config)
	case <-ctx.Done():
		return fmt.Errorf("ask cluster %q for its kubeconfig: %w", s.name, ctx.Err())
	}
}
