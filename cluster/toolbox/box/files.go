//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/u-root/u-root/pkg/core"
	"github.com/u-root/u-root/pkg/core/find"
	"github.com/u-root/u-root/pkg/core/mktemp"
	"github.com/u-root/u-root/pkg/core/touch"
	"github.com/u-root/u-root/pkg/core/xargs"
	"golang.org/x/sys/unix"
)

// borrowed runs a command of u-root. Only those are taken whose exit codes can be
// trusted: u-root's ls, mkdir and rm report success where they failed, its mv
// cannot leave a volume, and its tar knows neither standard input nor links.
func borrowed(c *call) error {
	commands := map[string]func() core.Command{"find": find.New, "mktemp": mktemp.New, "touch": touch.New, "xargs": xargs.New}
	command := commands[c.name]()
	command.SetIO(c.in, c.out, c.err)
	return command.Run(c.args...)
}

func mkdir(c *call) error {
	f := c.flags()
	parents := f.BoolP("parents", "p", false, "make its parents too, and do not mind if it is there")
	mode := f.StringP("mode", "m", "", "octal `mode`, whatever the umask")
	operands, err := c.parse(f, "[-p] [-m MODE] DIRECTORY...", 1, -1)
	if err != nil {
		return err
	}
	var failed []error
	for _, name := range operands {
		if *parents {
			err = os.MkdirAll(name, 0o777)
		} else {
			err = os.Mkdir(name, 0o777)
		}
		if err == nil && *mode != "" {
			err = changeMode(name, *mode)
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

func rmdir(c *call) error {
	operands, err := c.parse(c.flags(), "DIRECTORY...", 1, -1)
	if err != nil {
		return err
	}
	var failed []error
	for _, name := range operands {
		if err := unix.Rmdir(name); err != nil {
			failed = append(failed, &os.PathError{Op: "rmdir", Path: name, Err: err})
		}
	}
	return errors.Join(failed...)
}

// remove is rm. Its -f forgives what is not there, and nothing else.
func remove(c *call) error {
	f := c.flags()
	force := f.BoolP("force", "f", false, "do not mind what is not there")
	recursive := f.BoolP("recursive", "r", false, "directories and all in them")
	f.BoolVarP(recursive, "Recursive", "R", false, "the same")
	operands, err := c.parse(f, "[-rf] FILE...", 0, -1)
	if err != nil {
		return err
	}
	if len(operands) == 0 && !*force {
		return errors.New("missing operand")
	}
	var failed []error
	for _, name := range operands {
		info, err := os.Lstat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist) && *force:
			err = nil
		case err != nil:
		case filepath.Clean(name) == "/" || filepath.Base(name) == "." || filepath.Base(name) == "..":
			err = fmt.Errorf("%s: refusing to remove it", name)
		case info.IsDir() && !*recursive:
			err = fmt.Errorf("%s: Is a directory", name)
		case info.IsDir():
			err = os.RemoveAll(name)
		default:
			err = unix.Unlink(name)
			if err != nil {
				err = &os.PathError{Op: "unlink", Path: name, Err: err}
			}
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// targets pairs sources with where they go: into the last operand if that is a
// directory, else to it.
func targets(operands []string) (map[string]string, []string, error) {
	last := operands[len(operands)-1]
	sources := operands[:len(operands)-1]
	to := map[string]string{}
	info, err := os.Stat(last)
	isFolder := err == nil && info.IsDir()
	if len(sources) > 1 && !isFolder {
		return nil, nil, fmt.Errorf("%s: Not a directory", last)
	}
	for _, source := range sources {
		to[source] = last
		if isFolder {
			to[source] = filepath.Join(last, filepath.Base(filepath.Clean(source)))
		}
	}
	return to, sources, nil
}

// move is mv; between file systems it copies and removes.
func move(c *call) error {
	f := c.flags()
	f.BoolP("force", "f", false, "overwrite, which is how it always is")
	keep := f.BoolP("no-clobber", "n", false, "do not overwrite")
	operands, err := c.parse(f, "[-n] SOURCE... TARGET", 2, -1)
	if err != nil {
		return err
	}
	to, sources, err := targets(operands)
	if err != nil {
		return err
	}
	var failed []error
	for _, source := range sources {
		if _, err := os.Lstat(to[source]); err == nil && *keep {
			continue
		}
		err := os.Rename(source, to[source])
		switch {
		case errors.Is(err, unix.EXDEV):
			if err = copyTree(source, to[source], copying{recursive: true, preserve: true}); err == nil {
				err = os.RemoveAll(source)
			}
		case errors.Is(err, fs.ErrNotExist):
			if _, missing := os.Lstat(source); missing != nil {
				err = missing // say which of the two
			}
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// copying is how cp copies.
type copying struct {
	recursive, preserve, follow bool
}

func copyFiles(c *call) error {
	var how copying
	f := c.flags()
	f.BoolVarP(&how.recursive, "recursive", "r", false, "directories and all in them")
	f.BoolVarP(&how.recursive, "Recursive", "R", false, "the same")
	f.BoolVarP(&how.preserve, "preserve", "p", false, "keep mode, owner and time")
	f.BoolVarP(&how.follow, "dereference", "L", false, "copy what a link points to")
	archive := f.BoolP("archive", "a", false, "like -rp")
	f.BoolP("force", "f", false, "overwrite, which is how it always is")
	operands, err := c.parse(f, "[-rpaL] SOURCE... TARGET", 2, -1)
	if err != nil {
		return err
	}
	if *archive {
		how.recursive, how.preserve = true, true
	}
	to, sources, err := targets(operands)
	if err != nil {
		return err
	}
	var failed []error
	for _, source := range sources {
		failed = append(failed, copyTree(source, to[source], how))
	}
	return errors.Join(failed...)
}

func copyTree(source, target string, how copying) error {
	info, err := os.Stat(source)
	if how.recursive && !how.follow {
		info, err = os.Lstat(source)
	}
	if err != nil {
		return err
	}
	if there, err := os.Stat(target); err == nil && os.SameFile(info, there) {
		return fmt.Errorf("%s and %s are the same file", source, target)
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		link, err := os.Readlink(source)
		if err != nil {
			return err
		}
		return os.Symlink(link, target)
	case info.IsDir():
		if !how.recursive {
			return fmt.Errorf("%s: Is a directory (cp -r copies it)", source)
		}
		if inside, err := filepath.Rel(source, target); err == nil && filepath.IsLocal(inside) {
			return fmt.Errorf("%s: cannot copy a directory into itself", source)
		}
		if err := os.Mkdir(target, info.Mode().Perm()|0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		names, err := os.ReadDir(source)
		failed := []error{err}
		for _, name := range names {
			failed = append(failed, copyTree(filepath.Join(source, name.Name()), filepath.Join(target, name.Name()), how))
		}
		return errors.Join(append(failed, how.finish(target, info))...)
	}
	in, err := os.Open(source)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, info.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close(), how.finish(target, info))
}

// finish gives a copy what -p keeps. The owner only where that is allowed.
func (how copying) finish(target string, info fs.FileInfo) error {
	if !how.preserve {
		return nil
	}
	_ = os.Lchown(target, ownerOf(info), groupOf(info))
	return errors.Join(os.Chmod(target, info.Mode()), os.Chtimes(target, info.ModTime(), info.ModTime()))
}

func ln(c *call) error {
	f := c.flags()
	symbolic := f.BoolP("symbolic", "s", false, "a symbolic link")
	force := f.BoolP("force", "f", false, "replace what is there")
	f.BoolP("no-dereference", "n", false, "a link to a directory is a link, which is how it always is")
	operands, err := c.parse(f, "[-sf] TARGET LINK", 2, 2)
	if err != nil {
		return err
	}
	target, name := operands[0], operands[1]
	if info, err := os.Lstat(name); err == nil && info.IsDir() {
		name = filepath.Join(name, filepath.Base(target))
	}
	if *force {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if *symbolic {
		return os.Symlink(target, name)
	}
	return os.Link(target, name)
}

func readlink(c *call) error {
	f := c.flags()
	full := f.BoolP("canonicalize", "f", false, "follow every link on the way")
	operands, err := c.parse(f, "[-f] FILE", 1, 1)
	if err != nil {
		return err
	}
	target, err := os.Readlink(operands[0])
	if *full {
		if target, err = filepath.EvalSymlinks(operands[0]); err == nil {
			target, err = filepath.Abs(target)
		}
	}
	if err != nil {
		return status(1) // silent, as scripts expect
	}
	fmt.Fprintln(c.out, target)
	return nil
}

func chmod(c *call) error {
	f := c.flags()
	recursive := f.BoolP("recursive", "R", false, "directories and all in them")
	f.SetInterspersed(false)
	if len(c.args) > 0 && len(c.args[0]) > 1 && strings.ContainsAny(c.args[0][1:2], "rwxst") && c.args[0][0] == '-' {
		c.args = append([]string{"--"}, c.args...) // chmod -x is a mode
	}
	operands, err := c.parse(f, "[-R] MODE FILE...\nMODE is octal, or like u+x, go-w, a=r", 2, -1)
	if err != nil {
		return err
	}
	return each(operands[1:], *recursive, func(path string) error { return changeMode(path, operands[0]) })
}

func chown(c *call) error {
	f := c.flags()
	recursive := f.BoolP("recursive", "R", false, "directories and all in them")
	operands, err := c.parse(f, "[-R] OWNER[:GROUP] FILE...", 2, -1)
	if err != nil {
		return err
	}
	owner, group, _ := strings.Cut(operands[0], ":")
	uid, gid := -1, -1
	if owner != "" {
		if uid, err = strconv.Atoi(owner); err != nil {
			u, err := user.Lookup(owner)
			if err != nil {
				return fmt.Errorf("unknown user %s", owner)
			}
			uid, _ = strconv.Atoi(u.Uid)
		}
	}
	if group != "" {
		if gid, err = strconv.Atoi(group); err != nil {
			g, err := user.LookupGroup(group)
			if err != nil {
				return fmt.Errorf("unknown group %s", group)
			}
			gid, _ = strconv.Atoi(g.Gid)
		}
	}
	return each(operands[1:], *recursive, func(path string) error { return os.Lchown(path, uid, gid) })
}

// each calls do for every path, and if recursive for all below.
func each(paths []string, recursive bool, do func(path string) error) error {
	var failed []error
	for _, path := range paths {
		if !recursive {
			failed = append(failed, do(path))
			continue
		}
		err := filepath.WalkDir(path, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.Type()&fs.ModeSymlink == 0 {
				err = do(path)
			}
			failed = append(failed, err)
			return nil
		})
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// sync writes what the kernel holds back.
func syncDisks(c *call) error {
	unix.Sync()
	return nil
}

func basename(c *call) error {
	operands, err := c.parse(c.flags(), "PATH [SUFFIX]", 1, 2)
	if err != nil {
		return err
	}
	name := filepath.Base(operands[0])
	if len(operands) == 2 && name != operands[1] {
		name = strings.TrimSuffix(name, operands[1])
	}
	fmt.Fprintln(c.out, name)
	return nil
}

func dirname(c *call) error {
	operands, err := c.parse(c.flags(), "PATH...", 1, -1)
	if err != nil {
		return err
	}
	for _, path := range operands {
		fmt.Fprintln(c.out, filepath.Dir(filepath.Clean(path)))
	}
	return nil
}
