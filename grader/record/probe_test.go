package record

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/timeline"
)

// A single look is over as soon as nothing happens any more. What a request came to
// must not be there before the grader knows whom it was about, or it is not judged.
func TestTheFirstRequestIsJudged(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	l, err := lab.Load(fstest.MapFS{"01-a.md": {}, "lab.cue": {Data: []byte(`
schema: "v1", title: "T", summary: "S", minutes: 1
steps: [{id: "a", checks: [{id: "c", title: "t", why: "w", http: {service: "s", port: 80}, want: status: 200}]}]`)}}, "test")
	if err != nil {
		t.Fatal(err)
	}
	g, asked := grader.New(l), make(chan struct{}, 9)
	r := New(Config{
		REST: &rest.Config{Host: server.URL}, Lab: l,
		Sink: func(e timeline.Entry) error {
			g.Observe(e)
			if e.Kind == timeline.HTTP {
				asked <- struct{}{}
			}
			return nil
		},
		Waiting: func(string) bool { return true }, Counts: func(string) bool { return true },
	})
	if r.http, err = r.client(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var probes errgroup.Group
	r.probe(ctx, &probes)
	select {
	case <-asked: // too early
	case <-time.After(200 * time.Millisecond):
		r.put(timeline.Entry{Kind: timeline.Object, Object: []byte(`{"apiVersion":"v1","kind":"Service","metadata":{"name":"s","uid":"u"}}`)})
		r.put(timeline.Entry{Kind: timeline.Synced, Of: "Service"})
		close(r.synced)
		<-asked
	}
	cancel()
	if err := probes.Wait(); err != nil {
		t.Fatal(err)
	}
	if !g.Report(false).Passed {
		t.Error("the request was made, and has not been judged")
	}
}
