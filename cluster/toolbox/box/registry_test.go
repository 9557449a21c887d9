//go:build linux

package main

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	images "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func TestRegistryGivesItsImageToItsKeeperOnly(t *testing.T) {
	handler := images.New(images.Logger(log.New(io.Discard, "", 0)))
	if err := stock(handler, "team/app:v1"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(keeper{"clerk", "right"}.guard(handler))
	defer server.Close()
	get := func(path, password string) (int, []byte) {
		request, err := http.NewRequest(http.MethodGet, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if password != "" {
			request.SetBasicAuth("clerk", password)
		}
		response, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if response.StatusCode == http.StatusUnauthorized && response.Header.Get("WWW-Authenticate") != `Basic realm="registry"` {
			t.Errorf("%s does not say how to ask: %v", path, response.Header)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, body
	}
	for password, want := range map[string]int{"": 401, "wrong": 401, "right": 200} {
		if got, body := get("/v2/team/app/manifests/v1", password); got != want {
			t.Errorf("with password %q: %d %s, want %d", password, got, body, want)
		}
	}
	if got, _ := get("/v2/team/app/manifests/v2", "right"); got != 404 {
		t.Errorf("a tag that there is not: %d", got)
	}
	_, body := get("/v2/team/app/manifests/v1", "right")
	var manifest v1.Manifest
	if err := json.Unmarshal(body, &manifest); err != nil {
		t.Fatal(err)
	}
	if len(manifest.Layers) != 1 {
		t.Fatalf("it has %d layers", len(manifest.Layers))
	}
	for _, blob := range []v1.Descriptor{manifest.Config, manifest.Layers[0]} {
		if got, body := get("/v2/team/app/blobs/"+blob.Digest.String(), "right"); got != 200 || int64(len(body)) != blob.Size {
			t.Errorf("blob %s: %d, %d bytes, want %d", blob.Digest, got, len(body), blob.Size)
		}
	}
}

func TestRegistryWantsARepositoryAndATag(t *testing.T) {
	for _, ref := range []string{"", "app", ":v1", "app:"} {
		if err := stock(http.NotFoundHandler(), ref); err == nil {
			t.Errorf("%q is taken", ref)
		}
	}
}
