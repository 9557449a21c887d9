//go:build linux

package cell

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// cgroupRoot is where every distribution mounts cgroups.
const cgroupRoot = "/sys/fs/cgroup"

// Cgroup is a cell's directory in one hierarchy of cgroups.
type Cgroup struct {
	// Controllers are those of a version 1 hierarchy ("cpu,cpuacct", or
	// "name=systemd"); empty for version 2.
	Controllers string `json:"controllers,omitempty"`
	// Dir is the directory, seen from outside.
	Dir string `json:"dir"`
}

// needed are the controllers without which the kubelet does not start, or limits
// would be accepted and not hold.
var needed = []string{"cpu", "cpuacct", "cpuset", "memory", "pids"}

// hierarchies lists the places where this process may make cgroups, from the
// text of /proc/self/cgroup; Dir is that of this process.
func hierarchies(text string) []Cgroup {
	var all []Cgroup
	unified := isV2(cgroupRoot)
	for line := range strings.Lines(text) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(f) != 3 || unified != (f[1] == "") {
			continue
		}
		c := Cgroup{Controllers: f[1]}
		c.Dir = filepath.Join(cgroupRoot, c.mountName(), f[2])
		all = append(all, c)
	}
	return all
}

func isV2(path string) bool {
	var s unix.Statfs_t
	return unix.Statfs(path, &s) == nil && s.Type == unix.CGROUP2_SUPER_MAGIC
}

// errNoCgroups says why a cell cannot have limits.
type errNoCgroups struct{ why string }

func (e *errNoCgroups) Error() string { return e.why }

// ErrNotDelegated says that systemd keeps a cgroup controller to itself.
var ErrNotDelegated = errors.New("not handed on to this user")

// probeCgroups tells whether a cell could have cgroups of its own.
func probeCgroups(ctx context.Context) error {
	raw, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return err
	}
	all := hierarchies(string(raw))
	if len(all) == 0 {
		return &errNoCgroups{"no cgroups are mounted at " + cgroupRoot}
	}
	var have []string
	if all[0].Controllers == "" {
		if have, err = managed(ctx); err != nil {
			return err
		}
		// The first is in cpu; without the second the kubelet keeps all limits, and
		// says once a minute that it cannot set it. Debian does not hand it on.
		have = append(have, "cpuacct", "cpuset")
	}
	for _, c := range all {
		if c.Controllers == "" {
			continue
		}
		have = append(have, strings.Split(c.Controllers, ",")...)
		try := filepath.Join(c.Dir, "podlab-probe-"+strconv.Itoa(os.Getpid()))
		if err := os.Mkdir(try, 0o755); err != nil {
			return &errNoCgroups{fmt.Sprintf("this user may not make cgroups in %s", c.Dir)}
		}
		if err := os.Remove(try); err != nil {
			return err
		}
	}
	for _, name := range needed {
		if !slices.Contains(have, name) {
			return fmt.Errorf("the cgroup controller %s is %w", name, ErrNotDelegated)
		}
	}
	return nil
}

// joinCgroups makes cgroups for the cell in dir, called after it so that what a
// killed one left can be found, and puts the process into them.
func joinCgroups(ctx context.Context, pid int, dir string) ([]Cgroup, error) {
	raw, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	all := hierarchies(string(raw))
	for i := range all {
		c := &all[i]
		if c.Controllers == "" {
			scope, err := joinScope(ctx, pid, scopeName(dir))
			return []Cgroup{scope}, err
		}
		c.Dir = filepath.Join(c.Dir, cgroupName(dir))
		if err := c.make(); err != nil {
			return all[:i], err
		}
		if err := c.join(pid); err != nil {
			return all[:i+1], err
		}
	}
	return all, nil
}

// enable hands the controllers of a version 2 cgroup on to its children.
func enable(dir string) error {
	raw, err := os.ReadFile(filepath.Join(dir, "cgroup.controllers"))
	if err != nil {
		return err
	}
	for _, name := range strings.Fields(string(raw)) {
		// Each by itself: one that cannot be had must not keep the others away.
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte("+"+name), 0))
	}
	if err != nil {
		return fmt.Errorf("hand on cgroup controllers: %w", err)
	}
	return nil
}

func cgroupName(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return "podlab-" + hex.EncodeToString(sum[:6])
}

// make makes the directory, so that processes can join it.
func (c Cgroup) make() error {
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return fmt.Errorf("make cgroup: %w", err)
	}
	if !strings.Contains(c.Controllers, "cpuset") {
		return nil
	}
	// Version 1 makes an empty set, and nobody can join that.
	for _, name := range []string{"cpuset.cpus", "cpuset.mems"} {
		raw, err := os.ReadFile(filepath.Join(filepath.Dir(c.Dir), name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(c.Dir, name), raw, 0); err != nil {
			return fmt.Errorf("make cgroup: %w", err)
		}
	}
	return nil
}

// mountName is where the hierarchy lies below cgroupRoot.
func (c Cgroup) mountName() string { return strings.TrimPrefix(c.Controllers, "name=") }

// join puts a process into the cgroup.
func (c Cgroup) join(pid int) error {
	if err := os.WriteFile(filepath.Join(c.Dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0); err != nil {
		return fmt.Errorf("join cgroup: %w", err)
	}
	return nil
}

// Sweep removes the cgroup directories that a killed cell left.
func Sweep(ctx context.Context, dir string) error {
	spec, err := ReadSpec(dir)
	if err != nil {
		return nil // no cell was ever made
	}
	for _, c := range spec.Cgroups {
		if c.Controllers == "" {
			// A systemd that does not answer any more has ended the scope itself.
			err := leaveScope(ctx, scopeName(dir))
			if _, gone := errors.AsType[*errNoCgroups](err); err != nil && !gone {
				return err
			}
		}
		var dirs []string
		err := filepath.WalkDir(c.Dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				dirs = append(dirs, path)
			}
			return nil
		})
		for i := len(dirs) - 1; i >= 0 && err == nil; i-- {
			err = removeCgroup(dirs[i])
		}
		if err != nil {
			return fmt.Errorf("remove cgroup: %w", err)
		}
	}
	return nil
}

// removeCgroup removes an empty cgroup. One whose processes have just been killed
// is busy for a moment more.
func removeCgroup(dir string) error {
	const within = 5 * time.Second
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		err := os.Remove(dir)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if !errors.Is(err, unix.EBUSY) || time.Since(began) > within {
			return err
		}
	}
}

// cgroupMounts show a node its own cgroups where it has some; else those of the
// host, read-only, as the kubelet does not start without seeing any.
func (s *Spec) cgroupMounts() []mount {
	const target = "sys/fs/cgroup"
	flags := uintptr(unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC)
	if len(s.Cgroups) == 0 {
		return []mount{{cgroupRoot, target, "", unix.MS_BIND | unix.MS_REC, ""}}
	}
	var mounts []mount
	for _, c := range s.Cgroups {
		if c.Controllers == "" {
			return []mount{{"cgroup2", target, "cgroup2", flags, ""}}
		}
		options := c.Controllers
		if options != c.mountName() {
			options = "none," + options
		}
		mounts = append(mounts, mount{"cgroup", filepath.Join(target, c.mountName()), "cgroup", flags, options})
	}
	return append([]mount{{"tmpfs", target, "tmpfs", flags, "mode=0755"}}, mounts...)
}
