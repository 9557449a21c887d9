package labs_test

import (
	"io/fs"
	"strings"
	"testing"

	"podlab.dev/podlab/content"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/labs"
)

// What a page tells the learner to type is what the reference solution does, so
// that every command of a lesson is run on a real cluster.
func TestReferenceTypesWhatTheLessonSays(t *testing.T) {
	found, err := fs.Glob(labs.FS, "*/lab.cue")
	if err != nil || len(found) == 0 {
		t.Fatalf("no labs: %v", err)
	}
	for _, f := range found {
		name := strings.TrimSuffix(f, "/lab.cue")
		t.Run(name, func(t *testing.T) {
			sub, err := fs.Sub(labs.FS, name)
			if err != nil {
				t.Fatal(err)
			}
			l, err := lab.Load(sub, "labs/"+name)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range l.Steps {
				script, err := fs.ReadFile(sub, "solutions/reference/"+s.Script())
				if err != nil {
					t.Error(err)
					continue
				}
				page, err := content.Parse(s.Lesson)
				if err != nil {
					t.Fatal(err)
				}
				if page.Title == "" {
					t.Errorf("%s has no heading", s.File)
				}
				for _, block := range page.Commands() {
					for _, line := range strings.Split(block, "\n") {
						if !strings.Contains(string(script), line) {
							t.Errorf("%s says %q; the reference solution does not do that", s.File, line)
						}
					}
				}
			}
		})
	}
}
