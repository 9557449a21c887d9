package batch

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"podlab.dev/podlab/grader/class"
)

// journal is what a run has done so far: a line for every student whose grading has
// ended, on the disk before it is told of. The last line of a student counts.
type journal struct {
	mu   sync.Mutex
	file *os.File
}

// head is the first line of a journal.
type head struct {
	Format string `json:"format"`
	Lab    string `json:"lab"`
	Digest string `json:"digest"`
}

const journalFormat = "podlab-batch/v1"

func journalIn(dir string) string { return filepath.Join(dir, "journal.jsonl") }

// openJournal opens the journal of a folder, with what it holds. A line that was cut
// off by a crash is dropped.
func openJournal(dir string, h head) (j *journal, done map[string]class.Student, err error) {
	done = map[string]class.Student{}
	raw, err := os.ReadFile(journalIn(dir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("read the journal: %w", err)
	}
	whole := 0
	for first := true; ; first = false {
		n, line, err := bufio.ScanLines(raw[whole:], false)
		if err != nil || n == 0 {
			break
		}
		if first {
			var was head
			if json.Unmarshal(line, &was) != nil || was.Format != journalFormat || was.Lab != h.Lab {
				return nil, nil, &InputError{fmt.Sprintf("%s holds something else than grades of lab %s", dir, h.Lab), "name another folder with --out"}
			}
			if was.Digest != h.Digest {
				return nil, nil, &InputError{fmt.Sprintf("lab %s has changed since %s was begun", h.Lab, dir), "grade evidence anew with podlab regrade, or all of it into another folder with --out"}
			}
		} else {
			var s class.Student
			if json.Unmarshal(line, &s) != nil {
				break
			}
			done[s.ID] = s
		}
		whole += n
	}
	f, err := os.OpenFile(journalIn(dir), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("open the journal: %w", err)
	}
	j = &journal{file: f}
	if err = f.Truncate(int64(whole)); err == nil {
		_, err = f.Seek(int64(whole), 0)
	}
	if err == nil && whole == 0 {
		err = j.add(h)
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open the journal: %w", err), f.Close())
	}
	return j, done, nil
}

// add appends a line, and returns when the disk has it. What was written of a line
// that did not fit is taken back.
func (j *journal) add(line any) error {
	raw, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("encode a line of the journal: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	at, err := j.file.Seek(0, 1)
	if err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	if _, err = j.file.Write(append(raw, '\n')); err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		_ = j.file.Truncate(at) // or the next to open it does
		_, _ = j.file.Seek(at, 0)
		return fmt.Errorf("write the journal: %w", err)
	}
	return nil
}

func (j *journal) close() error { return j.file.Close() }
