package lab_test

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"podlab.dev/podlab/cue/lab"
)

var update = flag.Bool("update", false, "rewrite the golden parts of testdata")

// Each archive in testdata is a lab; its file "errors" is what Load says of it.
func TestLoadErrors(t *testing.T) {
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
			fsys, golden := fstest.MapFS{}, -1
			for i, f := range a.Files {
				if f.Name == "errors" {
					golden = i
					continue
				}
				fsys[f.Name] = &fstest.MapFile{Data: f.Data}
			}
			if golden < 0 {
				t.Fatal("the archive has no file errors")
			}
			got := "no error\n"
			if _, err := lab.Load(fsys, "my-lab"); err != nil {
				got = err.Error() + "\n"
			}
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

func TestBuiltinLabsLoad(t *testing.T) {
	dirs, err := filepath.Glob("../../labs/*/lab.cue")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no labs: %v", err)
	}
	for _, d := range dirs {
		dir := filepath.Dir(d)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			l, err := lab.Load(os.DirFS(dir), "labs/"+filepath.Base(dir))
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range l.Checks() {
				if l.Exam == nil && (len(c.Hints) == 0 || c.Next == "") { // an exam gives nothing away
					t.Errorf("check %s has no hints or no next command", c.ID)
				}
			}
			if len(l.Solutions) == 0 || len(l.Mistakes) < 3 {
				t.Errorf("%d solutions and %d mistakes; a built-in lab has at least 1 and 3", len(l.Solutions), len(l.Mistakes))
			}
		})
	}
}

func TestDigestCoversEveryFile(t *testing.T) {
	base := func() fstest.MapFS {
		return fstest.MapFS{
			"lab.cue":  {Data: []byte(minimal)},
			"01-a.md":  {Data: []byte("# A\n")},
			"files/x":  {Data: []byte("x")},
			"files/xy": {Data: []byte("")},
		}
	}
	digest := func(f fs.FS) string {
		t.Helper()
		l, err := lab.Load(f, "my-lab")
		if err != nil {
			t.Fatal(err)
		}
		return l.Digest
	}
	want := digest(base())
	if got := digest(base()); got != want {
		t.Errorf("the same files gave %s and %s", want, got)
	}
	changed := base()
	changed["01-a.md"] = &fstest.MapFile{Data: []byte("# B\n")}
	moved := base()
	moved["files/x"], moved["files/xy"] = moved["files/xy"], moved["files/x"]
	for name, f := range map[string]fs.FS{"changed": changed, "moved": moved} {
		if digest(f) == want {
			t.Errorf("%s files have the same digest", name)
		}
	}
}

const minimal = `
schema: "v1", title: "T", summary: "S", minutes: 1
steps: [{id: "a", checks: [{
	id: "c", title: "t", why: "w"
	object: {kind: "Pod", name: "p"}
	want: status: phase: "Running"
}]}]
`

func FuzzLoad(f *testing.F) {
	f.Add(minimal)
	f.Add(strings.ReplaceAll(minimal, "want:", "seen: [{}] \nwant:"))
	f.Add("steps: [{id: \"a\", checks: [{want: {a: b}, seen: want}]}]")
	f.Add(withParams)
	f.Add(inTwoLanguages)
	f.Add(`params: {a: {from: 1, to: 2, oneOf: ["x", "y"]}, want: oneOf: ["x", "y"]}` + minimal)
	f.Add(minimal + `steps: [{setup: {
	manifests: ["01-a.md"]
	symptoms: [{title: "t", object: {kind: "Pod", name: "p"}, want: status: phase: "Pending"}, {title: "t", events: kind: "Pod", want: reason: "BackOff"}]
}}]
mistakes: {want: {fails: "c", belief: "b"}, after: {fails: "c", belief: "b"}}
lint: hints: "r"`)
	f.Add(strings.Replace(minimal, "want:", `fault: delete: {kind: "Pod", name: "p"}
	after: status: phase: "Running"
	never: status: phase: "Failed"
	hints: [{text: "t", when: status: phase: "Pending"}, {text: "t", missing: true}]
	within: "5s", holds: "2s"
	want:`, 1))
	f.Add(strings.NewReplacer(`object: {kind: "Pod", name: "p"}`, `http: {service: "s", port: 80, path: "/x?y=z", method: "POST", body: "b"}
	fault: exec: {pod: "p", command: ["true"]}
	after: status: >=500`, "want: status: phase: \"Running\"", `want: {status: 200, body: =~"ok", headers: server: string}`).Replace(minimal))
	f.Add(strings.NewReplacer(`object: {kind: "Pod", name: "p"}`, `quiz: {question: "q", field: {kind: "Pod", name: "p", path: "spec.nodeSelector.\"a.b/c\""}}`, "want: status: phase: \"Running\"", "").Replace(minimal))
	f.Fuzz(func(t *testing.T, src string) {
		l, err := lab.Load(fstest.MapFS{"lab.cue": {Data: []byte(src)}, "01-a.md": {}}, "x")
		if err == nil && l == nil {
			t.Error("neither a lab nor an error")
		}
	})
}
