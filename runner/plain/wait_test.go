package plain

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"podlab.dev/podlab/cluster"
)

func TestWaitsAreLinesWhereNothingCanBeWrittenOver(t *testing.T) {
	var b bytes.Buffer
	f := New(&b, &b, Look{Width: 80})
	progress, done := f.Waits()
	progress(cluster.Event{Message: "making a cluster"})
	progress(cluster.Event{Message: "making a cluster", Done: true, Elapsed: 83 * time.Second})
	progress(cluster.Event{Message: "a remark", Done: true})
	progress(cluster.Event{Message: "hostile\x1b]0;x\x07\r\nname"})
	progress(cluster.Event{Message: "hostile\x1b]0;x\x07\r\nname", Done: true, Elapsed: time.Second, Err: errors.New("no")})
	done()
	want := "… making a cluster\n✓ making a cluster (1 min 23 s)\n  a remark\n… hostile name\n✗ hostile name (1.0 s)\n"
	if b.String() != want {
		t.Errorf("got %q\nwant %q", b.String(), want)
	}
}

func TestTallyIsLinesWhereNothingCanBeWrittenOver(t *testing.T) {
	var b bytes.Buffer
	say, done := New(&b, &b, Look{Width: 80}).Tally()
	say("", "0 of 2 done")
	say("ada: 4 of 4\r\n\x1b[2J", "1 of 2 done")
	say("a remark", "")
	say("bob: 3 of 4", "2 of 2 done")
	done()
	if want := "ada: 4 of 4\na remark\nbob: 3 of 4\n"; b.String() != want {
		t.Errorf("got %q\nwant %q", b.String(), want)
	}
}

func TestTallyStandsInTheLastLineOfATerminal(t *testing.T) {
	var b bytes.Buffer
	w := &waits{err: &b, live: true, width: 80}
	w.tally("", "0 of 2 done")
	w.tally("ada: 4 of 4", "1 of 2 done")
	w.tally("a remark", "")
	w.clear()
	screen := []string{""}
	for _, written := range strings.SplitAfter(b.String(), "\n") {
		i := strings.LastIndex(written, "\r\x1b[K") + len("\r\x1b[K")
		screen[len(screen)-1] = strings.TrimSuffix(written[i:], "\n")
		if strings.HasSuffix(written, "\n") {
			screen = append(screen, "")
		}
		if !strings.HasSuffix(written, "\n") && i < len("\r\x1b[K") {
			t.Errorf("nothing was written over in %q", written)
		}
	}
	if want := []string{"ada: 4 of 4", "a remark", ""}; !slices.Equal(screen, want) {
		t.Errorf("left on the screen: %q, want %q", screen, want)
	}
	if !strings.Contains(b.String(), "… 1 of 2 done (0.0 s)") {
		t.Errorf("no tally: %q", b.String())
	}
}

func TestALiveLineNeverWraps(t *testing.T) {
	var b bytes.Buffer
	w := &waits{err: &b, live: true, width: 40}
	w.over(strings.Repeat("длинное сообщение 长消息 ", 10), " (1 min 23 s)")
	if n := ansi.StringWidth(b.String()); n >= 40 {
		t.Errorf("%d columns of 40: %q", n, b.String())
	}
	if !strings.HasSuffix(b.String(), " (1 min 23 s)") {
		t.Errorf("the time is missing: %q", b.String())
	}
}

func TestSeconds(t *testing.T) {
	for d, want := range map[time.Duration]string{
		400 * time.Millisecond: "0.4 s", 12400 * time.Millisecond: "12 s", 60 * time.Second: "1 min 0 s", 185 * time.Second: "3 min 5 s",
	} {
		if got := seconds(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}
