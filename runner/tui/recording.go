package tui

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/timeline"
	"podlab.dev/podlab/runner"
)

// Recording is what was to be seen of a session, in time: what the shell's
// programs wrote, the events of the session, and what the learner looked at. No
// key that was pressed is in it.
type Recording struct {
	header recordingHeader
	frames []frame
}

// recordingFormat is the first word of a recording.
const recordingFormat = "podlab-recording/v1"

type recordingHeader struct {
	Format string       `json:"format"`
	Began  time.Time    `json:"began"`
	Title  string       `json:"title"`
	Steps  []recorded   `json:"steps"`
	State  runner.State `json:"state"`
}

type recorded struct {
	ID     string `json:"id"`
	Lesson string `json:"lesson"`
}

// frame is one thing that happened; At is milliseconds since the beginning.
type frame struct {
	At       int64            `json:"at"`
	Out      []byte           `json:"out,omitempty"`
	Size     []int            `json:"size,omitempty"` // of the shell: columns and rows
	Progress *cluster.Event   `json:"progress,omitempty"`
	Ready    *runner.Ready    `json:"ready,omitempty"`
	Report   *grader.Report   `json:"report,omitempty"`
	State    *runner.State    `json:"state,omitempty"`
	Entries  []timeline.Entry `json:"entries,omitempty"`
	Look     *look            `json:"look,omitempty"`
}

func (f frame) at() time.Duration { return time.Duration(f.At) * time.Millisecond }

// look is what the learner looks at.
type look struct {
	Lesson bool   `json:"lesson,omitempty"` // has the keys
	Zoom   bool   `json:"zoom,omitempty"`
	Side   int    `json:"side,omitempty"`
	Top    int    `json:"top,omitempty"`
	Title  string `json:"title,omitempty"` // of the note
	Text   string `json:"text,omitempty"`
	Saying string `json:"saying,omitempty"`
}

func (m *model) look() look {
	l := look{Lesson: m.focus == onLesson, Zoom: m.zoom, Side: int(m.side), Top: m.top, Saying: m.saying}
	if m.note != nil {
		l.Title, l.Text = m.note.title, m.note.text
	}
	return l
}

// recorder writes a recording while it happens: killed at any time, what it wrote
// can be played.
type recorder struct {
	began time.Time

	mu   sync.Mutex
	w    io.Writer
	last look
}

func newRecorder(w io.Writer, x *runner.Session, began time.Time) (*recorder, error) {
	h := recordingHeader{Format: recordingFormat, Began: began.UTC(), Title: x.Lab.Title, State: x.State}
	for _, s := range x.Lab.Steps {
		h.Steps = append(h.Steps, recorded{s.ID, string(s.Lesson)})
	}
	if err := json.NewEncoder(w).Encode(h); err != nil {
		return nil, fmt.Errorf("write the recording: %w", err)
	}
	return &recorder{began: began, w: w}, nil
}

// put appends a frame. That the disk is full ends no lab.
func (r *recorder) put(f frame) {
	if r == nil {
		return
	}
	f.At = time.Since(r.began).Milliseconds()
	b, err := json.Marshal(f)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	_, _ = r.w.Write(append(b, '\n'))
}

// event appends an event.
func (r *recorder) event(e runner.Event) {
	switch e := e.(type) {
	case runner.Progress:
		r.put(frame{Progress: &e.Event})
	case runner.Ready:
		r.put(frame{Ready: &e})
	case runner.Graded:
		r.put(frame{Report: &e.Report})
	case runner.Over:
		r.put(frame{Report: &e.Report})
	case runner.Turned:
		r.put(frame{State: &e.State})
	case runner.Recorded:
		r.put(frame{Entries: e.Entries})
	}
}

// watch appends what the learner looks at, when that is another thing.
func (r *recorder) watch(m *model) {
	if r == nil {
		return
	}
	if l := m.look(); l != r.last {
		r.last = l
		r.put(frame{Look: &l})
	}
}

// Limits on a recording that comes from somebody else.
const (
	maxRecording = 256 << 20 // bytes, unpacked
	maxFrame     = 16 << 20  // bytes of a line
	maxSize      = 1000      // columns or rows of its shell
)

// RecordingError says that a file is no recording.
type RecordingError struct{ Why string }

func (e *RecordingError) Error() string { return "this is no recording of podlab: " + e.Why }

// Remedy says how one is made.
func (e *RecordingError) Remedy() string {
	return "podlab start --record FILE makes one, podlab replay --demo plays one"
}

// Usage marks the error as one of input.
func (e *RecordingError) Usage() {}

// ReadRecording reads a recording, which may be compressed with gzip. Its end may
// be torn off.
func ReadRecording(r io.Reader) (*Recording, error) {
	in := bufio.NewReader(r)
	if magic, _ := in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, &RecordingError{err.Error()}
		}
		in = bufio.NewReader(z)
	}
	lines := bufio.NewScanner(io.LimitReader(in, maxRecording))
	lines.Buffer(make([]byte, 64<<10), maxFrame)
	var rec Recording
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &rec.header) != nil || rec.header.Format != recordingFormat || len(rec.header.Steps) == 0 {
		return nil, &RecordingError{"its first line is not that of " + recordingFormat}
	}
	last := int64(0)
	for lines.Scan() {
		var f frame
		if json.Unmarshal(lines.Bytes(), &f) != nil {
			break // podlab was killed in the middle of a line
		}
		last = max(last, f.At) // time does not go back
		f.At = last
		if len(f.Size) != 0 && (len(f.Size) != 2 || min(f.Size[0], f.Size[1]) < 1 || max(f.Size[0], f.Size[1]) > maxSize) {
			return nil, &RecordingError{fmt.Sprintf("its shell has the size %v", f.Size)}
		}
		if st := f.State; st != nil && (st.Page < 0 || st.Page >= len(rec.header.Steps)) {
			return nil, &RecordingError{fmt.Sprintf("it has no page %d", st.Page+1)}
		}
		rec.frames = append(rec.frames, f)
	}
	if err := lines.Err(); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, &RecordingError{err.Error()}
	}
	if p := rec.header.State.Page; p < 0 || p >= len(rec.header.Steps) || len(rec.frames) == 0 {
		return nil, &RecordingError{"nothing happens in it"}
	}
	return &rec, nil
}

// OpenRecording reads the recording at path.
func OpenRecording(path string) (*Recording, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadRecording(f)
}

// Length is how long the recording is.
func (r *Recording) Length() time.Duration { return r.frames[len(r.frames)-1].at() }

// session is the session that was recorded, to be looked at.
func (r *Recording) session() *runner.Session {
	l := &lab.Lab{Title: r.header.Title}
	for _, s := range r.header.Steps {
		l.Steps = append(l.Steps, lab.Step{ID: s.ID, Lesson: []byte(s.Lesson)})
	}
	return runner.Spectate(l, r.header.State)
}
