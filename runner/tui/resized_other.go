//go:build !unix

package tui

import "os"

// notifyResized does nothing: only plain mode is offered here.
func notifyResized(chan<- os.Signal) {}
