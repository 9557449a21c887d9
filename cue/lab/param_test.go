package lab_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/cue/view"
)

const withParams = `
schema: "v1", title: "Port \(params.port.value)", summary: "S", minutes: 1
params: {
	port: {from: 8000, to: 8003}
	color: oneOf: ["red", "green", "blue"]
}
steps: [{id: "a", checks: [{
	id: "c", title: "t", why: "w", hints: ["It is \(params.color.value)."]
	object: {kind: "Pod", name: "p"}
	want: metadata: labels: color: params.color.value
	want: spec: containers: web: ports: "\(params.port.value)": containerPort: params.port.value
}]}]
`

// binary has a placeholder, and a byte that no text has.
const binary = "{{params.port}}\x00"

func paramFiles() fstest.MapFS {
	return fstest.MapFS{
		"lab.cue":                      {Data: []byte(withParams)},
		"01-a.md":                      {Data: []byte("# A\nPort {{params.port}}, {{params.color}}, {{params.colour}}, {{ params.port }}.\n")},
		"01-a.zh.md":                   {Data: []byte("# 一\n端口 {{params.port}}\n")},
		"translations/zh.cue":          {Data: []byte("title: \"端口 {{params.port}}\"\nchecks: c: {title: \"{{params.color}}\", why: \"{{params.x}}\", next: \"{{params.port}}\", hints: [\"{{params.color}}{{params.color}}\"]}\n")},
		"files/web.yaml":               {Data: []byte("port: {{params.port}}\n")},
		"files/logo.bin":               {Data: []byte(binary)},
		"files/large.txt":              {Data: large()},
		"files/limit.txt":              {Data: large()[1:]},
		"manifests/deep/web.yaml":      {Data: []byte("color: {{params.color}}{{params.color}}\n")},
		"solutions/reference/01-a.sh":  {Data: []byte("run --port={{params.port}}\n")},
		"solutions/reference/empty.md": {},
	}
}

// large is a text of a byte more than may be filled in; it ends with a
// placeholder.
func large() []byte {
	const end = "{{params.color}}"
	return append(bytes.Repeat([]byte("x"), 1<<20+1-len(end)), end...)
}

