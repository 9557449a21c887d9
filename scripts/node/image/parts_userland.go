package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// userland is the root filesystem that the downloaded packages would make.
func (p *parts) userland(ctx context.Context) (*tree, error) {
	files, err := filepath.Glob(filepath.Join(p.debs, "*.deb"))
	if err != nil {
		return nil, err
	}
	t := newTree()
	for _, file := range files {
		raw, err := p.command(ctx, nil, "dpkg-deb", "--fsys-tarfile", file)
		if err != nil {
			return nil, err
		}
		if err := t.read(bytes.NewReader(raw)); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return t, nil
}

// lacksSeccomp is whether runc must be compiled and the system lacks what that
// takes besides a compiler.
func (p *parts) lacksSeccomp() bool {
	return !exists(p.binary("runc")) && len(missing("pkg-config", "libseccomp-dev")) > 0
}

// provideSeccomp unpacks the library that runc is linked with, and puts a program
// before the others that tells cgo where it is: the sources ask pkg-config.
func (p *parts) provideSeccomp(ctx context.Context) error {
	packages, err := filepath.Glob(filepath.Join(p.debs, "libseccomp-dev_*.deb"))
	if err != nil || len(packages) != 1 {
		return fmt.Errorf("%s has not one package libseccomp-dev: %v, %v", p.debs, packages, err)
	}
	dir := filepath.Join(p.work, "seccomp")
	if _, err := p.command(ctx, nil, "dpkg-deb", "--extract", packages[0], dir); err != nil {
		return err
	}
	library, err := filepath.Glob(filepath.Join(dir, "usr/lib/*/libseccomp.a"))
	if err != nil || len(library) != 1 {
		return fmt.Errorf("%s has not one libseccomp.a: %v, %v", packages[0], library, err)
	}
	bin := filepath.Join(p.work, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		return err
	}
	script := fmt.Sprintf("#!/bin/sh\ncase $1 in\n--cflags) echo '\"-I%s\"' ;;\n--libs) echo '\"-L%s\" -lseccomp' ;;\nesac\n",
		filepath.Join(dir, "usr/include"), filepath.Dir(library[0]))
	p.env = append(p.env, "PATH="+bin+":"+os.Getenv("PATH"))
	return os.WriteFile(filepath.Join(bin, "pkg-config"), []byte(script), 0o755)
}
