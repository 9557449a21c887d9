package submission

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"podlab.dev/podlab/grader/class"
)

// entry is a file as a folder or an archive has it.
type entry struct {
	name     string
	mode     fs.FileMode // its type only
	modified time.Time
	open     func() (io.ReadCloser, error)
}

// intake takes files, from wherever they are, within the bounds.
type intake struct {
	files    []File
	modified time.Time
	refusals refusals

	seen    map[string]bool
	entries int
	read    int64 // bytes, also of files that were not taken
}

func newIntake() *intake { return &intake{seen: map[string]bool{}} }

// take takes an entry, refuses or ignores it. An error ends the reading: it is a
// [*RefusedError] where there is too much of everything.
func (in *intake) take(e entry) error {
	if err := in.count(); err != nil {
		return err
	}
	name, why := cleanName(e.name)
	switch {
	case why != "":
		in.refuse(e.name, why)
		return nil
	case name == "." || ignored(name):
		return nil
	}
	if why := unfit(name); why != "" {
		in.refuse(name, why)
		return nil
	}
	switch {
	case e.mode.IsDir():
		return nil
	case !e.mode.IsRegular():
		in.refuse(name, "is "+typeWords(e.mode)+"; put a copy of the file in its place")
		return nil
	case in.seen[name]:
		in.refuse(name, "is there a second time; the first one was taken, so keep one of the two")
		return nil
	}
	in.seen[name] = true
	if why := otherEnding(name); why != "" {
		in.refuse(name, why)
		return nil
	}
	if len(in.files) == maxFiles {
		return refused("hand in what the task asks for only", "has more than %d manifests", maxFiles)
	}
	data, err := in.contents(e)
	switch {
	case errors.As(err, new(*RefusedError)):
		return err
	case err != nil:
		in.refuse(name, "cannot be read, "+clip(err.Error())+"; pack it again")
	case len(data) > maxFile:
		in.refuse(name, fmt.Sprintf("is larger than %d MiB; make it smaller", maxFile>>20))
	case !utf8.Valid(data):
		in.refuse(name, "is not text in UTF-8; save it as UTF-8")
	default:
		in.files = append(in.files, File{Name: name, Data: data})
		if e.modified.After(in.modified) {
			in.modified = e.modified
		}
	}
	return nil
}

// count counts an entry, whatever it is.
func (in *intake) count() error {
	if in.entries++; in.entries > maxEntries {
		return refused("hand in the manifests only", "has more than %d files", maxEntries)
	}
	return nil
}

// contents are the first bytes of an entry, one more than are allowed.
func (in *intake) contents(e entry) ([]byte, error) {
	r, err := e.open()
	if err != nil {
		return nil, err
	}
	defer r.Close() //nolint:errcheck // it was only read
	data, err := io.ReadAll(io.LimitReader(r, min(maxFile, maxTotal-in.read)+1))
	if in.read += int64(len(data)); in.read > maxTotal {
		return nil, refused("hand in the manifests only", "has more than %d MiB, unpacked", maxTotal>>20)
	}
	return data, err
}

func (in *intake) refuse(name, why string) {
	in.refusals.add(class.Refusal{File: clip(name), Why: why})
}

// folder takes what is in a folder of this machine. Links are not followed, and
// [os.Root] does not leave the folder even when somebody changes it meanwhile.
func (in *intake) folder(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("read the submission: %w", err)
	}
	defer root.Close() //nolint:errcheck // it was only read
	return in.walk(root, ".")
}

