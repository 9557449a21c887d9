package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/cue/pack"
	"podlab.dev/podlab/cue/view"
)

// Catalog is where labs are found: those of a pack by name, others by folder. The
// pack is the built-in one, or that of [Catalog.From].
type Catalog struct {
	builtin fs.FS
	pack    string                           // empty is the built-in one
	open    func(string) (*pack.Pack, error) // opens others
	lang    string                           // a BCP 47 tag; empty is the labs' own
}

// NewCatalog returns the catalog of the labs at the top level of builtin, which
// opens other packs with open.
func NewCatalog(builtin fs.FS, open func(ref string) (*pack.Pack, error)) Catalog {
	return Catalog{builtin: builtin, open: open}
}

// From is the catalog with names meaning labs of the pack ref; empty is the
// built-in pack. It is opened when it is needed.
func (c Catalog) From(ref string) Catalog {
	c.pack = ref
	return c
}

// In is the catalog with labs in the language that fits lang best, a BCP 47 tag,
// where they have it.
func (c Catalog) In(lang string) Catalog {
	c.lang = lang
	return c
}

// Names lists the pack's labs, sorted.
func (c Catalog) Names() ([]string, error) {
	if c.pack != "" {
		p, err := c.open(c.pack)
		if err != nil {
			return nil, err
		}
		return p.Labs(), nil
	}
	found, _ := fs.Glob(c.builtin, "*/lab.cue") // the pattern is well-formed
	names := make([]string, len(found))
	for i, f := range found {
		names[i] = strings.TrimSuffix(f, "/lab.cue")
	}
	return names, nil
}

// Folder is where a lab is.
type Folder struct {
	// ID is the lab's name; Dir is the folder as the user named it.
	ID, Dir string
	FS      fs.FS

	ref    string // finds the lab again, from anywhere and with any pack
	key    string // names its session
	module bool   // it came out of a registry
}

// Load finds and loads a lab. A name with a slash or a dot, like ./my-lab, is a
// folder, and example.com/team/pods@v0.1.0:first-pod a lab of a module; any other
// is a lab of the pack. The key tells sessions apart: two folders of one name are
// two labs.
func (c Catalog) Load(name string) (l *lab.Lab, key string, err error) {
	f, err := c.folder(name)
	if err != nil {
		return nil, "", err
	}
	err = f.bounded(func() (err error) {
		l, err = lab.Load(f.FS, f.Dir)
		return err
	})
	if err != nil {
		return nil, f.key, err
	}
	l.ID = f.ID
	return l.In(c.lang), f.key, nil
}

// Ref is how a lab is found again, by another process in another folder: the name
// of a built-in one, an absolute folder, or a module's lab with the version.
func (c Catalog) Ref(name string) (string, error) {
	f, err := c.folder(name)
	return f.ref, err
}

// Playable says whether the answers of a lab may be played, which are programs
// and run on this machine: those of a folder are the user's own, those out of a
// registry are anybody's.
func (c Catalog) Playable(name string) error {
	f, err := c.folder(name)
	if err == nil && f.module {
		return &StrangerError{Lab: f.ref}
	}
	return err
}

// StrangerError says that a lab's answers are not played.
type StrangerError struct{ Lab string }

func (e *StrangerError) Error() string {
	return fmt.Sprintf("the answers of %s are scripts of others; they would run on this machine", e.Lab)
}

// Remedy says how they become one's own.
func (e *StrangerError) Remedy() string {
	return "read them first: get the pack as a folder from its author, and name the lab by its folder"
}

// Usage marks the error as one of input.
func (e *StrangerError) Usage() {}

// Look calls look, which evaluates the lab, within the bounds of a pack: what is
// out of them is its error.
func (f Folder) Look(look func() error) error { return f.bounded(look) }

