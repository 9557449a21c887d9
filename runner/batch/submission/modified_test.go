package submission

import (
	"archive/tar"
	"encoding/json"
	"testing"
	"time"
)

// A file can say that it was changed in a year that no record can hold, or so late
// that what being late costs overflows.
func TestModifiedInTheFuture(t *testing.T) {
	for _, at := range []time.Time{time.Unix(1<<40, 0), time.Date(9999, 12, 31, 23, 0, 0, 0, time.UTC), time.Now().Add(48 * time.Hour)} {
		s, err := Open(save(t, "s.tar", tarball(t, tar.Header{Name: "a.yaml", Mode: 0o644, ModTime: at})))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := json.Marshal(s.Modified.UTC()); err != nil || s.Modified.After(time.Now()) {
			t.Errorf("changed at %s: %s, %v", at, s.Modified, err)
		}
	}
}
