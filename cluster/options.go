package cluster

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cluster/embedded"
	"podlab.dev/podlab/cluster/existing"
	"podlab.dev/podlab/cluster/kind"
	"podlab.dev/podlab/cue/lab"
)

// The words of a driver are the words of this package.
type (
	// Event is one thing that happens while a cluster comes up or goes away.
	Event = driver.Event
	// Status is what there is.
	Status = driver.Status
	// ClusterStatus is one cluster of a Status.
	ClusterStatus = driver.ClusterStatus
	// Capability is one thing that a driver can or cannot do on this machine.
	Capability = driver.Capability
	// Error says what is wrong, what to do, and keeps the tool's last words.
	Error = driver.Error
)

// What can be wrong; see errors.Is.
var (
	ErrNoEngine    = driver.ErrNoEngine
	ErrEngine      = driver.ErrEngine
	ErrNodeImage   = driver.ErrNodeImage
	ErrNeeds       = driver.ErrNeeds
	ErrNoSpace     = driver.ErrNoSpace
	ErrPort        = driver.ErrPort
	ErrUnreachable = driver.ErrUnreachable
	ErrNotReady    = driver.ErrNotReady
	ErrCreate      = driver.ErrCreate
	ErrKubeconfig  = driver.ErrKubeconfig
	ErrPermission  = driver.ErrPermission
	ErrUnsupported = driver.ErrUnsupported
)

// Names of drivers in [Options].
const (
	Auto     = "auto"     // existing when a kubeconfig is given, else kind or embedded
	Kind     = "kind"     // a cluster in a container engine on this machine
	Embedded = "embedded" // a cluster in namespaces of the user's own, on Linux
	Existing = "existing" // any cluster of a kubeconfig
)

// Options say where and how a cluster is had. Only StateDir is required.
type Options struct {
	// StateDir is podlab's own folder, such as ~/.local/state/podlab.
	StateDir string
	// Driver is Auto, Kind, Embedded or Existing; empty is Auto.
	Driver string
	// Kubeconfig is the path of the user's kubeconfig for the existing driver.
	// When Driver is Existing, empty means $KUBECONFIG; ~/.kube/config is used
	// only if one of them names it.
	Kubeconfig string
	// Context is the context in it; empty means its current context.
	Context string
	// NodeImage is the kind node image; empty means $PODLAB_NODE_IMAGE, or that
	// podlab chooses.
	NodeImage string
	// Name is the name of a cluster that podlab makes, and the beginning of the
	// names of larger ones ("podlab-3n"); empty is "podlab".
	Name string
	// Log receives what -v shows; nil drops it.
	Log *slog.Logger
}

// clusterDriver makes, finds or is lent clusters.
type clusterDriver interface {
	Up(ctx context.Context, needs lab.Needs, report driver.Report) (*driver.Running, error)
	Status(ctx context.Context) (*driver.Status, error)
	Stop(ctx context.Context, report driver.Report) error
	Down(ctx context.Context, report driver.Report) error
}

// choose finds the driver that the options ask for.
func choose(opts Options) (clusterDriver, error) {
	log := opts.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	named, why := opts.Driver, "it was asked for"
	switch {
	case named != "" && named != Auto:
	case opts.Kubeconfig != "":
		named, why = Existing, "a kubeconfig was given"
	case opts.Context != "":
		return nil, &Error{
			Kind: ErrKubeconfig,
			What: fmt.Sprintf("context %q was given without the kubeconfig that it is in", opts.Context),
			Do:   "add --kubeconfig FILE, or --cluster existing to use $KUBECONFIG",
		}
	default:
		named, why = Auto, "no other cluster was asked for"
	}
	image := opts.NodeImage
	if image == "" {
		image = os.Getenv("PODLAB_NODE_IMAGE")
	}
	ofKind := kind.New(kind.Config{StateDir: opts.StateDir, Name: opts.Name, NodeImage: image, Why: why, Log: log})
	embed := embedded.Config{StateDir: opts.StateDir, Name: opts.Name, Why: why, Log: log}
	switch named {
	case Auto:
		embed.Why = "no container engine answers"
		return &auto{ofKind, embedded.New(embed)}, nil
	case Kind:
		return ofKind, nil
	case Embedded:
		return embedded.New(embed), nil
	case Existing:
		path := opts.Kubeconfig
		if path == "" {
			path = os.Getenv("KUBECONFIG")
		}
		return existing.New(existing.Config{
			StateDir:   opts.StateDir,
			Kubeconfig: path,
			Context:    opts.Context,
			Why:        why,
		}), nil
	default:
		return nil, &Error{
			Kind: ErrNeeds,
			What: fmt.Sprintf("there is no cluster driver %q", named),
			Do:   "use --cluster auto, kind, embedded or existing",
		}
	}
}
