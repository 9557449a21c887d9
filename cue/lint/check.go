package lint

import (
	"io/fs"
	"path"
	"slices"

	"podlab.dev/podlab/cue/lab"
)

// steps holds each step against the solutions, and its points against nothing.
func (l *linter) steps() {
	for i, s := range l.lab.Steps {
		at := l.field("steps[%d].id", i)
		if !slices.ContainsFunc(l.lab.Solutions, func(name string) bool {
			_, err := fs.Stat(l.fsys, path.Join("solutions", name, s.Script()))
			return err == nil
		}) {
			l.error(at, "solution", "write solutions/reference/"+s.Script()+": podlab lab test plays it",
				"step %s has no solution", s.ID)
		}
		worth := func(c lab.Check) bool { return c.Points > 0 }
		if len(s.Checks) > 0 && !slices.ContainsFunc(s.Checks, worth) {
			l.warn(at, "points", "give one of its checks a point, or leave points out for 1",
				"the checks of step %s are worth nothing", s.ID)
		}
	}
}

// checks asks of each check what helps the learner whom it fails, and that
// somebody fails it.
func (l *linter) checks() {
	caught := map[string]bool{}
	for _, m := range l.lab.Mistakes {
		caught[m.Fails] = true
	}
	for i, s := range l.lab.Steps {
		for j, c := range s.Checks {
			at := l.field("steps[%d].checks[%d].id", i, j)
			if len(c.Hints) == 0 && l.lab.Exam == nil { // an exam gives none
				l.warn(at, "hints", "write hints: from where to look, over the concept, to nearly the answer",
					"check %s has no hints", c.ID)
			}
			if !caught[c.ID] {
				l.warn(at, "mistake", "add a typical wrong answer under mistakes/ and say that it fails "+c.ID,
					"no mistake shows that check %s catches anything", c.ID)
			}
		}
	}
}
