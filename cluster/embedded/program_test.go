//go:build linux

package embedded

import (
	"errors"
	"os/exec"
	"sync"
	"syscall"
	"testing"
)

// What was laid down can be executed at once, also while other goroutines of the
// same process start programs.
func TestUnpackWhileOthersFork(t *testing.T) {
	done := make(chan struct{})
	var forking sync.WaitGroup
	for range 4 {
		forking.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					_ = exec.Command("/proc/self/exe", "-test.run=^$").Run()
				}
			}
		})
	}
	for range 20 {
		path, err := unpack(t.TempDir())
		if err != nil {
			t.Error(err)
			break
		}
		// Without arguments it says how it is started, and fails.
		if err := exec.Command(path).Run(); errors.Is(err, syscall.ETXTBSY) {
			t.Error(err)
			break
		}
	}
	close(done)
	forking.Wait()
}
