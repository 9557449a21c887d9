package submission

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/tools/txtar"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/timeline"
)

func files(names ...string) (out []txtar.File) {
	for i, name := range names {
		out = append(out, txtar.File{Name: name, Data: fmt.Appendf(nil, `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c%d"}}`, i)})
	}
	return out
}

func open(t testing.TB, path string) *Submission {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestPages says to which page a file belongs.
func TestPages(t *testing.T) {
	tests := []struct {
		file, page string
	}{
		{"01-run.yaml", "run"}, {"02-serve.yaml", "serve"}, {"02-serve-again.yml", "serve"}, {"02-serve.json", "serve"},
		{"02-serve/web.yaml", "serve"}, {"02-serve/01-web.yaml", "serve"}, {"my/02-serve.yaml", "serve"}, {"02-serve.delete.yaml", "serve"},
		{"02.yaml", "serve"}, {"02-web.yaml", "serve"}, {"02_web.yaml", "serve"}, {"03/01.yaml", "explain"}, {"02web.delete.yaml", "serve"},
		{"serve.yaml", "serve"}, {"serve/web.yaml", "serve"}, {"serve.delete.yaml", "serve"},
		{"web.yaml", "run"}, {"server.yaml", "run"}, {"2-web.yaml", "run"}, {"04-web.yaml", "run"}, {"022.yaml", "run"},
	}
	l := shop(t)
	for _, tt := range tests {
		s := open(t, zipOf(t, append(files(tt.file), txtar.File{Name: "zz.yaml"})))
		work, refusals := s.Work(l, Rules{})
		for _, p := range work.Pages {
			if n := len(p.Apply) + len(p.Delete); n > 0 != (p.Step == tt.page) || len(p.Delete) > 0 != (n > 0 && strings.Contains(tt.file, ".delete.")) {
				t.Errorf("%s: page %s has %d objects to apply and %d to delete", tt.file, p.Step, len(p.Apply), len(p.Delete))
			}
		}
		if len(refusals) > 0 {
			t.Errorf("%s: %v", tt.file, refusals)
		}
	}

	// A folder around everything is not part of the names, and counts only where it
	// is called like a page.
	for wrap, want := range map[string]string{"ada/": "run", "ada/shop/": "run", "02-serve/": "serve", "ada/02-serve/": "serve", "serve/": "run", "02/": "run"} {
		s := open(t, zipOf(t, files(wrap+"web.yaml", wrap+"app.yaml")))
		if s.Files[0].Name != "app.yaml" {
			t.Errorf("%s: %s", wrap, s.Files[0].Name)
		}
		work, _ := s.Work(l, Rules{})
		for _, p := range work.Pages {
			if len(p.Apply) > 0 != (p.Step == want) {
				t.Errorf("%s: page %s has %d objects", wrap, p.Step, len(p.Apply))
			}
		}
	}
}

// TestPagesByObject puts objects whose files name no page where the lab speaks of
// them first.
func TestPagesByObject(t *testing.T) {
	pod := "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: a, image: a}]}\n"
	s := open(t, zipOf(t, []txtar.File{
		{Name: "all.yaml", Data: []byte(pod + "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: db}\n")},
		{Name: "03-explain.yaml", Data: []byte("apiVersion: v1\nkind: Service\nmetadata: {name: web}\n")},
	}))
	work, refusals := s.Work(shop(t), Rules{Level: "baseline"})
	for i, want := range []string{"Pod/web Service/db", "Service/web", "Service/web"} {
		var got []string
		for _, o := range work.Pages[i].Apply {
			got = append(got, o.GetKind()+"/"+o.GetName())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("page %d has %v, want %s; %v", i+1, got, want, refusals)
		}
	}
}

// TestResize has the resources left of a Pod that is to be resized, and nothing else.
func TestResize(t *testing.T) {
	s := open(t, save(t, "web.resize.yaml", []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop, labels: {a: b}}\n"+
		"spec: {hostNetwork: true, containers: [{name: a, image: a, securityContext: {privileged: true}, resources: {limits: {cpu: 1}}}]}\n")))
	work, refusals := s.Work(shop(t), Rules{})
	if len(refusals) > 0 || len(work.Pages[0].Resize) != 1 {
		t.Fatalf("%+v, %v", work.Pages[0], refusals)
	}
	want := map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "web"}, "spec": map[string]any{
		"containers": []any{map[string]any{"name": "a", "resources": map[string]any{"limits": map[string]any{"cpu": int64(1)}}}},
	}}
	if got := work.Pages[0].Resize[0].Object; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}

