package tui

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/runner"
)

// safeBuffer is a file that two goroutines write to.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

// What was on the screen is on it again when the recording is played.
func TestARecordingIsPlayed(t *testing.T) {
	m := newScreen(t, lesson)
	var file safeBuffer
	rec, err := newRecorder(&file, m.session, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	m.recorder = rec
	p, o, end := run(t, m, 160, 50)
	o.await(t, "lab$")
	report, pods := atWork(t)
	p.Send(runner.Ready{})
	p.Send(pods)
	p.Send(report)
	o.press(t, "echo hello\r")
	o.await(t, "lab$ echo hello", "Checks 1/2")
	o.press(t, "\ac")
	o.await(t, "wanted  80")
	live := strings.Split(o.text(), "\n")
	end()

	played, err := ReadRecording(bytes.NewReader(file.b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	again := offline(played, 160, 50, false)
	again.picture(played.Length())
	shown := strings.Split(screen(again.model), "\n")
	for y := range shown {
		if y == 0 || y >= 43 && y < 49 || y == len(shown)-1 {
			continue // the clock, the strip, which goes on with the time, and the keys
		}
		if strings.TrimRight(live[y], " ") != strings.TrimRight(shown[y], " ") {
			t.Errorf("row %d was\n%s\nand is\n%s", y, live[y], shown[y])
		}
	}
	if !strings.Contains(shown[49], "RECORDING") {
		t.Errorf("it does not say that it is one: %s", shown[49])
	}
	again.seek(0) // and back
	if s := screen(again.model); strings.Contains(s, "wanted  80") {
		t.Errorf("at the beginning there is its end:\n%s", s)
	}
	torn := file.b.Bytes()[:file.b.Len()-7]
	if r, err := ReadRecording(bytes.NewReader(torn)); err != nil || len(r.frames) != len(played.frames)-1 {
		t.Errorf("torn: %v", err)
	}
}

func TestWhatIsNoRecording(t *testing.T) {
	const head = `{"format":"podlab-recording/v1","title":"T","steps":[{"id":"a","lesson":"# A"}],"state":{}}` + "\n"
	for _, s := range []string{
		"", "x", "{}", `{"format":"podlab-recording/v1"}`, head, strings.Replace(head, `"state":{}`, `"state":{"page":7}`, 1) + `{"at":1}`,
		head + `{"size":[0,5]}`, head + `{"size":[100000,5]}`, head + `{"size":[5]}`, head + `{"state":{"page":1}}`, head + `{"state":{"page":-1}}`, "\x1f\x8bxx",
	} {
		var no *RecordingError
		if _, err := ReadRecording(strings.NewReader(s)); !errors.As(err, &no) {
			t.Errorf("%.60q: %v", s, err)
		}
	}
}

// A recording comes from somebody else: nothing in it reaches the terminal but
// text and colours.
func TestHostileRecordings(t *testing.T) {
	for _, s := range hostile {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		report, pods := atWork(t)
		for i := range report.Results {
			report.Results[i].Title, report.Results[i].Message = s, s
		}
		pods.Entries = append(pods.Entries, pod(t, s, "9", time.Second, map[string]any{"phase": "Failed", "reason": s}))
		report.Results[0].Step = "one"
		if err := errors.Join(
			e.Encode(recordingHeader{Format: recordingFormat, Title: s, Steps: []recorded{{"one", "# " + s + "\n\n" + s}}, State: runner.State{Cluster: s, Namespace: s}}),
			e.Encode(frame{At: 1, Size: []int{30, 7}, Out: []byte(s), Ready: &runner.Ready{}, Report: &report.Report, Entries: pods.Entries}),
			e.Encode(frame{At: 2, Look: &look{Side: 77, Top: 1 << 40, Title: s, Text: s, Saying: s}}),
			e.Encode(frame{At: -5, Look: &look{Lesson: true, Side: int(podsSide), Top: -9}}),
		); err != nil {
			t.Fatal(err)
		}
		rec, err := ReadRecording(&b)
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range [][2]int{{160, 50}, {80, 24}, {40, 12}} {
			p := offline(rec, size[0], size[1], false)
			for at := range 3 {
				p.picture(time.Duration(at) * time.Millisecond)
				harmless(t, fmt.Sprintf("%.20q at %d", s, at), p.model)
			}
		}
		var svg, cast bytes.Buffer
		if err := errors.Join(Still(&svg, rec, time.Second, 100, 30, true), Cast(&cast, rec, 100, 30, false)); err != nil {
			t.Fatal(err)
		}
		wellFormed(t, svg.String())
	}
}

// Played where there is less room than it was recorded in, a recording shows what
// happens: the rows around the cursor, and no sign of cutting where nothing is cut.
func TestARecordingIsPlayedInLessRoom(t *testing.T) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	report, _ := atWork(t)
	for i := range report.Results {
		report.Results[i].Verdict = grader.Passed
	}
	var out strings.Builder
	for i := range 30 {
		fmt.Fprintf(&out, "row %d\r\n", i)
	}
	out.WriteString(strings.Repeat("w", 90) + "\r\nlab$ ")
	if err := errors.Join(
		e.Encode(recordingHeader{Format: recordingFormat, Title: "T", Steps: []recorded{{"one", "# One"}, {"two", "# Two"}}}),
		e.Encode(frame{At: 1, Size: []int{99, 39}, Out: []byte(out.String()), Ready: &runner.Ready{}, Report: &report.Report}),
	); err != nil {
		t.Fatal(err)
	}
	rec, err := ReadRecording(&b)
	if err != nil {
		t.Fatal(err)
	}
	p := offline(rec, 80, 24, false)
	p.picture(time.Millisecond)
	shown := screen(p.model)
	for _, want := range []string{"row 29  ", "www…", "lab$   ", "^G n next page"} {
		if !strings.Contains(shown, want) {
			t.Errorf("%q is not shown:\n%s", want, shown)
		}
	}
	if strings.Contains(shown, " …\n") || strings.Contains(shown, "row 0 ") {
		t.Errorf("too much is shown:\n%s", shown)
	}
	if c := p.View().Cursor; c == nil || c.Y != 20 {
		t.Errorf("the cursor is at %v", c)
	}
}

// Fonts leave gaps between the rows of a picture: frames are drawn.
func TestThePictureHasNoGaps(t *testing.T) {
	m := newScreen(t, lesson)
	var file bytes.Buffer
	if _, err := newRecorder(&file, m.session, time.Now()); err != nil {
		t.Fatal(err)
	}
	file.WriteString(`{"at":1,"size":[80,20],"out":"` + base64.StdEncoding.EncodeToString([]byte("a│日─b")) + `"}` + "\n")
	rec, err := ReadRecording(&file)
	if err != nil {
		t.Fatal(err)
	}
	var svg strings.Builder
	if err := Still(&svg, rec, time.Second, 160, 40, false); err != nil {
		t.Fatal(err)
	}
	wellFormed(t, svg.String())
	if i := strings.IndexAny(svg.String(), "─│┌┐└┘├┤┬┴┼"); i >= 0 {
		t.Errorf("a frame is text: %.80s", svg.String()[max(i-40, 0):])
	}
	for _, want := range []string{`>a</text>`, `>日</text>`, `>b</text>`, `<path d="M`} {
		if !strings.Contains(svg.String(), want) {
			t.Errorf("%q is not in it", want)
		}
	}
}

func wellFormed(t *testing.T, text string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("%v in %.2000s", err, text)
		}
	}
}

// The demo is a whole lab's beginning, says that it is a recording, and fits into
// a picture and a cast.
func TestTheDemo(t *testing.T) {
	f, err := os.Open("../cli/testdata/demo.recording.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rec, err := ReadRecording(f)
	if err != nil {
		t.Fatal(err)
	}
	var svg, cast bytes.Buffer
	if err := errors.Join(Still(&svg, rec, rec.Length(), 160, 40, false), Cast(&cast, rec, 160, 40, false)); err != nil {
		t.Fatal(err)
	}
	wellFormed(t, svg.String())
	for _, want := range []string{"RECORDING", "All 3 checks pass", "kubectl apply -f web.yaml"} {
		if !strings.Contains(cast.String(), want) {
			t.Errorf("%q is not in the cast", want)
		}
	}
	last := -1.0
	for i, line := range strings.Split(strings.TrimSpace(cast.String()), "\n") {
		var event []any
		if i == 0 {
			continue
		}
		if err := json.Unmarshal([]byte(line), &event); err != nil || len(event) != 3 || event[0].(float64) < last {
			t.Fatalf("line %d: %v %.80s", i, err, line)
		}
		last = event[0].(float64)
	}
	if last > 90 {
		t.Errorf("it lasts %v s", last)
	}
}
