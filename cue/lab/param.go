package lab

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"cuelang.org/go/cue"
)

// Param is a value of the lab that differs from learner to learner.
type Param struct {
	Name string
	// Value is a string or an int64.
	Value any
}

func (p Param) String() string { return fmt.Sprint(p.Value) }

// readParams picks the params of a lab by seed; with none, each has its first
// value. What is not of the shape #Param is left out: the schema reports it.
func readParams(lab cue.Value, seed string) (out []Param) {
	it, err := lab.LookupPath(cue.ParsePath("params")).Fields()
	for err == nil && it.Next() {
		p, v := Param{Name: it.Selector().Unquoted()}, it.Value()
		var words []string
		from, errFrom := v.LookupPath(cue.ParsePath("from")).Int64()
		to, errTo := v.LookupPath(cue.ParsePath("to")).Int64()
		switch {
		case errFrom == nil && errTo == nil && from < to:
			p.Value = from + int64(pick(p.Name, seed, uint64(to-from)+1))
		case v.LookupPath(cue.ParsePath("oneOf")).Decode(&words) == nil && len(words) > 1:
			p.Value = words[pick(p.Name, seed, uint64(len(words)))]
		default:
			continue
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Param) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// params reports params that are not one thing, and returns the paths of their
// values, of which nothing can be said.
func (r *report) params(lab cue.Value) (values []string) {
	it, err := lab.LookupPath(cue.ParsePath("params")).Fields()
	for err == nil && it.Next() {
		v := it.Value()
		has := func(name string) bool { return v.LookupPath(cue.MakePath(cue.Str(name))).Exists() }
		if v.IncompleteKind() != cue.StructKind || count(has("oneOf"), has("from") || has("to")) == 1 {
			continue
		}
		at := "params." + it.Selector().Unquoted()
		r.add(v.Pos(), at, "a param is one of several texts, or an integer of a range: write oneOf, or from and to")
		values = append(values, at+".value")
	}
	return values
}

// pick is a number below n. It must never change: a submission is graded by the
// params that its student was given.
func pick(param, seed string, n uint64) uint64 {
	if seed == "" || n == 0 {
		return 0
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "podlab %q %q", param, seed))
	return binary.BigEndian.Uint64(sum[:]) % n
}

// filling is lab.cue with its params filled in: params: port: value: 8042.
func filling(lab cue.Value, params []Param) cue.Value {
	for _, p := range params {
		lab = lab.FillPath(cue.MakePath(cue.Str("params"), cue.Str(p.Name), cue.Str("value")), p.Value)
	}
	return lab
}

// placeholder is how the texts of a lab name a param.
var placeholder = regexp.MustCompile(`\{\{params\.([a-zA-Z0-9]+)\}\}`)

// Placeholders are the params that a text of the lab names, each with the offset
// at which it first does.
func Placeholders(text string) map[string]int {
	out := map[string]int{}
	for _, m := range placeholder.FindAllStringSubmatchIndex(text, -1) {
		name := text[m[2]:m[3]]
		if _, ok := out[name]; !ok {
			out[name] = m[0]
		}
	}
	return out
}

// fill is fsys with the params filled into its texts.
func fill(fsys fs.FS, params []Param) fs.FS {
	if len(params) == 0 {
		return fsys
	}
	return filled{fsys, valuesOf(params)}
}

// values are params by name, as a text shows them.
type values map[string]string

func valuesOf(params []Param) values {
	out := values{}
	for _, p := range params {
		out[p.Name] = p.String()
	}
	return out
}

// fill is the text with the params filled in; names that are not known stay.
func (v values) fill(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(m string) string {
		if value, ok := v[placeholder.FindStringSubmatch(m)[1]]; ok {
			return value
		}
		return m
	})
}

type filled struct {
	fs.FS
	values values
}

// maxText is how long a file may be to have its params filled in, in bytes.
const maxText = 1 << 20

func (f filled) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if dir, ok := file.(fs.ReadDirFile); ok && err == nil && info.IsDir() {
		return filledDir{dir, f, name}, nil
	}
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxText || path.Ext(name) == ".cue" {
		return file, nil
	}
	text, err := io.ReadAll(io.LimitReader(file, maxText))
	if err != nil || bytes.IndexByte(text, 0) >= 0 {
		file.Close()
		if err != nil {
			return nil, err
		}
		return f.FS.Open(name)
	}
	text = []byte(f.values.fill(string(text)))
	return &filledFile{file, bytes.NewReader(text), int64(len(text))}, nil
}

// filledFile is an open file with another text.
type filledFile struct {
	fs.File
	*bytes.Reader
	size int64
}

func (f *filledFile) Read(p []byte) (int, error) { return f.Reader.Read(p) }

func (f *filledFile) Stat() (fs.FileInfo, error) {
	info, err := f.File.Stat()
	return filledInfo{info, f.size}, err
}

type filledInfo struct {
	fs.FileInfo
	size int64
}

func (i filledInfo) Size() int64 { return i.size }

// filledDir is an open folder whose files have other sizes.
type filledDir struct {
	fs.ReadDirFile
	fsys fs.FS
	name string
}

func (d filledDir) ReadDir(n int) ([]fs.DirEntry, error) {
	entries, err := d.ReadDirFile.ReadDir(n)
	for i, e := range entries {
		if e.Type().IsRegular() {
			entries[i] = filledEntry{e, d.fsys, path.Join(d.name, e.Name())}
		}
	}
	return entries, err
}

type filledEntry struct {
	fs.DirEntry
	fsys fs.FS
	path string
}

func (e filledEntry) Info() (fs.FileInfo, error) { return fs.Stat(e.fsys, e.path) }
