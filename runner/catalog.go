package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/cue/view"
)

// Catalog is where labs are found: the built-in ones by name, others by folder.
type Catalog struct{ builtin fs.FS }

// NewCatalog returns the catalog of the labs at the top level of builtin.
func NewCatalog(builtin fs.FS) Catalog { return Catalog{builtin} }

// Names lists the built-in labs, sorted.
func (c Catalog) Names() []string {
	found, _ := fs.Glob(c.builtin, "*/lab.cue") // the pattern is well-formed
	names := make([]string, len(found))
	for i, f := range found {
		names[i] = strings.TrimSuffix(f, "/lab.cue")
	}
	return names
}

// Folder is where a lab is.
type Folder struct {
	// ID is the lab's name; Dir is the folder as the user named it.
	ID, Dir string
	FS      fs.FS

	abs string // empty for a built-in lab
}

// Load finds and loads a lab. A name with a slash or a dot, like ./my-lab, is a
// folder; any other is a built-in lab. The key tells sessions apart: two folders
// of one name are two labs.
func (c Catalog) Load(name string) (l *lab.Lab, key string, err error) {
	f, err := c.folder(name)
	if err != nil {
		return nil, "", err
	}
	if l, err = lab.Load(f.FS, f.Dir); err != nil || f.abs == "" {
		return l, f.ID, err
	}
	l.ID = f.ID
	sum := sha256.Sum256([]byte(f.abs))
	return l, slug(l.ID) + "-" + hex.EncodeToString(sum[:4]), nil
}

// Folders finds labs without loading them: the built-in ones where none is
// named, and for a folder of labs those in it.
func (c Catalog) Folders(names []string) (out []Folder, err error) {
	if len(names) == 0 {
		names = c.Names()
	}
	for _, name := range names {
		f, err := c.folder(name)
		if err != nil {
			return nil, err
		}
		if _, err := fs.Stat(f.FS, "lab.cue"); err == nil {
			out = append(out, f)
			continue
		}
		found, _ := fs.Glob(f.FS, "*/lab.cue") // the pattern is well-formed
		if len(found) == 0 {
			return nil, &lab.UnknownError{Name: name}
		}
		for _, cue := range found {
			id := path.Dir(cue)
			abs := filepath.Join(f.abs, id)
			out = append(out, Folder{ID: id, Dir: path.Join(f.Dir, id), FS: os.DirFS(abs), abs: abs})
		}
	}
	return out, nil
}

// folder finds a lab, or a folder of labs.
func (c Catalog) folder(name string) (Folder, error) {
	if !strings.ContainsAny(name, `/\.`) {
		sub, err := fs.Sub(c.builtin, name)
		if err == nil {
			_, err = fs.Stat(sub, "lab.cue")
		}
		if err != nil {
			names := c.Names()
			return Folder{}, &lab.UnknownError{Name: name, Nearest: view.Nearest(name, names), Known: names}
		}
		return Folder{ID: name, Dir: "labs/" + name, FS: sub}, nil
	}
	abs, err := filepath.Abs(name)
	if err != nil {
		return Folder{}, fmt.Errorf("find lab %s: %w", name, err)
	}
	switch info, err := os.Stat(abs); {
	case errors.Is(err, fs.ErrNotExist):
		return Folder{}, &lab.UnknownError{Name: name}
	case err != nil:
		return Folder{}, fmt.Errorf("find lab %s: %w", name, err)
	case !info.IsDir():
		return Folder{}, &lab.UnknownError{Name: name}
	}
	return Folder{ID: filepath.Base(abs), Dir: filepath.ToSlash(filepath.Clean(name)), FS: os.DirFS(abs), abs: abs}, nil
}

// slug makes a folder's name fit for a namespace: a label of at most 40
// characters, which leaves room for a suffix.
func slug(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, s)
	return strings.Trim(s[:min(len(s), 40)], "-")
}
