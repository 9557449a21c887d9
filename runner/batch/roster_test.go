package batch

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"podlab.dev/podlab/grader/class"
)

func TestReadRoster(t *testing.T) {
	for _, x := range []struct {
		name, in string
		want     []Entry
		says     string
	}{
		{"columns in any order, others left alone", "Name,ID,group,seed,submitted\nAda L,ada,3,s1,2026-12-01T18:00:00Z\nBob,bob,3\n", []Entry{
			{ID: "ada", Name: "Ada L", Seed: "s1", Submitted: time.Date(2026, 12, 1, 18, 0, 0, 0, time.UTC)}, {ID: "bob", Name: "Bob"},
		}, ""},
		{"as a spreadsheet saves it", "\ufeffid,name\r\nada,\"L, Ada\"\r\n\r\n,\r\n", []Entry{{ID: "ada", Name: "L, Ada"}}, ""},
		{"with a mark and quotes", "\ufeff\"id\",\"name\"\r\n\"ada\",\"L,\nAda\"\r\n", []Entry{{ID: "ada", Name: "L,\nAda"}}, ""},
		{"no students", "id\n", []Entry{}, ""},
		{"nothing", "", nil, "no first row"},
		{"no id", "name\nAda\n", nil, "no column id"},
		{"twice", "id\nada\nbob\nada\n", nil, "line 4 of the roster: student ada has a row already"},
		{"out of the folder", "id\n../../etc\n", nil, "cannot be the id"},
		{"a flag", "id\n-rf\n", nil, "cannot be the id"},
		{"longer than a file may be called", "id\n" + strings.Repeat("字", 80) + "\n", nil, "cannot be the id"},
		{"a column twice", "id,name,ID\nada,Ada,bob\n", nil, "the column id twice"},
		{"no time", "id,submitted\nada,yesterday\n", nil, `"yesterday" is no time`},
		{"quotes that do not end", "id\n\"ada\n", nil, "cannot be read"},
	} {
		got, err := ReadRoster(strings.NewReader(x.in))
		if x.says != "" {
			var input *InputError
			if !errors.As(err, &input) || !strings.Contains(err.Error(), x.says) || input.Do == "" {
				t.Errorf("%s: %v", x.name, err)
			}
			continue
		}
		if err != nil || len(got) != len(x.want) {
			t.Errorf("%s: %+v, %v", x.name, got, err)
			continue
		}
		for i := range got {
			if got[i] != x.want[i] {
				t.Errorf("%s: %+v, not %+v", x.name, got[i], x.want[i])
			}
		}
	}
}

func FuzzReadRoster(f *testing.F) {
	f.Add("id,name,seed,submitted\nada,Ada,s1,2026-12-01T18:00:00Z\n")
	f.Add("\ufeffid\n\"a\"\"b\"\n")
	f.Fuzz(func(t *testing.T, in string) {
		rows, err := ReadRoster(strings.NewReader(in))
		if err != nil {
			return
		}
		for _, r := range rows {
			if strings.ContainsAny(r.ID, "/\\\x00\n") || strings.HasPrefix(r.ID, ".") || strings.HasPrefix(r.ID, "-") {
				t.Errorf("id %q names a file", r.ID)
			}
		}
	})
}

func TestEntries(t *testing.T) {
	dir := t.TempDir()
	paths := []string{}
	for _, name := range []string{"bob.zip", "ada.tar.gz", "cyd.evidence", "dan.yaml", "bob.evidence", "-x.zip"} {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, p)
	}
	got, err := Entries(nil, paths[:4])
	if err != nil || len(got) != 4 || got[0].ID != "ada" || got[1].ID != "bob" || got[2].ID != "cyd" || got[3].ID != "dan" || got[1].Path != paths[0] {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = Entries([]Entry{{ID: "zoe"}, {ID: "ada", Seed: "s"}}, paths[1:2])
	if err != nil || len(got) != 2 || got[0].Path != paths[1] || got[0].Seed != "s" || got[1].Path != "" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, x := range []struct {
		class bool
		has   []string
	}{
		{true, []string{"ada.zip", "bob"}}, {true, []string{"ada/", "bob/"}}, {true, []string{"ada.evidence", "bob.evidence"}},
		{false, []string{"01-run.yaml", "02-serve.yaml"}}, {false, []string{"01-run/", "02-serve/"}}, {false, []string{"all/"}}, {false, []string{"a.json"}},
	} {
		in := filepath.Join(t.TempDir(), "class")
		for _, name := range x.has {
			if err := os.MkdirAll(filepath.Join(in, filepath.Dir(name)), 0o700); err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(name, "/") {
				err = os.MkdirAll(filepath.Join(in, name), 0o700)
			} else {
				err = os.WriteFile(filepath.Join(in, name), nil, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Entries(nil, []string{in}); (err != nil) != x.class {
			t.Errorf("%v: %v", x.has, err)
		}
	}
	for says, of := range map[string][]string{
		"two submissions": {paths[0], paths[4]}, "cannot be the id": paths[5:], "there is no submission": {filepath.Join(dir, "none")},
	} {
		if _, err := Entries(nil, of); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
	if _, err := Entries([]Entry{{ID: "zoe"}}, paths[:1]); err == nil || !strings.Contains(err.Error(), "the roster has no student bob") {
		t.Error(err)
	}
}

// A link that leads nowhere is one student's, whose row says so.
func TestEntriesLink(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ada.zip")
	if err := os.Symlink("nowhere", path); err != nil {
		t.Fatal(err)
	}
	got, err := Entries(nil, []string{path})
	if err != nil || len(got) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	if row := (&run{}).student(t.Context(), got[0]); row.State != class.Refused {
		t.Errorf("%+v", row)
	}
}
