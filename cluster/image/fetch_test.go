package image_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cluster/image"
)

// serve starts a registry. What is got from it goes through front, which may answer
// instead of it and then returns true.
func serve(t *testing.T, front func(w http.ResponseWriter, r *http.Request, registry http.Handler) bool) (host string) {
	t.Helper()
	store := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if front == nil || r.Method != http.MethodGet || !front(w, r, store) {
			store.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func push(t *testing.T, ref string, what remote.Taggable) {
	t.Helper()
	parsed, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	switch what := what.(type) {
	case v1.Image:
		err = remote.Write(parsed, what)
	case v1.ImageIndex:
		err = remote.WriteIndex(parsed, what)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// What was fetched is read as often as one likes, and was downloaded once.
func TestFetch(t *testing.T) {
	home(t)
	var downloads atomic.Int32
	host := serve(t, func(_ http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		if strings.Contains(r.URL.Path, "/blobs/") {
			downloads.Add(1)
		}
		return false
	})
	twice := files(t, tar.Header{Name: "a", Typeflag: tar.TypeReg, Size: 100_000})
	pushed := build(t, "amd64", twice, files(t, tar.Header{Name: "b", Typeflag: tar.TypeReg, Uid: 5}), twice)
	push(t, host+"/app:1", pushed)
	ctx, cancel := context.WithCancel(t.Context())
	img, err := image.Fetch(ctx, host+"/app:1", "amd64")
	if err != nil {
		t.Fatal(err)
	}
	cancel() // nothing is fetched after Fetch
	if n := downloads.Load(); n != 3 {
		t.Errorf("%d downloads for a configuration and two layers", n)
	}
	valid(t, img)
	want, _ := pushed.Digest()
	if got, err := img.Digest(); err != nil || got != want {
		t.Errorf("digest %s, want %s: %v", got, want, err)
	}
	valid(t, owned(t, img))
	for range 2 {
		var archive bytes.Buffer
		if err := image.Write(&archive, host+"/app:1", img); err != nil {
			t.Fatal(err)
		}
		tag, _ := name.NewTag(host + "/app:1")
		read, err := tarball.Image(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive.Bytes())), nil }, &tag)
		if err != nil {
			t.Fatalf("the archive cannot be read: %v", err)
		}
		valid(t, read)
	}
	if n := downloads.Load(); n != 3 {
		t.Errorf("%d downloads after it was read", n)
	}
}

func TestFetchChoosesThePlatform(t *testing.T) {
	home(t)
	host := serve(t, nil)
	amd, arm := small(t, "amd64"), small(t, "arm64")
	push(t, host+"/both:1", mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: amd, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
		mutate.IndexAddendum{Add: arm, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}}))
	img, err := image.Fetch(t.Context(), host+"/both:1", "arm64")
	if err != nil {
		t.Fatal(err)
	}
	want, _ := arm.Digest()
	if got, _ := img.Digest(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	push(t, host+"/one:1", amd)
	refused(t, host+"/both:1", "riscv64", "linux/riscv64", "for this processor")
	refused(t, host+"/one:1", "arm64", "linux/arm64", "for this processor")
}

// refused expects Fetch to fail with an error that says what and do, and each in one
// line.
func refused(t *testing.T, ref, arch, what, do string) {
	t.Helper()
	_, err := image.Fetch(t.Context(), ref, arch)
	known, ok := errors.AsType[*driver.Error](err)
	if !ok || !errors.Is(err, driver.ErrNeeds) || !strings.Contains(known.What, what) || !strings.Contains(known.Do, do) ||
		!strings.Contains(known.What, ref) || strings.Contains(known.What+known.Do, "\n") {
		t.Errorf("%s: got %v → %+v; want %q → %q", ref, err, known, what, do)
	}
}

