package batch_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/runner/batch"
)

// What a student calls a file does not say whether it takes a cluster to grade it.
func TestNamedEvidence(t *testing.T) {
	l, err := lab.Load(os.DirFS("submission/testdata/shop"), "submission/testdata/shop")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("web.yaml")
	if err == nil {
		_, err = w.Write([]byte(good))
	}
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ada.evidence")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	none := errors.New("no cluster")
	_, err = batch.Run(t.Context(), batch.Config{
		Lab: l, Ref: "shop", Out: filepath.Join(t.TempDir(), "grades"), Say: t.Logf, Progress: func(batch.Progress) {},
		Up: func(context.Context) (*cluster.Cluster, error) { return nil, none },
	}, []batch.Entry{{ID: "ada", Path: path}})
	if !errors.Is(err, none) {
		t.Errorf("no cluster was asked for: %v", err)
	}
}
