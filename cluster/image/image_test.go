package image_test

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// home gives the test a home of its own: no credentials of whoever runs it, and a
// cache in which nothing may be left.
func home(t *testing.T) {
	t.Helper()
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	cache := t.TempDir()
	t.Setenv("HOME", cache)
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Cleanup(func() {
		if left, err := os.ReadDir(filepath.Join(cache, "podlab")); len(left) > 0 {
			t.Errorf("left in the cache: %v, %v", left, err)
		}
	})
}

// build is an image for linux/arch with one layer for each of the tars.
func build(t *testing.T, arch string, tars ...tarball.Opener) v1.Image {
	t.Helper()
	img := empty.Image
	for _, opener := range tars {
		layer, err := tarball.LayerFromOpener(opener)
		if err != nil {
			t.Fatal(err)
		}
		if img, err = mutate.Append(img, mutate.Addendum{Layer: layer, History: v1.History{CreatedBy: "COPY"}}); err != nil {
			t.Fatal(err)
		}
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", arch
	config.Config.Entrypoint = []string{"/bin/su"}
	config.History = append(config.History, v1.History{CreatedBy: "ENTRYPOINT", EmptyLayer: true})
	if img, err = mutate.ConfigFile(img, config); err != nil {
		t.Fatal(err)
	}
	return img
}

// files is a tar with these entries; those with a size hold as many letters.
func files(t *testing.T, entries ...tar.Header) tarball.Opener {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range entries {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(bytes.Repeat([]byte("a"), int(h.Size))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil }
}

// small is an image with one file that belongs to somebody.
func small(t *testing.T, arch string) v1.Image {
	t.Helper()
	return build(t, arch, files(t, tar.Header{Name: "app", Typeflag: tar.TypeReg, Mode: 0o755, Size: 3, Uid: 1000, Gid: 1000}))
}

func valid(t *testing.T, img v1.Image) {
	t.Helper()
	if err := validate.Image(img); err != nil {
		t.Error(err)
	}
}

// tarOf reads a layer: its entries and what the files hold.
func tarOf(t *testing.T, layer v1.Layer) (entries []*tar.Header, contents []string) {
	t.Helper()
	r, err := layer.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for in := tar.NewReader(r); ; {
		h, err := in.Next()
		if err == io.EOF {
			return entries, contents
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		entries, contents = append(entries, h), append(contents, string(data))
	}
}

// openFiles counts the files without a name that this process has open.
func openFiles(t *testing.T) (n int) {
	t.Helper()
	all, err := filepath.Glob("/proc/self/fd/*")
	if err != nil || len(all) == 0 {
		t.Skip("no /proc")
	}
	for _, fd := range all {
		if to, err := os.Readlink(fd); err == nil && strings.HasSuffix(to, " (deleted)") {
			n++
		}
	}
	return n
}

// What an image takes on disk is free again when nobody refers to it.
func TestRoomIsGivenBack(t *testing.T) {
	home(t)
	before := openFiles(t)
	func() {
		img := owned(t, small(t, "amd64"))
		if during := openFiles(t); during <= before {
			t.Fatalf("%d files before, %d with an image", before, during)
		}
		runtime.KeepAlive(img)
	}()
	for deadline := time.Now().Add(5 * time.Second); openFiles(t) > before; time.Sleep(10 * time.Millisecond) {
		runtime.GC()
		if time.Now().After(deadline) {
			t.Fatalf("%d files before, %d after", before, openFiles(t))
		}
	}
}
