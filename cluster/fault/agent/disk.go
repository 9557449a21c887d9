//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
)

// filler is the file that fills a folder.
func (b *breaker) filler() string {
	return strings.TrimPrefix(path.Join(b.Path, ".podlab-fault-"+b.ID), "/")
}

// injectDisk writes into the container's own file system. No link in it leads out
// of there.
func (b *breaker) injectDisk(ctx context.Context) error {
	pid, err := b.node.initOf(b.Container)
	if err != nil {
		return err
	}
	if err := b.remember(b.Container); err != nil {
		return err
	}
	root, err := os.OpenRoot(fmt.Sprintf("/proc/%d/root", pid))
	if err != nil {
		return err
	}
	defer root.Close()
	f, err := root.OpenFile(b.filler(), os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the container has no folder %s: no such file or directory", b.Path)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	piece := make([]byte, 1<<20)
	for written := int64(0); written < b.Bytes; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := f.Write(piece[:min(int64(len(piece)), b.Bytes-written)])
		written += int64(n)
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
			return nil // it is full
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mendDisk removes the file. When the container is gone its volume may be there
// still, in the container that took its place.
func (b *breaker) mendDisk() error {
	pids := []int{}
	if pid, err := b.node.initOf(b.Container); err == nil {
		pids = append(pids, pid)
	} else {
		for _, p := range processes() {
			pids = append(pids, p.pid)
		}
	}
	for _, pid := range pids {
		root, err := os.OpenRoot(fmt.Sprintf("/proc/%d/root", pid))
		if err != nil {
			continue
		}
		err = root.Remove(b.filler())
		root.Close()
		if err == nil {
			return nil
		}
		if len(pids) == 1 && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
