// Package kind is the reference driver: a real Kubernetes cluster whose nodes are
// containers of an engine on this machine, made with sigs.k8s.io/kind.
//
// The flow: find an engine that answers (docker, podman, nerdctl), look at what
// is there, decide what to do about it (use, start, repair, create), wait until
// Kubernetes is ready, and put the lab's images on every node:
//
//	d := kind.New(kind.Config{StateDir: dir})
//	running, err := d.Up(ctx, lab.Needs{Images: []string{toolbox.Ref}}, report)
//	…
//	err = d.Down(ctx, report)
//
// A cluster is called podlab, or podlab-3n for a lab that needs three nodes, and
// stays warm between labs. Whatever a killed process left half-made is found by
// its state file and removed by the next Up.
package kind

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	kindcluster "sigs.k8s.io/kind/pkg/cluster"

	"podlab.dev/podlab/cluster/driver"
	workload "podlab.dev/podlab/cluster/image"
	"podlab.dev/podlab/cue/lab"
)

// DefaultName is the name of the cluster of labs that need one node.
const DefaultName = "podlab"

// How long Kubernetes may take before podlab gives up on it.
const (
	readyAfterCreate = 4 * time.Minute
	readyAfterStart  = 90 * time.Second
	readyWhenWarm    = 20 * time.Second // it answered before; a hiccup is shorter
)

// Config is what the driver is told.
type Config struct {
	// StateDir is podlab's own folder.
	StateDir string
	// Name is the cluster's name and the beginning of the larger ones'; empty is
	// [DefaultName].
	Name string
	// NodeImage is the node image that was asked for; empty lets podlab choose.
	NodeImage string
	// Why says why this driver was chosen.
	Why string
	// Log receives what the tools underneath say; required.
	Log *slog.Logger
}

// Driver makes and keeps kind clusters.
type Driver struct {
	config   Config
	commands commander
	tar      func(w io.Writer, ref, arch string) error
}

// New returns a driver for config; it looks at nothing yet.
func New(config Config) *Driver {
	if config.Name == "" {
		config.Name = DefaultName
	}
	return &Driver{config: config, commands: execCommander{}, tar: tarOf}
}

// tarOf writes an image that podlab carries.
func tarOf(w io.Writer, ref, arch string) error {
	img, err := workload.Carried(ref, arch)
	if err != nil {
		return err
	}
	return workload.Write(w, ref, img)
}

// Engine is nil if a container engine answers; the error says what to do.
func (d *Driver) Engine(ctx context.Context) error {
	_, err := findEngine(ctx, d.commands)
	return err
}

// Up gives a ready cluster for needs: a warm one, or one made now.
func (d *Driver) Up(ctx context.Context, needs lab.Needs, report driver.Report) (*driver.Running, error) {
	want := max(needs.Nodes, 1)
	name := driver.NameFor(d.config.Name, needs)
	home, err := driver.OpenHome(d.config.StateDir, name)
	if err != nil {
		return nil, err
	}
	unlock, err := home.Lock(ctx, report)
	if err != nil {
		return nil, err
	}
	defer unlock()
	step := report.Begin(driver.PhaseEngine, "looking for a container engine")
	engine, err := findEngine(ctx, d.commands)
	if step.End(err) != nil {
		return nil, err
	}
	c := &session{Driver: d, name: name, nodes: want, times: needs.Times, home: home, engine: engine, report: report}
	c.provider = kindcluster.NewProvider(engine.providerOption(), kindcluster.ProviderWithLogger(&logger{log: d.config.Log, report: report, onPhase: func(phase string) { c.onPhase(ctx, phase) }}))
	return c.up(ctx, needs)
}

// session is one Up, with the cluster's lock held.
type session struct {
	*Driver
	name     string
	nodes    int
	times    lab.Times // as a create has them
	home     *driver.Home
	engine   *engine
	provider *kindcluster.Provider
	report   driver.Report
	images   *imageLoad // loading of workload images beside the create
}

func (s *session) up(ctx context.Context, needs lab.Needs) (*driver.Running, error) {
	state := s.home.State()
	containers, err := s.engine.containers(ctx, s.name)
	if err != nil {
		return nil, err
	}
	seen, err := s.bring(ctx, needs, &state, containers)
	if err != nil {
		return nil, err
	}
	if err := s.ensureImages(ctx, &state, seen.Nodes, needs.Images); err != nil {
		return nil, err
	}
	return &driver.Running{
		Driver:     "kind",
		Name:       s.name,
		Kubeconfig: s.home.Kubeconfig(),
		Version:    seen.Version,
		Nodes:      seen.Ready,
		Why:        fmt.Sprintf("kind, because %s and %s answers; node image %s", s.config.Why, s.engine, describeImage(state)),
	}, nil
}

// bring does what [decide] says until the cluster is ready.
func (s *session) bring(ctx context.Context, needs lab.Needs, state *driver.State, containers []container) (*driver.Seen, error) {
	action, why := decide(*state, containers, s.nodes)
	s.config.Log.Debug("cluster", "name", s.name, "action", action, "why", why)
	if action == use || action == start {
		if err := s.sameImage(*state, containers); err != nil {
			return nil, err
		}
		seen, err := s.resume(ctx, action, state, containers)
		if err == nil || ctx.Err() != nil || errors.Is(err, driver.ErrNoSpace) {
			return seen, err
		}
		if s.engine.ask(ctx) != nil { // a new cluster would not come up either
			return nil, err
		}
		why = fmt.Sprintf("it does not come back (%v)", err)
		action = recreate
	}
	if action == recreate {
		s.report.Say(driver.PhaseRemove, "cluster %q is removed and made anew: %s", s.name, why)
		if err := s.remove(ctx); err != nil {
			return nil, err
		}
	}
	return s.create(ctx, needs, state)
}

