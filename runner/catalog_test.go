package runner

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/cue/pack"
)

// Labs of one name are as many labs as there are packs that have one, and each is
// found again whatever pack names mean then.
func TestLabsOfOneName(t *testing.T) {
	dir := t.TempDir()
	one := filepath.Join(dir, "one")
	if err := os.Mkdir(one, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"lab.cue": "schema: \"v1\", title: \"T\", summary: \"S\", minutes: 1\nsteps: [{id: \"a\", checks: []}]\n", "01-a.md": "# A\n"} {
		if err := os.WriteFile(filepath.Join(one, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	open := func(ref string) (*pack.Pack, error) {
		p, err := pack.Open(t.Context(), dir, pack.Options{})
		if err == nil && pack.IsModule(ref) {
			p.Module, p.Version, _ = strings.Cut(ref, "@")
			if p.Version == "v0" {
				p.Version = "v0.1.1"
			}
			p.Name = p.Module + "@" + p.Version
		}
		return p, err
	}
	c := NewCatalog(fstest.MapFS{
		"one/lab.cue": {Data: []byte("schema: \"v1\", title: \"T\", summary: \"S\", minutes: 1\nsteps: [{id: \"a\", checks: []}]\n")},
		"one/01-a.md": {Data: []byte("# A\n")},
	}, open)
	const module = "example.com/team/pods"
	tests := []struct {
		pack, name string
		ref, same  string // as that of an earlier one
		foreign    bool
	}{
		{"", "one", "one", "", false},
		{dir, "one", one, "", false},
		{"", one, one, one, false},
		{dir, one, one, one, false},
		{module + "@v0.1.0", "one", module + "@v0.1.0:one", "", true},
		{module + "@v0", "one", module + "@v0.1.1:one", module + "@v0.1.0:one", true},
		{module + "@v1.0.0", "one", module + "@v1.0.0:one", "", true},
		{"example.com/other@v0.1.0", "one", "example.com/other@v0.1.0:one", "", true},
		{dir, module + "@v0.1.0:one", module + "@v0.1.0:one", module + "@v0.1.0:one", true},
	}
	keys := map[string]string{} // key → ref
	for _, test := range tests {
		in := c.From(test.pack)
		l, key, err := in.Load(test.name)
		if err != nil || l.ID != "one" {
			t.Errorf("%s of %q: %v, %v", test.name, test.pack, l, err)
			continue
		}
		ref, err := in.Ref(test.name)
		if err != nil || ref != test.ref || keys[key] != test.same {
			t.Errorf("%s of %q is %s, %v, with the key %s of %s", test.name, test.pack, ref, err, key, keys[key])
		}
		if keys[key] == "" {
			keys[key] = ref
		}
		if _, again, err := c.From(dir).Load(ref); again != key && ref != "one" || err != nil {
			t.Errorf("%s is found as %s, not %s: %v", ref, again, key, err)
		}
		var stranger *StrangerError
		if err := in.Playable(test.name); errors.As(err, &stranger) != test.foreign {
			t.Errorf("play %s: %v", ref, err)
		}
	}
	for _, name := range []string{"two", "../one", "./one/../..", module + "@v0.1.0", module + "@v0.1.0:../one", module + "@v0.1.0:", module + "@v0.1.0:one/.."} {
		var unknown *lab.UnknownError
		if _, _, err := c.From(dir).Load(name); err == nil || !errors.As(err, &unknown) && !strings.Contains(err.Error(), "there is no lab.cue") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
