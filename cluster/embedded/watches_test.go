//go:build linux

package embedded

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"podlab.dev/podlab/cluster/driver"
)

// Where not enough can be had it is said how many there are; nothing is kept open.
func TestWatches(t *testing.T) {
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	few := before
	few.Cur = 40 // files, of which this process has some open
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
			t.Error(err)
		}
	}()
	for range 3 {
		if err := watches(1); err != nil {
			t.Fatal(err)
		}
	}
	err := watches(5)
	if !errors.Is(err, driver.ErrNeeds) || !strings.Contains(err.Error(), "and the cluster takes 57") {
		t.Errorf("five nodes: %v", err)
	}
	if err := watches(1); err != nil {
		t.Error(err)
	}
}
