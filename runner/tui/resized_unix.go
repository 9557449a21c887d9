//go:build unix

package tui

import (
	"os"
	"os/signal"
	"syscall"
)

// notifyResized has c told whenever the terminal has another size.
func notifyResized(c chan<- os.Signal) { signal.Notify(c, syscall.SIGWINCH) }
