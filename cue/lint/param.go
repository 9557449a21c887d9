package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"podlab.dev/podlab/cue/lab"
)

// params looks for params that a text names and the lab does not have.
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
}

// pageFiles are the lessons, those of all languages.
func (l *linter) pageFiles() (out []file) {
	for _, name := range l.lessonFiles() {
		out = append(out, l.files(name)...)
	}
	return out
}
