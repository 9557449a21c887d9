package lab

import (
	"testing"
	"time"
)

func TestLost(t *testing.T) {
	deadline := time.Date(2026, 12, 1, 18, 0, 0, 0, time.UTC)
	daily := &Late{Loses: 10, Most: 50, Per: 24 * time.Hour, Grace: 10 * time.Minute}
	for _, x := range []struct {
		name   string
		s      Submissions
		after  time.Duration
		earned int
		lost   float64
	}{
		{"no deadline", Submissions{}, 100 * time.Hour, 20, 0},
		{"nothing is said of being late", Submissions{Deadline: deadline}, time.Hour, 20, 0},
		{"in time", Submissions{Deadline: deadline, Late: daily}, -time.Second, 20, 0},
		{"on the dot", Submissions{Deadline: deadline, Late: daily}, 0, 20, 0},
		{"within grace", Submissions{Deadline: deadline, Late: daily}, 10 * time.Minute, 20, 0},
		{"a day begun", Submissions{Deadline: deadline, Late: daily}, 11 * time.Minute, 20, 2},
		{"a day", Submissions{Deadline: deadline, Late: daily}, 24 * time.Hour, 20, 2},
		{"a second more", Submissions{Deadline: deadline, Late: daily}, 24*time.Hour + time.Second, 20, 4},
		{"no more than the most", Submissions{Deadline: deadline, Late: daily}, 1000 * time.Hour, 13, 6.5},
	} {
		if got := x.s.Lost(x.earned, deadline.Add(x.after)); got != x.lost {
			t.Errorf("%s: %g points are lost, not %g", x.name, got, x.lost)
		}
	}
	if got := (Submissions{Deadline: deadline, Late: daily}).Lost(20, time.Time{}); got != 0 {
		t.Errorf("nobody knows when it came, and %g points are lost", got)
	}
}