// TestOrder has objects come in the order of files and documents.
func TestOrder(t *testing.T) {
	doc := func(names ...string) []byte {
		var b bytes.Buffer
		for _, n := range names {
			fmt.Fprintf(&b, "---\n# %s\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n", n, n)
		}
		return b.Bytes()
	}
	s := open(t, zipOf(t, []txtar.File{
		{Name: "b.yaml", Data: doc("d", "c")}, {Name: "a.yaml", Data: append([]byte("---\n---\n# nothing\n"), doc("f", "e")...)},
		{Name: "c.json", Data: []byte("\ufeff" + `{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}},{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}]}`)},
	}))
	work, refusals := s.Work(shop(t), Rules{})
	var got []string
	for _, o := range work.Pages[0].Apply {
		got = append(got, o.File+":"+o.GetName())
	}
	if want := "a.yaml:f a.yaml:e b.yaml:d b.yaml:c c.json:b c.json:a"; strings.Join(got, " ") != want || len(refusals) > 0 {
		t.Errorf("got %v, want %s; %v", got, want, refusals)
	}
}

func TestAnswers(t *testing.T) {
	s := open(t, zipOf(t, []txtar.File{
		{Name: "answers.yaml", Data: []byte("port: 1.30 # as it stands there\ntype: |\n  ClusterIP\n")},
	}))
	work, refusals := s.Work(shop(t), Rules{})
	if len(refusals) > 0 {
		t.Error(refusals)
	}
	want := []Answer{{"answers.yaml", "port", "1.30"}, {"answers.yaml", "type", "ClusterIP"}}
	if got := work.Pages[2].Answers; !slices.Equal(got, want) || len(work.Pages[0].Answers)+len(work.Pages[1].Answers) > 0 {
		t.Errorf("got %+v", work.Pages)
	}
}

// TestDeletion has nothing but the name left of an object that is to be deleted, and
// needs nothing else of it.
func TestDeletion(t *testing.T) {
	s := open(t, zipOf(t, []txtar.File{{Name: "web.delete.yaml", Data: []byte(
		"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop, finalizers: [a]}\nspec: {template: {spec: {hostPID: true}}}\n")}}))
	work, refusals := s.Work(shop(t), Rules{})
	if len(refusals) > 0 || len(work.Pages[0].Delete) != 1 {
		t.Fatalf("%+v, %v", work.Pages[0], refusals)
	}
	want := map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "web"}}
	if got := work.Pages[0].Delete[0].Object; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}

