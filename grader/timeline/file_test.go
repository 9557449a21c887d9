package timeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestFileSurvivesATornTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "timeline.jsonl")
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := f.Append(Entry{Kind: Log, Log: &LogLine{Pod: "p", Line: "a\nb"}}); err != nil {
			t.Fatal(err)
		}
	}
	f.Close()
	whole, _ := os.ReadFile(path)
	lines := strings.SplitAfter(string(whole), "\n")
	for name, tail := range map[string]string{
		"half a line":             lines[2][:len(lines[2])/2],
		"a line without newline":  strings.TrimSuffix(lines[2], "\n"),
		"zeros after a power cut": "\x00\x00\x00\x00\n",
		"nothing":                 "",
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(lines[0]+lines[1]+tail), 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if n := len(f.Entries()); n != 2 {
				t.Fatalf("%d entries, want the 2 whole ones", n)
			}
			e, err := f.Append(Entry{Kind: Clock})
			if err != nil || e.Seq != 3 {
				t.Fatalf("append after mending: seq %d, %v", e.Seq, err)
			}
			again, err := Read(path)
			if err != nil || len(again.Entries()) != 3 {
				t.Fatalf("read back %d entries, %v", len(again.Entries()), err)
			}
		})
	}
}

func TestFileRefusesDamageInTheMiddle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "timeline.jsonl")
	os.WriteFile(path, []byte("{\"seq\":1}\nnonsense\n{\"seq\":3}\n"), 0o600)
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "entry 2") {
		t.Fatalf("got %v, want an error that names entry 2", err)
	}
}

func TestTimeNeverGoesBack(t *testing.T) {
	clock := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	f := New(func() time.Time { return clock })
	first, _ := f.Append(Entry{Kind: Clock})
	clock = clock.Add(-time.Hour)
	second, _ := f.Append(Entry{Kind: Clock})
	if second.Time.Before(first.Time) {
		t.Errorf("%v came after %v", second.Time, first.Time)
	}
}

func TestAFullDiskLosesNothing(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full on this system")
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f := &File{f: full, now: time.Now}
	if _, err := f.Append(Entry{Kind: Clock}); err == nil {
		t.Fatal("a full disk was not reported")
	}
	if n := len(f.Entries()); n != 0 {
		t.Errorf("%d entries in memory that are not on disk", n)
	}
}
