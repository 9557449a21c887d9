package batch

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Entry is a student, and what was handed in.
type Entry struct {
	ID, Name string
	// Seed picks the lab's params. Where nothing is said it is the ID, or for evidence
	// the one that it was recorded with.
	Seed string
	// Path is the submission; empty where there is none.
	Path string
	// Submitted is when it came; zero for when its newest file was changed.
	Submitted time.Time
}

// InputError is wrong with what the instructor gave.
type InputError struct{ What, Do string }

func (e *InputError) Error() string { return e.What }

// Remedy says what to do.
func (e *InputError) Remedy() string { return e.Do }

// Usage marks the error as one of input.
func (e *InputError) Usage() {}

// student is what the id of a student may be: it names files.
var student = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,99}$`)

// isStudent tells whether an id can be that of a student. With what is put behind it,
// it is no longer than a file may be called.
func isStudent(id string) bool { return len(id) <= 200 && student.MatchString(id) }

// idOf is who a submission is from, by the name of its file.
func idOf(path string) string {
	base := filepath.Base(filepath.Clean(path))
	for _, ending := range []string{".evidence", ".zip", ".tar.gz", ".tgz", ".tar", ".yaml", ".yml", ".json"} {
		if cut, ok := strings.CutSuffix(base, ending); ok {
			return cut
		}
	}
	return base
}

// Entries are the students of a class: those of the roster, or with roster nil
// whoever handed something in. A submission that is nobody's, or one of two of the
// same student, is an error: it is better noticed before than after.
func Entries(roster []Entry, paths []string) ([]Entry, error) {
	by := map[string]string{}
	if len(paths) == 1 && holdsClass(paths[0]) {
		return nil, &InputError{fmt.Sprintf("%s has the submissions of several students in it", paths[0]), fmt.Sprintf("name each of them: %s", filepath.Join(paths[0], "*"))}
	}
	for _, p := range paths {
		if _, err := os.Lstat(p); err != nil { // a link has a row that refuses it
			return nil, &InputError{fmt.Sprintf("there is no submission %s", p), "name folders, archives or files of evidence, one a student"}
		}
		id := idOf(p)
		if !isStudent(id) {
			return nil, &InputError{fmt.Sprintf("%q cannot be the id of a student", id), "name a submission after its student, shortly: letters, digits, and . _ @ + - between them"}
		}
		if other, taken := by[id]; taken {
			return nil, &InputError{fmt.Sprintf("student %s has two submissions, %s and %s", id, other, p), "keep one of them"}
		}
		by[id] = p
	}
	if roster == nil {
		for id, p := range by {
			roster = append(roster, Entry{ID: id, Path: p})
		}
	} else {
		roster = slices.Clone(roster)
		for i, e := range roster {
			roster[i].Path = by[e.ID]
			delete(by, e.ID)
		}
		for id, p := range by {
			return nil, &InputError{fmt.Sprintf("the roster has no student %s, whose submission is %s", id, p), "add a row with that id to the roster, or leave the submission out"}
		}
	}
	slices.SortFunc(roster, func(a, b Entry) int { return strings.Compare(a.ID, b.ID) })
	return roster, nil
}

// holdsClass tells whether a folder is one of submissions: it has archives, or nothing
// but folders whose names are no pages'.
func holdsClass(path string) bool {
	all, err := os.ReadDir(path)
	if err != nil {
		return false
	}
	folders := 0
	for _, e := range all {
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case e.IsDir() && (e.Name()[0] < '0' || e.Name()[0] > '9'):
			folders++
		case !e.IsDir() && (idOf(e.Name()) != e.Name() && !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(e.Name()))):
			return true
		default:
			return false
		}
	}
	return folders > 1
}

// ReadRoster reads a CSV whose first row names its columns: id, and as you like name,
// seed and submitted (2026-12-01T18:00:00Z). Other columns are left alone.
func ReadRoster(r io.Reader) ([]Entry, error) {
	whole := bufio.NewReader(r)
	if mark, _ := whole.Peek(3); string(mark) == "\ufeff" { // as spreadsheets write it
		_, _ = whole.Discard(len(mark))
	}
	rows := csv.NewReader(whole)
	rows.TrimLeadingSpace, rows.FieldsPerRecord = true, -1
	head, err := rows.Read()
	if err != nil {
		return nil, &InputError{fmt.Sprintf("the roster has no first row: %v", err), "begin it with: id,name,seed"}
	}
	column := map[string]int{}
	for i, name := range head {
		name = strings.ToLower(strings.TrimSpace(name))
		if _, again := column[name]; again && slices.Contains([]string{"id", "name", "seed", "submitted"}, name) {
			return nil, &InputError{fmt.Sprintf("the roster has the column %s twice", name), "keep one of them, and give the other another name"}
		}
		column[name] = i
	}
	if _, ok := column["id"]; !ok {
		return nil, &InputError{"the roster has no column id", "begin it with: id,name,seed"}
	}
	seen := map[string]bool{}
	out := []Entry{}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, &InputError{fmt.Sprintf("the roster cannot be read: %v", err), "save it as CSV, with commas"}
		}
		line, _ := rows.FieldPos(0)
		get := func(name string) string {
			if i, ok := column[name]; ok && i < len(row) {
				return strings.TrimSpace(row[i])
			}
			return ""
		}
		e := Entry{ID: get("id"), Name: get("name"), Seed: get("seed")}
		switch {
		case e.ID == "" && strings.Join(row, "") == "":
			continue
		case !isStudent(e.ID):
			return nil, &InputError{fmt.Sprintf("line %d of the roster: %q cannot be the id of a student", line, e.ID), "use a few letters, digits, and . _ @ + - between them"}
		case seen[e.ID]:
			return nil, &InputError{fmt.Sprintf("line %d of the roster: student %s has a row already", line, e.ID), "keep one of them"}
		}
		seen[e.ID] = true
		if at := get("submitted"); at != "" {
			if e.Submitted, err = time.Parse(time.RFC3339, at); err != nil {
				return nil, &InputError{fmt.Sprintf("line %d of the roster: %q is no time", line, at), "write it as 2026-12-01T18:00:00Z"}
			}
		}
		out = append(out, e)
	}
}
