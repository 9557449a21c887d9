package toolbox

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"podlab.dev/podlab/cluster/packed"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// image builds the image for arch, whose binary make build packs on this machine.
// Without it the image cannot be tested.
func image(t *testing.T, arch string) v1.Image {
	t.Helper()
	img, err := Image(arch)
	var missing *packed.MissingError
	if errors.As(err, &missing) {
		t.Skipf("%v: %s", err, missing.Remedy())
	}
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func packedArch(t *testing.T) string {
	t.Helper()
	for _, arch := range []string{"amd64", "arm64"} {
		if _, err := packed.Program("toolbox", arch); err == nil {
			return arch
		}
	}
	t.Skip("no toolbox binary is packed: go generate ./cluster/toolbox")
	return ""
}

func TestImageOfAMissingBinary(t *testing.T) {
	_, err := Image("vax")
	var missing *packed.MissingError
	if !errors.As(err, &missing) || missing.Arch != "vax" {
		t.Fatalf("error %v", err)
	}
	if !strings.Contains(missing.Remedy(), "make build") {
		t.Errorf("remedy %q", missing.Remedy())
	}
	if err := Tar(io.Discard, "vax"); !errors.As(err, &missing) {
		t.Errorf("Tar: %v", err)
	}
}

func TestImageIsDeterministic(t *testing.T) {
	arch := packedArch(t)
	a, err := image(t, arch).Digest()
	if err != nil {
		t.Fatal(err)
	}
	b, err := image(t, arch).Digest()
	if err != nil || a != b {
		t.Errorf("%s and %s, %v", a, b, err)
	}
}

func TestImageConfig(t *testing.T) {
	arch := packedArch(t)
	file, err := image(t, arch).ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if file.OS != "linux" || file.Architecture != arch {
		t.Errorf("platform %s/%s", file.OS, file.Architecture)
	}
	config := file.Config
	if !slices.Equal(config.Entrypoint, []string{"toolbox"}) || !slices.Equal(config.Cmd, []string{"serve"}) {
		t.Errorf("entrypoint %q, command %q", config.Entrypoint, config.Cmd)
	}
	if config.User != "" {
		t.Errorf("user %q: a lab decides", config.User)
	}
	if len(config.Env) != 1 || !strings.Contains(config.Env[0], ":/bin") {
		t.Errorf("environment %q", config.Env)
	}
}

func TestImageFiles(t *testing.T) {
	files := layer(t, image(t, packedArch(t)))
	for _, name := range Applets() {
		if h := files["bin/"+name]; h == nil || h.Typeflag != tar.TypeSymlink || h.Linkname != "toolbox" {
			t.Errorf("bin/%s: %+v", name, h)
		}
	}
	for name, mode := range map[string]int64{"bin/toolbox": 0o755, "tmp/": 0o1777, "root/": 0o700, "etc/passwd": 0o644, "home/app/": 0o755} {
		if h := files[name]; h == nil || h.Mode != mode {
			t.Errorf("%s: %+v", name, h)
		}
	}
	if h := files["home/app/"]; h.Uid != AppUID || h.Gid != AppGID {
		t.Errorf("home/app belongs to %d:%d", h.Uid, h.Gid)
	}
	const limit = 15 << 20 // bytes; every node of every cluster unpacks it
	if size := files["bin/toolbox"].Size; size > limit {
		t.Errorf("the binary has %d bytes, more than %d", size, limit)
	}
}

func TestAppletsAreSorted(t *testing.T) {
	if !slices.IsSorted(Applets()) {
		t.Error("not in order")
	}
}

func TestTarIsTagged(t *testing.T) {
	arch := packedArch(t)
	var archive bytes.Buffer
	if err := Tar(&archive, arch); err != nil {
		t.Fatal(err)
	}
	in := tar.NewReader(&archive)
	for {
		h, err := in.Next()
		if err != nil {
			t.Fatal(err)
		}
		if h.Name == "manifest.json" {
			break
		}
	}
	var manifest []struct{ RepoTags []string }
	if err := json.NewDecoder(in).Decode(&manifest); err != nil {
		t.Fatal(err)
	}
	if len(manifest) != 1 || !slices.Equal(manifest[0].RepoTags, []string{Ref}) {
		t.Errorf("manifest %+v", manifest)
	}
}

// layer returns the headers of the image's only layer by name.
func layer(t *testing.T, img v1.Image) map[string]*tar.Header {
	t.Helper()
	layers, err := img.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers, %v", len(layers), err)
	}
	r, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	files := map[string]*tar.Header{}
	for in := tar.NewReader(r); ; {
		h, err := in.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		files[h.Name] = h
	}
}
