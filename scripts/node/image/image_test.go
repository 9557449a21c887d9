package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

func TestRequiredVersion(t *testing.T) {
	file := filepath.Join(t.TempDir(), "go.mod")
	for name, text := range map[string]string{
		"block": "module m\n\nrequire (\n\tk8s.io/kubernetes v1.37.2 // indirect\n)\n",
		"line":  "module m\nrequire k8s.io/kubernetes v1.37.2\n",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := requiredVersion(file, kubernetes); err != nil || got != "v1.37.2" {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	if _, err := requiredVersion(file, "example.org/none"); err == nil {
		t.Error("no error for a module that is not required")
	}
}

func TestContentHash(t *testing.T) {
	all := func(string) bool { return true }
	hash := func(files fstest.MapFS) string {
		t.Helper()
		sum, err := contentHash(files, all)
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	base := fstest.MapFS{"go.mod": {Data: []byte("a")}, "image/x.go": {Data: []byte("b")}}
	if got := hash(base); len(got) != 12 {
		t.Errorf("hash %q has not 12 digits", got)
	}
	tests := fstest.MapFS{"go.mod": base["go.mod"], "image/x.go": base["image/x.go"], "image/x_test.go": {}}
	if hash(tests) != hash(base) {
		t.Error("a test changes the hash")
	}
	moved := fstest.MapFS{"go.mod": {Data: []byte("ab")}, "image/x.go": {}}
	if hash(moved) == hash(base) {
		t.Error("bytes may move between files unnoticed")
	}
}

func TestSourceLines(t *testing.T) {
	targets := `Debian http://mirror/debian bookworm main
Debian http://mirror/debian bookworm main
Debian http://mirror/debian-security bookworm-security main
Debian http://mirror/debian trixie main
. https://elsewhere/apt bookworm stable
`
	got := strings.Join(sourceLines("bookworm", targets), "\n")
	want := "deb http://mirror/debian bookworm main\ndeb http://mirror/debian-security bookworm-security main"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestFitStorage(t *testing.T) {
	manifest := "image: rancher/local-path-provisioner:v1\nimage: busybox\n/opt/local-path-provisioner\n  name: local-path\n"
	got, err := fitStorage(manifest, "docker.io/rancher/local-path-provisioner:v1")
	if err != nil || !bytes.Contains(got, []byte("image: docker.io/rancher/local-path-provisioner:v1\n")) ||
		!bytes.Contains(got, []byte("is-default-class")) {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := fitStorage("image: other", "docker.io/rancher/local-path-provisioner:v1"); err == nil {
		t.Error("a manifest that has changed is not noticed")
	}
}

func TestHookSpec(t *testing.T) {
	got, err := hookSpec([]byte(`{"process":{"rlimits":[1],"cwd":"/"}}`))
	if err != nil || bytes.Contains(got, []byte("rlimits")) || !bytes.Contains(got, []byte("mount-product-files")) {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := hookSpec([]byte(`{}`)); err == nil {
		t.Error("no error for a spec without a process")
	}
}

func TestWriteArchive(t *testing.T) {
	layer := filepath.Join(t.TempDir(), "layer.tar")
	if err := writeTar(layer, func(tw *tar.Writer) error { return addBytes(tw, "a", []byte("x"), 0o644) }); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := writeArchive(&out, image{tags: []string{"a:1"}, layers: []string{layer}}, image{tags: []string{"b:1"}, layers: []string{layer}}); err != nil {
		t.Fatal(err)
	}
	names := map[string][]byte{}
	for tr := tar.NewReader(&out); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if names[h.Name] != nil && strings.HasSuffix(h.Name, ".tar") {
			t.Errorf("layer %s is there twice", h.Name)
		}
		names[h.Name], _ = io.ReadAll(tr)
	}
	var manifest []struct {
		Config           string
		RepoTags, Layers []string
	}
	if err := json.Unmarshal(names["manifest.json"], &manifest); err != nil || len(manifest) != 2 {
		t.Fatalf("manifest %s, %v", names["manifest.json"], err)
	}
	for _, m := range manifest {
		if names[m.Config] == nil || len(m.Layers) != 1 || names[m.Layers[0]] == nil {
			t.Errorf("%v names what the archive lacks", m)
		}
	}
}

func TestTreeResolve(t *testing.T) {
	link := func(to string) *tar.Header { return &tar.Header{Typeflag: tar.TypeSymlink, Linkname: to} }
	tr := &tree{files: map[string]*tar.Header{
		"lib": link("usr/lib"), "usr/lib/x.so": link("x.so.1"), "usr/lib/x.so.1": {Typeflag: tar.TypeReg},
		"bin/sh": link("/bin/dash"), "round": link("round"),
	}}
	for name, want := range map[string]string{"/lib/x.so": "usr/lib/x.so.1", "bin/sh": "bin/dash", "round": "round"} {
		if got := tr.resolve(name); got != want {
			t.Errorf("resolve(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestSandboxImage(t *testing.T) {
	for _, conf := range []string{"  sandbox_image = \"r/pause:3\"\n", "sandbox = \"r/pause:3\"\n"} {
		if m := sandboxImage.FindStringSubmatch(conf); m == nil || m[1] != "r/pause:3" {
			t.Errorf("%q: %q", conf, m)
		}
	}
}

func TestImageName(t *testing.T) {
	for ref, want := range map[string]string{"registry.example/coredns/coredns:v1": "coredns", "host:5000/etcd:3.7.0-0": "etcd", "pause": "pause"} {
		if got := imageName(ref); got != want {
			t.Errorf("imageName(%q) = %q, want %q", ref, got, want)
		}
	}
}
