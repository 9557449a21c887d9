// Package submission reads what a student handed in, which is hostile until proven
// otherwise. It runs nothing, asks no cluster, and touches no file but the one, or
// the folder, that it is given.
//
//	s, err := submission.Open("class/ada.zip") // a *RefusedError where nothing can be taken
//	work, refusals := s.Work(l, submission.Rules{Level: "restricted"})
//	for _, p := range work.Pages { … p.Apply, p.Delete, p.Answers … }
//
// What is not taken is a refusal: which file, which object, and in one line what is
// wrong with it and what to do. The rest of the submission is taken all the same.
package submission

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"podlab.dev/podlab/grader/class"
	"podlab.dev/podlab/grader/timeline"
)

// Submission is what one student handed in.
type Submission struct {
	// Name is the base name of the file or folder, without its ending.
	Name string
	// Digest is "sha256:" and the hex digest over the names and contents of Files,
	// in order, so that it is the same for a folder and an archive of it; of a file
	// of evidence, over the file.
	Digest string
	// Modified is that of the newest file as the folder or the archive says, or when
	// the evidence was saved. Whoever hands it in can set it to anything that is past.
	Modified time.Time
	// Files are sorted by name.
	Files []File
	// Evidence is set where it is that; there are no Files then.
	Evidence *timeline.Bundle
	// Refusals are the files that were not taken.
	Refusals []class.Refusal

	wrap []string // the folders around everything that were stripped
}

// File is a regular file of a submission.
type File struct {
	// Name is slash-separated, without the folders that wrap the whole submission.
	Name string
	Data []byte
}

// RefusedError says why nothing of a submission can be taken.
type RefusedError struct{ What, Do string }

func (e *RefusedError) Error() string { return "the submission " + e.What }

// Remedy says what to do.
func (e *RefusedError) Remedy() string { return e.Do }

// Usage marks the error as one of input.
func (e *RefusedError) Usage() {}

func refused(do, format string, args ...any) error {
	return &RefusedError{What: fmt.Sprintf(format, args...), Do: do}
}

// Open reads a submission: a folder; an archive, .zip, .tar, .tar.gz or .tgz; a file
// as podlab evidence save writes it; or a single manifest. What a file is shows in
// how it begins, and its ending counts only for a manifest. The error is a
// [*RefusedError] where nothing can be taken, and another one where the path cannot
// be read, which is not the student's fault.
func Open(path string) (*Submission, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, fmt.Errorf("read the submission: %w", err)
	}
	s := &Submission{Name: stem(filepath.Base(filepath.Clean(path)))}
	in := newIntake()
	switch {
	case info.IsDir():
		s.Name = filepath.Base(filepath.Clean(path))
		err = in.folder(path)
	case info.Mode().IsRegular():
		err = s.file(path, in)
	default:
		// A student who can place a link among the submissions could have any file of
		// the instructor's read in this way.
		err = refused("hand in a folder or a file", "is %s", typeWords(info.Mode()))
	}
	if err != nil {
		return nil, err
	}
	if s.Evidence != nil {
		return s, nil
	}
	return s.finish(in)
}

// IsEvidence tells whether a submission is a file of evidence, by how it begins and
// not by what it is called. What cannot be read is none.
func IsEvidence(path string) bool {
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close() //nolint:errcheck // it was only read
	form, err := recognize(f, filepath.Base(path))
	return err == nil && form == evidence
}

// file reads a submission that is one file.
func (s *Submission) file(path string, in *intake) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read the submission: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("read the submission: %w", err)
	}
	form, err := recognize(f, info.Name())
	if err != nil {
		return fmt.Errorf("read the submission: %w", err)
	}
	if form != evidence && form != manifest && info.Size() > maxArchive {
		return refused("leave out all but the manifests", "has %d MiB; at most %d MiB are read", info.Size()>>20, maxArchive>>20)
	}
	switch form {
	case zipped:
		err = in.zip(f, info.Size())
	case tarred:
		err = in.tar(f)
	case gzipped:
		err = in.targz(f)
	case evidence:
		return s.bundle(f, info)
	case manifest:
		err = in.take(entry{name: info.Name(), modified: info.ModTime(), open: func() (io.ReadCloser, error) { return io.NopCloser(f), nil }})
	default:
		err = refused("pack the manifests as .zip or .tar.gz, or hand in what podlab evidence save writes", "is no archive, manifest or file of evidence")
	}
	if err == nil && in.modified.IsZero() {
		in.modified = info.ModTime()
	}
	return err
}

// bundle reads a file of evidence.
func (s *Submission) bundle(f *os.File, info fs.FileInfo) error {
	if info.Size() > timeline.MaxBundle {
		return refused("save it again with podlab evidence save", "has %d MiB; evidence has at most %d MiB", info.Size()>>20, timeline.MaxBundle>>20)
	}
	b, err := timeline.ReadBundle(f)
	if err != nil {
		var damaged *timeline.DamagedError
		if errors.As(err, &damaged) {
			return refused(damaged.Remedy(), "cannot be taken: %v", err)
		}
		return fmt.Errorf("read the submission: %w", err)
	}
	sum := sha256.New()
	if _, err = f.Seek(0, io.SeekStart); err == nil {
		_, err = io.Copy(sum, io.LimitReader(f, timeline.MaxBundle))
	}
	if err != nil {
		return fmt.Errorf("read the submission: %w", err)
	}
	s.Evidence, s.Digest, s.Modified = b, "sha256:"+hex.EncodeToString(sum.Sum(nil)), past(b.Saved)
	if !s.Modified.After(time.Time{}) {
		s.Modified = info.ModTime()
	}
	return nil
}

// finish strips the folders around everything, sorts and sums up.
func (s *Submission) finish(in *intake) (*Submission, error) {
	s.Files, s.Modified, s.Refusals = in.files, past(in.modified), in.refusals.list()
	if len(s.Files) == 0 {
		if n := len(s.Refusals); n > 0 {
			return nil, refused("hand in manifests, *.yaml", "has no file that can be taken: %s: %s", s.Refusals[0].File, s.Refusals[0].Why)
		}
		return nil, refused("hand in manifests, *.yaml", "has no manifest in it")
	}
	for {
		dir, _, ok := strings.Cut(s.Files[0].Name, "/")
		if !ok || slices.ContainsFunc(s.Files, func(f File) bool { return !strings.HasPrefix(f.Name, dir+"/") }) {
			break
		}
		s.wrap = append(s.wrap, dir)
		for i := range s.Files {
			s.Files[i].Name = strings.TrimPrefix(s.Files[i].Name, dir+"/")
		}
	}
	slices.SortFunc(s.Files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	sum := sha256.New()
	for _, f := range s.Files {
		// Each with its length before it, so that nothing can move from a name into a
		// content unseen.
		for _, part := range [][]byte{[]byte(f.Name), f.Data} {
			sum.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
			sum.Write(part)
		}
	}
	s.Digest = "sha256:" + hex.EncodeToString(sum.Sum(nil))
	return s, nil
}

// past is a time that a student can have set, and now in the place of one that is yet
// to come: no record holds the year 10000, and nobody can be late by three centuries.
func past(t time.Time) time.Time {
	if now := time.Now(); t.After(now) {
		return now
	}
	return t
}

// stem is a base name without its ending.
func stem(base string) string {
	lower := strings.ToLower(base)
	for _, end := range []string{".tar.gz", ".tgz", ".tar", ".zip", ".evidence", ".yaml", ".yml", ".json"} {
		if strings.HasSuffix(lower, end) && len(base) > len(end) {
			return base[:len(base)-len(end)]
		}
	}
	return base
}