func loadParams(t testing.TB) *lab.Lab {
	t.Helper()
	l, err := lab.Load(paramFiles(), "labs/my-lab")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func forSeed(t testing.TB, l *lab.Lab, seed string) *lab.Lab {
	t.Helper()
	out, err := l.For(seed)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// picks is what was picked, as text.
func picks(l *lab.Lab) string {
	var out []string
	for _, p := range l.Params {
		out = append(out, p.Name+"="+p.String())
	}
	return strings.Join(out, " ")
}

// A submission is graded by the params that its student was given, maybe years
// later: these picks must never change.
func TestPicksNeverChange(t *testing.T) {
	l := loadParams(t)
	for seed, want := range map[string]string{
		"":                     "color=red port=8000",
		"a":                    "color=blue port=8002",
		"b":                    "color=red port=8003",
		"ada@example.com":      "color=blue port=8000",
		"b3a1f0":               "color=green port=8000",
		"学生":                   "color=green port=8000",
		"\"quoted\" and\nmore": "color=blue port=8003",
		"\xff":                 "color=red port=8001",
	} {
		for range 2 {
			if got := picks(forSeed(t, l, seed)); got != want {
				t.Errorf("seed %q picks %s; it picked %s", seed, got, want)
			}
		}
	}
}

func TestSeedsReachEveryValue(t *testing.T) {
	l, seen := loadParams(t), map[string]int{}
	for i := range 60 {
		for _, p := range forSeed(t, l, fmt.Sprint(i)).Params {
			seen[p.Name+"="+p.String()]++
		}
	}
	for _, want := range []string{"port=8000", "port=8001", "port=8002", "port=8003", "color=red", "color=green", "color=blue"} {
		if seen[want] == 0 {
			t.Errorf("no seed of 60 picks %s", want)
		}
		delete(seen, want)
	}
	if len(seen) > 0 {
		t.Errorf("picked what there is not: %v", seen)
	}
}

func TestForKeepsWhatTheLabIs(t *testing.T) {
	l := loadParams(t)
	l.ID = "renamed"
	mine := forSeed(t, l.In("zh"), "a")
	if mine.ID != "renamed" || mine.Dir != l.Dir || mine.Lang != "zh" || mine.Digest != l.Digest {
		t.Errorf("got ID %q, Dir %q, Lang %q, Digest %s of %s", mine.ID, mine.Dir, mine.Lang, mine.Digest, l.Digest)
	}
	if own := forSeed(t, mine.In("zh"), "b"); picks(own) != picks(forSeed(t, l, "b")) {
		t.Errorf("the lab of one learner gave another %s", picks(own))
	}
	if l.Lang != "" || picks(l) != "color=red port=8000" {
		t.Errorf("the lab itself was changed: %q, %s", l.Lang, picks(l))
	}

	plain, err := lab.Load(fstest.MapFS{"lab.cue": {Data: []byte(minimal)}, "01-a.md": {}}, "x")
	if err != nil {
		t.Fatal(err)
	}
	if forSeed(t, plain, "a") != plain {
		t.Error("a lab without params is not the same for all")
	}
	if forSeed(t, l, "") != l {
		t.Error("no seed gives another lab")
	}
}

// value is what was picked for a param.
func value(t testing.TB, l *lab.Lab, name string) string {
	t.Helper()
	for _, p := range l.Params {
		if p.Name == name {
			return p.String()
		}
	}
	t.Fatalf("no param %s", name)
	return ""
}

func TestParamsAreFilledIn(t *testing.T) {
	for _, seed := range []string{"", "a", "b", "学生"} {
		l := forSeed(t, loadParams(t), seed)
		port, color := value(t, l, "port"), value(t, l, "color")
		want := map[string]string{
			"01-a.md":                      "# A\nPort " + port + ", " + color + ", {{params.colour}}, {{ params.port }}.\n",
			"01-a.zh.md":                   "# 一\n端口 " + port + "\n",
			"files/web.yaml":               "port: " + port + "\n",
			"files/logo.bin":               binary,
			"files/large.txt":              string(large()),
			"files/limit.txt":              strings.Replace(string(large()[1:]), "{{params.color}}", color, 1),
			"manifests/deep/web.yaml":      "color: " + color + color + "\n",
			"solutions/reference/01-a.sh":  "run --port=" + port + "\n",
			"solutions/reference/empty.md": "",
			"lab.cue":                      withParams, // says params.port.value
		}
		for file, text := range want {
			if b, err := fs.ReadFile(l.FS, file); err != nil || string(b) != text {
				t.Errorf("seed %q: %s is %.80q (%v), not %.80q", seed, file, b, err, text)
			}
			if info, err := fs.Stat(l.FS, file); err != nil || info.Size() != int64(len(text)) {
				t.Errorf("seed %q: %s has %d bytes and not %d (%v)", seed, file, info.Size(), len(text), err)
			}
		}
		walked := 0
		err := fs.WalkDir(l.FS, ".", func(p string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			walked++
			info, err := e.Info()
			if text, ok := want[p]; ok && err == nil && info.Size() != int64(len(text)) {
				t.Errorf("the folder says that %s has %d bytes, and it has %d", p, info.Size(), len(text))
			}
			return err
		})
		if err != nil || walked != len(paramFiles()) {
			t.Errorf("walked over %d files (%v)", walked, err)
		}
		sub, err := fs.Sub(l.FS, "manifests/deep")
		if err != nil {
			t.Fatal(err)
		}
		if b, err := fs.ReadFile(sub, "web.yaml"); err != nil || string(b) != want["manifests/deep/web.yaml"] {
			t.Errorf("below fs.Sub: %q, %v", b, err)
		}

		if got := string(l.Steps[0].Lesson); got != want["01-a.md"] {
			t.Errorf("seed %q: the lesson is %q", seed, got)
		}
		if l.Title != "Port "+port || l.Checks()[0].Hints[0].Text != "It is "+color+"." {
			t.Errorf("seed %q: title %q, hint %q", seed, l.Title, l.Checks()[0].Hints[0].Text)
		}
		zh := l.In("zh")
		c := zh.Checks()[0]
		if zh.Title != "端口 "+port || c.Title != color || c.Why != "{{params.x}}" || c.Next != port || c.Hints[0].Text != color+color {
			t.Errorf("seed %q: in zh %q, %+v", seed, zh.Title, c)
		}
		if got := string(zh.Steps[0].Lesson); got != want["01-a.zh.md"] {
			t.Errorf("seed %q: the lesson in zh is %q", seed, got)
		}
		// All that an fs.FS promises, sizes in folders included.
		if err := fstest.TestFS(l.FS, "lab.cue", "manifests/deep/web.yaml"); err != nil {
			t.Errorf("seed %q: %v", seed, err)
		}
	}
}

func TestDigestDoesNotDependOnTheSeed(t *testing.T) {
	l := loadParams(t)
	for _, seed := range []string{"a", "b"} {
		if got := forSeed(t, l, seed).Digest; got != l.Digest {
			t.Errorf("seed %q: %s and not %s", seed, got, l.Digest)
		}
	}
}

func TestWantsUseWhatWasPicked(t *testing.T) {
	l := loadParams(t)
	for _, seed := range []string{"", "a", "b"} {
		mine := forSeed(t, l, seed)
		var port int64
		for _, p := range mine.Params {
			if n, ok := p.Value.(int64); ok {
				port = n
			}
		}
		matches := func(color string, port int64) bool {
			v, err := view.Of(&unstructured.Unstructured{Object: map[string]any{
				"apiVersion": "v1", "kind": "Pod",
				"metadata": map[string]any{"name": "p", "labels": map[string]any{"color": color}},
				"spec": map[string]any{"containers": []any{map[string]any{
					"name": "web", "image": "web:v1", "ports": []any{map[string]any{"containerPort": port}},
				}}},
			}})
			if err != nil {
				t.Fatal(err)
			}
			return len(mine.Checks()[0].Want.Compare(v)) == 0
		}
		if !matches(value(t, mine, "color"), port) {
			t.Errorf("seed %q: what was picked (%s) does not pass", seed, picks(mine))
		}
		if matches(value(t, mine, "color"), port+1) || matches("yellow", port) {
			t.Errorf("seed %q: what was not picked passes", seed)
		}
	}
}

func TestPlaceholdersSayWhereTheyComeFirst(t *testing.T) {
	got := lab.Placeholders("{{params.a}} {{params.b}}\n{{params.a}} {{params.b}} {{params.}} {{params.a-b}}")
	if len(got) != 2 || got["a"] != 0 || got["b"] != 13 {
		t.Errorf("got %v", got)
	}
}
