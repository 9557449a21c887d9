//go:build linux

package main

import (
	"archive/tar"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// archiving is how tar works.
type archiving struct {
	folder                         string
	verbose, zip, noOwner, noModes bool
	stderr                         io.Writer
}

// tarball is tar: what `kubectl cp` needs (cf - and xmf - with -C) and what
// people type. Names in an archive stay below the folder it is extracted to.
func tarball(c *call) error {
	if len(c.args) > 0 && c.args[0] != "" && c.args[0][0] != '-' {
		c.args = append([]string{"-" + c.args[0]}, c.args[1:]...) // tar cf - .
	}
	a := archiving{stderr: c.err}
	f := c.flags()
	create := f.BoolP("create", "c", false, "make an archive")
	extract := f.BoolP("extract", "x", false, "extract an archive")
	show := f.BoolP("list", "t", false, "list an archive")
	file := f.StringP("file", "f", "-", "the `archive`; - is standard input or output")
	f.StringVarP(&a.folder, "directory", "C", ".", "the `directory` to work in")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "say each name")
	f.BoolVarP(&a.zip, "gzip", "z", false, "compressed")
	f.BoolP("touch", "m", false, "do not keep times, which is how it always is")
	f.BoolP("preserve-permissions", "p", false, "keep modes, which is how it always is")
	f.BoolVarP(&a.noOwner, "no-same-owner", "o", false, "do not keep owners, which only root can")
	f.BoolVar(&a.noModes, "no-same-permissions", false, "do not keep modes")
	operands, err := c.parse(f, "-c|-x|-t [-vz] [-f ARCHIVE] [-C DIRECTORY] [NAME]...", 0, -1)
	if err != nil {
		return err
	}
	chosen := 0
	for _, b := range []bool{*create, *extract, *show} {
		if b {
			chosen++
		}
	}
	if chosen != 1 {
		return errors.New("give exactly one of -c, -x and -t")
	}
	if *create {
		if len(operands) == 0 {
			return errors.New("refusing to make an empty archive")
		}
		out := c.out
		if *file != "-" {
			archive, err := os.Create(*file)
			if err != nil {
				return err
			}
			return errors.Join(a.create(archive, operands), archive.Close())
		}
		return a.create(out, operands)
	}
	var in io.Reader = c.in
	if *file != "-" {
		archive, err := os.Open(*file)
		if err != nil {
			return err
		}
		defer archive.Close()
		in = archive
	}
	if a.zip {
		if in, err = gzip.NewReader(in); err != nil {
			return err
		}
	}
	return a.read(in, operands, *show, c.out)
}

func (a archiving) create(w io.Writer, names []string) error {
	closers := []io.Closer{}
	if a.zip {
		zip := gzip.NewWriter(w)
		closers, w = append(closers, zip), zip
	}
	out := tar.NewWriter(w)
	closers = append([]io.Closer{out}, closers...)
	var failed []error
	for _, name := range names {
		start := name
		if !filepath.IsAbs(name) {
			start = filepath.Join(a.folder, name)
		}
		err := filepath.Walk(start, func(at string, info fs.FileInfo, err error) error {
			if err != nil {
				failed = append(failed, err)
				return nil
			}
			inside, err := filepath.Rel(start, at)
			if err != nil {
				return err
			}
			// As other tars do: no leading slash, and "." stays "./".
			stored := strings.TrimLeft(path.Join(name, inside), "/")
			return a.put(out, at, cmp.Or(stored, "."), info)
		})
		failed = append(failed, err)
	}
	for _, closer := range closers {
		failed = append(failed, closer.Close())
	}
	return errors.Join(failed...)
}

