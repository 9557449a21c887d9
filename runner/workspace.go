package runner

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// fillWork copies the lab's files/ into the folder in which the shell opens.
// What the learner has changed there is left alone.
func (x *Session) fillWork() error {
	if err := os.MkdirAll(x.Work(), 0o700); err != nil {
		return fmt.Errorf("make the work folder: %w", err)
	}
	return x.CopyFiles(x.Work())
}

// CopyFiles copies the lab's files/ into a folder; what is there already is left
// alone.
func (x *Session) CopyFiles(dir string) error {
	sub, err := fs.Sub(x.Lab.FS, "files")
	if err != nil {
		return nil
	}
	return copyFiles(sub, dir, false)
}

// copyFiles copies a tree of regular files into dir; a missing tree is empty.
func copyFiles(from fs.FS, dir string, overwrite bool) error {
	return fs.WalkDir(from, ".", func(p string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && p == "." {
			return nil
		}
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(p))
		if _, err := os.Lstat(to); err == nil && !overwrite {
			return nil
		}
		b, err := fs.ReadFile(from, p)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		return os.WriteFile(to, b, 0o600)
	})
}

// Environ is the environment for a shell in the lab: kubectl is podlab's own and
// talks to the lab's namespace, and nothing of it reads ~/.kube.
func (x *Session) Environ(podlab string) ([]string, error) {
	if err := x.shims(podlab); err != nil {
		return nil, err
	}
	env := []string{}
	for _, kv := range os.Environ() {
		switch name, _, _ := strings.Cut(kv, "="); name {
		case "KUBECONFIG", "KUBECACHEDIR", "PATH", "PODLAB_LAB":
		default:
			env = append(env, kv)
		}
	}
	return append(env,
		"PATH="+x.bin()+string(os.PathListSeparator)+os.Getenv("PATH"),
		"KUBECONFIG="+cmp.Or(x.through, x.Kubeconfig()),
		"KUBECACHEDIR="+filepath.Join(x.store.dir, "cache"),
		"PODLAB_LAB="+x.Key,
	), nil
}

// bin is the folder that comes first in the PATH of the lab's shells.
func (x *Session) bin() string { return filepath.Join(x.dir, "bin") }

// shims makes kubectl and podlab in the session's own folder this very program.
// Several shells of a session may do so at a time.
func (x *Session) shims(podlab string) error {
	if err := os.MkdirAll(x.bin(), 0o700); err != nil {
		return fmt.Errorf("make %s: %w", x.bin(), err)
	}
	for _, name := range []string{"kubectl", "podlab"} {
		if runtime.GOOS == "windows" { // links need a privilege there
			script := fmt.Sprintf("@\"%s\" kubectl %%*\r\n", podlab)
			if name == "podlab" {
				script = fmt.Sprintf("@\"%s\" %%*\r\n", podlab)
			}
			if err := os.WriteFile(filepath.Join(x.bin(), name+".cmd"), []byte(script), 0o700); err != nil {
				return err
			}
			continue
		}
		link := filepath.Join(x.bin(), name)
		if at, err := os.Readlink(link); err == nil && at == podlab {
			continue
		}
		// Made aside and renamed: another shell may be using the old one.
		aside := fmt.Sprintf("%s.%x", link, rand.Uint64())
		err := os.Symlink(podlab, aside)
		if err == nil {
			err = os.Rename(aside, link)
		}
		if err != nil {
			return fmt.Errorf("make %s: %w", link, err)
		}
	}
	return nil
}
