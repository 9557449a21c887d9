package submission

import (
	"archive/tar"
	"archive/zip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/tools/txtar"

	"podlab.dev/podlab/grader/class"
)

// FuzzOpen reads whatever comes as an archive. Nothing of it is out of bounds, and
// what is taken has a name that leads nowhere.
func FuzzOpen(f *testing.F) {
	all := files("01-run.yaml", "a/02-serve.yaml", "a/README.md", "../x.yaml", "a.sh")
	for _, path := range []string{zipOf(f, all), targzOf(f, all)} {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add(tarball(f, tar.Header{Name: "a.yaml"}, tar.Header{Name: "b/c.yaml"}))
	f.Add(overlapping(f, 3))
	f.Add(lying(f, "a.yaml", 3, []byte(config)))
	f.Add(zipball(f, stored(&zip.FileHeader{Name: "a.yaml"}, []byte(config))))
	f.Add([]byte(config))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, "s.yaml")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path)
		if err != nil {
			return
		}
		total := 0
		for i, x := range s.Files {
			total += len(x.Data)
			name, why := cleanName(x.Name)
			if why != "" || name != x.Name || len(x.Data) > maxFile || i > 0 && s.Files[i-1].Name >= x.Name {
				t.Errorf("%q was taken", x.Name)
			}
		}
		if total > maxTotal || len(s.Files) > maxFiles {
			t.Errorf("%d files of %d bytes", len(s.Files), total)
		}
		told(t, s.Refusals)
	})
}

// FuzzWork reads whatever comes as a manifest and as answers. What is taken is
// within the rules when it is judged a second time, from its JSON.
func FuzzWork(f *testing.F) {
	names, err := filepath.Glob("testdata/hostile/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		a, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if data := a.Files[0].Data; len(data) < 8<<10 {
			f.Add(data)
		}
	}
	l := shop(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 64<<10 {
			return
		}
		s := &Submission{Files: []File{{"01-run.json", data}, {"01-run.yaml", data}, {"02-serve.delete.yaml", data}, {"03-explain.resize.yaml", data}, {"answers.yaml", data}}}
		work, refusals := s.Work(l, Rules{})
		told(t, refusals)
		n := 0
		for _, p := range work.Pages {
			n += len(p.Apply) + len(p.Delete) + len(p.Resize)
			for _, o := range p.Apply {
				text, err := o.MarshalJSON()
				if err != nil {
					t.Fatalf("what was taken cannot be sent: %v", err)
				}
				again, more := (&Submission{Files: []File{{"01-run.json", text}}}).Work(l, Rules{})
				if len(more) > 0 || len(again.Pages[0].Apply) != 1 {
					t.Errorf("%s was taken, and then %v", text, more)
				}
			}
			for _, o := range slices.Concat(p.Delete, p.Resize) {
				if o.GetName() == "" || o.GetNamespace() != "" || len(o.Object) > 4 {
					t.Errorf("%v is to be deleted or resized", o.Object)
				}
			}
		}
		if n > maxObjects {
			t.Errorf("%d objects", n)
		}
	})
}

// told holds refusals against what can be told.
func told(t *testing.T, refusals []class.Refusal) {
	t.Helper()
	if len(refusals) > maxRefusals+1 {
		t.Errorf("%d refusals", len(refusals))
	}
	for _, r := range refusals {
		all := r.File + r.Object + r.Why
		if r.Why == "" || len(all) > 4<<10 || !utf8.ValidString(all) || strings.Contains(r.Why, "\n") {
			t.Errorf("refusal %q", r)
		}
	}
}
