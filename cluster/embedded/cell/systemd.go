//go:build linux

package cell

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/dbus"
	godbus "github.com/godbus/dbus/v5"
)

// systemd is the manager that may hand out cgroups of version 2: root's own, or
// that of the user's session. It is asked directly: a session may be without a
// D-Bus, or its variables may be another user's after su.
func systemd(ctx context.Context) (*dbus.Conn, error) {
	socket := "/run/systemd/private"
	if uid := os.Geteuid(); uid != 0 {
		socket = fmt.Sprintf("/run/user/%d/systemd/private", uid)
	}
	conn, err := dbus.NewConnection(func() (*godbus.Conn, error) {
		conn, err := godbus.Dial("unix:path="+socket, godbus.WithContext(ctx))
		if err != nil {
			return nil, err
		}
		if err := conn.Auth([]godbus.Auth{godbus.AuthExternal(strconv.Itoa(os.Geteuid()))}); err != nil {
			conn.Close()
			return nil, err
		}
		return conn, nil
	})
	if err != nil {
		return nil, &errNoCgroups{fmt.Sprintf("systemd, which hands out cgroups, does not answer this user: %v", err)}
	}
	return conn, nil
}

// managed lists the controllers that systemd can hand on to a scope of this user.
func managed(ctx context.Context) ([]string, error) {
	conn, err := systemd(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	quoted, err := conn.GetManagerProperty("ControlGroup")
	if err != nil {
		return nil, fmt.Errorf("ask systemd for its cgroup: %w", err)
	}
	group, err := strconv.Unquote(quoted)
	if err != nil {
		return nil, fmt.Errorf("ask systemd for its cgroup: %s: %w", quoted, err)
	}
	raw, err := os.ReadFile(filepath.Join(cgroupRoot, group, "cgroup.controllers"))
	return strings.Fields(string(raw)), err
}

// scopeName is the scope of the cell in dir.
func scopeName(dir string) string { return cgroupName(dir) + ".scope" }

// joinScope puts a process into a scope of its own, whose cgroup is the process's
// to divide, and which systemd removes once it is empty.
func joinScope(ctx context.Context, pid int, name string) (Cgroup, error) {
	conn, err := systemd(ctx)
	if err != nil {
		return Cgroup{}, err
	}
	defer conn.Close()
	if err := stopScope(ctx, conn, name); err != nil {
		return Cgroup{}, err
	}
	done := make(chan string, 1)
	_, err = conn.StartTransientUnitContext(ctx, name, "replace", []dbus.Property{
		dbus.PropDescription("podlab cluster"),
		dbus.PropPids(uint32(pid)),
		{Name: "Delegate", Value: godbus.MakeVariant(true)},
		// A cluster is more than one service; what holds it is the user's own limit.
		{Name: "TasksMax", Value: godbus.MakeVariant(uint64(math.MaxUint64))},
		{Name: "CollectMode", Value: godbus.MakeVariant("inactive-or-failed")},
	}, done)
	if err != nil {
		return Cgroup{}, fmt.Errorf("ask systemd for a scope: %w", err)
	}
	if err := jobDone(ctx, done); err != nil {
		return Cgroup{}, fmt.Errorf("ask systemd for a scope: %w", err)
	}
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return Cgroup{}, err
	}
	own := hierarchies(string(raw))
	if len(own) != 1 || !strings.HasSuffix(own[0].Dir, name) {
		return Cgroup{}, errors.New("systemd made a scope, but the process is not in it")
	}
	return own[0], nil
}

// leaveScope has systemd forget a scope, if it still knows it.
func leaveScope(ctx context.Context, name string) error {
	conn, err := systemd(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return stopScope(ctx, conn, name)
}

// stopScope ends a scope in which nothing runs any more, and removes its cgroup.
// Removing only the cgroup would not do: systemd then never sees it become empty,
// and keeps the scope and its name for ever.
func stopScope(ctx context.Context, conn *dbus.Conn, name string) error {
	done := make(chan string, 1)
	_, err := conn.StopUnitContext(ctx, name, "replace", done)
	if known, ok := errors.AsType[godbus.Error](err); ok && known.Name == "org.freedesktop.systemd1.NoSuchUnit" {
		return nil
	}
	if err == nil {
		err = jobDone(ctx, done)
	}
	if err != nil {
		return fmt.Errorf("have systemd end the scope %s: %w", name, err)
	}
	return nil
}

// jobDone waits until systemd has done what it was asked for.
func jobDone(ctx context.Context, done <-chan string) error {
	const within = 10 * time.Second
	select {
	case how := <-done:
		if how != "done" {
			return errors.New(how)
		}
		return nil
	case <-time.After(within):
		return fmt.Errorf("not done within %s", within)
	case <-ctx.Done():
		return ctx.Err()
	}
}
