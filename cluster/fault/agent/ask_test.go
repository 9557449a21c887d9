//go:build linux

package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"podlab.dev/podlab/cluster/fault/order"
)

func askerOf(t *testing.T, url string) *asker {
	t.Helper()
	a, err := newAsker(order.Ask{URL: url, Every: time.Millisecond, Within: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// What nobody answers while the program that asks does not answer itself either is told
// from what nobody answers otherwise.
func TestStarved(t *testing.T) {
	ok := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !ok {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer server.Close()
	a := askerOf(t, server.URL)
	a.found([]string{a.host}, nil)
	for _, step := range []struct {
		answers, starves bool
		want             order.Count
	}{
		{true, false, order.Count{Asked: 1, Answered: 1}},
		{false, false, order.Count{Asked: 2, Answered: 1, Why: "500 Internal Server Error"}},
		{false, true, order.Count{Asked: 3, Answered: 1, Starved: 1, Why: "500 Internal Server Error"}},
		{true, true, order.Count{Asked: 4, Answered: 2, Starved: 1, Why: "500 Internal Server Error"}},
	} {
		if ok = step.answers; step.starves {
			a.self.Close()
		}
		a.ask1(t.Context())
		if got := a.sum(); got != step.want {
			t.Errorf("answered %v, starved %v: %+v, want %+v", step.answers, step.starves, got, step.want)
		}
	}
}

// A Service that is known to all nodes a little later is waited for.
func TestFirst(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) <= 20 {
			http.Error(w, "not yet", http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	a := askerOf(t, server.URL)
	if why := a.first(t.Context(), 10*time.Millisecond); !strings.Contains(why, "has not said yet") {
		t.Errorf("before its name is known: %q", why)
	}
	a.found([]string{a.host}, nil)
	if why := a.first(t.Context(), 10*time.Second); why != "" {
		t.Errorf("after a while: %q", why)
	}
	server.Close()
	if why := a.first(t.Context(), 10*time.Millisecond); !strings.Contains(why, "refused") {
		t.Errorf("closed: %q", why)
	}
}

// DNS that is slow costs nothing; a Service that is gone does, and one that is made
// again is found where it is then.
func TestFollowName(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	a := askerOf(t, strings.Replace(server.URL, "127.0.0.1", "web.lab.svc", 1))
	for _, step := range []struct {
		name string
		at   []string
		err  error
		want string
	}{
		{"slow from the first", nil, context.DeadlineExceeded, "deadline"},
		{"found", []string{"127.0.0.1"}, nil, ""},
		{"slow", nil, &net.DNSError{Err: "i/o timeout", IsTimeout: true}, ""},
		{"broken", nil, &net.DNSError{Err: "server misbehaving", IsTemporary: true}, ""},
		{"gone", nil, &net.DNSError{Err: "no such host", IsNotFound: true}, "no such host"},
		{"slow while gone", nil, errors.New("slow"), "slow"},
		{"made again", []string{"127.0.0.1"}, nil, ""},
	} {
		a.found(step.at, step.err)
		if why := once(t.Context(), &a.client, a.URL); step.want == "" && why != "" || !strings.Contains(why, step.want) {
			t.Errorf("%s: %q, want %q", step.name, why, step.want)
		}
	}
}
