//go:build linux

package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"syscall"

	"podlab.dev/podlab/cluster/fault/order"
)

// breaker does what an order says, and undoes it.
type breaker struct {
	order.Order
	node *node
	log  *slog.Logger
	// where is what must be known to undo it after a crash of this program.
	where string
	// over is closed when there is nothing left to break; nil where there always is.
	over chan struct{}
	hogs []*hog
	// scores are what the kernel thought of killing the container's processes before.
	scores map[int][]byte
}

func (b *breaker) inject(ctx context.Context) error {
	switch b.Kind {
	case order.Hold:
		return nil
	case order.Kill:
		pid, err := b.node.initOf(b.Container)
		if err != nil {
			return err
		}
		return syscall.Kill(pid, syscall.Signal(b.Signal))
	case order.Restart, order.Stop, order.Pause, order.Off:
		return b.injectNode()
	case order.Cut, order.DNS, order.Probe, order.Slow:
		return b.injectNetwork()
	case order.CPU, order.Memory:
		return b.injectHogs()
	case order.Disk:
		return b.injectDisk(ctx)
	case order.Image:
		return b.injectImage(ctx)
	}
	return fmt.Errorf("there is no fault %q", b.Kind)
}

// remember keeps what must be known to undo the fault after a crash.
func (b *breaker) remember(where string) error {
	b.where = where
	return os.WriteFile(begun, []byte(where), 0o600)
}

// mend undoes the fault; done twice it changes nothing.
func (b *breaker) mend(ctx context.Context) error {
	var err error
	switch b.Kind {
	case order.Stop, order.Pause, order.Off:
		err = b.mendNode()
	case order.Cut, order.DNS, order.Probe, order.Slow:
		err = b.mendNetwork()
	case order.CPU, order.Memory:
		b.mendHogs()
	case order.Disk:
		err = b.mendDisk()
	case order.Image:
		err = b.mendImage(ctx)
	}
	if err != nil {
		return fmt.Errorf("mend: %w", err)
	}
	if err := undo(ctx, b.Undo, b.log); err != nil {
		return err
	}
	if b.Lasts() {
		b.log.Info("mended", "kind", b.Kind)
	}
	return nil
}
