package batch

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/runner"
)

// A submission that has a new Pod each minute, none of which can start, is not waited
// for without end.
func TestWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		g := narrow(0, 2, use{pods: 100})
		go func() {
			for n := 0; ctx.Err() == nil; n++ {
				g.see(podOf("a", n, false))
				select {
				case <-ctx.Done():
				case <-time.After(time.Minute):
				}
			}
		}()
		s := newSitting(&runner.Session{State: runner.State{Namespace: "a"}}, g, 20*time.Second)
		began := time.Now()
		err := s.wait(ctx, 20*time.Second, func(grader.Report) bool { return false })
		if took := time.Since(began); err != nil || took < patientStart || took > time.Hour {
			t.Errorf("after %s: %v", took, err)
		}
		cancel()
		synctest.Wait()
	})
}
