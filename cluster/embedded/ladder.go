//go:build linux

package embedded

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cluster/embedded/cell"
	"podlab.dev/podlab/cue/lab"
)

// What to do about each step of the ladder that cannot be taken.
const (
	doUsers  = "install uidmap and have root give this user a range: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 NAME"
	doLimits = "log in where systemd runs a session for this user (cgroup v2), run podlab as root, or use --cluster kind"
	doHandOn = `have root write "[Service]" and "Delegate=cpu cpuset io memory pids", each on a line of its own, to /etc/systemd/system/user@.service.d/delegate.conf, then "systemctl daemon-reload", and log in anew`
)

// Rungs is what this machine allows this user, for podlab doctor.
func (d *Driver) Rungs(ctx context.Context) ([]driver.Capability, error) {
	program, err := unpack(d.config.StateDir)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(d.config.StateDir, "probe-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	l := cell.Probe(ctx, program, dir)
	show := func(name, yes string, err error, do string) driver.Capability {
		if err == nil {
			return driver.Capability{Name: name, Has: true, Found: yes}
		}
		found := err.Error()
		if known, ok := errors.AsType[*driver.Error](err); ok {
			found, do = known.What, known.Do
		}
		return driver.Capability{Name: name, Found: found, Do: do}
	}
	parts, missing := FindParts()
	there := ""
	if missing == nil {
		there = "Kubernetes " + parts.Version + " in " + parts.Dir
	}
	forLimits := doLimits
	if errors.Is(l.Limits, cell.ErrNotDelegated) && os.Geteuid() != 0 {
		forLimits = doHandOn
	}
	rungs := []driver.Capability{
		show("programs", there, missing, ""),
		show("namespaces", "this user may make them", explain(l), ""),
		show("users", "Pods may run as users of their own", l.ManyUIDs, doUsers),
		show("watches", "there are instances of inotify for a cluster of one node", watches(1), ""),
		show("limits", "memory and CPU limits hold", l.Limits, forLimits),
	}
	rungs[2].Optional, rungs[4].Optional = true, true
	return rungs, nil
}

// explain says what to do where no cell can be made.
func explain(l cell.Ladder) error {
	if l.Namespaces == nil {
		return nil
	}
	why := strings.ReplaceAll(l.Namespaces.Error(), "\n", "; ")
	do := "start a container engine and use --cluster kind"
	allow := ""
	switch {
	case errors.Is(l.Namespaces, unix.ENOSPC): // which here has nothing to do with a disk
		why, allow = "it allows no more user namespaces", "sysctl -w user.max_user_namespaces=10000"
	case errors.Is(l.Namespaces, unix.EPERM):
		why, allow = "it forbids user namespaces", cmp.Or(whoForbids(), "a seccomp filter or security module forbids them here, as in most containers")
	case strings.HasSuffix(why, unix.EPERM.Error()) || strings.HasSuffix(why, unix.EACCES.Error()):
		// Ubuntu lets everybody make them, and do nothing in them.
		allow = whoForbids()
	}
	if allow != "" {
		do = "have root allow user namespaces (" + allow + "), or " + do
	}
	return &driver.Error{
		Kind: driver.ErrUnsupported,
		What: "this machine does not let podlab run a cluster of its own: " + why,
		Do:   do,
		Err:  l.Namespaces,
	}
}

// whoForbids guesses which of a distribution's switches is off, and says how to
// put it on; empty if none is.
func whoForbids() string {
	for name, allowed := range map[string]string{
		"kernel/unprivileged_userns_clone":             "1", // Debian
		"kernel/apparmor_restrict_unprivileged_userns": "0", // Ubuntu
	} {
		raw, err := os.ReadFile("/proc/sys/" + name)
		if err == nil && strings.TrimSpace(string(raw)) != allowed {
			return fmt.Sprintf("sysctl -w %s=%s", strings.ReplaceAll(name, "/", "."), allowed)
		}
	}
	return ""
}

// refuse refuses a lab that needs more than this rung has: it is never run on
// less.
func refuse(rung cell.Rung, needs lab.Needs) error {
	for _, n := range []struct {
		needed, has bool
		what, do    string
	}{
		{needs.Users, rung.ManyUIDs, "Pods with users of their own", doUsers},
		{needs.Limits, rung.Limits, "memory and CPU limits that hold", doLimits},
		// Without cgroups of its own every Pod is shown what the whole machine uses.
		{needs.Metrics, rung.Limits, "true figures of what Pods use (kubectl top)", doLimits},
	} {
		if n.needed && !n.has {
			return &driver.Error{
				Kind: driver.ErrNeeds,
				What: "the lab needs " + n.what + ", which the embedded cluster of this user cannot have (podlab doctor says why)",
				Do:   n.do,
			}
		}
	}
	return nil
}

// describe says in a few words what the cluster can and cannot.
func describe(r cell.Rung) string {
	has, lacks := []string{}, []string{}
	for _, c := range []struct {
		has  bool
		name string
	}{{r.ManyUIDs, "users of its own"}, {r.Limits, "limits"}} {
		if c.has {
			has = append(has, c.name)
		} else {
			lacks = append(lacks, "without "+c.name)
		}
	}
	text := strings.Join(lacks, ", ")
	if len(has) > 0 {
		text = strings.Trim("with "+strings.Join(has, " and ")+", "+text, ", ")
	}
	return text
}
