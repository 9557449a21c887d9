//go:build linux

// Package embedded is the driver for a cluster that podlab brings itself: the very
// programs of the node image, run as they are in Linux namespaces of the user's
// own. It needs no container engine and no root.
//
// The flow: find the programs ([FindParts]), look how much of Linux this user may
// use (package cell), decide what to do about what is there (use, start, make
// anew), start process 1 of the cluster, wait until Kubernetes is ready, and put
// the lab's images on every node:
//
//	d := embedded.New(embedded.Config{StateDir: dir})
//	running, err := d.Up(ctx, lab.Needs{Images: []string{toolbox.Ref}}, report)
//	…
//	err = d.Down(ctx, report)
//
// It is no sandbox: a Pod is a process of the user's, and what keeps it from the
// user's files are namespaces alone.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
	"k8s.io/client-go/rest"

	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cluster/embedded/cell"
	"podlab.dev/podlab/cue/lab"
)

// How long things may take before podlab gives up on them.
const (
	readyAfterStart = 2 * time.Minute
	readyWhenWarm   = 20 * time.Second // it answered before; a hiccup is shorter
	stopWithin      = 15 * time.Second // then by force
)

// Config is what the driver is told.
type Config struct {
	// StateDir is podlab's own folder.
	StateDir string
	// Name is the cluster's name and the beginning of the larger ones'; empty is
	// "podlab".
	Name string
	// Why says why this driver was chosen.
	Why string
	// Log receives what -v shows; required.
	Log *slog.Logger
}

// Driver makes and keeps embedded clusters.
type Driver struct {
	config Config
}

// New returns a driver for config; it looks at nothing yet.
func New(config Config) *Driver {
	if config.Name == "" {
		config.Name = "podlab"
	}
	return &Driver{config}
}

// homePrefix keeps the homes of this driver apart from those of others.
const homePrefix = "embedded-"

// Up gives a ready cluster for needs: a warm one, a stopped one started again, or
// one made now.
func (d *Driver) Up(ctx context.Context, needs lab.Needs, report driver.Report) (*driver.Running, error) {
	s, unlock, err := d.open(ctx, driver.NameFor(d.config.Name, needs), report)
	if err != nil {
		return nil, err
	}
	defer unlock()
	s.nodes, s.times = max(needs.Nodes, 1), needs.Times
	seen, err := s.bring(ctx, needs)
	if err != nil {
		return nil, err
	}
	if err := s.ensureImages(ctx, needs.Images); err != nil {
		return nil, err
	}
	return &driver.Running{
		Driver:     "embedded",
		Name:       s.name,
		Kubeconfig: s.home.Kubeconfig(),
		Version:    seen.Version,
		Nodes:      seen.Ready,
		Why:        fmt.Sprintf("embedded, because %s; %s", d.config.Why, describe(s.rung)),
	}, nil
}

// session is one operation on one cluster, with its lock held.
type session struct {
	*Driver
	name   string
	nodes  int
	times  lab.Times // as a start has them
	home   *driver.Home
	dir    string // of the cell
	state  driver.State
	rung   cell.Rung
	report driver.Report
}

// open takes the cluster called name for this process.
func (d *Driver) open(ctx context.Context, name string, report driver.Report) (*session, func(), error) {
	home, err := driver.OpenHome(d.config.StateDir, homePrefix+name)
	if err != nil {
		return nil, nil, err
	}
	unlock, err := home.Lock(ctx, report)
	if err != nil {
		return nil, nil, err
	}
	s := &session{Driver: d, name: name, home: home, dir: home.Scratch("cell"), state: home.State(), report: report}
	if spec, err := cell.ReadSpec(s.dir); err == nil {
		s.rung, s.nodes = spec.Rung, spec.Nodes
	}
	return s, unlock, nil
}

// bring uses, starts or makes the cluster, whichever can be.
func (s *session) bring(ctx context.Context, needs lab.Needs) (*driver.Seen, error) {
	action, why := decide(s.state, cell.Alive(s.dir) != 0, bootID())
	s.config.Log.Debug("cluster", "name", s.name, "action", action, "why", why)
	if action == use {
		if err := refuse(s.rung, needs); err != nil {
			return nil, err
		}
		seen, err := s.use(ctx)
		if err == nil || ctx.Err() != nil {
			return seen, err
		}
		s.report.Say(driver.PhaseStart, "cluster %q is started again: %v", s.name, err)
		if err := s.stop(ctx); err != nil {
			return nil, err
		}
		action = start
	}
	parts, rung, err := s.prepare(ctx, needs)
	if err != nil {
		return nil, err
	}
	if action == start && s.state.Image != parts.Hash {
		action, why = recreate, "its programs have changed"
	}
	if action == start {
		seen, err := s.start(ctx, parts, rung)
		if err == nil || ctx.Err() != nil || errors.Is(err, driver.ErrNoSpace) {
			return seen, err
		}
		action, why = recreate, fmt.Sprintf("it does not come back (%v)", err)
	}
	if action == recreate {
		s.report.Say(driver.PhaseRemove, "cluster %q is removed and made anew: %s", s.name, why)
		if err := s.remove(ctx); err != nil {
			return nil, err
		}
	}
	return s.start(ctx, parts, rung)
}

