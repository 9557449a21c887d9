// Package drivertest is what the tests of several drivers share.
package drivertest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"podlab.dev/podlab/cluster/driver"
)

// Events keeps what a driver reports, for a test to tell.
type Events struct {
	// On hears of every event first, as it happens; it may be nil.
	On func(driver.Event)

	mu    sync.Mutex
	lines []string
}

// Hear is the [driver.Report].
func (e *Events) Hear(event driver.Event) {
	if e.On != nil {
		e.On(event)
	}
	if !event.Done {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lines = append(e.lines, fmt.Sprintf("  %-7s %s (%s) %v", event.Phase, event.Message, event.Elapsed.Round(time.Millisecond), event.Err))
}

// String is a line for each wait that ended.
func (e *Events) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.Join(e.lines, "\n")
}

// Detail is what a driver's error says beyond its first line.
func Detail(err error) string {
	if known, ok := errors.AsType[*driver.Error](err); ok {
		return "\n→ " + known.Remedy() + "\n" + known.Detail()
	}
	return ""
}
