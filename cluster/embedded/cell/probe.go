//go:build linux

package cell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Ladder is what this machine allows this user, step by step.
type Ladder struct {
	// Namespaces is nil if a cell can be made at all.
	Namespaces error
	// ManyUIDs is nil if it can have users of its own.
	ManyUIDs error
	// Limits is nil if it can have cgroups of its own.
	Limits error
}

// Rung is how much of Linux a cell may use: each step of the ladder that this
// machine and user allow.
type Rung struct {
	// ManyUIDs: the cell has 65536 users, so that images may own their files and
	// Pods may run as whom they like. Otherwise all is one user.
	ManyUIDs bool `json:"manyUIDs"`
	// Limits: the cell has cgroups of its own, so that memory and CPU limits hold
	// and what is measured is true.
	Limits bool `json:"limits"`
}

// Rung is the highest that the ladder reaches.
func (l Ladder) Rung() Rung { return Rung{ManyUIDs: l.ManyUIDs == nil, Limits: l.Limits == nil} }

// Probe tries each step for a cell in dir, by taking it and going back.
func Probe(ctx context.Context, program, dir string) Ladder {
	l := Ladder{ManyUIDs: probeUsers(), Limits: probeCgroups(ctx)}
	l.Namespaces = probeInside(ctx, program, dir, l.Rung())
	if failed, ok := errors.AsType[*errMapUsers](l.Namespaces); ok && l.ManyUIDs == nil {
		// newuidmap is there and refuses: without set-user-ID, in most containers, or
		// for a range that another namespace around this one does not have.
		l.ManyUIDs = failed
		l.Namespaces = probeInside(ctx, program, dir, l.Rung())
	}
	return l
}

// probeInside runs [probe] in the namespaces of a cell.
func probeInside(ctx context.Context, program, dir string, rung Rung) error {
	var said bytes.Buffer
	err := inside(ctx, program, rung, &said, "probe", dir)
	if why := strings.TrimSpace(said.String()); err != nil && why != "" {
		err = errors.New(why)
	}
	return err
}

// probeUsers tells whether a cell could have users of its own.
func probeUsers() error {
	if os.Geteuid() == 0 {
		return nil
	}
	if _, _, err := subordinates(); err != nil {
		return err
	}
	for _, tool := range []string{"newuidmap", "newgidmap"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%s is not installed", tool)
		}
	}
	return nil
}

// probe takes, in namespaces of its own, the steps of a cell that a machine may
// refuse.
func probe(dir string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("mounts cannot be made private: %w", err)
	}
	try, err := os.MkdirTemp(dir, "probe-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(try)
	for _, name := range []string{"lower", "upper", "work", "merged", "proc"} {
		if err := os.Mkdir(filepath.Join(try, name), 0o700); err != nil {
			return err
		}
	}
	if err := unix.Mount("proc", try+"/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("/proc cannot be mounted in a user namespace (is this a container?): %w", err)
	}
	layers := fmt.Sprintf("lowerdir=%[1]s/lower,upperdir=%[1]s/upper,workdir=%[1]s/work,userxattr", try)
	if err := unix.Mount("overlay", try+"/merged", "overlay", 0, layers); err != nil {
		return fmt.Errorf("overlayfs does not work on the file system of %s: %w", dir, err)
	}
	if err := errors.Join(unix.Unmount(try+"/merged", 0), unix.Unmount(try+"/proc", 0)); err != nil {
		return err
	}
	return (&Spec{Node: 1}).setNetwork()
}
