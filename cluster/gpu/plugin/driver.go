//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"podlab.dev/podlab/cluster/gpu/bus"
	"podlab.dev/podlab/cluster/gpu/kubelet"
	"podlab.dev/podlab/cluster/gpu/rig"
)

// metricsAddress is where DCGM's exporter is asked, too.
const metricsAddress = ":9400"

// driver keeps the GPUs until ctx ends.
func driver(ctx context.Context, log *slog.Logger) error {
	name, err := nodeName()
	if err != nil {
		return err
	}
	inv, err := inventory(inventories, name)
	if err != nil {
		return err
	}
	for _, file := range []string{programSocket, controlSocket, smiProgram} {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
	}
	if err := os.Chmod(filepath.Dir(controlSocket), 0o700); err != nil {
		return err
	}
	if err := installSMI(); err != nil {
		return err
	}
	r, err := rig.New(name, *inv, stateFile)
	if err != nil {
		return err
	}
	holders := kubelet.Holders(resourceSocket)
	group, ctx := errgroup.WithContext(ctx)
	for path, socket := range map[string]rig.Socket{
		programSocket: {},
		controlSocket: {Control: true, Holders: holders},
	} {
		l, err := listen(path)
		if err != nil {
			return err
		}
		group.Go(func() error { return r.Serve(ctx, l, socket) })
	}
	web := &http.Server{Addr: metricsAddress, Handler: pages(r, holders, log), ReadHeaderTimeout: 10 * time.Second}
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
	log.Info("simulated GPUs", "node", name, "card", inv.Card.Product, "count", inv.Count)
	return group.Wait()
}

// listen opens a socket that programs of every user may use.
func listen(path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	return l, os.Chmod(path, 0o666)
}

// installSMI puts this very program on the node as nvidia-smi. A container that has
// the old one keeps it.
func installSMI() error {
	own, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return err
	}
	if there, err := os.ReadFile(smiProgram); err == nil && bytes.Equal(there, own) {
		return nil
	}
	part := smiProgram + ".part"
	if err := os.WriteFile(part, own, 0o755); err != nil {
		return err
	}
	return os.Rename(part, smiProgram)
}

// pages are the metrics, and a sign of life.
func pages(r *rig.Rig, holders func(context.Context, *bus.Node) error, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, request *http.Request) {
		n := r.Node()
		if err := holders(request.Context(), &n); err != nil {
			log.Warn("metrics without Pods", "err", err)
		}
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		rig.WriteMetrics(w, &n)
	})
	return mux
}

// control sends one request to the driver and prints its reply.
func control(ctx context.Context, in io.Reader, out io.Writer) error {
	var request bus.Request
	if err := json.NewDecoder(in).Decode(&request); err != nil {
		return fmt.Errorf("read the request: %w", err)
	}
	conn, err := bus.Dial(ctx, controlSocket)
	if err != nil {
		return err
	}
	defer conn.Close()
	reply, err := conn.Ask(request)
	if err != nil {
		reply.Error = err.Error()
	}
	return json.NewEncoder(out).Encode(reply)
}