// TestDigest is the same for a folder and its archives, with a folder around it and
// what nobody handed in on purpose, and another one for anything else.
func TestDigest(t *testing.T) {
	same := files("01-run.yaml", "b/02.yaml")
	dir := filepath.Join(t.TempDir(), "ada.lovelace")
	for _, f := range same {
		if err := os.MkdirAll(filepath.Join(dir, path.Dir(f.Name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	when := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for name, at := range map[string]time.Time{"01-run.yaml": when.Add(-time.Hour), "b/02.yaml": when} {
		if err := os.Chtimes(filepath.Join(dir, filepath.FromSlash(name)), at, at); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, dir)
	if s.Name != "ada.lovelace" || !s.Modified.Equal(when) {
		t.Errorf("name %s, modified %v", s.Name, s.Modified)
	}
	around := files("ada/01-run.yaml", "ada/b/02.yaml")
	reversed := []txtar.File{around[1], {Name: "ada/.DS_Store", Data: []byte("x")}, {Name: "__MACOSX/ada/._01-run.yaml"}, {Name: "ada/README.md"}, around[0]}
	for name, path := range map[string]string{"zip": zipOf(t, same), "tar.gz": targzOf(t, same), "around": zipOf(t, around), "reversed": targzOf(t, reversed)} {
		if got := open(t, path); got.Digest != s.Digest || got.Name != "s" || len(got.Refusals) > 0 {
			t.Errorf("%s: digest %s, name %s, %v; want %s", name, got.Digest, got.Name, got.Refusals, s.Digest)
		}
	}
	for name, other := range map[string][]txtar.File{
		"name": files("01-run.yml", "b/02.yaml"), "order": {{Name: same[0].Name, Data: same[1].Data}, {Name: same[1].Name, Data: same[0].Data}},
		"moved": {{Name: "01-run.yaml" + string(same[0].Data[:4]) + ".yaml", Data: same[0].Data[4:]}, same[1]}, "less": same[:1],
	} {
		if got := open(t, zipOf(t, other)); got.Digest == s.Digest {
			t.Errorf("%s: the same digest", name)
		}
	}
}

func TestEvidence(t *testing.T) {
	var b bytes.Buffer
	saved := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	if err := timeline.WriteBundle(&b, timeline.Header{Lab: "shop", Seed: "7", Saved: saved}, []timeline.Entry{{Seq: 1, Kind: timeline.Synced, Time: saved}}); err != nil {
		t.Fatal(err)
	}
	s := open(t, save(t, "ada.evidence", b.Bytes()))
	if s.Evidence == nil || s.Evidence.Seed != "7" || s.Name != "ada" || len(s.Files) > 0 || !s.Modified.Equal(saved) || len(s.Digest) != 71 {
		t.Errorf("got %+v", s)
	}
	if work, refusals := s.Work(shop(t), Rules{}); len(work.Pages) != 3 || len(refusals) > 0 {
		t.Errorf("got %+v, %v", work, refusals)
	}
}

// TestPack has a submission that was packed open as the same.
func TestPack(t *testing.T) {
	s := open(t, zipOf(t, files("ada/02-serve/web.yaml", "ada/02-serve/app.yaml")))
	var b bytes.Buffer
	if err := s.Pack(&b); err != nil {
		t.Fatal(err)
	}
	again := open(t, save(t, "work.tar.gz", b.Bytes()))
	work, _ := again.Work(shop(t), Rules{})
	if again.Digest != s.Digest || len(work.Pages[1].Apply) != 2 {
		t.Errorf("got %+v, and had %+v", again, s)
	}
}

// TestHundredThousandObjects reads as many as are taken, and says so once.
func TestHundredThousandObjects(t *testing.T) {
	var all []txtar.File
	for i := range 100 {
		var b bytes.Buffer
		for range 1000 {
			b.WriteString("---\n{kind: Pod, metadata: {name: a}}\n")
		}
		all = append(all, txtar.File{Name: fmt.Sprintf("%02d.yaml", i), Data: b.Bytes()})
	}
	work, refusals := open(t, zipOf(t, all)).Work(shop(t), Rules{})
	n := len(refusals)
	if n != 41 || len(work.Pages[0].Apply) > 0 || refusals[40].Why != "and 61 more like these; mend these first" {
		t.Errorf("%d refusals, %v", n, refusals[n-1])
	}
}

// TestLargeDocument does not read what kubectl apply would not take.
func TestLargeDocument(t *testing.T) {
	large := []byte(`{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": "` + strings.Repeat("x", 270_000) + `"}}`)
	s := open(t, zipOf(t, []txtar.File{{Name: "a.yaml", Data: large}, {Name: "answers.yaml", Data: large}, {Name: "b.json", Data: large}}))
	_, refusals := s.Work(shop(t), Rules{})
	compare(t, refusals, []string{"a.yaml|document 1|is larger than 256 KiB", "answers.yaml||is larger than 256 KiB", "b.json|document 1|is larger than 256 KiB"})
}

// TestManyDocuments stops where there is nothing but comments.
func TestManyDocuments(t *testing.T) {
	many := []byte(strings.Repeat("---\n# nothing\n", 150))
	all := append(files("c.yaml"), txtar.File{Name: "a.yaml", Data: many}, txtar.File{Name: "b.yaml", Data: many})
	work, refusals := open(t, zipOf(t, all)).Work(shop(t), Rules{})
	compare(t, refusals, []string{"b.yaml|document 1|the submission has more than 200"})
	if n := len(work.Pages[0].Apply); n > 0 {
		t.Errorf("%d objects were taken after that", n)
	}
}

// TestRefusalsAreBounded has a submission of nothing but mistakes told in few lines.
func TestRefusalsAreBounded(t *testing.T) {
	var all []txtar.File
	for i := range 150 {
		all = append(all, txtar.File{Name: fmt.Sprintf("%03d.sh", i)}, txtar.File{Name: fmt.Sprintf("%03d.yaml", i), Data: []byte(strings.Repeat("--- \n- a\n", 200))})
	}
	s := open(t, zipOf(t, all))
	_, refusals := s.Work(shop(t), Rules{})
	for _, r := range [][2]any{{len(s.Refusals), 41}, {s.Refusals[40].Why, "and 110 more like these; mend these first"}, {len(refusals), 41}} {
		if r[0] != r[1] {
			t.Errorf("got %v, want %v", r[0], r[1])
		}
	}
}

// custom is a lab with a kind of its own.
func custom(t testing.TB) *lab.Lab {
	t.Helper()
	fsys := fstest.MapFS{"crds/queue.yaml": {Data: []byte(`apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: queues.labs.example}
spec:
  group: labs.example
  scope: Namespaced
  names: {kind: Queue, plural: queues, singular: queue, listKind: QueueList}
  versions:
  - name: v1alpha1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {length: {type: integer}}}}}}
`)}}
	err := fs.WalkDir(os.DirFS("testdata/shop"), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join("testdata/shop", name))
		fsys[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := lab.Load(fsys, "shop")
	if err != nil {
		t.Fatal(err)
	}
	return l
}
