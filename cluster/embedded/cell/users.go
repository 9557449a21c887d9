//go:build linux

package cell

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"

	subids "github.com/moby/sys/user"
)

// wantUIDs is how many users a cell has where it has more than one: what images
// use, with nobody (65534) as the last but one.
const wantUIDs = 65536

// errMapUsers says that users could not be mapped, and why.
type errMapUsers struct{ error }

func (e *errMapUsers) Unwrap() error { return e.error }

// mapUsers says who the users of the process's new user namespace are outside.
func mapUsers(ctx context.Context, pid int, many bool) error {
	if err := mapThem(ctx, pid, many); err != nil {
		return &errMapUsers{err}
	}
	return nil
}

func mapThem(ctx context.Context, pid int, many bool) error {
	uid, gid := os.Geteuid(), os.Getegid()
	switch {
	case !many:
		return mapOne(pid, uid, gid)
	case uid == 0:
		return mapSame(pid)
	}
	uids, gids, err := subordinates()
	if err != nil {
		return err
	}
	for _, m := range []struct {
		tool  string
		own   int
		extra subids.SubID
	}{{"newuidmap", uid, uids}, {"newgidmap", gid, gids}} {
		args := []string{strconv.Itoa(pid), "0", strconv.Itoa(m.own), "1",
			"1", strconv.FormatInt(m.extra.SubID, 10), strconv.Itoa(wantUIDs - 1)}
		if out, err := exec.CommandContext(ctx, m.tool, args...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", m.tool, err, strings.TrimSpace(string(out)))
		}
	}
	return nil
}

// mapOne: root inside is this user, and there is no other.
func mapOne(pid, uid, gid int) error {
	for _, f := range []struct{ name, text string }{
		{"setgroups", "deny"}, // or the kernel refuses the next one
		{"gid_map", fmt.Sprintf("0 %d 1\n", gid)},
		{"uid_map", fmt.Sprintf("0 %d 1\n", uid)},
	} {
		if err := os.WriteFile(fmt.Sprintf("/proc/%d/%s", pid, f.name), []byte(f.text), 0); err != nil {
			return fmt.Errorf("map users: %w", err)
		}
	}
	return nil
}

// mapSame: every user inside is the same one outside. Root of the cell is then
// root of this machine to its files, and nobody to its kernel.
func mapSame(pid int) error {
	for _, name := range []string{"gid_map", "uid_map"} {
		own, err := os.Open("/proc/self/" + name)
		if err != nil {
			return err
		}
		var text strings.Builder
		for lines := bufio.NewScanner(own); lines.Scan(); {
			if f := strings.Fields(lines.Text()); len(f) == 3 {
				fmt.Fprintf(&text, "%s %s %s\n", f[0], f[0], f[2])
			}
		}
		own.Close()
		if err := os.WriteFile(fmt.Sprintf("/proc/%d/%s", pid, name), []byte(text.String()), 0); err != nil {
			return fmt.Errorf("map users: %w", err)
		}
	}
	return nil
}

// subordinates are the ranges of users and groups that /etc/subuid and
// /etc/subgid give to this user.
func subordinates() (uids, gids subids.SubID, err error) {
	name := strconv.Itoa(os.Getuid())
	names := []string{name}
	if u, err := user.LookupId(name); err == nil {
		names = append(names, u.Username)
	}
	find := func(file string) (subids.SubID, error) {
		for _, name := range names {
			found, err := subids.ParseSubIDFileFilter(file, func(s subids.SubID) bool { return s.Name == name && s.Count >= wantUIDs-1 })
			if err == nil && len(found) > 0 {
				return found[0], nil
			}
		}
		return subids.SubID{}, fmt.Errorf("%s has no range of %d for %s", file, wantUIDs-1, strings.Join(names, " or "))
	}
	if uids, err = find("/etc/subuid"); err != nil {
		return uids, gids, err
	}
	gids, err = find("/etc/subgid")
	return uids, gids, err
}
