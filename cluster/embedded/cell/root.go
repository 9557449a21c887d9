//go:build linux

package cell

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Where the first node finds the cluster's folder and the parts, to start the
// other nodes from.
const (
	insideDir   = "/mnt/cluster"
	insideParts = "/mnt/parts"
)

// mount is one step towards a node's file system. Targets are below the new root.
type mount struct {
	source, target, kind string
	flags                uintptr
	data                 string
}

// enterRoot makes the node's file system and moves into it. The programs are
// read-only and shared; /etc, /var and /run are folders of the node's own, of
// which /run begins empty, as on a machine that was switched on. Nothing of the
// host is visible, neither to the parts nor to a Pod that mounts a host path.
func (s *Spec) enterRoot() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	own := s.nodeDir()
	if err := os.RemoveAll(filepath.Join(own, "run")); err != nil {
		return err
	}
	for _, name := range []string{"etc", "var/lib", "var/log", "run", "root"} {
		if err := os.MkdirAll(filepath.Join(own, name), 0o755); err != nil {
			return err
		}
	}
	root := filepath.Join(own, "root")
	if err := unix.Mount(s.root(), root, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount %s: %w", s.root(), err)
	}
	// Not a remount: that would have to repeat flags that it cannot know.
	readOnly := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
	if err := unix.MountSetattr(-1, root, 0, &readOnly); err != nil {
		return fmt.Errorf("make %s read-only: %w", s.root(), err)
	}
	terminals := "newinstance,ptmxmode=0666,mode=0620"
	if s.Rung.ManyUIDs {
		terminals += ",gid=5"
	}
	mounts := []mount{
		{own + "/etc", "etc", "", unix.MS_BIND, ""},
		{own + "/var", "var", "", unix.MS_BIND, ""},
		{own + "/run", "run", "", unix.MS_BIND, ""},
		{"tmpfs", "tmp", "tmpfs", 0, "mode=1777"},
		{"tmpfs", "root", "tmpfs", 0, "mode=0700"},
		{"proc", "proc", "proc", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, ""},
		{"sysfs", "sys", "sysfs", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, ""},
		{"tmpfs", "dev", "tmpfs", 0, "mode=0755"},
		{"devpts", "dev/pts", "devpts", 0, terminals},
		{"tmpfs", "dev/shm", "tmpfs", 0, "mode=1777"},
		{"mqueue", "dev/mqueue", "mqueue", 0, ""},
	}
	for _, device := range []string{"null", "zero", "full", "random", "urandom", "tty"} {
		mounts = append(mounts, mount{"/dev/" + device, "dev/" + device, "", unix.MS_BIND, ""})
	}
	mounts = append(mounts, s.cgroupMounts()...)
	mounts = append(mounts,
		mount{"tmpfs", "mnt", "tmpfs", 0, "mode=0700"},
		mount{s.Parts, insideParts, "", unix.MS_BIND, ""})
	if s.Node == 1 {
		mounts = append(mounts, mount{s.Dir, insideDir, "", unix.MS_BIND, ""})
	}
	for _, m := range mounts {
		if err := m.mount(root); err != nil {
			return err
		}
	}
	if err := keepSettings(root); err != nil {
		return err
	}
	for name, target := range map[string]string{
		"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2",
	} {
		if err := os.Symlink(target, filepath.Join(root, "dev", name)); err != nil {
			return err
		}
	}
	return pivot(root)
}

// keepSettings makes the settings of the machine's kernel read-only, all but those
// of the cell's own network. The kubelet sets some as it starts, and to them root
// of a cell that root has made is root.
func keepSettings(root string) error {
	for _, name := range []string{"proc/sys", "proc/sys/net"} {
		if err := (mount{filepath.Join(root, name), name, "", unix.MS_BIND, ""}).mount(root); err != nil {
			return err
		}
	}
	readOnly := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
	if err := unix.MountSetattr(-1, filepath.Join(root, "proc/sys"), 0, &readOnly); err != nil {
		return fmt.Errorf("make /proc/sys read-only: %w", err)
	}
	return nil
}

// mount mounts m, and makes its target where that can be made.
func (m mount) mount(root string) error {
	target := filepath.Join(root, m.target)
	file := false
	if m.flags&unix.MS_BIND != 0 {
		info, err := os.Stat(m.source)
		if err != nil {
			return err
		}
		file = !info.IsDir()
	}
	if _, err := os.Stat(target); err != nil {
		if file {
			err = os.WriteFile(target, nil, 0o600)
		} else {
			err = os.MkdirAll(target, 0o755)
		}
		if err != nil {
			return err
		}
	}
	if err := unix.Mount(m.source, target, m.kind, m.flags, m.data); err != nil {
		return fmt.Errorf("mount %s at /%s: %w", m.source, m.target, err)
	}
	return nil
}

// pivot makes root the root, and lets go of the old one.
func pivot(root string) error {
	if err := os.Chdir(root); err != nil {
		return err
	}
	// The old root ends up on top of the new one, from where it is taken off.
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("let go of the old root: %w", err)
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	// So that the kubelet can pass mounts on to containers that ask for it.
	return unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, "")
}
