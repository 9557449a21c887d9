package timeline

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// File is a timeline on disk, a JSON object a line. One process at a time may
// append (the session's lock sees to that); any may read. A File is safe for
// concurrent use.
type File struct {
	mu      sync.Mutex
	entries []Entry
	f       *os.File // nil for a timeline that is kept in memory only
	now     func() time.Time
}

// Open reads the timeline at path and opens it for appending; it is created
// when missing. A last line that a killed process left half-written is dropped.
func Open(path string) (*File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	t, whole, err := read(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("read timeline %s: %w", path, err)
	}
	if err := errors.Join(f.Truncate(whole), seekEnd(f)); err != nil {
		f.Close()
		return nil, fmt.Errorf("mend timeline %s: %w", path, err)
	}
	t.f = f
	return t, nil
}

// Read reads the timeline at path into memory. What is appended to the result
// is not written back. A missing file is an empty timeline.
func Read(path string) (*File, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return &File{now: time.Now}, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, _, err := read(f)
	if err != nil {
		return nil, fmt.Errorf("read timeline %s: %w", path, err)
	}
	return t, nil
}

// New returns an empty timeline in memory whose entries are stamped by now.
func New(now func() time.Time) *File { return &File{now: now} }

// read returns the entries of r and how many bytes they took: what lies beyond
// is a torn tail.
func read(r io.Reader) (t *File, whole int64, err error) {
	t = &File{now: time.Now}
	br := bufio.NewReaderSize(r, 64<<10)
	for {
		line, err := br.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return t, whole, nil // without its newline the last line is torn
		}
		if err != nil {
			return nil, 0, err
		}
		e, err := decode(line)
		if err != nil {
			if next, _ := br.Peek(1); len(next) == 0 {
				return t, whole, nil
			}
			return nil, 0, fmt.Errorf("entry %d: %w", len(t.entries)+1, err)
		}
		t.entries = append(t.entries, e)
		whole += int64(len(line))
	}
}

func seekEnd(f *os.File) error {
	_, err := f.Seek(0, io.SeekEnd)
	return err
}

// Append numbers and stamps the entry and writes it. On an error (a full disk)
// nothing is added, and the file still ends with a whole line.
func (t *File) Append(e Entry) (Entry, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e.Seq, e.Time = int64(len(t.entries))+1, t.now().UTC().Round(0)
	if n := len(t.entries); n > 0 && e.Time.Before(t.entries[n-1].Time) {
		e.Time = t.entries[n-1].Time // the wall clock was set back
	}
	if t.f != nil {
		line, err := json.Marshal(e)
		if err != nil {
			return Entry{}, fmt.Errorf("encode entry: %w", err)
		}
		if err := t.write(append(bytes.TrimSpace(line), '\n')); err != nil {
			return Entry{}, fmt.Errorf("append to timeline: %w", err)
		}
	}
	t.entries = append(t.entries, e)
	return e, nil
}

func (t *File) write(line []byte) error {
	n, err := t.f.Write(line)
	if err == nil {
		return nil
	}
	if n > 0 { // a full disk took half of it
		if at, serr := t.f.Seek(int64(-n), io.SeekCurrent); serr == nil {
			err = errors.Join(err, t.f.Truncate(at))
		}
	}
	return err
}

// Entries returns the entries so far. The slice must not be changed.
func (t *File) Entries() []Entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.entries[:len(t.entries):len(t.entries)]
}

// Close closes the file.
func (t *File) Close() error {
	if t.f == nil {
		return nil
	}
	return t.f.Close()
}
