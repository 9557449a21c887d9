package lint

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"podlab.dev/podlab/cue/lab"
)

// params looks for params that a text names and the lab does not have, or names
// in lab.cue, where they are not filled in, and for those that nothing names.
func (l *linter) params() {
	known := map[string]bool{}
	for _, p := range l.lab.Params {
		known[p.Name] = true
	}
	texts := slices.Concat(l.files("files"), l.files("manifests"), l.files("solutions"), l.files("mistakes"), l.files("translations"), l.pageFiles())
	for _, f := range texts {
		used := lab.Placeholders(f.text)
		for _, name := range slices.Sorted(maps.Keys(used)) {
			if known[name] {
				continue
			}
			at := place{f.name, 1 + strings.Count(f.text[:used[name]], "\n")}
			l.error(at, "params", fmt.Sprintf("declare it in lab.cue: params: %s: {oneOf: […]}, or {from: …, to: …}", name),
				"{{params.%s}} is no param of the lab", name)
		}
	}
	src, err := fs.ReadFile(l.fsys, "lab.cue")
	if err != nil {
		return // it was read a moment ago
	}
	inCUE := lab.Placeholders(string(src))
	for _, name := range slices.Sorted(maps.Keys(inCUE)) {
		at := place{"lab.cue", 1 + bytes.Count(src[:inCUE[name]], []byte("\n"))}
		l.error(at, "params", fmt.Sprintf(`write \(params.%s.value) in a text, params.%[1]s.value elsewhere`, name), "{{params.%s}} is not filled in in lab.cue", name)
	}
	for _, p := range l.lab.Params {
		named := bytes.Contains(src, []byte("params."+p.Name+".value"))
		for _, f := range texts {
			_, used := lab.Placeholders(f.text)[p.Name]
			named = named || used
		}
		if !named {
			l.warn(l.field("params.%s", p.Name), "params", "use it, or leave it out", "nothing names the param %s", p.Name)
		}
	}
}

// pageFiles are the lessons, those of all languages.
func (l *linter) pageFiles() (out []file) {
	for _, name := range l.lessonFiles() {
		out = append(out, l.files(name)...)
	}
	return out
}
