package batch

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"podlab.dev/podlab/grader/class"
)

// Work that is too large for a shard is podlab's failure, of one student and not of
// the class.
func TestHandTooLarge(t *testing.T) {
	in := filepath.Join(t.TempDir(), "ada")
	if err := os.MkdirAll(in, 0o700); err != nil {
		t.Fatal(err)
	}
	noise := make([]byte, 500<<10)
	for i := range 3 {
		_, _ = rand.Read(noise) // it never fails
		text := "# " + hex.EncodeToString(noise) + "\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"
		if err := os.WriteFile(filepath.Join(in, fmt.Sprintf("%d.yaml", i)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d := &dispatched{run: &run{}, refused: map[string][]class.Refusal{}}
	row, inCluster, err := d.hand(t.Context(), Entry{ID: "ada", Name: "Ada", Path: in})
	if err != nil || inCluster || row.State != class.Errored || row.ID != "ada" || row.Why == "" {
		t.Errorf("%+v, in the cluster: %t, %v", row, inCluster, err)
	}
}
