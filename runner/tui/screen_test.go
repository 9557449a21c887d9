package tui

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/creack/pty"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/cue/want"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/timeline"
	"podlab.dev/podlab/runner"
	"podlab.dev/podlab/runner/tui/vt"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const labCUE = `schema: "v1", title: "Services", summary: "S", minutes: 5
mistakes: {}
steps: [{id: "one", checks: [{
	id: "exists", title: "Service web exists", why: "Clients need a name that stays.", hints: ["Clients use port."], next: "kubectl get services"
	object: {kind: "Service", name: "web"}
	want: spec: type: "ClusterIP"
}, {
	id: "port", title: "Service port is 80", why: "w", needs: ["exists"]
	object: {kind: "Service", name: "web"}
	want: spec: ports: "80": port: 80
}]}, {id: "two", checks: [{
	id: "which", title: "You know the port", why: "w"
	quiz: {question: "Which port?", choices: ["80", "443"], answer: "80"}
}]}]
`

const lesson = "# Make it reachable\n\nThe Deployment `web` runs but nothing can reach it. Create a Service named `web` that sends port 80 to the Pods' port 8080.\n\n" +
	"```sh\nkubectl expose deployment web --port=80 --target-port=8080\n```\n\nA Service finds Pods by labels, not by name.\n\n```sh\nkubectl get services\nkubectl get pods\n```\n\n日本語 and עברית stand here too.\n"

// newScreen is a model of a small lab, whose clock stands still.
func newScreen(t testing.TB, lesson string) *model {
	t.Helper()
	l, err := lab.Load(fstest.MapFS{
		"lab.cue": {Data: []byte(labCUE)}, "01-one.md": {Data: []byte(lesson)}, "02-two.md": {Data: []byte("# The second page\n")},
	}, "services")
	if err != nil {
		t.Fatal(err)
	}
	x, err := runner.NewStore(t.TempDir()).Open("services", "services", l)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PS1", "lab$ ")
	t.Setenv("ENV", "")
	m, err := newModel(x, Options{Podlab: "/bin/true", Shell: "/bin/sh", Theme: "dark", Program: "podlab"})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	m.now, m.began = func() time.Time { return now }, now
	m.crashed = func(r any) { t.Errorf("panic: %v", r) }
	m.work = x.Begin(nil, nil)
	t.Cleanup(m.leave)
	return m
}

// outer is the terminal that the screen is on: a real one for the program, whose
// other side is our own emulator.
type outer struct {
	ours, theirs *os.File

	mu   sync.Mutex
	term *vt.Terminal
	raw  bytes.Buffer // all that was written to it
}

func newOuter(t testing.TB, width, height int) *outer {
	t.Helper()
	ours, theirs, err := pty.Open()
	if err != nil {
		t.Skipf("no terminals here: %v", err)
	}
	o := &outer{ours: ours, theirs: theirs, term: vt.New(width, height)}
	o.resize(t, width, height)
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	go func() {
		b := make([]byte, 32<<10)
		for {
			n, err := ours.Read(b)
			o.mu.Lock()
			o.raw.Write(b[:n])
			o.term.Write(b[:n])
			replies := o.term.Replies()
			o.mu.Unlock()
			if err != nil {
				return
			}
			ours.Write(replies)
		}
	}()
	return o
}

func (o *outer) resize(t testing.TB, width, height int) {
	t.Helper()
	o.mu.Lock()
	o.term.Resize(width, height)
	o.mu.Unlock()
	if err := pty.Setsize(o.theirs, &pty.Winsize{Rows: uint16(height), Cols: uint16(width)}); err != nil {
		t.Fatal(err)
	}
}

// press types on the outer terminal.
func (o *outer) press(t testing.TB, keys string) {
	t.Helper()
	if _, err := o.ours.WriteString(keys); err != nil {
		t.Fatal(err)
	}
}

// text is the screen, with its blanks.
func (o *outer) text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var b strings.Builder
	for y := range o.term.Text() {
		b.WriteString(ansi.Strip(o.term.Row(y, 0)) + "\n")
	}
	return b.String()
}

func (o *outer) written() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.raw.String()
}

// await waits until the screen shows all that is wanted.
func (o *outer) await(t testing.TB, all ...string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		text, missing := o.text(), ""
		for _, s := range all {
			if !strings.Contains(text, s) {
				missing = s
			}
		}
		if missing == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%q is not on the screen:\n%s", missing, text)
		}
	}
}

