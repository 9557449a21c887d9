package batch

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/class"
	"podlab.dev/podlab/runner/batch/submission"
)

// What a run within the cluster is handed, and hands back, are Secrets of its own
// namespace: the plan, one for the work of each student, one for the row that came of
// it, and more for evidence that does not fit beside it.
const (
	planName  = "plan"
	kindOf    = "podlab.dev/kind" // work, row or evidence
	shardOf   = "podlab.dev/shard"
	studentOf = "podlab.dev/student" // an annotation: ids are no labels
	room      = 900 << 10            // bytes of data in a Secret; etcd takes a little more
)

// plan is what every shard has to know.
type plan struct {
	Lab      string        `json:"lab"`
	Patience time.Duration `json:"patience"`
	Parallel int           `json:"parallel"`
	Program  string        `json:"program"`
	Identity string        `json:"identity"`
}

// order is one student's work.
type order struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Seed      string    `json:"seed"`
	Submitted time.Time `json:"submitted"`
	File      string    `json:"file"`
}

// encodePlan is the plan's Secret, with the lab in it.
func encodePlan(p plan, l *lab.Lab) (map[string][]byte, error) {
	var z bytes.Buffer
	w := zip.NewWriter(&z)
	err := w.AddFS(l.Source())
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("pack the lab: %w", err)
	}
	if z.Len() > room {
		return nil, &InputError{fmt.Sprintf("lab %s has %d KiB, packed; a shard is handed at most %d KiB", l.ID, z.Len()>>10, room>>10), "grade it without --in-cluster"}
	}
	raw, err := json.Marshal(p)
	return map[string][]byte{"plan.json": raw, "lab.zip": z.Bytes()}, err
}

// unpack writes the plan's lab into a folder, and returns that of the lab.
func unpack(data map[string][]byte, dir string) (p plan, folder string, err error) {
	if err := json.Unmarshal(data["plan.json"], &p); err != nil {
		return p, "", fmt.Errorf("read the plan: %w", err)
	}
	z, err := zip.NewReader(bytes.NewReader(data["lab.zip"]), int64(len(data["lab.zip"])))
	if err != nil {
		return p, "", fmt.Errorf("unpack the lab: %w", err)
	}
	folder = filepath.Join(dir, p.Lab)
	if err := os.RemoveAll(folder); err != nil {
		return p, "", err
	}
	if err := os.CopyFS(folder, z); err != nil {
		return p, "", fmt.Errorf("unpack the lab: %w", err)
	}
	return p, folder, nil
}

// encodeWork is the work of a student as a Secret's data: what was read of it, and
// nothing else of the file that was handed in.
func encodeWork(e Entry, s *submission.Submission) (map[string][]byte, error) {
	var b bytes.Buffer
	if err := s.Pack(&b); err != nil {
		return nil, err
	}
	if b.Len() > room {
		return nil, fmt.Errorf("it has %d KiB, packed, and a shard is handed at most %d KiB", b.Len()>>10, room>>10)
	}
	raw, err := json.Marshal(order{ID: e.ID, Name: e.Name, Seed: e.Seed, Submitted: e.Submitted, File: filepath.Base(filepath.Clean(e.Path))})
	return map[string][]byte{"order.json": raw, "work.tar.gz": b.Bytes()}, err
}

// decodeWork writes the work of a Secret into a folder.
func decodeWork(s *corev1.Secret, dir string) (e Entry, file string, err error) {
	var o order
	if err := json.Unmarshal(s.Data["order.json"], &o); err != nil {
		return e, "", fmt.Errorf("read order %s: %w", s.Name, err)
	}
	e = Entry{ID: o.ID, Name: o.Name, Seed: o.Seed, Submitted: o.Submitted, Path: filepath.Join(dir, o.ID+".tar.gz")}
	return e, o.File, os.WriteFile(e.Path, s.Data["work.tar.gz"], 0o600)
}

// encodeRow is what came of a student, as Secrets' data: the row and the evidence,
// cut into as many as it takes.
func encodeRow(s class.Student, evidence []byte) (parts []map[string][]byte, err error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, err = w.Write(raw)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, err
	}
	// The row comes last: it is there when all of it is.
	for ; len(evidence) > 0; evidence = evidence[min(room, len(evidence)):] {
		parts = append(parts, map[string][]byte{"evidence": evidence[:min(room, len(evidence))]})
	}
	return append(parts, map[string][]byte{"row.json.gz": z.Bytes(), "parts": fmt.Append(nil, len(parts))}), nil
}

// decodeRow reads a row.
func decodeRow(data map[string][]byte) (s class.Student, parts int, err error) {
	z, err := gzip.NewReader(bytes.NewReader(data["row.json.gz"]))
	if err == nil {
		err = json.NewDecoder(z).Decode(&s)
	}
	if err == nil {
		_, err = fmt.Sscan(string(data["parts"]), &parts)
	}
	if err != nil {
		return s, 0, fmt.Errorf("read a row: %w", err)
	}
	return s, parts, nil
}