// prepare finds the programs and how much of Linux may be used, and refuses a lab
// that needs more.
func (s *session) prepare(ctx context.Context, needs lab.Needs) (*Parts, cell.Rung, error) {
	parts, err := FindParts()
	if err != nil {
		return nil, cell.Rung{}, err
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, cell.Rung{}, err
	}
	program, err := unpack(s.config.StateDir)
	if err != nil {
		return nil, cell.Rung{}, err
	}
	ladder := cell.Probe(ctx, program, s.dir)
	if err := explain(ladder); err != nil {
		return nil, cell.Rung{}, err
	}
	if err := refuse(ladder.Rung(), needs); err != nil {
		return nil, cell.Rung{}, err
	}
	return parts, ladder.Rung(), watches(s.nodes)
}

// use looks at a cluster that runs, and waits for it if need be.
func (s *session) use(ctx context.Context) (*driver.Seen, error) {
	if !s.home.HasKubeconfig() {
		return nil, errors.New("its kubeconfig is gone")
	}
	config, err := driver.RESTConfig(s.home.Kubeconfig())
	if err != nil {
		return nil, err
	}
	glance, cancel := context.WithTimeout(ctx, 2*time.Second)
	seen, err := driver.Look(glance, config, s.ready())
	cancel()
	if err == nil && s.state.Phase == driver.Made {
		return seen, nil
	}
	ctx, cancel = context.WithTimeout(ctx, readyWhenWarm)
	defer cancel()
	return s.settle(ctx, config)
}

func (s *session) ready() driver.Ready {
	return driver.Ready{Nodes: s.nodes, DNS: true, Since: s.state.Started}
}

// start starts process 1 on what is there, which may be nothing yet.
func (s *session) start(ctx context.Context, parts *Parts, rung cell.Rung) (*driver.Seen, error) {
	fresh := s.state.Phase == ""
	if err := os.MkdirAll(s.dir, 0o700); err != nil { // it may just have been removed
		return nil, err
	}
	if err := s.room(fresh); err != nil {
		return nil, err
	}
	s.rung = rung
	listener, err := listen(s.state.Port)
	if err != nil {
		return nil, err
	}
	defer listener.Close()
	s.state.Port = listener.Addr().(*net.TCPAddr).Port
	s.state.Image = parts.Hash
	s.state.Boot = bootID()
	s.state.Started = time.Now()
	if fresh {
		s.state.Phase, s.state.Created = driver.Creating, time.Now()
	}
	if err := s.home.Remember(s.state); err != nil {
		return nil, err
	}
	admin, err := identities(s.dir, s.name, s.nodes, fmt.Sprintf("https://127.0.0.1:%d", s.state.Port))
	if err != nil {
		return nil, err
	}
	if err := driver.WriteKubeconfig(s.home.Kubeconfig(), admin); err != nil {
		return nil, err
	}
	what := "making cluster %q out of its own programs"
	if !fresh {
		what = "starting the stopped cluster %q"
	}
	program, err := unpack(s.config.StateDir)
	if err != nil {
		return nil, err
	}
	step := s.report.Begin(driver.PhaseCreate, what, s.name)
	args, kubelet := s.waits()
	err = cell.Start(ctx, cell.Spec{
		Program: program, Cluster: s.name, Nodes: s.nodes, Args: args, Kubelet: kubelet,
		Parts: parts.Dir, Dir: s.dir, Pause: parts.Pause, Rung: rung,
	}, listener)
	if step.End(err) != nil {
		return nil, s.explainStart(err)
	}
	config, err := driver.RESTConfig(s.home.Kubeconfig())
	if err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, readyAfterStart)
	defer cancel()
	seen, err := s.settle(waiting, config)
	if err != nil {
		// What was whole before stays; what the user broke off goes. What does not
		// come up stays on disk, for whoever wants to know why, until the next start.
		cleaning, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		stopped := s.stop(cleaning)
		if fresh && stopped == nil && ctx.Err() != nil {
			stopped = s.remove(cleaning)
		}
		return nil, errors.Join(err, stopped)
	}
	return seen, nil
}

// waits is how the parts are told the cluster's times.
func (s *session) waits() (args map[string][]string, kubelet string) {
	all, kubelet := driver.Waits(s.times)
	args = map[string][]string{}
	for _, a := range all {
		args[a.Program] = append(args[a.Program], "--"+a.Name+"="+a.Value)
	}
	return args, kubelet
}