// put adds one file to an archive.
func (a archiving) put(out *tar.Writer, at, name string, info fs.FileInfo) error {
	link := ""
	if info.Mode()&fs.ModeSymlink != 0 {
		var err error
		if link, err = os.Readlink(at); err != nil {
			return err
		}
	}
	if info.Mode()&fs.ModeSocket != 0 {
		fmt.Fprintf(a.stderr, "tar: %s: socket ignored\n", name)
		return nil
	}
	h, err := tar.FileInfoHeader(info, link)
	if err != nil {
		return err
	}
	h.Name = name
	if info.IsDir() {
		h.Name += "/"
	}
	if a.verbose {
		fmt.Fprintln(a.stderr, h.Name)
	}
	if !info.Mode().IsRegular() {
		return out.WriteHeader(h)
	}
	file, err := os.Open(at)
	if err != nil {
		return err
	}
	defer file.Close()
	if h.Size == 0 {
		// A file of /proc says 0 and has content.
		content, err := io.ReadAll(file)
		if err != nil {
			return err
		}
		h.Size = int64(len(content))
		if err := out.WriteHeader(h); err != nil {
			return err
		}
		_, err = out.Write(content)
		return err
	}
	if err := out.WriteHeader(h); err != nil {
		return err
	}
	// A log may grow meanwhile: no more than the header promised.
	_, err = io.CopyN(out, file, h.Size)
	return err
}

// read lists an archive or extracts it.
func (a archiving) read(r io.Reader, only []string, show bool, out io.Writer) error {
	var root *os.Root
	if !show {
		var err error
		if root, err = os.OpenRoot(a.folder); err != nil {
			return err
		}
		defer root.Close()
	}
	in := tar.NewReader(r)
	found := map[string]bool{}
	for {
		h, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		name := path.Clean(strings.TrimLeft(h.Name, "/"))
		if len(only) > 0 {
			match := slices.IndexFunc(only, func(o string) bool {
				o = path.Clean(strings.TrimLeft(o, "/"))
				return name == o || strings.HasPrefix(name, o+"/")
			})
			if match < 0 {
				continue
			}
			found[only[match]] = true
		}
		if show {
			if a.verbose {
				fmt.Fprintf(out, "%s %s/%s %10d %s ", modeText(h.FileInfo().Mode()), ownerText(h.Uname, h.Uid), ownerText(h.Gname, h.Gid), h.Size, h.ModTime.Format("2006-01-02 15:04"))
			}
			fmt.Fprintln(out, printable(h.Name))
			continue
		}
		if a.verbose {
			fmt.Fprintln(out, printable(h.Name))
		}
		if !filepath.IsLocal(name) {
			return fmt.Errorf("%s: is outside the directory", h.Name)
		}
		if err := a.extract(root, name, h, in); err != nil {
			return err
		}
	}
	for _, name := range only {
		if !found[name] {
			return fmt.Errorf("%s: not found in archive", name)
		}
	}
	return nil
}

func ownerText(name string, number int) string {
	if name != "" {
		return name
	}
	return fmt.Sprint(number)
}

// extract makes one file below root, through which no link leads out.
func (a archiving) extract(root *os.Root, name string, h *tar.Header, content io.Reader) error {
	mode := h.FileInfo().Mode().Perm()
	if parent := path.Dir(name); parent != "." {
		if err := root.MkdirAll(parent, 0o777); err != nil {
			return err
		}
	}
	if info, err := root.Lstat(name); err == nil && !info.IsDir() {
		if err := root.Remove(name); err != nil {
			return err
		}
	}
	switch h.Typeflag {
	case tar.TypeDir:
		if name == "." {
			return nil
		}
		if err := root.Mkdir(name, mode|0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	case tar.TypeReg:
		file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if err != nil {
			return err
		}
		_, err = io.Copy(file, content)
		if err = errors.Join(err, file.Close()); err != nil {
			return err
		}
	case tar.TypeSymlink:
		return root.Symlink(h.Linkname, name)
	case tar.TypeLink:
		return root.Link(path.Clean(strings.TrimLeft(h.Linkname, "/")), name)
	case tar.TypeFifo:
		return unix.Mkfifo(filepath.Join(root.Name(), name), uint32(mode))
	default:
		fmt.Fprintf(a.stderr, "tar: %s: device ignored\n", printable(h.Name))
		return nil
	}
	if os.Geteuid() == 0 && !a.noOwner {
		// Allowed or not is a matter of capabilities; the content counts.
		_ = root.Lchown(name, h.Uid, h.Gid)
	}
	if a.noModes {
		return nil
	}
	return root.Chmod(name, mode)
}
