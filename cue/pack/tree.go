package pack

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// The bounds of a pack's files. A lab is text: the largest one that podlab brings
// has some 60 files and 100 KiB.
const (
	MaxFile   = 1 << 20   // bytes of a file
	MaxSource = 256 << 10 // bytes of lab.cue
	MaxFiles  = 4000      // files and folders of a pack
	MaxTotal  = 64 << 20  // bytes of a pack
	MaxDepth  = 8         // folders in folders
)

// Tree is a folder as an [fs.FS] that cannot be left and has no surprises: no
// links, only regular files, none larger than [MaxFile]. Hidden files do not
// exist in it. A file is held against this when it is opened, by what is then
// there.
type Tree struct {
	root *os.Root
	name string // as the user named it, for messages
}

// OpenTree opens the folder dir, which messages call name. The folder may itself
// be a link: that is the user's choice, and not the pack's.
func OpenTree(dir, name string) (*Tree, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() { // a pipe would be waited for
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Tree{root, name}, nil
}

// Sub is the folder dir of the tree.
func (t *Tree) Sub(dir string) (fs.FS, error) {
	info, err := t.look("sub", dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &fs.PathError{Op: "sub", Path: dir, Err: fs.ErrNotExist}
	}
	root, err := t.root.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Tree{root, path.Join(t.name, dir)}, nil
}

// Stat says what name is.
func (t *Tree) Stat(name string) (fs.FileInfo, error) { return t.look("stat", name) }

// Open opens a file or a folder.
func (t *Tree) Open(name string) (fs.File, error) {
	if _, err := t.look("open", name); err != nil {
		return nil, err
	}
	f, err := t.root.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat() // of what was opened, whatever lay there before
	if err == nil {
		err = t.fits(name, info)
	}
	if err != nil {
		f.Close() //nolint:errcheck // it was only to be read
		return nil, err
	}
	if info.IsDir() {
		return &folder{File: f, tree: t, name: name}, nil
	}
	return &file{f, io.LimitReader(f, MaxFile)}, nil
}

// ReadFile reads a whole file.
func (t *Tree) ReadFile(name string) ([]byte, error) {
	f, err := t.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	return io.ReadAll(f)
}

// look is Lstat where no folder on the way is a link.
func (t *Tree) look(op, name string) (info fs.FileInfo, err error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	if name == "." {
		return t.root.Stat(".")
	}
	elements := strings.Split(name, "/")
	if len(elements) > MaxDepth {
		return nil, t.deep(name)
	}
	for i, e := range elements {
		if hidden(e) {
			return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
		}
		if info, err = t.root.Lstat(path.Join(elements[:i+1]...)); err != nil {
			return nil, err
		}
		if err := t.fits(path.Join(elements[:i+1]...), info); err != nil {
			return nil, err
		}
	}
	return info, nil
}

// hidden files are not the lab's: .git, .DS_Store.
func hidden(name string) bool { return strings.HasPrefix(name, ".") && name != "." }

// fits holds one file against the bounds.
func (t *Tree) fits(name string, info fs.FileInfo) error {
	at := path.Join(t.name, name)
	limit := int64(MaxFile)
	if path.Base(name) == source {
		limit = MaxSource
	}
	switch {
	case info.IsDir():
	case info.Mode()&fs.ModeSymlink != 0:
		return &BoundError{At: at, What: "is a symbolic link; a pack has none", Do: "put a copy of what it leads to in its place"}
	case !info.Mode().IsRegular():
		return &BoundError{At: at, What: "is neither a file nor a folder", Do: "remove it from the lab"}
	case info.Size() > limit:
		return &BoundError{
			At: at, What: fmt.Sprintf("has %s; at most %s are read", units(info.Size()), units(limit)),
			Do: "make it smaller, or move it out of the lab: large things belong into images",
		}
	}
	return nil
}

func (t *Tree) deep(name string) error {
	return &BoundError{
		At: path.Join(t.name, name), What: fmt.Sprintf("lies deeper than %d folders", MaxDepth),
		Do: "move it up",
	}
}

// tally is how much there is.
type tally struct {
	files int
	bytes int64
}

// Check holds all files of the tree, a lab, against the bounds.
func (t *Tree) Check() error { return t.count(".", 0, &tally{}) }

// count adds what is below dir, and stops at what is out of bounds.
func (t *Tree) count(dir string, depth int, all *tally) error {
	entries, err := fs.ReadDir(t, dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		if depth+1 > MaxDepth {
			return t.deep(name)
		}
		info, err := t.look("stat", name)
		if err != nil {
			return err
		}
		if all.files++; all.files > MaxFiles {
			return &BoundError{At: t.name, What: fmt.Sprintf("has more than %d files", MaxFiles), Do: "split the pack, or move what is not the labs' out of their folders", whole: true}
		}
		if info.IsDir() {
			if err := t.count(name, depth+1, all); err != nil {
				return err
			}
			continue
		}
		if all.bytes += info.Size(); all.bytes > MaxTotal {
			return &BoundError{At: t.name, What: fmt.Sprintf("has more than %s", units(MaxTotal)), Do: "split the pack; large things belong into images", whole: true}
		}
	}
	return nil
}

// isLab says whether a folder at the top level means to be a lab.
func (t *Tree) isLab(name string) bool {
	_, err := t.root.Lstat(path.Join(name, source))
	return err == nil && !hidden(name)
}

// file ends at MaxFile, however it grows.
type file struct {
	*os.File
	r io.Reader
}

func (f *file) Read(b []byte) (int, error) { return f.r.Read(b) }

// folder leaves out hidden files, and gives up where there are too many.
type folder struct {
	*os.File
	tree *Tree
	name string
	rest []fs.DirEntry
	read bool
}

// ReadDir is that of [fs.ReadDirFile]; all entries are read the first time.
func (d *folder) ReadDir(n int) ([]fs.DirEntry, error) {
	if !d.read {
		d.read = true
		entries, err := d.File.ReadDir(MaxFiles + 1)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if len(entries) > MaxFiles {
			return nil, &BoundError{At: path.Join(d.tree.name, d.name), What: fmt.Sprintf("has more than %d files", MaxFiles), Do: "split it", whole: true}
		}
		d.rest = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return hidden(e.Name()) })
		slices.SortFunc(d.rest, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	}
	if n <= 0 {
		n = len(d.rest)
	} else if len(d.rest) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(d.rest))
	out := d.rest[:n]
	d.rest = d.rest[n:]
	return out, nil
}

// units is a size for people.
func units(n int64) string {
	switch {
	case n >= 1<<30 && n%(1<<30) == 0:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 1<<20:
		return fmt.Sprintf("%.4g MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.4g KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}
