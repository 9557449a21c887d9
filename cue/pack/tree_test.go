package pack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestATreeIsAnFS(t *testing.T) {
	dir := write(t, map[string]string{"lab.cue": sound, "01-a.md": "# A\n", "files/a/b.yaml": "b", "files/c": "", ".git/HEAD": "x", "files/.secret": "x"})
	tree, err := OpenTree(dir, "lab")
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(tree, "lab.cue", "01-a.md", "files/a/b.yaml", "files/c"); err != nil {
		t.Error(err)
	}
	var names []string
	err = fs.WalkDir(tree, ".", func(p string, _ fs.DirEntry, err error) error { names = append(names, p); return err })
	if want := []string{".", "01-a.md", "files", "files/a", "files/a/b.yaml", "files/c", "lab.cue"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("%v, %v", names, err)
	}
	for _, name := range []string{".git/HEAD", "files/.secret", "none"} {
		if _, err := tree.ReadFile(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"../x", "files/../../x", "/etc/passwd", "", "files/"} {
		if _, err := tree.ReadFile(name); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := tree.Sub(name); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("sub %s: %v", name, err)
		}
	}
	if err := tree.Check(); err != nil {
		t.Error(err)
	}
}

func TestWhatIsOutOfBounds(t *testing.T) {
	outside := write(t, map[string]string{"secret": "s", "d/x": "x"})
	sparse := func(size int64) func(*testing.T, string) {
		return func(t *testing.T, at string) {
			if err := os.WriteFile(at, nil, 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(at, size); err != nil {
				t.Fatal(err)
			}
		}
	}
	link := func(to string) func(*testing.T, string) {
		return func(t *testing.T, at string) {
			if err := os.Symlink(to, at); err != nil {
				t.Skip(err)
			}
		}
	}
	tests := []struct {
		name, at string
		make     func(*testing.T, string)
		want     string
	}{
		{"link out", "files/x", link(filepath.Join(outside, "secret")), "one/files/x is a symbolic link; a pack has none"},
		{"link up", "files/x", link("../../two/lab.cue"), "one/files/x is a symbolic link; a pack has none"},
		{"link within", "files/x", link("lab.cue"), "one/files/x is a symbolic link; a pack has none"},
		{"link to a folder", "files/x", link(filepath.Join(outside, "d")), "one/files/x is a symbolic link; a pack has none"},
		{"link in a circle", "files/x", link("."), "one/files/x is a symbolic link; a pack has none"},
		{"lesson", "01-a.md", link("/etc/passwd"), "one/01-a.md is a symbolic link; a pack has none"},
		{"lab.cue", "lab.cue", link("/etc/passwd"), "one/lab.cue is a symbolic link; a pack has none"},
		{"1 GB", "files/x", sparse(1 << 30), "one/files/x has 1 GiB; at most 1 MiB are read"},
		{"a little too large", "files/x", sparse(1<<20 + 1), "at most 1 MiB are read"},
		{"large source", "lab.cue", sparse(256<<10 + 1), "at most 256 KiB are read"},
		{"pipe", "files/x", pipe, "one/files/x is neither a file nor a folder"},
		{"deep", "files/x", func(t *testing.T, at string) {
			if err := os.MkdirAll(filepath.Join(at, "3/4/5/6/7/8/9"), 0o755); err != nil {
				t.Fatal(err)
			}
		}, "one/files/x/3/4/5/6/7/8/9 lies deeper than 8 folders"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := write(t, map[string]string{"one/01-a.md": "# A\n", "one/lab.cue": sound, "one/files/y": "", "two/lab.cue": sound, "two/01-a.md": "# A\n"})
			at := filepath.Join(dir, "one", test.at)
			os.Remove(at) //nolint:errcheck // it may be there
			test.make(t, at)
			p, err := Open(t.Context(), dir, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(p.Labs(), []string{"one", "two"}) {
				t.Errorf("labs %v", p.Labs())
			}
			if _, err := p.Lab("two"); err != nil {
				t.Errorf("the other lab: %v", err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			var b *BoundError
			if _, err := p.Lab("one"); !errors.As(err, &b) || !strings.HasSuffix(err.Error(), test.want) || b.Remedy() == "" {
				t.Errorf("the lab: %v", err)
			}
			// Nor can it be had unasked.
			tree, err := p.Tree.Sub("one")
			if err != nil {
				t.Fatal(err)
			}
			if test.name != "deep" {
				if _, err := fs.ReadFile(tree, test.at); !errors.As(err, &b) {
					t.Errorf("read it: %v", err)
				}
				if _, err := fs.ReadFile(tree, test.at+"/x"); err == nil {
					t.Error("read through it")
				}
			}
			runtime.ReadMemStats(&after)
			if n := after.TotalAlloc - before.TotalAlloc; n > 8<<20 {
				t.Errorf("took %d bytes", n)
			}
		})
	}
}

func TestTheWholePackIsBounded(t *testing.T) {
	many, large := map[string]string{}, map[string]string{}
	for i := range MaxFiles {
		many[fmt.Sprintf("one/files/%d/%d", i%10, i)] = ""
	}
	for i := range 65 {
		large[fmt.Sprintf("%d/files/x", i)] = strings.Repeat("x", MaxFile)
		large[fmt.Sprintf("%d/lab.cue", i)] = sound
	}
	many["one/lab.cue"] = sound
	for want, files := range map[string]map[string]string{"has more than 4000 files": many, "has more than 64 MiB": large} {
		dir := write(t, files)
		var b *BoundError
		if _, err := Open(t.Context(), dir, Options{}); !errors.As(err, &b) || b.What != want {
			t.Errorf("got %v", err)
		}
	}

	// What is beside the labs does not count.
	beside := map[string]string{"one/lab.cue": sound}
	for name := range many {
		beside["node_modules/"+name] = ""
		beside["one/.git/"+name] = ""
	}
	if _, err := Open(t.Context(), write(t, beside), Options{}); err != nil {
		t.Error(err)
	}
}

func TestAFileThatGrowsEndsSomewhere(t *testing.T) {
	dir := write(t, map[string]string{"x": "x"})
	tree, err := OpenTree(dir, "lab")
	if err != nil {
		t.Fatal(err)
	}
	f, err := tree.Open("x")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Truncate(filepath.Join(dir, "x"), 1<<30); err != nil {
		t.Fatal(err)
	}
	n := 0
	for b := make([]byte, 1<<16); ; {
		m, err := f.Read(b)
		if n += m; err != nil {
			break
		}
	}
	if n > MaxFile {
		t.Errorf("read %d bytes", n)
	}
}
