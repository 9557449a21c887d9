package batch

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/class"
	"podlab.dev/podlab/runner/batch/submission"
)

// What a shard is handed is what was handed in, and what it hands back is what it
// found, however long the evidence is.
func TestHandedOver(t *testing.T) {
	l, err := lab.Load(os.DirFS("submission/testdata/shop"), "submission/testdata/shop")
	if err != nil {
		t.Fatal(err)
	}
	want := plan{Lab: l.ID, Patience: time.Minute, Parallel: 3, Program: "podlab v1", Identity: "run"}
	data, err := encodePlan(want, l)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for range 2 { // a shard that begins again finds what it wrote
		got, folder, err := unpack(data, dir)
		if err != nil || got != want {
			t.Fatalf("%+v, %v", got, err)
		}
		same, err := lab.Load(os.DirFS(folder), folder)
		if err != nil || same.Digest != l.Digest || same.ID != l.ID {
			t.Errorf("the lab there is another one: %v, %v", same, err)
		}
	}

	// All in one folder that is named after a page: that is said by the folder.
	in := filepath.Join(t.TempDir(), "ada")
	for name, text := range map[string]string{"02-serve/b.yaml": "{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}", "02-serve/x/a.yaml": "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"} {
		file := filepath.Join(in, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	here, err := submission.Open(in)
	if err != nil {
		t.Fatal(err)
	}
	entry := Entry{ID: "ada", Name: "Ada", Seed: "s", Path: in, Submitted: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}
	if data, err = encodeWork(entry, here); err != nil {
		t.Fatal(err)
	}
	got, file, err := decodeWork(&corev1.Secret{Data: data}, dir)
	if err != nil || file != "ada" || got.ID != entry.ID || got.Name != entry.Name || got.Seed != entry.Seed || !got.Submitted.Equal(entry.Submitted) {
		t.Errorf("%+v, %q, %v", got, file, err)
	}
	there, err := submission.Open(got.Path)
	if err != nil {
		t.Fatal(err)
	}
	rules := submission.Rules{Level: "restricted"}
	a, _ := here.Work(l, rules)
	b, _ := there.Work(l, rules)
	if here.Digest != there.Digest || len(a.Pages[1].Apply) != 2 || !reflect.DeepEqual(a, b) {
		t.Errorf("here %+v, there %+v", a, b)
	}

	for _, size := range []int{0, 1, room, room + 1, 3*room + 7} {
		evidence := make([]byte, size)
		for i := range evidence {
			evidence[i] = byte(rand.Uint32())
		}
		row := class.Student{ID: "ada", State: class.Graded, Score: 3.5, Refusals: []class.Refusal{{File: "a", Why: "b"}}}
		parts, err := encodeRow(row, evidence)
		if err != nil {
			t.Fatal(err)
		}
		back, n, err := decodeRow(parts[len(parts)-1])
		if err != nil || n != len(parts)-1 || !reflect.DeepEqual(back, row) {
			t.Errorf("%d bytes of evidence: %+v, %d, %v", size, back, n, err)
		}
		var joined []byte
		for _, p := range parts[:n] {
			joined = append(joined, p["evidence"]...)
			if len(p["evidence"]) > room {
				t.Errorf("a part has %d bytes", len(p["evidence"]))
			}
		}
		if !bytes.Equal(joined, evidence) {
			t.Errorf("%d bytes of evidence came back as %d", size, len(joined))
		}
	}
}
