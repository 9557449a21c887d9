package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
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

// Load finds and loads a lab. A name with a slash or a dot, like ./my-lab, is a
// folder; any other is a built-in lab. The key tells sessions apart: two folders
// of one name are two labs.
func (c Catalog) Load(name string) (l *lab.Lab, key string, err error) {
	if strings.ContainsAny(name, `/\.`) {
		return loadFolder(name)
	}
	sub, err := fs.Sub(c.builtin, name)
	if err == nil {
		_, err = fs.Stat(sub, "lab.cue")
	}
	if err != nil {
		names := c.Names()
		return nil, "", &lab.UnknownError{Name: name, Nearest: view.Nearest(name, names), Known: names}
	}
	l, err = lab.Load(sub, "labs/"+name)
	return l, name, err
}

func loadFolder(name string) (*lab.Lab, string, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return nil, "", fmt.Errorf("find lab %s: %w", name, err)
	}
	switch info, err := os.Stat(abs); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, "", &lab.UnknownError{Name: name}
	case err != nil:
		return nil, "", fmt.Errorf("find lab %s: %w", name, err)
	case !info.IsDir():
		return nil, "", &lab.UnknownError{Name: name}
	}
	l, err := lab.Load(os.DirFS(abs), filepath.ToSlash(filepath.Clean(name)))
	if err != nil {
		return nil, "", err
	}
	l.ID = filepath.Base(abs)
	sum := sha256.Sum256([]byte(abs))
	return l, slug(l.ID) + "-" + hex.EncodeToString(sum[:4]), nil
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
