package rig

import (
	"context"
	"encoding/json"
	"errors"
	"net"

	"podlab.dev/podlab/cluster/gpu/bus"
)

// Socket is for whom a socket is.
type Socket struct {
	// Control says that who connects may also break and heal GPUs: podlab itself and
	// the device plugin, not programs.
	Control bool
	// Holders adds who has which GPU; nil where that is not known.
	Holders func(ctx context.Context, n *bus.Node) error
}

// Serve answers on the listener until ctx ends.
func (r *Rig) Serve(ctx context.Context, l net.Listener, s Socket) error {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		go r.converse(ctx, conn, s)
	}
}

// converse answers one connection until it ends, and frees what it took.
func (r *Rig) converse(ctx context.Context, conn net.Conn, s Socket) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer conn.Close()
	who := new(int) // its address tells it from every other
	defer r.Release(who)
	requests := make(chan bus.Request)
	go func() { // reading ahead tells when the other side is gone, also while it watches
		defer cancel()
		in := json.NewDecoder(conn)
		for {
			var request bus.Request
			if in.Decode(&request) != nil {
				return
			}
			select {
			case requests <- request:
			case <-ctx.Done():
				return
			}
		}
	}()
	out := json.NewEncoder(conn)
	for {
		select {
		case <-ctx.Done():
			return
		case request := <-requests:
			reply, err := r.answer(ctx, who, request, s)
			if err != nil {
				reply = bus.Reply{Error: err.Error()}
			}
			if out.Encode(reply) != nil {
				return
			}
		}
	}
}

func (r *Rig) answer(ctx context.Context, who any, request bus.Request, s Socket) (bus.Reply, error) {
	switch {
	case request.Node:
		n := r.Node()
		return bus.Reply{Node: &n}, nil
	case request.Use != nil:
		return bus.Reply{}, r.Use(who, *request.Use)
	case !s.Control:
		return bus.Reply{}, errors.New("there is no such request")
	case request.Holders:
		n := r.Node()
		if s.Holders == nil {
			return bus.Reply{Node: &n}, nil
		}
		return bus.Reply{Node: &n}, s.Holders(ctx, &n)
	case request.Watch != nil:
		n, version, crash := r.Watch(ctx.Done(), *request.Watch)
		return bus.Reply{Node: &n, Version: version, Crash: crash}, nil
	case request.Allocated != nil:
		return bus.Reply{}, r.Allocated()
	case request.Fault != nil:
		return bus.Reply{}, r.Order(*request.Fault)
	case request.Heal != nil:
		return bus.Reply{}, r.Heal(*request.Heal)
	}
	return bus.Reply{}, errors.New("there is no such request")
}
