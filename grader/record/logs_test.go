package record

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

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
			var k kept
			if _, err := r.copyLog(strings.NewReader(c.stream), "p", run{uid: "u", container: "c"}, c.since, &k); err != nil {
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

// A stream may end while the container runs on. What it writes then is read, and
// nothing is recorded twice.
func TestALogIsReadUntilItsRunIsOver(t *testing.T) {
	r, lines := recorder(t, true)
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: "u"}}
	running := corev1.ContainerStatus{Name: "c", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{running}
	r.pods = map[string]*corev1.Pod{"p": pod}
	log := []string{stamp + "first\n", strings.Replace(stamp, "01Z", "02Z", 1) + "second\n"}
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		if asked > 1 { // it has ended meanwhile
			r.mu.Lock()
			ended := pod.DeepCopy()
			ended.Status.ContainerStatuses[0].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}
			r.pods["p"] = ended
			r.mu.Unlock()
		}
		_, _ = w.Write([]byte(strings.Join(log[:min(asked, 2)], "")))
	}))
	defer server.Close()
	var err error
	if r.clients, err = kubernetes.NewForConfig(&rest.Config{Host: server.URL}); err != nil {
		t.Fatal(err)
	}
	r.readLog(t.Context(), "p", run{uid: "u", container: "c"}, time.Time{})
	var got []string
	for _, l := range *lines {
		got = append(got, l.Line)
	}
	if want := []string{"first", "second"}; !slices.Equal(got, want) || asked != 3 {
		t.Errorf("got %q in %d streams, want %q in 3", got, asked, want)
	}
}

// A log that belongs to another run is not taken for this one's.
func TestALogOfAnotherRunIsLeftAlone(t *testing.T) {
	id := run{uid: "u", container: "c", restart: 1}
	for name, c := range map[string]struct {
		pod         *corev1.Pod
		there, over bool
	}{
		"no Pod":                      {nil, false, false},
		"another Pod":                 {withRun("v", 1, corev1.ContainerState{}), false, false},
		"started again":               {withRun("u", 2, corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}), false, false},
		"it runs":                     {withRun("u", 1, corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}), true, false},
		"it waits for its next start": {withRun("u", 1, corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{}}), true, true},
	} {
		if there, over := id.stands(c.pod); there != c.there || over != c.over {
			t.Errorf("%s: %v, %v, want %v, %v", name, there, over, c.there, c.over)
		}
	}
}

func withRun(uid types.UID, restart int32, state corev1.ContainerState) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: uid}}
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "c", RestartCount: restart, State: state}}
	return p
}

// A flood does not fill the disk, and does not hide the line that is waited for, or
// that will be once other checks have passed.
func TestAFloodIsBounded(t *testing.T) {
	flood := strings.Repeat(stamp+strings.Repeat("x", 1000)+"\n", 2000) + stamp + "the needle\n" + stamp + "another needle\n"
	for waiting, last := range map[bool]string{true: "another needle", false: "the needle"} {
		r, lines := recorder(t, waiting)
		var k kept
		if _, err := r.copyLog(strings.NewReader(flood), "p", run{}, time.Time{}, &k); err != nil {
			t.Fatal(err)
		}
		if n := len(*lines); n > maxLog/1000+2 {
			t.Errorf("%d lines kept", n)
		}
		if got := (*lines)[len(*lines)-1].Line; got != last {
			t.Errorf("waited for (%v): the last line that was kept is %.60q, want %q", waiting, got, last)
		}
	}
}
