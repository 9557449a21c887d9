package tui

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	tea "charm.land/bubbletea/v2"
)

// crash is the first panic of a goroutine.
type crash struct {
	mu  sync.Mutex
	err error
}

func (c *crash) set(r any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = fmt.Errorf("podlab crashed: %v\n%s", r, debug.Stack())
	}
}

// or is the panic, or else what err means.
func (c *crash) or(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.err != nil:
		return c.err
	case errors.Is(err, tea.ErrProgramPanic):
		return fmt.Errorf("podlab crashed: %w", err)
	case errors.Is(err, tea.ErrProgramKilled), errors.Is(err, context.Canceled):
		return nil // whoever ended ctx says so
	}
	return err
}
