//go:build linux

// Podlab-fault is what breaks things on a node, and mends them again. Podlab starts
// it there in a Pod of its own for each fault:
//
//	podlab-fault wait    # waits for podlab's word, breaks what $FAULT says, and mends it at the end
//	podlab-fault ask     # asks what $FAULT says, and counts the answers
//	podlab-fault burn    # computes, for as long as its input is open
//	podlab-fault eat     # takes memory, for as long as its input is open
//
// A fault ends when its time is over or when its Pod is deleted, whatever has become
// of podlab. The program asks the API server itself about its Pod: a kubelet that is
// stopped cannot tell it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"podlab.dev/podlab/cluster/fault/order"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "podlab-fault: %v\n", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 1 {
		switch args[0] {
		case "wait":
			return await(ctx, slog.New(slog.NewTextHandler(os.Stderr, nil)))
		case "ask":
			return ask(ctx, slog.New(slog.NewTextHandler(os.Stderr, nil)))
		case "burn":
			return burn()
		case "eat":
			return eat()
		}
	}
	return errors.New("it is told what to do: wait, ask, burn or eat")
}

// unsaid is how long podlab may take to give its word.
const unsaid = time.Minute

// begun is the file that says that something is broken, so that the program mends it
// first when it is started again after a crash.
var begun = filepath.Join(order.State, "begun")

// await breaks what it is told when it is told, and mends it at the end.
func await(ctx context.Context, log *slog.Logger) error {
	var o order.Order
	if err := json.Unmarshal([]byte(os.Getenv("FAULT")), &o); err != nil {
		return fmt.Errorf("read $FAULT: %w", err)
	}
	n, err := theNode()
	if err != nil {
		return err
	}
	b := &breaker{Order: o, node: n, log: log}
	if where, err := os.ReadFile(begun); err == nil {
		log.Warn("started again: what was broken is mended")
		b.where = string(where)
		return b.mend(context.WithoutCancel(ctx))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	word := make(chan struct{})
	go func() {
		defer cancel()
		watchPod(ctx, word, log)
	}()
	select {
	// Podlab may have changed something in the API server, and then been killed, or
	// given up.
	case <-ctx.Done():
		return b.mend(context.WithoutCancel(ctx))
	case <-time.After(unsaid):
		log.Error("podlab has not said that it is time")
		return b.mend(context.WithoutCancel(ctx))
	case <-word:
	}
	if err := b.remember(""); err != nil {
		return err
	}
	broken, done := b.inject(ctx), order.OK
	if broken != nil {
		done = broken.Error()
		log.Error("it could not be broken", "err", broken)
	}
	if err := tell(ctx, done, log); err == nil && broken == nil && o.Lasts() {
		log.Info("broken", "kind", o.Kind, "for", o.For)
		select {
		case <-ctx.Done():
		case <-b.over:
		case <-time.After(o.For):
		}
	}
	return errors.Join(broken, b.mend(context.WithoutCancel(ctx)))
}
