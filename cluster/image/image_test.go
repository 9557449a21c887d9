package image_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

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

// entries are files as images have them: somebody's, with a set-user bit, an
// attribute, links, a whiteout, and an owner that needs a record of its own.
var entries = []tar.Header{
	{Name: "home/app/", Typeflag: tar.TypeDir, Mode: 0o755, Uid: 1000, Gid: 1000, Uname: "app"},
	{Name: "bin/su", Typeflag: tar.TypeReg, Mode: 0o4755, Size: 3, PAXRecords: map[string]string{"SCHILY.xattr.security.capability": "x"}},
	{Name: "bin/sh", Typeflag: tar.TypeSymlink, Linkname: "su"},
	{Name: "bin/hard", Typeflag: tar.TypeLink, Linkname: "bin/su"},
	{Name: "etc/.wh.gone", Typeflag: tar.TypeReg},
	{Name: "far", Typeflag: tar.TypeReg, Mode: 0o600, Uid: 3_000_000, Gid: 3_000_000_000, Format: tar.FormatPAX},
}

func sample(t *testing.T, arch string) v1.Image {
	t.Helper()
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	for _, h := range entries {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := w.Write([]byte("abc")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	opened, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(layer.Bytes())), nil })
	if err != nil {
		t.Fatal(err)
	}
	img, err := mutate.AppendLayers(empty.Image, opened)
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", arch
	config.Config.Entrypoint = []string{"/bin/su"}
	if img, err = mutate.ConfigFile(img, config); err != nil {
		t.Fatal(err)
	}
	return img
}

func TestOwnedByRoot(t *testing.T) {
	img, err := image.OwnedByRoot(sample(t, "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	layers, err := img.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("layers: %d, %v", len(layers), err)
	}
	r, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	in := tar.NewReader(r)
	for _, want := range entries {
		h, err := in.Next()
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" {
			t.Errorf("%s belongs to %d %d %q", h.Name, h.Uid, h.Gid, h.Uname)
		}
		if h.Name != want.Name || h.Mode != want.Mode || h.Linkname != want.Linkname || h.Typeflag != want.Typeflag ||
			h.PAXRecords["SCHILY.xattr.security.capability"] != want.PAXRecords["SCHILY.xattr.security.capability"] {
			t.Errorf("got %+v, want %+v", *h, want)
		}
	}
	config, err := img.ConfigFile()
	if err != nil || config.Config.Entrypoint[0] != "/bin/su" || len(config.RootFS.DiffIDs) != 1 {
		t.Errorf("config: %+v, %v", config, err)
	}
	first, _ := img.Digest()
	again, err := image.OwnedByRoot(sample(t, "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	if second, _ := again.Digest(); first != second {
		t.Errorf("the same image became %s, then %s", first, second)
	}
	var archive bytes.Buffer
	if err := image.Write(&archive, "example.com/app:1", img); err != nil {
		t.Fatal(err)
	}
	tag, _ := name.NewTag("example.com/app:1")
	if _, err := tarball.Image(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive.Bytes())), nil }, &tag); err != nil {
		t.Errorf("the archive cannot be read: %v", err)
	}
}

func TestFetch(t *testing.T) {
	t.Setenv("DOCKER_CONFIG", t.TempDir()) // no credentials of whoever runs this
	store := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/secret/") {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		store.ServeHTTP(w, r)
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	push := func(ref, arch string) {
		parsed, err := name.ParseReference(ref)
		if err != nil {
			t.Fatal(err)
		}
		if err := remote.Write(parsed, sample(t, arch)); err != nil {
			t.Fatal(err)
		}
	}
	push(host+"/app:1", "amd64")
	push(host+"/other:1", "arm64")

	img, err := image.Fetch(t.Context(), host+"/app:1", "amd64")
	if err != nil {
		t.Fatal(err)
	}
	if err := image.Write(io.Discard, host+"/app:1", img); err != nil {
		t.Errorf("write what was fetched: %v", err)
	}

	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for _, tc := range []struct{ ref, what, do string }{
		{host + "/none:1", "does not have", "correct the name"},
		{host + "/secret/app:1", "does not give it", "log in"},
		{host + "/other:1", "linux/amd64", "for this processor"},
		{strings.TrimPrefix(closed.URL, "http://") + "/app:1", "cannot be reached", "connect"},
		{"Not A Name", "not the name", "correct it"},
	} {
		_, err := image.Fetch(t.Context(), tc.ref, "amd64")
		known, ok := errors.AsType[*driver.Error](err)
		if !ok || !errors.Is(err, driver.ErrNeeds) || !strings.Contains(known.What, tc.what) || !strings.Contains(known.Do, tc.do) {
			t.Errorf("%s: %v", tc.ref, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := image.Fetch(ctx, host+"/app:1", "amd64"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
