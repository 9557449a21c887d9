package lab

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"io/fs"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
)

//go:embed schema.cue
var schemaSource []byte

// SchemaVersion is the version of the lab language that this package reads.
const SchemaVersion = "v1"

const source = "lab.cue"

// Schema is schema.cue.
func Schema() []byte { return bytes.Clone(schemaSource) }

// Load reads and checks the lab in fsys. dir is how the user named the folder;
// its last element is the lab's ID and messages begin with it.
//
// The error is an [Errors] with all that was found in this run.
func Load(fsys fs.FS, dir string) (*Lab, error) { return load(fsys, dir, "") }

// For is the lab with its params picked by seed, any text: the same seed always
// picks the same. A lab without params is the same for all.
func (l *Lab) For(seed string) (*Lab, error) {
	if len(l.Params) == 0 || seed == "" {
		return l, nil
	}
	out, err := load(l.origin, l.Dir, seed)
	if err != nil {
		return nil, err
	}
	out.ID = l.ID
	return out.In(l.Lang), nil
}

func load(fsys fs.FS, dir, seed string) (*Lab, error) {
	s, err := inspect(fsys, dir, seed)
	if err != nil {
		return nil, err
	}
	if len(s.Errors) > 0 {
		return nil, s.Errors
	}
	if s.Lab.Digest, err = digest(fsys); err != nil {
		return nil, fmt.Errorf("read %s: %w", dir, err)
	}
	return s.Lab, nil
}

// definition is a definition of the schema.
func definition(ctx *cue.Context, name string) (cue.Value, error) {
	v := ctx.CompileBytes(schemaSource, cue.Filename("schema.cue")).LookupPath(cue.ParsePath(name))
	if err := v.Err(); err != nil {
		return v, fmt.Errorf("compile the lab schema: %w", err)
	}
	return v, nil
}

// newContext returns a context for one load: compiled values stay in it, and it
// goes with the lab.
func newContext() *cue.Context { return cuecontext.New() }

// digest covers the names and contents of all files, in lexical order.
func digest(fsys fs.FS) (string, error) {
	h := sha256.New()
	err := fs.WalkDir(fsys, ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := fs.ReadFile(fsys, p)
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%s\n%d\n", p, len(b))
		h.Write(b)
		return nil
	})
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), err
}