func TestFetchWithCredentials(t *testing.T) {
	home(t)
	secret := authn.FromConfig(authn.AuthConfig{Username: "ann", Password: "pass"})
	host := serve(t, func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		user, password, _ := r.BasicAuth()
		if user == "ann" && password == "pass" {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="private"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	ref, err := name.ParseReference(host + "/secret:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, small(t, "amd64"), remote.WithAuth(secret)); err != nil {
		t.Fatal(err)
	}
	refused(t, host+"/secret:1", "amd64", "does not give it to this user", "docker login "+host)

	login := func(config string) {
		if err := os.WriteFile(filepath.Join(os.Getenv("DOCKER_CONFIG"), "config.json"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	login(fmt.Sprintf(`{"auths": {%q: {"username": "ann", "password": "wrong"}}}`, host))
	refused(t, host+"/secret:1", "amd64", "does not give it to this user", "docker login "+host)
	login(fmt.Sprintf(`{"auths": {%q: {"username": "ann", "password": "pass"}}}`, host))
	if _, err := image.Fetch(t.Context(), host+"/secret:1", "amd64"); err != nil {
		t.Error(err)
	}
	login(`{"credsStore": "missing"}`)
	refused(t, host+"/secret:1", "amd64", "docker-credential-missing", "docker pull")
}

func TestFetchRefused(t *testing.T) {
	home(t)
	host := serve(t, func(w http.ResponseWriter, r *http.Request, registry http.Handler) bool {
		for part, status := range map[string]int{
			"/forbidden/": http.StatusForbidden,
			"/many/":      http.StatusTooManyRequests,
			"/broken/":    http.StatusInternalServerError,
		} {
			if strings.Contains(r.URL.Path, part) {
				w.WriteHeader(status)
				return true
			}
		}
		cut, other := strings.Contains(r.URL.Path, "/cut/blobs/"), strings.Contains(r.URL.Path, "/other/blobs/")
		if !cut && !other {
			return false
		}
		whole := httptest.NewRecorder()
		registry.ServeHTTP(whole, r)
		w.Header().Set("Content-Length", fmt.Sprint(whole.Body.Len()))
		sent := whole.Body.Bytes()
		if cut {
			sent = sent[:len(sent)/2]
		} else {
			sent[len(sent)-1]++
		}
		_, _ = w.Write(sent)
		return true
	})
	push(t, host+"/app:1", small(t, "amd64"))
	push(t, host+"/cut:1", small(t, "amd64"))
	push(t, host+"/other:1", small(t, "amd64"))
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	gone := strings.TrimPrefix(closed.URL, "http://")
	refused(t, host+"/none:1", "amd64", host+" does not have it", "correct its name")
	refused(t, host+"/app:2", "amd64", host+" does not have it", "correct its name")
	refused(t, host+"/forbidden/app:1", "amd64", "does not give it to this user", "log in")
	refused(t, host+"/many/app:1", "amd64", "has given too many", "log in")
	refused(t, host+"/broken/app:1", "amd64", "answers 500", "later")
	refused(t, host+"/cut:1", "amd64", "does not answer (unexpected EOF)", "network")
	refused(t, host+"/other:1", "amd64", "verif", "docker pull")
	refused(t, gone+"/app:1", "amd64", gone+" does not answer (connection refused)", "network")
	for _, ref := range []string{"Not A Name", host + "/app@sha256:" + strings.Repeat("0", 64)} {
		refused(t, ref, "amd64", "not the name of an image with a tag", "by a tag")
	}
}

func TestFetchStops(t *testing.T) {
	home(t)
	for _, at := range []string{"/v2/", "/v2/app/manifests/", "/v2/app/blobs/"} {
		var fetching atomic.Bool // and not pushing
		ctx, cancel := context.WithCancel(t.Context())
		host := serve(t, func(_ http.ResponseWriter, r *http.Request, _ http.Handler) bool {
			if !fetching.Load() || !strings.HasPrefix(r.URL.Path, at) {
				return false
			}
			cancel()
			<-r.Context().Done()
			return true
		})
		push(t, host+"/app:1", small(t, "amd64"))
		fetching.Store(true)
		began := time.Now()
		if _, err := image.Fetch(ctx, host+"/app:1", "amd64"); !errors.Is(err, context.Canceled) || time.Since(began) > 5*time.Second {
			t.Errorf("stopped at %s after %s: %v", at, time.Since(began), err)
		}
		cancel()
	}
}
