package timeline

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// Whatever a file holds, opening it does not panic, and what could be opened can
// be appended to and read again.
func FuzzOpen(f *testing.F) {
	f.Add([]byte("{\"seq\":1,\"kind\":\"clock\"}\n{\"seq\":2"))
	f.Add([]byte("\n\n"))
	f.Add([]byte("{}\n\x00\x00\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "timeline.jsonl")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		x, err := Open(path)
		if err != nil {
			if after, _ := os.ReadFile(path); !bytes.Equal(after, data) {
				t.Error("a file that was refused was changed")
			}
			return
		}
		defer x.Close()
		n := len(x.Entries())
		if _, err := x.Append(Entry{Kind: Clock}); err != nil {
			t.Fatal(err)
		}
		again, err := Read(path)
		if err != nil || len(again.Entries()) != n+1 {
			t.Errorf("%d entries after appending to %d: %v", len(again.Entries()), n, err)
		}
	})
}

// An entry is what encoding/json makes of its line.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"seq":1,"time":"2026-01-01T12:00:00Z","kind":"object","object":{"kind":"Pod","a":["}"]}}`))
	f.Add([]byte(`{"seq":2,"kind":"deleted", "object" : {} , "missed":true}`))
	f.Add([]byte(`{"seq":3,"kind":"object","object":null,"Object":{}}`))
	f.Add([]byte(`{"seq":4,"kind":"object","object":{"a":1},"object":{"b":1}}`))
	f.Add([]byte(`{"seq":5,"kind":"object","object":{"a":01}}`))
	f.Add([]byte(`{"seq":6,"kind":"object","object":{}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		var want Entry
		failed := json.Unmarshal(line, &want) != nil
		got, err := decode(line)
		if (err != nil) != failed {
			t.Fatalf("%v", err)
		}
		if err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}
