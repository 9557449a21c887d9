package lint

import (
	"bytes"
	"path"
	"strings"
)

// languages are those of the lab, its own first, which has no name.
func (l *linter) languages() []string { return append([]string{""}, l.lab.Languages...) }

// translations looks for what is in one language and not in another.
func (l *linter) translations() {
	for _, lang := range l.lab.Languages {
		other := l.lab.In(lang)
		for i, s := range other.Steps {
			if own := l.lab.Steps[i].Setup; own != nil {
				for j, x := range s.Setup.Symptoms {
					if x.Title == own.Symptoms[j].Title {
						at := place{file: path.Join("translations", lang+".cue")}
						l.warn(at, "translation", "write steps: \""+s.ID+"\": symptoms there", "the titles of the symptoms of step %s are not there in %s", s.ID, lang)
						break
					}
				}
			}
			if bytes.Equal(s.Lesson, l.lab.Steps[i].Lesson) {
				l.warn(place{file: s.File}, "translation", "write "+s.Page(lang), "the page is not there in %s, in which other parts of the lab are", lang)
			}
		}
		at := place{file: path.Join("translations", lang+".cue")}
		if other.Title == l.lab.Title {
			l.warn(at, "translation", "write title there", "the title of the lab is not there in %s", lang)
		}
		var missing []string
		for i, c := range other.Checks() {
			if c.Title == l.lab.Checks()[i].Title {
				missing = append(missing, c.ID)
			}
		}
		if len(missing) > 0 {
			l.warn(at, "translation", "write checks: \""+missing[0]+"\": title: there", "the titles of these checks are not there in %s: %s", lang, strings.Join(missing, ", "))
		}
	}
}