// settle waits until the cluster is ready and has what podlab adds to it, or its
// process 1 ends.
func (s *session) settle(ctx context.Context, config *rest.Config) (*driver.Seen, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case err := <-cell.Watch(ctx, s.dir):
			cancel(s.explainStart(err))
		case <-ctx.Done():
		}
	}()
	spec, err := cell.ReadSpec(s.dir)
	if err != nil {
		return nil, err
	}
	var seen *driver.Seen
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() error { return addAll(gctx, config, s.dir, spec.Parts) })
	group.Go(func() (err error) {
		seen, err = driver.WaitReady(gctx, config, s.ready(), s.report)
		return err
	})
	if err := group.Wait(); err != nil {
		if full := s.room(false); full != nil {
			return nil, full
		}
		if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) && !errors.Is(cause, context.DeadlineExceeded) {
			return nil, cause
		}
		return nil, err
	}
	if err := markControlPlane(ctx, config, cell.NodeName(s.name, 1)); err != nil {
		return nil, err
	}
	s.state.Phase = driver.Made
	return seen, s.home.Remember(s.state)
}

// room asks for the space that a cluster takes before it takes minutes to find out
// that there is none.
func (s *session) room(fresh bool) error {
	need := uint64(50 << 20) // to go on: logs, and what Pods write
	if fresh {
		need = 600 << 20 // images, packed and unpacked
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(s.dir, &disk); err != nil {
		return fmt.Errorf("look at the disk: %w", err)
	}
	if free := disk.Bavail * uint64(disk.Bsize); free < need {
		return &driver.Error{
			Kind: driver.ErrNoSpace,
			What: fmt.Sprintf("the disk is full: the embedded cluster needs %d MB in %s, and %d MB are free", need>>20, s.config.StateDir, free>>20),
			Do:   "free some space, or set XDG_STATE_HOME to a folder on another disk, and run this again; nothing is lost",
		}
	}
	return nil
}

// stop ends the cluster; what it has on disk stays.
func (s *session) stop(ctx context.Context) error {
	if err := cell.Stop(ctx, s.dir, stopWithin); err != nil {
		return err
	}
	s.state.Boot = "" // whole on disk, whatever happens to the machine
	return s.home.Remember(s.state)
}

// remove ends the cluster and forgets it.
func (s *session) remove(ctx context.Context) error {
	if err := cell.Stop(ctx, s.dir, 0); err != nil {
		return err
	}
	program, err := unpack(s.config.StateDir)
	if err != nil {
		return err
	}
	if err := cell.Remove(ctx, program, s.dir, s.rung); err != nil {
		return err
	}
	s.state = driver.State{}
	return s.home.Remove()
}

// listen opens the port of the API server: the same as before, if it is free.
func listen(port int) (*net.TCPListener, error) {
	loopback := net.IPv4(127, 0, 0, 1)
	if port != 0 {
		if l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: loopback, Port: port}); err == nil {
			return l, nil
		}
	}
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: loopback})
	if err != nil {
		return nil, &driver.Error{
			Kind: driver.ErrPort,
			What: fmt.Sprintf("no port on 127.0.0.1 can be opened: %v", err),
			Do:   "see what keeps programs from listening on loopback",
			Err:  err,
		}
	}
	return l, nil
}

// bootID tells one start of the machine from another.
func bootID() string {
	raw, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(raw))
}

// Stop ends every cluster of this driver; the next Up starts it again.
func (d *Driver) Stop(ctx context.Context, report driver.Report) error {
	return d.each(ctx, report, func(s *session) error {
		step := report.Begin(driver.PhaseRemove, "stopping cluster %q", s.name)
		return step.End(s.stop(ctx))
	})
}

// Down removes every cluster of this driver.
func (d *Driver) Down(ctx context.Context, report driver.Report) error {
	return d.each(ctx, report, func(s *session) error {
		step := report.Begin(driver.PhaseRemove, "removing cluster %q", s.name)
		return step.End(s.remove(ctx))
	})
}

func (d *Driver) each(ctx context.Context, report driver.Report, do func(*session) error) error {
	names, err := d.known()
	if err != nil {
		return err
	}
	for _, name := range names {
		s, unlock, err := d.open(ctx, name, report)
		if err != nil {
			return err
		}
		err = do(s)
		unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// known lists the clusters of this driver.
func (d *Driver) known() ([]string, error) {
	homes, err := driver.Homes(d.config.StateDir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, home := range homes {
		if name, ok := strings.CutPrefix(home, homePrefix); ok && driver.IsNameFor(d.config.Name, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

func (s *session) explainStart(err error) error {
	if errors.Is(err, cell.ErrRuns) {
		return err
	}
	return &driver.Error{
		Kind:   driver.ErrCreate,
		What:   "the embedded cluster does not start: " + strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; "),
		Do:     "-v shows its last words; more in " + filepath.Join(s.dir, "cell.log"),
		Output: driver.LastLines(cell.LastWords(s.dir), 20),
		Err:    err,
	}
}