// resume uses a cluster that is there, starting its containers if need be.
func (s *session) resume(ctx context.Context, action action, state *driver.State, containers []container) (*driver.Seen, error) {
	patience := readyWhenWarm
	if action == start {
		patience = readyAfterStart
		step := s.report.Begin(driver.PhaseStart, "starting the stopped nodes of cluster %q", s.name)
		if err := step.End(s.engine.start(ctx, containers)); err != nil {
			return nil, err
		}
		var err error
		if containers, err = s.engine.containers(ctx, s.name); err != nil {
			return nil, err
		}
	}
	since := lastStart(containers)
	if time.Since(since) < readyAfterStart {
		// The engine started them by itself a moment ago, as it does after a reboot.
		patience = readyAfterStart
		s.limitOrphans(ctx)
	}
	// Somebody else's state directory may have made it, or the file was removed.
	if state.Phase != driver.Made || !s.home.HasKubeconfig() {
		if err := s.adopt(ctx, state, containers); err != nil {
			return nil, err
		}
	}
	config, err := driver.RESTConfig(s.home.Kubeconfig())
	if err != nil {
		return nil, err
	}
	want := driver.Ready{Nodes: s.nodes, DNS: true, Since: since}
	if action == use { // usually one look is enough
		glance, cancel := context.WithTimeout(ctx, 2*time.Second)
		seen, err := driver.Look(glance, config, want)
		cancel()
		if err == nil {
			return seen, nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return driver.WaitReady(ctx, config, want, s.report)
}

// adopt takes over a cluster that is there but not in the state directory.
func (s *session) adopt(ctx context.Context, state *driver.State, containers []container) error {
	// Whoever made it may still be at it, under a lock that is not ours.
	const making = 2 * time.Minute
	err := s.writeKubeconfig(ctx)
	if err != nil && time.Since(containers[0].Created) < making {
		step := s.report.Begin(driver.PhaseReady, "cluster %q is new and not of this state directory; waiting for whoever makes it", s.name)
		for err != nil && time.Since(containers[0].Created) < making && ctx.Err() == nil {
			time.Sleep(time.Second)
			err = s.writeKubeconfig(ctx)
		}
		_ = step.End(err)
	}
	if err != nil {
		return err
	}
	state.Phase = driver.Made
	state.Engine = s.engine.name
	state.Nodes = identities(containers)
	state.Created = containers[0].Created
	if state.Image == "" {
		state.Image, state.Origin = containers[0].image(), originFound
	}
	return s.home.Remember(*state)
}

// sameImage refuses to go on with a warm cluster when another node image was
// asked for by name: replacing it would throw away what runs there.
func (s *session) sameImage(state driver.State, containers []container) error {
	asked := s.config.NodeImage
	if asked == "" || asked == state.Image || asked == containers[0].image() {
		return nil
	}
	return &driver.Error{
		Kind: driver.ErrNodeImage,
		What: fmt.Sprintf("cluster %q runs node image %s, and %s was asked for", s.name, containers[0].image(), asked),
		Do:   "run `podlab cluster down` first, which removes the cluster and all that runs there",
	}
}

// Stop stops the nodes of every cluster of this driver; the next Up starts them.
func (d *Driver) Stop(ctx context.Context, report driver.Report) error {
	return d.each(ctx, report, func(s *session) error {
		containers, err := s.engine.containers(ctx, s.name)
		if err != nil || len(containers) == 0 {
			return err
		}
		step := report.Begin(driver.PhaseRemove, "stopping cluster %q", s.name)
		return step.End(s.engine.stop(ctx, containers))
	})
}

// Down removes every cluster of this driver.
func (d *Driver) Down(ctx context.Context, report driver.Report) error {
	return d.each(ctx, report, func(s *session) error {
		step := report.Begin(driver.PhaseRemove, "removing cluster %q", s.name)
		return step.End(s.remove(ctx))
	})
}

// each does something with every cluster of this driver, its lock held.
func (d *Driver) each(ctx context.Context, report driver.Report, do func(*session) error) error {
	engine, err := findEngine(ctx, d.commands)
	if err != nil {
		return err
	}
	names, err := d.known(ctx, engine)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := d.with(ctx, engine, name, report, do); err != nil {
			return err
		}
	}
	return nil
}

func (d *Driver) with(ctx context.Context, engine *engine, name string, report driver.Report, do func(*session) error) error {
	home, err := driver.OpenHome(d.config.StateDir, name)
	if err != nil {
		return err
	}
	unlock, err := home.Lock(ctx, report)
	if err != nil {
		return err
	}
	defer unlock()
	s := &session{Driver: d, name: name, home: home, engine: engine, report: report}
	s.provider = kindcluster.NewProvider(engine.providerOption(), kindcluster.ProviderWithLogger(&logger{log: d.config.Log}))
	return do(s)
}
