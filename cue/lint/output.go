package lint

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"podlab.dev/podlab/content"
)

// outputs holds what the pages show of what commands print against the lab's own
// tests: without one, nobody notices when it is no longer true. A translation shows
// the same.
func (l *linter) outputs() {
	shown := l.shown()
	for i, s := range l.lab.Steps {
		own := outputs(s.Lesson)
		for n, o := range own {
			if !slices.Contains(shown[s.ID], n+1) {
				first, _, _ := strings.Cut(strings.TrimSpace(strings.TrimLeft(o.Text, "… \n")), "\n")
				l.warn(place{file: s.File}, "shown", fmt.Sprintf("bring it about in testdata/pages.txtar, and write there: shows %s %d; what is no output is indented, not marked text", s.ID, n+1),
					"no test holds what the page shows against a cluster: block %d marked text, %q", n+1, first)
			}
		}
		for _, lang := range l.lab.Languages {
			if !slices.Equal(own, outputs(l.lab.In(lang).Steps[i].Lesson)) {
				l.warn(place{file: s.Page(lang)}, "translation", "copy the commands and what they print from "+s.File, "the page shows other commands or another output than %s", s.File)
			}
		}
	}
}

// shown are the blocks that the lab's tests look at, by step. Those that there are
// not are errors.
func (l *linter) shown() map[string][]int {
	shown := map[string][]int{}
	for _, f := range l.files("testdata") {
		if path.Ext(f.name) != ".txtar" {
			continue
		}
		for i, line := range strings.Split(f.text, "\n") {
			if strings.HasPrefix(line, "-- ") {
				break // the script ends where its files begin
			}
			words := strings.Fields(line)
			if len(words) < 3 || words[0] != "shows" {
				continue
			}
			blocks := 0
			if at := l.lab.Step(words[1]); at >= 0 {
				blocks = len(outputs(l.lab.Steps[at].Lesson))
			}
			n, err := strconv.Atoi(words[2])
			if err != nil || n < 1 || n > blocks {
				l.error(place{f.name, i + 1}, "shown", "count the blocks from 1; the page is named by the id of its step", "page %s has no block %s marked text", words[1], words[2])
			}
			shown[words[1]] = append(shown[words[1]], n)
		}
	}
	return shown
}

// outputs are those of a lesson; one that cannot be read is found elsewhere.
func outputs(lesson []byte) []content.Output {
	page, err := content.Parse(lesson)
	if err != nil {
		return nil
	}
	return page.Outputs()
}
