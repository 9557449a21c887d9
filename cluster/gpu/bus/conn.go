package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
)

// Conn is a connection to the GPUs of a node. It is safe for concurrent use.
type Conn struct {
	mu      sync.Mutex
	conn    net.Conn
	replies *json.Decoder
}

// Dial connects to the socket at path.
func Dial(ctx context.Context, path string) (*Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	return &Conn{conn: conn, replies: json.NewDecoder(conn)}, nil
}

// Close ends the connection; what it took is free again.
func (c *Conn) Close() error { return c.conn.Close() }

// Ask sends a request and waits for its reply. What the other side has against it
// is the error.
func (c *Conn) Ask(r Request) (Reply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var reply Reply
	if err := json.NewEncoder(c.conn).Encode(r); err != nil {
		return reply, fmt.Errorf("ask the GPUs' driver: %w", err)
	}
	if err := c.replies.Decode(&reply); err != nil {
		return reply, fmt.Errorf("hear from the GPUs' driver: %w", err)
	}
	if reply.Error != "" {
		return reply, errors.New(reply.Error)
	}
	return reply, nil
}

// Node is the node as it is now.
func (c *Conn) Node() (*Node, error) {
	reply, err := c.Ask(Request{Node: true})
	if err != nil {
		return nil, err
	}
	if reply.Node == nil {
		return nil, errors.New("the GPUs' driver says nothing of its node")
	}
	return reply.Node, nil
}

// Use takes memory and compute of devices.
func (c *Conn) Use(u Use) error {
	_, err := c.Ask(Request{Use: &u})
	return err
}
