//go:build unix

package pack

import (
	"syscall"
	"testing"
)

func pipe(t *testing.T, at string) {
	if err := syscall.Mkfifo(at, 0o644); err != nil {
		t.Skip(err)
	}
}
