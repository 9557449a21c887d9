//go:build linux

package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	deviceplugin "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"

	"podlab.dev/podlab/cluster/gpu/bus"
	"podlab.dev/podlab/cluster/gpu/kubelet"
)

// readyAddress answers the readiness probe: the kubelet knows the devices.
const readyAddress = ":9401"

// errCrash is what a plugin ends with that was told to.
var errCrash = errors.New("panic: simulated crash of the device plugin, as podlab gpu fault ordered")

// plugin offers the node's GPUs to its kubelet until ctx ends.
func plugin(ctx context.Context, log *slog.Logger) error {
	name, err := nodeName()
	if err != nil {
		return err
	}
	inv, err := inventory(inventories, name)
	if err != nil {
		return err
	}
	if inv.CDI {
		if err := kubelet.WriteCDI(cdiFolder, inv); err != nil {
			return err
		}
	}
	allocated := func(devices []string) error {
		conn, err := bus.Dial(ctx, controlSocket)
		if err != nil {
			return err
		}
		defer conn.Close()
		_, err = conn.Ask(bus.Request{Allocated: devices})
		return err
	}
	var plugins []*kubelet.Plugin
	var claims *kubelet.Claims
	if inv.DRA {
		api, err := kubelet.InCluster()
		if err != nil {
			return err
		}
		claims = kubelet.NewClaims(name, inv, api, cdiFolder, allocated, log)
	} else {
		for _, r := range inv.Resources() {
			plugins = append(plugins, kubelet.NewPlugin(inv, r, allocated))
		}
	}
	// How the GPUs are comes first: a plugin that says "healthy" before it knows
	// would offer a broken GPU for a moment after each restart.
	known := make(chan struct{})
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return watch(ctx, log, func(n *bus.Node) {
			for _, p := range plugins {
				p.See(n)
			}
			if claims != nil {
				claims.See(n)
			}
			if known != nil {
				close(known)
				known = nil
			}
		})
	})
	first := known
	var ready atomic.Bool
	group.Go(func() error {
		select {
		case <-ctx.Done():
			return nil
		case <-first:
		}
		if claims != nil {
			return claims.Run(ctx, kubeletFolder, ready.Store)
		}
		return kubelet.Run(ctx, deviceplugin.DevicePluginPath, plugins, ready.Store, log)
	})
	web := &http.Server{Addr: readyAddress, ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !ready.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})}
	group.Go(func() error {
		if err := web.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		return web.Close()
	})
	return group.Wait()
}

// watch tells see how the node is, whenever that changes. A driver that is away is
// waited for; meanwhile the GPUs are as they were.
func watch(ctx context.Context, log *slog.Logger, see func(*bus.Node)) error {
	for {
		err := follow(ctx, see)
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, errCrash) {
			return err
		}
		log.Info("waiting for the driver", "err", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// follow watches over one connection.
func follow(ctx context.Context, see func(*bus.Node)) error {
	conn, err := bus.Dial(ctx, controlSocket)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	defer conn.Close()
	for seen := uint64(0); ; {
		reply, err := conn.Ask(bus.Request{Watch: &seen})
		if err != nil {
			return err
		}
		if reply.Crash {
			return errCrash
		}
		see(reply.Node)
		seen = reply.Version
	}
}
