//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// kept is the name under which the image keeps its content for as long as the fault
// lasts. It is one that the kubelet's side of containerd reads as it stands.
func (b *breaker) kept() string { return "podlab.dev/kept-" + b.ID + ":v1" }

// injectImage takes the names of an image from the node's runtime.
func (b *breaker) injectImage(ctx context.Context) error {
	if err := b.ctr(ctx, "images", "tag", b.Image, b.kept()); err != nil {
		if strings.Contains(err.Error(), "not found") {
			return fmt.Errorf("the node has no image %s: not found", b.Image)
		}
		return err
	}
	if err := b.remember(b.Image); err != nil {
		return err
	}
	return b.ctr(ctx, "images", "rm", b.Image)
}

func (b *breaker) mendImage(ctx context.Context) error {
	if b.where == "" {
		return nil
	}
	if err := b.ctr(ctx, "images", "tag", b.kept(), b.Image); err != nil && !strings.Contains(err.Error(), "already exists") {
		return err
	}
	return b.ctr(ctx, "images", "rm", b.kept())
}

// ctr runs the runtime's own client, which is on the node.
func (b *breaker) ctr(ctx context.Context, args ...string) error {
	for _, path := range []string{"/usr/local/bin/ctr", "/usr/bin/ctr"} {
		if _, err := os.Lstat(b.node.path(path)); err != nil {
			continue
		}
		cmd := exec.CommandContext(ctx, path, append([]string{"-n", "k8s.io"}, args...)...)
		cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
		cmd.SysProcAttr, cmd.Dir = &syscall.SysProcAttr{Chroot: b.node.path()}, "/"
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("ctr %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
		}
		return nil
	}
	return errors.New("the node has no program ctr to ask its containerd with")
}
