//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/signal"
	"sync"

	"golang.org/x/sys/unix"
)

// proxy carries each connection to another address: the helper that stands
// between an app and what it calls. It knows nothing about what is said.
func proxy(c *call) error {
	f := c.flags()
	listen := f.String("listen", "127.0.0.1:9000", "`address` to listen on")
	to := f.String("to", "", "`host:port` to carry connections to")
	if _, err := c.parse(f, "[--listen ADDRESS] --to HOST:PORT", 0, 0); err != nil {
		return err
	}
	if _, _, err := net.SplitHostPort(*to); err != nil {
		return fmt.Errorf("--to %q: want host:port", *to)
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %s", *listen, reason(err))
	}
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM, unix.SIGINT)
	defer stop()
	out := &accessLog{w: c.out}
	out.printf("carrying %s to %s", listener.Addr(), *to)
	return carry(ctx, listener, *to, out)
}

// carry serves listener until ctx ends.
func carry(ctx context.Context, listener net.Listener, to string, out *accessLog) error {
	defer context.AfterFunc(ctx, func() { listener.Close() })()
	for {
		near, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		go func() {
			defer near.Close()
			far, err := new(net.Dialer).DialContext(ctx, "tcp", to)
			if err != nil {
				out.printf("%s cannot be reached: %s", to, reason(err))
				return
			}
			defer far.Close()
			out.printf("connection from %s to %s", near.RemoteAddr(), to)
			join(near, far)
		}()
	}
}

// join copies both ways until both sides have ended.
func join(a, b net.Conn) {
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{a, b}, {b, a}} {
		both.Go(func() {
			_, _ = io.Copy(way[0], way[1]) // whoever broke it knows
			if half, ok := way[0].(*net.TCPConn); ok {
				_ = half.CloseWrite()
			}
		})
	}
	both.Wait()
}
