// Package pack opens packs: folders of labs, or CUE modules that hold such a
// folder. A pack may be anybody's, so what it hands out is bounded: its files
// ([Tree]), its source ([CheckSource]) and the evaluation of it ([Bounded]).
//
//	p, err := pack.Open(ctx, "example.com/team/pods@v0.1.0", pack.Options{})
//	for _, name := range p.Labs() {
//		fsys, err := p.Lab(name) // no links, no large files, no way out
//		err = pack.Bounded(name, func() (err error) { l, err = lab.Load(fsys, name); return err })
//	}
package pack

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"time"
)

// Pack is an open pack.
type Pack struct {
	// Name opens the same pack again, from anywhere: an absolute folder, or a
	// module with the version that was found, example.com/team/pods@v0.1.0.
	Name string
	// Module is the module's path and Version its version; both are empty for a
	// folder.
	Module, Version string
	// Origin says where the files came from this time.
	Origin Origin
	// Tree has every lab as a folder at its top level, beside whatever else
	// lies there.
	Tree *Tree
}

// Origin is where a pack's files came from.
type Origin string

const (
	Folder  Origin = "folder"
	Fetched Origin = "fetched"    // from the registry, just now
	Cached  Origin = "from cache" // fetched before; the registry was not asked for it
)

// Options say how to open a pack. The zero value is right for a command line.
type Options struct {
	// Fetching is called before the registry is asked for something, since
	// that takes a while; nil is nobody.
	Fetching func(what string)
	// Patience bounds the whole conversation with the registry; 0 is a minute.
	Patience time.Duration
}

// IsModule says whether ref names a module and not a folder: it has a version,
// and does not begin as a path does.
func IsModule(ref string) bool {
	return strings.Contains(ref, "@") && !strings.HasPrefix(ref, ".") && !filepath.IsAbs(ref)
}

// Open opens the pack ref: a folder, or a module with its version. The version
// may be @v0 or @latest, for the newest of v0 and of all.
//
// Modules are found as stock cue finds them: CUE_REGISTRY says where, CUE_CACHE_DIR
// keeps what was fetched, and credentials are those of cue login and docker login.
func Open(ctx context.Context, ref string, o Options) (*Pack, error) {
	p, err := open(ctx, ref, o)
	if err != nil {
		return nil, err
	}
	if len(p.Labs()) == 0 {
		_, err := p.Tree.Stat(source)
		return nil, &NoLabsError{Ref: ref, Lab: err == nil}
	}
	var all tally
	for _, name := range p.Labs() {
		// What is wrong with one lab is said to whoever wants that one.
		var b *BoundError
		if err := p.Tree.count(name, 1, &all); errors.As(err, &b) && b.whole {
			return nil, b
		}
	}
	return p, nil
}

func open(ctx context.Context, ref string, o Options) (*Pack, error) {
	if IsModule(ref) {
		return openModule(ctx, ref, o)
	}
	abs, err := filepath.Abs(ref)
	if err != nil {
		return nil, &RefError{Ref: ref, Why: "there is no such folder"}
	}
	tree, err := OpenTree(abs, filepath.ToSlash(filepath.Clean(ref)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &RefError{Ref: ref, Why: "there is no such folder"}
	}
	if err != nil {
		return nil, err
	}
	return &Pack{Name: abs, Origin: Folder, Tree: tree}, nil
}

// source is the file that makes a folder a lab.
const source = "lab.cue"

// Labs lists the pack's labs, sorted: the folders with a lab.cue.
func (p *Pack) Labs() (names []string) {
	entries, _ := fs.ReadDir(p.Tree, ".") // Open has seen them
	for _, e := range entries {
		if e.IsDir() && p.Tree.isLab(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names
}

// Lab is the folder of a lab, all of it within bounds; the error is a
// [BoundError] if it is not, or [fs.ErrNotExist].
func (p *Pack) Lab(name string) (*Tree, error) {
	sub, err := p.Tree.Sub(name)
	if err != nil {
		return nil, err
	}
	t := sub.(*Tree)
	if _, err := t.root.Lstat(source); err != nil {
		return nil, fs.ErrNotExist
	}
	return t, t.Check()
}
