package lab

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"sort"
	"strings"
)

// folders finds the solutions and holds the mistakes against their folders.
func (d *decoder) folders(l *Lab) {
	l.Solutions = subfolders(l.FS, "solutions")
	scripts := map[string]bool{}
	for _, s := range l.Steps {
		scripts[s.Script()] = true
	}
	check := func(folder string) {
		entries, _ := fs.ReadDir(l.FS, folder)
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".sh") && !scripts[e.Name()] {
				d.report.file(path.Join(folder, e.Name()), "no step is called that; a script is named like its lesson, 01-create.sh")
			}
		}
	}
	for _, s := range l.Solutions {
		check(path.Join("solutions", s))
	}
	found := map[string]bool{}
	for _, m := range subfolders(l.FS, "mistakes") {
		found[m] = true
		check(path.Join("mistakes", m))
		if _, ok := l.Mistakes[m]; !ok {
			d.report.file(path.Join("mistakes", m), "lab.cue does not say under mistakes which check catches this one")
		}
	}
	for _, m := range slices.Sorted(maps.Keys(l.Mistakes)) {
		if !found[m] {
			d.add(d.pos("mistakes."+m), "mistakes."+m, "there is no folder mistakes/%s", m)
		}
	}
}

func subfolders(fsys fs.FS, dir string) (names []string) {
	entries, _ := fs.ReadDir(fsys, dir)
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	sort.Strings(names)
	return names
}
