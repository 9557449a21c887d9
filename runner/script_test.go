package runner

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"podlab.dev/podlab/cue/lab"
)

func testLab(t *testing.T, files fstest.MapFS) *lab.Lab {
	t.Helper()
	all := fstest.MapFS{
		"lab.cue": {Data: []byte(`
schema: "v1", title: "T", summary: "S", minutes: 1
steps: [{id: "one"}, {id: "two", checks: [{
	id: "c", title: "t", why: "w", object: {kind: "Pod", name: "p"}, gone: true, hints: ["first", "second"]
}]}]
mistakes: wrong: {fails: "c", belief: "b"}
`)},
		"01-one.md":                     {Data: []byte("# One")},
		"02-two.md":                     {Data: []byte("# Two")},
		"solutions/other/01-one.sh":     {Data: []byte("echo other\n")},
		"solutions/reference/01-one.sh": {Data: []byte("echo one\n")},
		"solutions/reference/02-two.sh": {Data: []byte("echo two\n")},
		"mistakes/wrong/02-two.sh":      {Data: []byte("echo wrong\n")},
	}
	for name, f := range files {
		all[name] = f
	}
	l, err := lab.Load(all, "labs/test")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestAnswers(t *testing.T) {
	l := testLab(t, nil)
	for _, c := range []struct {
		name, fails string
		one, two    []string
	}{
		{"", "", []string{"echo one"}, []string{"echo two"}},
		{"solutions/reference", "", []string{"echo one"}, []string{"echo two"}},
		{"solutions/other", "", []string{"echo other"}, nil},
		{"mistakes/wrong", "c", []string{"echo one"}, []string{"echo wrong"}},
	} {
		a, err := FindAnswer(l, c.name)
		if err != nil {
			t.Fatalf("%q: %v", c.name, err)
		}
		one, err1 := a.Commands(l.Steps[0])
		two, err2 := a.Commands(l.Steps[1])
		if a.Fails != c.fails || !slices.Equal(one, c.one) || !slices.Equal(two, c.two) || err1 != nil || err2 != nil {
			t.Errorf("%q fails %q with %q, %q (%v, %v)", c.name, a.Fails, one, two, err1, err2)
		}
	}
	for _, name := range []string{"wrong", "solutions/none", "mistakes/none", "../x"} {
		var none *NoAnswerError
		if _, err := FindAnswer(l, name); !errors.As(err, &none) || len(none.Known) != 3 {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestCommandsAreWhole(t *testing.T) {
	l := testLab(t, fstest.MapFS{"solutions/reference/01-one.sh": {Data: []byte(
		"# what comes\ncat > f <<'END'\na: # not a comment\n\nEND\n# between\n\nif true; then\n  echo yes\nfi\necho a; echo \"b\nc\"\n",
	)}})
	a, err := FindAnswer(l, "")
	if err != nil {
		t.Fatal(err)
	}
	got, err := a.Commands(l.Steps[0])
	want := []string{"cat > f <<'END'\na: # not a comment\n\nEND", "if true; then\n  echo yes\nfi", "echo a;", "echo \"b\nc\""}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v\nwant %q", got, err, want)
	}
}

func TestShell(t *testing.T) {
	l := testLab(t, fstest.MapFS{
		"files/given.yaml":             {Data: []byte("given")},
		"files/pod.yaml":               {Data: []byte("to be mended")},
		"solutions/reference/pod.yaml": {Data: []byte("right")},
		"mistakes/wrong/pod.yaml":      {Data: []byte("wrong")},
	})
	store := NewStore(t.TempDir())
	x, err := store.Open("test", "test", l)
	if err != nil {
		t.Fatal(err)
	}
	a, err := FindAnswer(l, "mistakes/wrong")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	podlab := filepath.Join(t.TempDir(), "podlab")
	if err := os.WriteFile(podlab, []byte("#!/bin/sh\necho kubectl \"$@\" with $KUBECONFIG\nexit 7\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := x.Shell(a, podlab, &out)
	if err != nil {
		t.Fatal(err)
	}
	for command, want := range map[string]struct {
		out    string
		status uint8
	}{
		"kubectl get 'a b'": {"kubectl get a b with " + x.Kubeconfig() + "\n", 7},
		"cat pod.yaml":      {"wrong", 0}, // the mistake's file, not the solution's
		"cat given.yaml":    {"given", 0},
		"exit 3":            {"", 3},
	} {
		out.Reset()
		status, err := s.Run(t.Context(), command)
		if err != nil || status != want.status || out.String() != want.out {
			t.Errorf("%s: %q, status %d, %v", command, out.String(), status, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(store.Dir(), "sessions", "test", "play-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
