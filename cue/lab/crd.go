package lab

import (
	"io/fs"
	"slices"
	"strings"

	"podlab.dev/podlab/cue/view"
)

// crds are the custom resources that a lab brings.
type crds struct {
	files  []string
	kinds  *view.Kinds
	broken bool
}

// customKinds reads the files under crds/.
func customKinds(r *report, fsys fs.FS) (out crds) {
	texts := map[string][]byte{}
	for _, pattern := range []string{"crds/*.yaml", "crds/*.yml"} {
		found, _ := fs.Glob(fsys, pattern) // the pattern is well-formed
		for _, file := range found {
			text, err := fs.ReadFile(fsys, file)
			if err != nil {
				r.file(file, "%v", err)
				out.broken = true
				continue
			}
			out.files, texts[join(r.dir, file)] = append(out.files, file), text
		}
	}
	slices.Sort(out.files)
	if len(texts) == 0 {
		return out
	}
	kinds, err := view.ReadCRDs(texts)
	if err != nil {
		e := Error{Msg: err.Error()}
		for file := range texts {
			if msg, ok := strings.CutPrefix(e.Msg, file+": "); ok {
				e = Error{File: file, Msg: msg}
				break
			}
		}
		r.es, out.broken = append(r.es, e), true
		return out
	}
	out.kinds = kinds
	return out
}
