//go:build linux

package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestProxyCarries(t *testing.T) {
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(append([]byte("got "), body...))
	}))
	defer far.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var out buffer
	log := &accessLog{w: &out}
	ended := make(chan error)
	go func() { ended <- carry(ctx, listener, strings.TrimPrefix(far.URL, "http://"), log) }()

	response, err := http.Post("http://"+listener.Addr().String(), "text/plain", strings.NewReader("this"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || string(body) != "got this" {
		t.Errorf("%q, %v", body, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if !strings.Contains(out.String(), "connection from 127.0.0.1:") {
		t.Errorf("it says %q", out.String())
	}
}

func TestProxySaysWhoCannotBeReached(t *testing.T) {
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	to := nobody.Addr().String()
	nobody.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var out buffer
	log := &accessLog{w: &out}
	ended := make(chan error)
	ctx, stop := context.WithCancel(t.Context())
	go func() { ended <- carry(ctx, listener, to, log) }()
	near, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := near.Read(make([]byte, 1)); err == nil {
		t.Error("somebody answers")
	}
	stop()
	<-ended
	if want := to + " cannot be reached: Connection refused"; !strings.Contains(out.String(), want) {
		t.Errorf("it says %q, want %q", out.String(), want)
	}
}
