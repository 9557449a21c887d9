package main

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func newParts(b *build) (*parts, error) {
	p := &parts{build: b}
	scripts := os.DirFS(filepath.Join(b.dir, ".."))
	var err error
	if p.hash, err = contentHash(scripts, partsSource); err != nil {
		return nil, err
	}
	debs, err := contentHash(scripts, func(name string) bool { return name == "node/image/parts_debs.go" })
	if err != nil {
		return nil, err
	}
	p.dir = filepath.Join(b.cache, "parts-"+p.hash)
	p.debs = filepath.Join(b.cache, "debs-"+debs)
	p.work = filepath.Join(b.cache, "new-parts-"+p.hash)
	return p, nil
}

// partsSource is whether the parts depend on a file of the directory scripts.
func partsSource(name string) bool {
	name, ok := strings.CutPrefix(name, "node/")
	if !ok {
		return strings.HasPrefix(name, "fit-runc/")
	}
	return name != "image/node.go" && name != "image/rootfs.go" && !strings.HasPrefix(name, "image/files/")
}

// ofParts is whether an entry of the cache belongs to the parts, not to images.
func ofParts(name string) bool {
	return name == "parts" || strings.HasPrefix(name, "parts-") || strings.HasPrefix(name, "debs-")
}

// link points the name without a hash to these parts.
func (p *parts) link() error {
	at := filepath.Join(p.cache, "parts")
	if target, err := os.Readlink(at); err == nil && target == filepath.Base(p.dir) {
		return nil
	}
	aside := at + ".new"
	if err := os.Remove(aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(filepath.Base(p.dir), aside); err != nil {
		return err
	}
	return os.Rename(aside, at)
}

// prune drops what older sources left. Of the older parts it keeps the youngest:
// a cluster may be running on them.
func (p *parts) prune() error {
	entries, err := os.ReadDir(p.cache)
	if err != nil {
		return err
	}
	type other struct {
		name  string
		built time.Time
	}
	var others []other
	for _, e := range entries {
		name := filepath.Join(p.cache, e.Name())
		switch {
		case name == p.dir || name == p.debs || name == p.bin:
		case strings.HasPrefix(e.Name(), "parts-"):
			info, err := e.Info()
			if err != nil {
				return err
			}
			others = append(others, other{name, info.ModTime()})
		case strings.HasPrefix(e.Name(), "new-parts-"), strings.HasPrefix(e.Name(), "debs-"), strings.HasPrefix(e.Name(), "bin-"):
			if err := os.RemoveAll(name); err != nil {
				return err
			}
		}
	}
	slices.SortFunc(others, func(a, b other) int { return cmp.Compare(b.built.UnixNano(), a.built.UnixNano()) })
	for _, o := range others[min(1, len(others)):] {
		if err := os.RemoveAll(o.name); err != nil {
			return err
		}
	}
	return nil
}
