package timeline

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
)

func sample() []Entry {
	at := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	return []Entry{
		{Seq: 1, Time: at, Kind: Start, Origin: &Origin{Cluster: "c", Namespace: "n", Name: "first-pod", Version: "v1.37.2"}},
		{Seq: 2, Time: at, Kind: Synced, Of: "Pod"},
		{Seq: 3, Time: at, Kind: Object, Object: []byte(`{"kind":"Pod"}`)},
		{Seq: 4, Time: at, Kind: Log, Log: &LogLine{Pod: "p", Line: "a\nb"}},
		{Seq: 5, Time: at, Kind: Answer, Answer: &AnswerGiven{Check: "q", Text: "b"}},
		{Seq: 6, Time: at, Kind: Served, Served: &ServedSoFar{Check: "c", Asked: 9, Answered: 9}},
	}
}

func pack(t testing.TB, entries []Entry) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteBundle(&b, Header{Lab: "first-pod", LabDigest: "sha256:1", Seed: "s", Report: []byte(`{"earned":1}`)}, entries); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestBundleIsWhatWasSaved(t *testing.T) {
	b, err := ReadBundle(bytes.NewReader(pack(t, sample())))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(b.Timeline, sample()) {
		t.Errorf("got %+v", b.Timeline)
	}
	if b.Lab != "first-pod" || b.Seed != "s" || b.Entries != 6 || b.LeftOut != nil || string(b.Report) != `{"earned":1}` {
		t.Errorf("got %+v", b.Header)
	}
}

// Whatever is done to a bundle is said.
func TestBundleRefusesWhatWasChanged(t *testing.T) {
	open := func(b []byte) string {
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	shut := func(text string) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		fmt.Fprint(z, text)
		z.Close()
		return b.Bytes()
	}
	whole := pack(t, sample())
	text := open(whole)
	lines := strings.SplitAfter(text, "\n")
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"no gzip":           {[]byte("hello"), "no file of podlab's"},
		"empty":             {nil, "no file of podlab's"},
		"cut off":           {whole[:len(whole)-20], "breaks off"},
		"other format":      {shut(strings.Replace(text, "evidence/v1", "evidence/v9", 1)), `reads "evidence/v1"`},
		"no header":         {shut("x\n"), "no header"},
		"an answer changed": {shut(strings.Replace(text, `"text":"b"`, `"text":"c"`, 1)), "was changed"},
		"an entry less":     {shut(strings.Join(append(append([]string{}, lines[:3]...), lines[4:]...), "")), "has 5 entries"},
		"the order changed": {shut(lines[0] + lines[2] + lines[1] + strings.Join(lines[3:], "")), "entry 1 after entry 2"},
		"a half entry":      {shut(strings.Replace(text, `"log":{`, `"log2":{`, 1)), "lacks what a log has"},
		"another kind":      {shut(strings.Replace(text, `"kind":"synced"`, `"kind":"spell"`, 1)), "not known"},
		"a line too long":   {shut(lines[0] + strings.Repeat("x", maxEntry+1)), "too long"},
		"a bomb":            {shut(lines[0] + strings.Repeat(strings.Repeat(" ", 1<<20)+"\n", 40)), "cannot be read"},
	} {
		_, err := ReadBundle(bytes.NewReader(c.file))
		var d *DamagedError
		if !errors.As(err, &d) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// A flood of logs leaves out logs, says so, and keeps all else.
func TestBundleIsBounded(t *testing.T) {
	entries := sample()
	line := strings.Repeat("x", MaxLine)
	for len(entries) < MaxBundle/MaxLine+1000 {
		entries = append(entries, Entry{Seq: int64(len(entries) + 1), Kind: Log, Log: &LogLine{Pod: "p", Line: line}})
	}
	entries = append(entries, Entry{Seq: int64(len(entries) + 1), Kind: Clock})
	b, err := ReadBundle(bytes.NewReader(pack(t, entries)))
	if err != nil {
		t.Fatal(err)
	}
	if b.LeftOut[Log] == 0 || b.LeftOut[Log]+len(b.Timeline) != len(entries) || b.Timeline[len(b.Timeline)-1].Kind != Clock {
		t.Errorf("left out %v of %d, %d are there", b.LeftOut, len(entries), len(b.Timeline))
	}
	objects := []Entry{}
	for i := range MaxBundle / (1 << 20) {
		objects = append(objects, Entry{Seq: int64(i + 1), Kind: Object, Object: []byte(`"` + strings.Repeat("x", 1<<20) + `"`)})
	}
	if err := WriteBundle(io.Discard, Header{}, objects); err == nil {
		t.Error("a timeline that is too long was saved")
	}
}

// What a verdict rests on is not left out, or a regrade would come to another one.
func TestBundleKeepsWhatProves(t *testing.T) {
	entries := sample()
	line := strings.Repeat("x", MaxLine)
	for len(entries) < MaxBundle/MaxLine+1000 {
		entries = append(entries, Entry{Seq: int64(len(entries) + 1), Kind: Log, Log: &LogLine{Pod: "p", Line: line}})
	}
	proof := int64(len(entries) - 1)
	var file bytes.Buffer
	h := Header{Report: []byte(fmt.Sprintf(`{"results":[{"check":"a"},{"check":"b","evidence":[2,%d]}]}`, proof))}
	if err := WriteBundle(&file, h, entries); err != nil {
		t.Fatal(err)
	}
	b, err := ReadBundle(&file)
	if err != nil {
		t.Fatal(err)
	}
	if last := b.Timeline[len(b.Timeline)-1].Seq; last != proof || b.LeftOut[Log] == 0 {
		t.Errorf("the last entry is %d, want %d; left out are %v", last, proof, b.LeftOut)
	}
}

func FuzzReadBundle(f *testing.F) {
	f.Add(pack(f, sample()))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if b, err := ReadBundle(bytes.NewReader(data)); err == nil && len(b.Timeline) != b.Entries {
			t.Error("it was taken and is not whole")
		}
	})
}