func (in *intake) walk(root *os.Root, dir string) error {
	entries, err := list(root, dir)
	switch {
	case err != nil && dir == ".":
		return fmt.Errorf("read the submission: %w", err)
	case err != nil:
		in.refuse(dir, "is a folder that cannot be read; hand it in anew")
		return nil
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	for _, x := range entries {
		name := path.Join(dir, x.Name())
		e := entry{name: name, mode: x.Type(), open: func() (io.ReadCloser, error) { return root.Open(filepath.FromSlash(name)) }}
		if e.mode.IsRegular() {
			info, err := x.Info()
			if err != nil {
				in.refuse(name, "cannot be read")
				continue
			}
			e.mode, e.modified = info.Mode().Type(), info.ModTime()
		}
		if err := in.take(e); err != nil {
			return err
		}
		if e.mode.IsDir() && !ignored(name) && unfit(name) == "" {
			if err := in.walk(root, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// list is what is in a folder, up to one more than is looked at.
func list(root *os.Root, dir string) ([]fs.DirEntry, error) {
	d, err := root.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close() //nolint:errcheck // it was only read
	entries, err := d.ReadDir(maxEntries + 1)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return entries, err
}

// cleanName is a name without what programs put in front of it, or why it must not
// be looked at any further.
func cleanName(raw string) (name, why string) {
	switch {
	case !utf8.ValidString(raw):
		return "", "has a name that is not UTF-8; give it a plain one"
	case strings.ContainsFunc(raw, unicode.IsControl):
		return "", "has control characters in its name; give it a plain one"
	case strings.HasPrefix(raw, "/"):
		return "", "has a name that begins at the root of the file system; pack it from within its folder"
	case strings.Contains(raw, `\`):
		return "", "has a backslash in its name; pack it with a program that separates folders by /"
	}
	for e := range strings.SplitSeq(raw, "/") {
		if e == ".." {
			return "", "has a name that leads out of the submission; pack it from within its folder"
		}
	}
	return path.Clean(raw), ""
}

// ignored files are nobody's answer: what systems and programs leave behind, and
// notes for people.
func ignored(name string) bool {
	for e := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(e, ".") || e == "__MACOSX" {
			return true
		}
	}
	base := strings.ToLower(path.Base(name))
	switch path.Ext(base) {
	case ".md", ".txt":
		return true
	}
	return strings.HasPrefix(base, "readme") || base == "thumbs.db" || base == "desktop.ini"
}

// unfit says why a name is not taken.
func unfit(name string) string {
	switch {
	case len(name) > maxName:
		return fmt.Sprintf("has a name of %d bytes; at most %d are read, so give it a shorter one", len(name), maxName)
	case strings.Count(name, "/") > maxDepth:
		return fmt.Sprintf("lies deeper than %d folders; move it up", maxDepth)
	}
	return ""
}

// otherEnding says why a file that is no manifest is not taken.
func otherEnding(name string) string {
	switch ext := strings.ToLower(path.Ext(name)); ext {
	case ".yaml", ".yml", ".json":
		return ""
	case ".sh", ".bash", ".ps1", ".bat":
		return "has commands, and those of a submission are not run; do them in the lab and hand in what podlab evidence save writes, or hand in the manifests"
	case ".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar":
		return "is an archive within the submission, which is not opened; unpack it"
	case ".evidence":
		return "is evidence beside other files; hand it in by itself"
	default:
		return "is no manifest; those end in .yaml, .yml or .json"
	}
}

// typeWords is what a file is that is neither a file nor a folder.
func typeWords(m fs.FileMode) string {
	switch {
	case m&fs.ModeSymlink != 0:
		return "a symbolic link"
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return "neither a file nor a folder"
}

// refusals are those that are told, and how many more there are.
type refusals struct {
	told []class.Refusal
	more int
}

func (r *refusals) add(x class.Refusal) {
	if len(r.told) == maxRefusals {
		r.more++
		return
	}
	r.told = append(r.told, x)
}

func (r *refusals) list() []class.Refusal {
	if r.more == 0 {
		return r.told
	}
	return append(r.told, class.Refusal{Why: fmt.Sprintf("and %d more like these; mend these first", r.more)})
}

// clip shortens what a student wrote before it is cited.
func clip(s string) string { return clipTo(s, maxText) }

func clipTo(s string, n int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
