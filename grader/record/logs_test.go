package record

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/timeline"
)

const stamp = "2026-01-01T12:00:00.000000001Z "

func recorder(t *testing.T, waiting bool) (*Recorder, *[]timeline.LogLine) {
	t.Helper()
	l, err := lab.Load(fstest.MapFS{"01-a.md": {}, "lab.cue": {Data: []byte(`
schema: "v1", title: "T", summary: "S", minutes: 1
steps: [{id: "a", checks: [{id: "c", title: "t", why: "w", logs: {pod: "p", match: "needle"}}]}]`)}}, "test")
	if err != nil {
		t.Fatal(err)
	}
	var lines []timeline.LogLine
	return New(Config{
		Lab:     l,
		Sink:    func(e timeline.Entry) error { lines = append(lines, *e.Log); return nil },
		Waiting: func(string) bool { return waiting },
	}), &lines
}

func TestCopyLog(t *testing.T) {
	long := strings.Repeat("x", timeline.MaxLine+5000)
	at := func(ns int) string { return strings.Replace(stamp, "000000001", "00000000"+string(rune('0'+ns)), 1) }
	since, _ := time.Parse(time.RFC3339Nano, strings.TrimSpace(at(2)))
	for _, c := range []struct {
		name, stream string
		since        time.Time
		want         []string
	}{
		{"lines of one moment are all kept", at(1) + "a\n" + at(1) + "b\n" + at(1) + "\n", time.Time{}, []string{"a", "b", ""}},
		{"what is recorded already is not recorded again", at(1) + "a\n" + at(2) + "b\n" + at(3) + "c\n" + at(3) + "d\n", since, []string{"c", "d"}},
		{"a long line is cut and the next is whole", at(1) + long + "\n" + at(1) + "b\n", time.Time{}, []string{long[:timeline.MaxLine], "b"}},
		{"a last line without an end counts", at(1) + "a\n" + at(1) + "b", time.Time{}, []string{"a", "b"}},
		{"what is no text is made text", at(1) + "a\xff\xfeb\n", time.Time{}, []string{"a\uFFFDb"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, lines := recorder(t, true)
			kept := 0
			if _, err := r.copyLog(strings.NewReader(c.stream), "p", run{uid: "u", container: "c"}, c.since, &kept); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, l := range *lines {
				got = append(got, l.Line)
				if l.Cut != (len(l.Line) == timeline.MaxLine) {
					t.Errorf("line of %d bytes is cut: %v", len(l.Line), l.Cut)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %.60q, want %.60q", got, c.want)
			}
		})
	}
}

// A flood does not fill the disk, and does not hide the line that is waited for.
func TestAFloodIsBounded(t *testing.T) {
	flood := strings.Repeat(stamp+strings.Repeat("x", 1000)+"\n", 2000) + stamp + "the needle\n"
	for _, waiting := range []bool{true, false} {
		r, lines := recorder(t, waiting)
		kept := 0
		if _, err := r.copyLog(strings.NewReader(flood), "p", run{}, time.Time{}, &kept); err != nil {
			t.Fatal(err)
		}
		if n := len(*lines); n > maxLog/1000+2 {
			t.Errorf("%d lines kept", n)
		}
		if found := (*lines)[len(*lines)-1].Line == "the needle"; found != waiting {
			t.Errorf("the line that is waited for (%v) was kept: %v", waiting, found)
		}
	}
}