// run runs a model on a terminal. end ends it, and checks that it did so in
// order.
func run(t testing.TB, m *model, width, height int) (p *display, o *outer, end func()) {
	t.Helper()
	o = newOuter(t, width, height)
	p = program(t.Context(), m, o.theirs, o.theirs, []string{"TERM=xterm-256color"})
	ended := make(chan error, 1)
	go func() { ended <- p.Run() }()
	return p, o, func() {
		t.Helper()
		p.Quit()
		if err := <-ended; err != nil {
			t.Errorf("the program ended with %v", err)
		}
	}
}

// golden compares a screen with the one that is kept.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	lines := strings.Split(got, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	got = strings.Join(lines, "\n")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != got {
		t.Errorf("%s differs (go test ./runner/tui -update rewrites it): %v\ngot\n%s\nwant\n%s", name, err, got, want)
	}
}

func pod(t *testing.T, name, uid string, ago time.Duration, status map[string]any) timeline.Entry {
	t.Helper()
	raw, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": name, "uid": uid},
		"spec": map[string]any{"nodeName": "n"}, "status": status,
	})
	if err != nil {
		t.Fatal(err)
	}
	return timeline.Entry{Kind: timeline.Object, Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Add(-ago), Object: raw}
}

func crashing(restarts int) map[string]any {
	return map[string]any{"phase": "Running", "containerStatuses": []any{map[string]any{
		"restartCount": restarts, "state": map[string]any{"waiting": map[string]any{"reason": "CrashLoopBackOff"}},
	}}}
}

func atWork(t *testing.T) (runner.Graded, runner.Recorded) {
	return runner.Graded{Report: grader.Report{Entries: 9, Points: 3, Results: []grader.Result{
			{Check: "exists", Step: "one", Title: "Service web exists", Verdict: grader.Passed, Points: 1, Earned: 1},
			{
				Check: "port", Step: "one", Title: "Service port is 80", Verdict: grader.Pending, Points: 1,
				Mismatches: []want.Mismatch{{Path: "spec.ports.80.targetPort", Want: "80", Got: "8080"}}, Why: "Clients use port.", Next: "kubectl get service web",
			},
			{Check: "which", Step: "two", Title: "You know the port", Verdict: grader.Pending, Points: 1},
		}}}, runner.Recorded{Entries: []timeline.Entry{
			pod(t, "web-7d4b9c6f5-abcde", "1", 3*time.Minute, map[string]any{"phase": "Pending"}),
			pod(t, "web-7d4b9c6f5-abcde", "1", 2*time.Minute, map[string]any{"phase": "Running"}),
			pod(t, "web-7d4b9c6f5-fghij", "2", time.Minute, map[string]any{"phase": "Running"}),
			pod(t, "web-7d4b9c6f5-fghij", "2", 31*time.Second, crashing(3)),
			pod(t, "web-7d4b9c6f5-fghij", "2", 29*time.Second, map[string]any{"phase": "Running"}),
			pod(t, "web-7d4b9c6f5-fghij", "2", 9*time.Second, crashing(4)),
		}}
}

func TestScreens(t *testing.T) {
	for _, size := range []struct {
		name          string
		width, height int
	}{{"160x50", 160, 50}, {"100x30", 100, 30}, {"80x24", 80, 24}, {"40x12", 40, 12}} {
		t.Run(size.name, func(t *testing.T) {
			m := newScreen(t, lesson)
			p, o, end := run(t, m, size.width, size.height)
			defer end()
			o.await(t, "Make it reachable") // reading comes first
			o.press(t, "\as")
			o.await(t, "lab$")
			report, pods := atWork(t)
			p.Send(runner.Ready{})
			p.Send(pods)
			p.Send(report)
			o.press(t, "echo hello\r")
			o.await(t, "lab$ echo hello")
			if size.width >= tabbedWidth {
				o.await(t, "Checks 1/2", "Service port is 80", "RRR")
			}
			o.await(t, "hello  ", "lab$  ") // with what is blank behind it
			golden(t, size.name+"-shell", o.text())
			o.press(t, "\al")
			o.await(t, "Make it reachable")
			if size.width < besideWidth {
				golden(t, size.name+"-lesson", o.text())
			}
		})
	}
}
