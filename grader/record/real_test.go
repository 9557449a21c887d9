package record_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/cluster/clustertest"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/live"
	"podlab.dev/podlab/grader/timeline"
)

// line is the way from the recorder to a real API server, which can be cut, and on
// which the server can be made to have forgotten where a watch was.
type line struct {
	*httptest.Server
	down, forgets atomic.Bool

	mu    sync.Mutex
	conns map[net.Conn]bool
}

var quiet = log.New(io.Discard, "", 0)

func newLine(t *testing.T, cfg *rest.Config) *line {
	to, err := url.Parse(cfg.Host)
	if err != nil {
		t.Fatal(err)
	}
	transport, err := rest.TransportFor(cfg)
	if err != nil {
		t.Fatal(err)
	}
	l := &line{conns: map[net.Conn]bool{}}
	proxy := &httputil.ReverseProxy{Transport: transport, FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }, ErrorLog: quiet}
	l.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		watch := r.URL.Query().Has("watch") && !r.URL.Query().Has("sendInitialEvents")
		asked := strings.HasSuffix(r.URL.Path, "/configmaps")
		if l.forgets.Load() && watch && asked {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusGone)
			fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"too old resource version","reason":"Expired","code":410}`)
			return
		}
		if !watch && asked {
			l.forgets.Store(false) // who lists anew knows where it is
		}
		proxy.ServeHTTP(w, r)
	}))
	l.Server.Config.ErrorLog = quiet
	l.Server.Config.ConnState = func(c net.Conn, s http.ConnState) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if s == http.StateClosed || s == http.StateHijacked {
			delete(l.conns, c)
		} else if l.conns[c] = true; l.down.Load() {
			c.Close()
		}
	}
	l.Start()
	t.Cleanup(func() { l.drop(); l.Close() })
	return l
}

// drop breaks every connection that there is.
func (l *line) drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		c.Close()
	}
}

// TestRealNothingGoesUnmarked records through a line that is cut, to an API server that
// forgets, and goes on after the recorder itself was ended. What happened meanwhile
// is found, and each time that nobody saw is marked.
func TestRealNothingGoesUnmarked(t *testing.T) {
	cfg, api, namespace := namespace(t)
	way := newLine(t, cfg)
	through := &rest.Config{Host: way.URL, QPS: 1000, Burst: 1000}
	l, err := lab.Load(fstest.MapFS{"lab.cue": {Data: []byte(`
