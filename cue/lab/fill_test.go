package lab

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// Filling takes any text and any values; a text without placeholders stays as it
// is, and a value is not filled in turn.
func FuzzFill(f *testing.F) {
	f.Add("Port {{params.port}}.", "port", "8042")
	f.Add("{{params.port}}{{params.color}}", "port", "{{params.port}}")
	f.Add("{{params.}} {{ params.port }} {{params.port}", "port", "")
	f.Add("{{params.{{params.a}}}}", "a", "b")
	f.Add("\xff{{params.a}}\x00", "a", "$1")
	f.Fuzz(func(t *testing.T, text, name, value string) {
		params := []Param{{Name: name, Value: value}}
		fsys := fill(fstest.MapFS{"a.md": {Data: []byte(text)}}, params)
		b, err := fs.ReadFile(fsys, "a.md")
		if err != nil {
			t.Fatal(err)
		}
		if info, err := fs.Stat(fsys, "a.md"); err != nil || info.Size() != int64(len(b)) {
			t.Errorf("%d bytes, and Stat says otherwise (%v)", len(b), err)
		}
		got, want := string(b), text
		if _, named := Placeholders(text)[name]; named && len(text) <= maxText && !strings.Contains(text, "\x00") {
			want = strings.ReplaceAll(text, "{{params."+name+"}}", value)
		}
		if got != want {
			t.Errorf("%q with %s=%q became %q, not %q", text, name, value, got, want)
		}
		if plain := strings.ReplaceAll(text, "{", "("); valuesOf(params).fill(plain) != plain {
			t.Errorf("%q has no placeholders, and was changed", plain)
		}
	})
}
