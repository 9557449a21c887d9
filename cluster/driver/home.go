package driver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Home is the folder in which podlab keeps what it knows of one cluster:
//
//	STATE/clusters/NAME/kubeconfig   how to reach it (0600)
//	STATE/clusters/NAME/state.json   what was made, and whether it was finished
//	STATE/clusters/NAME.lock         held by the process that changes it
//
// The lock lies beside the folder, so that the folder can be removed under it.
type Home struct {
	dir string
}

// State is what podlab remembers of a cluster that it made.
type State struct {
	// Phase is [Creating] or [Made].
	Phase string `json:"phase"`
	// Engine made it: "docker", "podman", "nerdctl".
	Engine string `json:"engine,omitempty"`
	// Image is the reference of the node image, Origin how podlab came by it.
	Image  string `json:"image,omitempty"`
	Origin string `json:"origin,omitempty"`
	// Built says that the node image was built from source on this machine.
	Built bool `json:"built,omitempty"`
	// Nodes maps the name of a node to the identity of its container.
	Nodes map[string]string `json:"nodes,omitempty"`
	// Loaded maps a workload image to the digest that podlab last put on every node.
	Loaded  map[string]string `json:"loaded,omitempty"`
	Created time.Time         `json:"created,omitzero"`
	// Started is when its nodes were last started, Boot in which boot of this
	// machine; no boot says that they were stopped in order. Port is where its API
	// server was last reached on loopback. For drivers whose clusters are processes.
	Started time.Time `json:"started,omitzero"`
	Boot    string    `json:"boot,omitempty"`
	Port    int       `json:"port,omitempty"`
}

// Phases of a [State].
const (
	Creating = "creating" // begun and not finished: half-made if nobody holds the lock
	Made     = "made"
)

// OpenHome makes the folder of the cluster called name under stateDir (mode
// 0700) if it is missing.
func OpenHome(stateDir, name string) (*Home, error) {
	if stateDir == "" {
		return nil, errors.New("open home of cluster: no state directory given")
	}
	h := &Home{dir: filepath.Join(stateDir, "clusters", name)}
	if err := os.MkdirAll(h.dir, 0o700); err != nil {
		return nil, fmt.Errorf("open home of cluster %q: %w", name, err)
	}
	return h, nil
}

// Homes lists the names of the clusters that have a folder under stateDir.
func Homes(stateDir string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(stateDir, "clusters"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list clusters: %w", err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// Kubeconfig is the path of the cluster's kubeconfig, there or not.
func (h *Home) Kubeconfig() string { return filepath.Join(h.dir, "kubeconfig") }

// HasKubeconfig tells whether the cluster's kubeconfig is there.
func (h *Home) HasKubeconfig() bool {
	_, err := os.Stat(h.Kubeconfig())
	return err == nil
}

// Scratch is a path in the folder for the file called name.
func (h *Home) Scratch(name string) string { return filepath.Join(h.dir, name) }

// Lock takes the cluster for this process; a second process waits, and says so.
// The returned function gives it back.
func (h *Home) Lock(ctx context.Context, report Report) (func(), error) {
	lock := flock.New(h.dir+".lock", flock.SetPermissions(0o600))
	got, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", lock.Path(), err)
	}
	if !got {
		step := report.Begin(PhaseLock, "another podlab is working on cluster %q; waiting for it", filepath.Base(h.dir))
		// A file lock cannot be waited for with a context, so it is tried again.
		_, err := lock.TryLockContext(ctx, 100*time.Millisecond)
		if step.End(err) != nil {
			return nil, fmt.Errorf("wait for the other podlab on %s: %w", lock.Path(), err)
		}
	}
	// Between opening and locking, Remove of the other process may have taken the
	// folder away.
	if err := os.MkdirAll(h.dir, 0o700); err != nil {
		_ = lock.Unlock()
		return nil, fmt.Errorf("lock %s: %w", lock.Path(), err)
	}
	return func() { _ = lock.Unlock() }, nil
}

// Busy tells whether a process holds the lock at this moment.
func (h *Home) Busy() bool {
	lock := flock.New(h.dir+".lock", flock.SetPermissions(0o600))
	got, err := lock.TryLock()
	if got {
		_ = lock.Unlock()
	}
	return err == nil && !got
}

// State reads what podlab remembers; a missing or unreadable file is the zero
// State, because both mean that nothing is known.
func (h *Home) State() State {
	var s State
	data, err := os.ReadFile(h.Scratch("state.json"))
	if err != nil || json.Unmarshal(data, &s) != nil {
		return State{}
	}
	return s
}

// Remember replaces what podlab remembers.
func (h *Home) Remember(s State) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("remember cluster: %w", err)
	}
	if err := os.MkdirAll(h.dir, 0o700); err != nil { // Remove may have gone before
		return fmt.Errorf("remember cluster: %w", err)
	}
	if err := WriteFile(h.Scratch("state.json"), append(data, '\n')); err != nil {
		return fmt.Errorf("remember cluster: %w", err)
	}
	return nil
}

// Remove forgets the cluster: the folder goes, the lock stays.
func (h *Home) Remove() error {
	if err := os.RemoveAll(h.dir); err != nil {
		return fmt.Errorf("forget cluster: %w", err)
	}
	return nil
}

// WriteFile writes data to path (mode 0600) so that a reader sees the old file
// or the new one, never half of it.
func WriteFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+strings.TrimPrefix(filepath.Base(path), ".")+"-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	// CreateTemp makes the file 0600, which is what a kubeconfig must have.
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
