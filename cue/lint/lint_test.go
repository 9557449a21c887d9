package lint_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/cue/lint"
)

var update = flag.Bool("update", false, "rewrite the golden parts of testdata")

// Each archive in testdata has two labs, bad/ and good/: its file "findings" is
// what Lint says of bad, and of good it says nothing. Files under both/ are in
// either, unless it has one of its own.
func TestRules(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			labs, golden := map[string]fstest.MapFS{"bad": {}, "good": {}}, -1
			for _, folder := range []string{"both", "bad", "good"} {
				for i, f := range a.Files {
					top, name, ok := strings.Cut(f.Name, "/")
					switch {
					case !ok:
						golden = i
					case top == folder && folder == "both":
						labs["bad"][name] = &fstest.MapFile{Data: f.Data}
						labs["good"][name] = &fstest.MapFile{Data: f.Data}
					case top == folder:
						labs[folder][name] = &fstest.MapFile{Data: f.Data}
					}
				}
			}
			if golden < 0 {
				t.Fatal("the archive has no file findings")
			}
			if text := findings(t, labs["good"], "good"); text != "" {
				t.Errorf("the good lab:\n%s", text)
			}
			got := findings(t, labs["bad"], "bad")
			if *update {
				a.Files[golden].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := string(a.Files[golden].Data); got != want {
				t.Errorf("got:\n%swant:\n%s", got, want)
			}
		})
	}
}

// What the loader refuses the linter says, however broken the lab is.
func TestSaysWhatDoesNotLoad(t *testing.T) {
	files, err := filepath.Glob("../lab/testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	odd := `schema: "v1", title: "T", summary: "S", minutes: 1
steps: [{id: "a", checks: [{id: "c", title: "t", why: "w", object: {kind: "Pod", name: "p"}, want: {...} | 5}]}]`
	labs := map[string]fstest.MapFS{"odd": {"lab.cue": {Data: []byte(odd)}, "01-a.md": {}}}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		fsys := fstest.MapFS{}
		for _, f := range a.Files {
			fsys[f.Name] = &fstest.MapFile{Data: f.Data}
		}
		labs[file] = fsys
	}
	for name, fsys := range labs {
		r, err := lint.Lint(fsys, "my-lab")
		if err != nil {
			t.Fatal(err)
		}
		var refused lab.Errors
		if _, err := lab.Load(fsys, "my-lab"); err != nil && !errors.As(err, &refused) {
			t.Fatal(err)
		}
		if n := r.Count(lint.Error); n < len(refused) {
			t.Errorf("%s: %d errors, and it does not load for %d:\n%v", name, n, len(refused), refused)
		}
	}
}

func findings(t *testing.T, fsys fstest.MapFS, dir string) string {
	t.Helper()
	r, err := lint.Lint(fsys, dir)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%s\n    → %s\n", f, f.Do)
	}
	return b.String()
}

func TestReportSums(t *testing.T) {
	r, err := lint.Lint(os.DirFS("../../labs/first-pod"), "labs/first-pod")
	if err != nil {
		t.Fatal(err)
	}
	if r.Points != 12 || r.Checks != 10 {
		t.Errorf("got %d points in %d checks", r.Points, r.Checks)
	}
}

func BenchmarkLint(b *testing.B) {
	fsys := os.DirFS("../../labs/first-pod")
	for b.Loop() {
		if _, err := lint.Lint(fsys, "labs/first-pod"); err != nil {
			b.Fatal(err)
		}
	}
}
