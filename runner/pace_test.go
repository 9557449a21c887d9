package runner

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestPace ends a command that takes much longer than it did, and no other.
func TestPace(t *testing.T) {
	sleep := func(d time.Duration) func(context.Context) error {
		return func(ctx context.Context) error {
			select {
			case <-time.After(d):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	synctest.Test(t, func(t *testing.T) {
		p := NewPace()
		for _, d := range []time.Duration{10 * time.Second, 2 * time.Second} {
			if late, err := p.run(t.Context(), "wait", sleep(d)); late || err != nil {
				t.Errorf("noting: %v, %v", late, err)
			}
		}
		l := p.Limit()
		for d, want := range map[time.Duration]bool{27 * time.Second: false, 29 * time.Second: true} {
			if late, _ := l.run(t.Context(), "wait", sleep(d)); late != want {
				t.Errorf("%s: late is %v", d, late)
			}
		}
		if late, err := l.run(t.Context(), "another", sleep(time.Hour)); late || err != nil {
			t.Errorf("one that is not known: %v, %v", late, err)
		}
		ended, end := context.WithCancel(t.Context())
		end()
		if late, err := l.run(ended, "wait", sleep(time.Second)); late || !errors.Is(err, context.Canceled) {
			t.Errorf("one that the user ended: %v, %v", late, err)
		}
	})
}

// TestPaceWaits notes what the checks of a step took, until it limits.
func TestPaceWaits(t *testing.T) {
	p := NewPace()
	p.Wait("slow", 12*time.Second)
	l := p.Limit()
	l.Wait("slow", time.Hour)
	if got := l.Waited("slow"); got != 12*time.Second {
		t.Errorf("got %s", got)
	}
	if got := l.Waited("another"); got != 0 {
		t.Errorf("one that never passed: %s", got)
	}
	var none *Pace
	none.Wait("slow", time.Second)
}
