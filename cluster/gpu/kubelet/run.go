package kubelet

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	deviceplugin "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
)

// kubeletSocket is the kubelet's own socket in the folder of device plugins.
const kubeletSocket = "kubelet.sock"

// Run serves the plugins in the kubelet's folder dir, and registers them whenever a
// kubelet is there to register with, until ctx ends. registered hears whether they
// are.
func Run(ctx context.Context, dir string, plugins []*Plugin, registered func(bool), log *slog.Logger) error {
	changed := watch(ctx, dir, log)
	for waited := false; ; {
		if _, err := os.Stat(filepath.Join(dir, kubeletSocket)); err == nil {
			if err := serve(ctx, dir, plugins, changed, registered, log); err != nil {
				log.Error("plugin", "err", err)
			}
			waited = false
		} else if !waited {
			waited = true
			log.Info("waiting for the kubelet", "socket", filepath.Join(dir, kubeletSocket))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}

// watch tells when something may have changed in the folder: at once where the
// kernel says so, and every second. A machine with many programs that watch lets no
// more of them do so.
func watch(ctx context.Context, dir string, log *slog.Logger) <-chan struct{} {
	changed := make(chan struct{}, 1)
	watcher, err := fsnotify.NewWatcher()
	if err == nil {
		err = watcher.Add(dir)
	}
	var events chan fsnotify.Event
	if err == nil {
		events = watcher.Events
	} else {
		log.Warn("looking at the kubelet's folder every second, as it cannot be watched", "err", err)
	}
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		if watcher != nil {
			defer watcher.Close()
		}
		for {
			select {
			case <-ctx.Done():
				return
			case <-events:
			case <-tick.C:
			}
			select {
			case changed <- struct{}{}:
			default: // it is known already
			}
		}
	}()
	return changed
}

// serve serves and registers once, until ctx ends or the kubelet starts anew.
func serve(ctx context.Context, dir string, plugins []*Plugin, changed <-chan struct{}, registered func(bool), log *slog.Logger) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	group, gctx := errgroup.WithContext(ctx)
	registry := filepath.Join(dir, kubeletSocket)
	kubelet, err := os.Stat(registry)
	if err != nil {
		return err
	}
	var sockets []string
	var servers []*grpc.Server
	defer func() {
		for _, s := range servers {
			s.Stop() // not gracefully: the kubelet's stream has no end
		}
		_ = group.Wait()
	}()
	for _, p := range plugins {
		socket := filepath.Join(dir, p.endpoint())
		sockets = append(sockets, socket)
		if err := os.Remove(socket); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		l, err := net.Listen("unix", socket)
		if err != nil {
			return err
		}
		server := grpc.NewServer()
		deviceplugin.RegisterDevicePluginServer(server, p)
		servers = append(servers, server)
		group.Go(func() error { return server.Serve(l) })
	}
	for _, p := range plugins {
		if err := p.register(gctx, registry); err != nil {
			return err
		}
		log.Info("registered", "resource", p.resource.Name, "devices", len(p.resource.Devices))
	}
	registered(true)
	defer registered(false)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-gctx.Done():
			return group.Wait()
		case <-changed:
			// It may have been our own doing: the folder itself tells.
			if now, err := os.Stat(registry); err != nil || !os.SameFile(now, kubelet) || !now.ModTime().Equal(kubelet.ModTime()) {
				log.Info("the kubelet has stopped or started anew")
				return nil
			}
			for _, socket := range sockets {
				if _, err := os.Stat(socket); err != nil {
					log.Info("a plugin's socket was removed", "socket", socket)
					return nil
				}
			}
		}
	}
}

// endpoint is the name of the plugin's socket.
func (p *Plugin) endpoint() string {
	return "podlab-" + strings.ReplaceAll(strings.TrimPrefix(p.resource.Name, "nvidia.com/"), ".", "-") + ".sock"
}

// register tells the kubelet about the plugin.
func (p *Plugin) register(ctx context.Context, socket string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = deviceplugin.NewRegistrationClient(conn).Register(ctx, &deviceplugin.RegisterRequest{
		Version: deviceplugin.Version, Endpoint: p.endpoint(), ResourceName: p.resource.Name, Options: options(),
	})
	if err != nil {
		return fmt.Errorf("register %s with the kubelet: %w", p.resource.Name, err)
	}
	return nil
}