func (f Folder) bounded(load func() error) error {
	file := path.Join(f.Dir, "lab.cue")
	src, err := fs.ReadFile(f.FS, "lab.cue")
	switch t, ok := f.FS.(*pack.Tree); {
	case errors.Is(err, fs.ErrNotExist): // whoever loads it says so
	case ok:
		if err := t.Check(); err != nil {
			return err
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	sources := map[string][]byte{file: src}
	translations, _ := fs.Glob(f.FS, "translations/*.cue") // the pattern is well-formed
	for _, name := range translations {
		if sources[path.Join(f.Dir, name)], err = fs.ReadFile(f.FS, name); err != nil {
			return err
		}
	}
	return pack.Bounded(file, func() error {
		for _, name := range slices.Sorted(maps.Keys(sources)) {
			if err := pack.CheckSource(name, sources[name]); err != nil {
				return err
			}
		}
		return load()
	})
}

// Folders finds labs without loading them: those of the pack where none is named,
// and for a folder of labs, or another pack, those in it.
func (c Catalog) Folders(names []string) (out []Folder, err error) {
	if len(names) == 0 {
		if names, err = c.Names(); err != nil {
			return nil, err
		}
	}
	for _, name := range names {
		if in, ok, err := c.all(name); err != nil {
			return nil, err
		} else if ok {
			out = append(out, in...)
			continue
		}
		f, err := c.folder(name)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// all is every lab of a pack, if name is one.
func (c Catalog) all(name string) (out []Folder, ok bool, err error) {
	_, _, one := cutModule(name)
	switch {
	case one || !isPath(name) && !pack.IsModule(name):
		return nil, false, nil
	case !pack.IsModule(name):
		if info, err := os.Stat(name); err != nil || !info.IsDir() {
			return nil, false, nil
		}
		if _, err := os.Lstat(filepath.Join(name, "lab.cue")); err == nil {
			return nil, false, nil
		}
	}
	p, err := c.open(name)
	var none *pack.NoLabsError
	if errors.As(err, &none) && !pack.IsModule(name) {
		return nil, false, &lab.UnknownError{Name: name}
	}
	if err != nil {
		return nil, false, err
	}
	for _, id := range p.Labs() {
		f, err := inPack(p, name, id)
		if err != nil {
			return nil, false, err
		}
		out = append(out, f)
	}
	return out, true, nil
}

// isPath says whether a lab is named by its folder.
func isPath(name string) bool { return strings.ContainsAny(name, `/\.`) }

// cutModule takes example.com/team/pods@v0.1.0:first-pod apart.
func cutModule(name string) (ref, id string, ok bool) {
	if !pack.IsModule(name) {
		return "", "", false
	}
	return strings.Cut(name, ":")
}

// folder finds a lab.
func (c Catalog) folder(name string) (Folder, error) {
	if ref, id, ok := cutModule(name); ok {
		return c.named(ref, id)
	}
	if pack.IsModule(name) {
		return Folder{}, &lab.UnknownError{Name: name}
	}
	if isPath(name) {
		return c.path(name)
	}
	return c.named(c.pack, name)
}

// named finds a lab of a pack by its name.
func (c Catalog) named(ref, id string) (Folder, error) {
	in := c.From(ref)
	names, err := in.Names()
	if err != nil {
		return Folder{}, err
	}
	if !slices.Contains(names, id) {
		return Folder{}, &lab.UnknownError{Name: id, Nearest: view.Nearest(id, names), Known: names}
	}
	if ref == "" {
		sub, err := fs.Sub(c.builtin, id)
		return Folder{ID: id, Dir: "labs/" + id, FS: sub, ref: id, key: id}, err
	}
	p, err := c.open(ref)
	if err != nil {
		return Folder{}, err
	}
	return inPack(p, ref, id)
}

// inPack is the lab id of the pack that the user named ref.
func inPack(p *pack.Pack, ref, id string) (Folder, error) {
	tree, err := p.Lab(id)
	if err != nil {
		return Folder{}, err
	}
	if p.Module == "" {
		at := filepath.Join(p.Name, id)
		return Folder{ID: id, Dir: path.Join(filepath.ToSlash(filepath.Clean(ref)), id), FS: tree, ref: at, key: keyed(id, at)}, nil
	}
	major, _, _ := strings.Cut(p.Version, ".")
	return Folder{
		ID: id, Dir: p.Name + "/" + id, FS: tree, ref: p.Name + ":" + id, module: true,
		key: keyed(id, p.Module+"@"+major+":"+id), // a mended version goes on with the session
	}, nil
}

// path finds a lab by its folder.
func (c Catalog) path(name string) (Folder, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return Folder{}, fmt.Errorf("find lab %s: %w", name, err)
	}
	dir := filepath.ToSlash(filepath.Clean(name))
	tree, err := pack.OpenTree(abs, dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Folder{}, &lab.UnknownError{Name: name}
	case err != nil:
		return Folder{}, fmt.Errorf("find lab %s: %w", name, err)
	}
	id := filepath.Base(abs)
	return Folder{ID: id, Dir: dir, FS: tree, ref: abs, key: keyed(id, abs)}, nil
}

// keyed is the key of a lab that is not a built-in one.
func keyed(id, identity string) string {
	sum := sha256.Sum256([]byte(identity))
	return slug(id) + "-" + hex.EncodeToString(sum[:4])
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
