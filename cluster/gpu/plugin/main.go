//go:build linux

// Podlab-gpu is what runs on a node with simulated GPUs. It is the node's hardware
// and its driver, the device plugin that offers them to the kubelet, and, called
// nvidia-smi, what shows them in a container:
//
//	podlab-gpu driver         # keeps the GPUs; answers programs, and Prometheus on :9400
//	podlab-gpu plugin         # offers them to the kubelet
//	podlab-gpu ctl            # passes on one request of podlab's, JSON on its input, and prints the reply
//	nvidia-smi [FLAG]...
//
// Driver and plugin are two containers of one Pod: as on a real node, a plugin that
// crashes takes no GPU away from the programs that have one.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"podlab.dev/podlab/cluster/gpu/bus"
	"podlab.dev/podlab/cluster/gpu/smi"
)

func main() {
	if filepath.Base(os.Args[0]) == "nvidia-smi" {
		os.Exit(nvidiaSMI(os.Args[1:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	err := run(ctx, os.Args[1:], slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err == nil {
		return
	}
	fmt.Fprintf(os.Stderr, "podlab-gpu: %v\n", err)
	var known *problem
	if errors.As(err, &known) {
		fmt.Fprintf(os.Stderr, "            %s\n", known.do)
	}
	stop()
	os.Exit(1)
}

// problem is something that can be put right.
type problem struct{ what, do string }

func (p *problem) Error() string { return p.what }

func run(ctx context.Context, args []string, log *slog.Logger) error {
	usage := &problem{"podlab-gpu is told what to be: driver, plugin or ctl", "see the DaemonSet gpu in namespace podlab-gpu, which podlab makes"}
	if len(args) == 0 {
		return usage
	}
	switch {
	case args[0] == "driver" && len(args) == 1:
		return driver(ctx, log)
	case args[0] == "plugin" && len(args) == 1:
		return plugin(ctx, log)
	case args[0] == "ctl" && len(args) == 1:
		return control(ctx, os.Stdin, os.Stdout)
	}
	return usage
}

// nvidiaSMI is the program of that name.
func nvidiaSMI(args []string) int {
	return smi.Run(args, smi.World{
		Out: os.Stdout, Err: os.Stderr, Now: time.Now,
		Node: func() (*bus.Node, []bus.GPU, error) {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			conn, err := bus.Dial(ctx, bus.Socket)
			if err != nil {
				return nil, nil, err
			}
			defer conn.Close()
			node, err := conn.Node()
			if err != nil {
				return nil, nil, err
			}
			return node, node.Here(), nil
		},
		Wait: func(d time.Duration) bool { time.Sleep(d); return true },
	})
}
