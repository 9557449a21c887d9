package labs_test

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"podlab.dev/podlab/content"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/cue/lint"
	"podlab.dev/podlab/labs"
)

// What a page tells the learner to type is what the reference solution does, so
// that every command of a lesson is run on a real cluster.
func TestReferenceTypesWhatTheLessonSays(t *testing.T) {
	for name, sub := range builtin(t) {
		t.Run(name, func(t *testing.T) {
			l, err := lab.Load(sub, "labs/"+name)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range l.Steps {
				script, err := fs.ReadFile(l.FS, "solutions/reference/"+s.Script())
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

// The built-in labs are what authors copy from: not even a warning.
func TestLint(t *testing.T) {
	for name, sub := range builtin(t) {
		t.Run(name, func(t *testing.T) {
			r, err := lint.Lint(sub, "labs/"+name)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range r.Findings {
				t.Errorf("%s\n    → %s", f, f.Do)
			}
		})
	}
}

// The README has a row for each lab.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, sub := range builtin(t) {
		l, err := lab.Load(sub, "labs/"+name)
		if err != nil {
			t.Fatal(err)
		}
		row := fmt.Sprintf("\n| [%[1]s](labs/%[1]s) | %s | %d | %s |\n", name, l.Level, l.Minutes, l.Title)
		if !strings.Contains(string(readme), row) {
			t.Errorf("README.md lacks the row%s", row)
		}
	}
}

// builtin are the built-in labs by name.
func builtin(t *testing.T) map[string]fs.FS {
	t.Helper()
	found, err := fs.Glob(labs.FS, "*/lab.cue")
	if err != nil || len(found) == 0 {
		t.Fatalf("no labs: %v", err)
	}
	out := map[string]fs.FS{}
	for _, f := range found {
		name := strings.TrimSuffix(f, "/lab.cue")
		if out[name], err = fs.Sub(labs.FS, name); err != nil {
			t.Fatal(err)
		}
	}
	return out
}