schema: "v1", title: "T", summary: "S", minutes: 1
steps: [{id: "a", checks: [
	{id: "c", title: "t", why: "w", object: {kind: "ConfigMap", name: "c"}, want: data: n: "never"},
	{id: "d", title: "t", why: "w", object: {kind: "ConfigMap", name: "d"}, gone: true},
	{id: "j", title: "t", why: "w", object: {kind: "Job", name: "j"}, want: status: succeeded: 1}]}]`)}, "01-a.md": {}}, "record")
	if err != nil {
		t.Fatal(err)
	}
	file := timeline.New(time.Now)
	maps := api.CoreV1().ConfigMaps(namespace)
	put := func(name, n string) {
		t.Helper()
		c := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: map[string]string{"n": n}}
		_, err := maps.Update(t.Context(), c, metav1.UpdateOptions{})
		if err != nil {
			_, err = maps.Create(t.Context(), c, metav1.CreateOptions{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	record := func() (stop func()) {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- live.New(l, file).Run(ctx, through, namespace, func(grader.Report) error { return nil })
		}()
		return func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	}
	// since waits for entries that match, of those after the first n.
	since := func(n int, what string, match func(e timeline.Entry) bool) int {
		t.Helper()
		for late := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			for i, e := range file.Entries() {
				if i >= n && match(e) {
					return i + 1
				}
			}
			if time.Now().After(late) {
				for _, e := range file.Entries()[n:] {
					t.Logf("%s %s %s %s", e.Kind, e.Of, e.Reason, name(e))
				}
				t.Fatalf("no entry: %s", what)
			}
		}
	}
	kind := func(k timeline.Kind, of string) func(timeline.Entry) bool {
		return func(e timeline.Entry) bool { return e.Kind == k && e.Of == of }
	}
	object := func(k timeline.Kind, of, n string) func(timeline.Entry) bool {
		return func(e timeline.Entry) bool {
			return e.Kind == k && name(e) == of && (n == "" || strings.Contains(string(e.Object), `"n":"`+n+`"`))
		}
	}

	put("c", "1")
	put("d", "1")
	stop := record()
	at := since(0, "c is seen", object(timeline.Object, "c", "1"))
	since(0, "kinds that no check is about are recorded", func(e timeline.Entry) bool { return strings.Contains(string(e.Object), `"kind":"Node"`) })

	// The line is cut: a gap opens. What happens meanwhile is seen afterwards.
	way.down.Store(true)
	way.drop()
	at = since(at, "a gap", kind(timeline.Gap, "ConfigMap"))
	put("c", "2")
	way.down.Store(false)
	at = since(at, "the gap ends", func(e timeline.Entry) bool {
		return e.Of == "ConfigMap" && (e.Kind == timeline.Resumed || e.Kind == timeline.Synced)
	})
	since(0, "c as it is now", object(timeline.Object, "c", "2"))

	put("c", "2b")
	since(0, "c as it is then", object(timeline.Object, "c", "2b"))

	// The server has forgotten where the watch was, which lists anew: one that was
	// deleted in between has been missed.
	at = len(file.Entries())
	way.down.Store(true)
	way.drop()
	at = since(at, "a gap", kind(timeline.Gap, "ConfigMap"))
	if err := maps.Delete(t.Context(), "d", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	way.forgets.Store(true)
	way.down.Store(false)
	at = since(at, "listed anew", kind(timeline.Synced, "ConfigMap"))
	since(0, "the deletion, as missed", func(e timeline.Entry) bool { return object(timeline.Deleted, "d", "")(e) && e.Missed })

	// The recorder itself ends, and another goes on.
	stop()
	put("c", "3")
	put("e", "1")
	at = len(file.Entries())
	stop = record()
	at = since(at, "a new recording", func(e timeline.Entry) bool { return e.Kind == timeline.Start })
	since(at, "c as it is now", object(timeline.Object, "c", "3"))
	since(at, "e as it is now", object(timeline.Object, "e", "1"))

	// A Job that its time to live removes is graded by what it was.
	ttl := int32(0)
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "j"}, Spec: batchv1.JobSpec{TTLSecondsAfterFinished: &ttl, Template: corev1.PodTemplateSpec{
		Spec: corev1.PodSpec{RestartPolicy: corev1.RestartPolicyNever, Containers: []corev1.Container{{Name: "c", Image: "podlab.dev/toolbox:v1", Command: []string{"true"}}}},
	}}}
	if _, err := api.BatchV1().Jobs(namespace).Create(t.Context(), job, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	since(at, "the Job is gone", object(timeline.Deleted, "j", ""))
	stop()

	g := grader.New(l)
	for i, e := range file.Entries() {
		if e.Seq != int64(i+1) {
			t.Errorf("entry %d has the number %d", i+1, e.Seq)
		}
		g.Observe(e)
	}
	for i, want := range []grader.Verdict{grader.Failed, grader.Passed, grader.Passed} {
		if x := g.Report(true).Results[i]; x.Verdict != want {
			t.Errorf("check %s is %s: %s", x.Check, x.Verdict, x.Message)
		}
	}
	open := map[string]bool{}
	for _, e := range file.Entries() {
		switch e.Kind {
		case timeline.Start:
			clear(open)
		case timeline.Gap:
			open[e.Of] = true
		case timeline.Synced, timeline.Resumed:
			delete(open, e.Of)
		}
	}
	if len(open) > 0 {
		t.Errorf("these gaps never ended: %v", open)
	}
}

func name(e timeline.Entry) string {
	var m metav1.PartialObjectMetadata
	_ = json.Unmarshal(e.Object, &m)
	return m.Name
}

// namespace is a new one of a real cluster.
func namespace(t *testing.T) (*rest.Config, kubernetes.Interface, string) {
	kubeconfig := clustertest.Kubeconfig(t, cluster.Embedded, cluster.Kind)
	cfg, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	api, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ns, err := api.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "record-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = api.CoreV1().Namespaces().Delete(context.Background(), ns.Name, metav1.DeleteOptions{}) // the cluster is a test's
	})
	return cfg, api, ns.Name
}
