package submission

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/tools/txtar"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/class"
)

func shop(t testing.TB) *lab.Lab {
	t.Helper()
	l, err := lab.Load(os.DirFS("testdata/shop"), "testdata/shop")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestHostile hands in what is in testdata/hostile, a submission a file. Its comment
// says what it tries, and its file want what becomes of it: a line for every
// refusal, FILE|OBJECT|what the reason has in it, where characters that cannot be
// printed are written as Go does; or ok where it is taken as it is, because it is
// harmless until it runs.
func TestHostile(t *testing.T) {
	files, err := filepath.Glob("testdata/hostile/*.txtar")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d submissions, %v", len(files), err)
	}
	l := shop(t)
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if len(bytes.TrimSpace(a.Comment)) == 0 {
				t.Error("it does not say what it tries")
			}
			var want []string
			a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool {
				if f.Name == "want" {
					want = strings.Split(strings.TrimSpace(string(f.Data)), "\n")
				}
				return f.Name == "want"
			})
			if len(want) == 0 {
				t.Fatal("it does not say what becomes of it")
			}
			s, err := Open(zipOf(t, a.Files))
			if err != nil {
				// Nothing of it is taken; the error names the first refusal.
				t.Fatal(err)
			}
			work, refusals := s.Work(l, Rules{})
			refusals = append(slices.Clone(s.Refusals), refusals...)
			if want[0] == "ok" {
				want = nil
				n := 0
				for _, p := range work.Pages {
					n += len(p.Apply) + len(p.Delete) + len(p.Resize) + len(p.Answers)
				}
				if n == 0 {
					t.Error("nothing was taken")
				}
			}
			compare(t, refusals, want)
			for _, p := range work.Pages {
				for _, o := range slices.Concat(p.Apply, p.Delete, p.Resize) {
					if slices.ContainsFunc(refusals, func(r class.Refusal) bool { return r.File == o.File && r.Object == o.GetKind()+" "+o.GetName() }) {
						t.Errorf("%s %s was refused, and taken", o.GetKind(), o.GetName())
					}
					if o.GetNamespace() != "" || o.Object["status"] != nil || o.GetUID() != "" {
						t.Errorf("%s %s still has what only a cluster writes", o.GetKind(), o.GetName())
					}
				}
			}

			again, err := Open(targzOf(t, a.Files))
			if err != nil {
				t.Fatal(err)
			}
			if again.Digest != s.Digest {
				t.Errorf("another digest as .tar.gz: %s and %s", s.Digest, again.Digest)
			}
			_, more := again.Work(l, Rules{})
			compare(t, append(slices.Clone(again.Refusals), more...), want)
		})
	}
}

// compare holds refusals against lines that say which there are.
func compare(t *testing.T, got []class.Refusal, want []string) {
	t.Helper()
	left := slices.Clone(got)
	for _, w := range want {
		parts := strings.SplitN(w, "|", 3)
		if len(parts) != 3 {
			t.Fatalf("%q is not FILE|OBJECT|reason", w)
		}
		n := slices.IndexFunc(left, func(r class.Refusal) bool {
			return printable(r.File) == parts[0] && printable(r.Object) == parts[1] && strings.Contains(printable(r.Why), parts[2])
		})
		if n < 0 {
			t.Errorf("it is not refused: %s", w)
			continue
		}
		left = slices.Delete(left, n, n+1)
	}
	for _, r := range left {
		t.Errorf("it is refused, %s|%s|%s", printable(r.File), printable(r.Object), printable(r.Why))
	}
	for _, r := range got {
		if strings.ContainsFunc(r.Why, func(c rune) bool { return !unicode.IsPrint(c) && c != ' ' }) {
			t.Errorf("the reason is no plain line: %q", r.Why)
		}
		if len(r.Why) > 1000 {
			t.Errorf("the reason has %d bytes", len(r.Why))
		}
	}
}

// printable writes characters that cannot be printed as Go does.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		}
	}
	return b.String()
}

// save writes a file that is only there for the test.
func save(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func zipOf(t testing.TB, files []txtar.File) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		w, err := z.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(f.Data) //nolint:errcheck // into memory
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return save(t, "s.zip", b.Bytes())
}

func targzOf(t testing.TB, files []txtar.File) string {
	t.Helper()
	var b bytes.Buffer
	g := gzip.NewWriter(&b)
	w := tar.NewWriter(g)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.Name, Size: int64(len(f.Data)), Typeflag: tar.TypeReg, Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		w.Write(f.Data) //nolint:errcheck // into memory
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	return save(t, "s.tar.gz", b.Bytes())
}
