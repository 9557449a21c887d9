package main

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
)

// tree is a root filesystem held by its tar files: enough of it to pick programs
// out of it with everything that they need to run.
type tree struct {
	files map[string]*tar.Header
	body  map[string][]byte
}

// merged are the directories that Debian keeps as links into usr. Single packages
// still have files in them.
var merged = []string{"bin", "sbin", "lib", "lib64"}

func newTree() *tree {
	t := &tree{files: map[string]*tar.Header{}, body: map[string][]byte{}}
	for _, name := range merged {
		t.files[name] = &tar.Header{Typeflag: tar.TypeSymlink, Linkname: "usr/" + name}
	}
	return t
}

func readTree(file string) (*tree, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t := newTree()
	if err := t.read(f); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return t, nil
}

// read keeps what lies in the directories of programs and libraries.
func (t *tree) read(r io.Reader) error {
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := clean(h.Name)
		if top, _, below := strings.Cut(name, "/"); slices.Contains(merged, top) {
			if !below {
				continue
			}
			name = "usr/" + name
		}
		if h.Typeflag == tar.TypeLink {
			h.Linkname = clean(h.Linkname)
		}
		t.files[name] = h
		if h.Typeflag == tar.TypeReg && (strings.HasPrefix(name, "usr/sbin/") || strings.HasPrefix(name, "usr/bin/") || strings.HasPrefix(name, "usr/lib/")) && h.Size < 8<<20 {
			if t.body[name], err = io.ReadAll(tr); err != nil {
				return err
			}
		}
	}
}

func clean(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

// resolve follows symbolic links, those of directories (lib → usr/lib) too.
func (t *tree) resolve(name string) string {
	name = clean(name)
	for range 40 {
		parts := strings.Split(name, "/")
		next := ""
		for i := range parts {
			prefix := strings.Join(parts[:i+1], "/")
			h := t.files[prefix]
			if h == nil || (h.Typeflag != tar.TypeSymlink && h.Typeflag != tar.TypeLink) {
				continue
			}
			target := h.Linkname
			if h.Typeflag == tar.TypeSymlink && !path.IsAbs(target) {
				target = path.Join(path.Dir(prefix), target)
			}
			next = clean(path.Join(target, strings.Join(parts[i+1:], "/")))
			break
		}
		if next == "" {
			return name
		}
		name = next
	}
	return name
}

// closure is the programs and all that the dynamic loader will look for: file
// names as they are asked for, and the file behind each.
func (t *tree) closure(names ...string) (map[string]string, error) {
	found := map[string]string{}
	for len(names) > 0 {
		name := clean(names[0])
		names = names[1:]
		if found[name] != "" {
			continue
		}
		real := t.resolve(name)
		body, ok := t.body[real]
		if !ok {
			return nil, fmt.Errorf("the root filesystem has no /%s", name)
		}
		found[name] = real
		file, err := elf.NewFile(bytes.NewReader(body))
		if err != nil {
			return nil, fmt.Errorf("/%s: %w", name, err)
		}
		libs, err := file.ImportedLibraries()
		if err != nil {
			return nil, fmt.Errorf("/%s: %w", name, err)
		}
		for _, lib := range libs {
			at, ok := t.library(lib)
			if !ok {
				return nil, fmt.Errorf("/%s needs %s, which the root filesystem lacks", name, lib)
			}
			names = append(names, at)
		}
		for _, p := range file.Progs {
			if p.Type == elf.PT_INTERP {
				raw, err := io.ReadAll(p.Open())
				if err != nil {
					return nil, err
				}
				names = append(names, strings.TrimRight(string(raw), "\x00"))
			}
		}
	}
	return found, nil
}

// library finds a shared library in Debian's directories, whatever the
// architecture is called there.
func (t *tree) library(name string) (string, bool) {
	for _, pattern := range []string{"usr/lib/*-linux-gnu*/" + name, "usr/lib/" + name, "usr/lib64/" + name} {
		for at := range t.files {
			if ok, _ := path.Match(pattern, at); ok {
				return at, true
			}
		}
	}
	return "", false
}

// matching are the files whose path matches the pattern, links to files too.
func (t *tree) matching(pattern string) []string {
	var names []string
	for name, h := range t.files {
		if ok, _ := path.Match(pattern, name); ok && h.Typeflag != tar.TypeDir {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
