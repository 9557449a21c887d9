package cluster

import "testing"

func TestOldEnough(t *testing.T) {
	for _, c := range []struct {
		running, needs string
		ok             bool
	}{
		{"v1.37.2", "", true},
		{"v1.37.2", "1.37", true},
		{"v1.37.2", "1.9", true},
		{"v1.37.0-rc.1", "1.37", true},
		{"v1.30.1-gke.100", "1.30", true},
		{"v1.29.4+k3s1", "1.30", false},
		{"v1.9.0", "1.30", false},
	} {
		if err := oldEnough(c.running, c.needs); (err == nil) != c.ok {
			t.Errorf("%s for %q: %v", c.running, c.needs, err)
		}
	}
}
