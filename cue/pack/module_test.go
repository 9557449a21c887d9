package pack

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cuelang.org/go/mod/modcache"
	"github.com/google/go-containerregistry/pkg/registry"

	"podlab.dev/podlab/cue/lab"
)

// TestMain is also a registry: a process of its own, which ends with its stdin.
func TestMain(m *testing.M) {
	if os.Getenv("PODLAB_TEST_REGISTRY") == "" {
		os.Exit(m.Run())
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go http.Serve(l, registry.New(registry.Logger(log.New(io.Discard, "", 0)))) //nolint:errcheck,gosec // until the end
	fmt.Println(l.Addr())
	io.Copy(io.Discard, os.Stdin) //nolint:errcheck // until the end
}

// startRegistry points CUE at a registry of the test's own, and at a cache and
// credentials of its own. stop ends the registry.
func startRegistry(t *testing.T) (addr string, stop func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "PODLAB_TEST_REGISTRY=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = func() { in.Close(); cmd.Wait() } //nolint:errcheck // it was only to end
	t.Cleanup(stop)
	if _, err := fmt.Fscanln(out, &addr); err != nil {
		t.Fatal(err)
	}
	cue(t, addr)
	return addr, stop
}

// cue sets what CUE reads of the environment.
func cue(t *testing.T, addr string) {
	t.Helper()
	cache := t.TempDir()
	t.Cleanup(func() { modcache.RemoveAll(cache) }) //nolint:errcheck // its folders are read-only
	t.Setenv("CUE_REGISTRY", addr+"+insecure")
	t.Setenv("CUE_CACHE_DIR", cache)
	t.Setenv("CUE_CONFIG_DIR", t.TempDir())
	t.Setenv("DOCKER_CONFIG", t.TempDir())
}

const sound = `schema: "v1", title: "T", summary: "S", minutes: 1
steps: [{id: "a", checks: [{
	id: "c", title: "t", why: "w", hints: ["h"]
	object: {kind: "Pod", name: "web"}
	gone: true
}]}]
`

// write makes files in a new folder.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		to := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// publish publishes the folder with stock cue.
func publish(t *testing.T, dir, version string) {
	t.Helper()
	stock, err := exec.Command("go", "tool", "-n", "cue").Output() // builds it, and says where it is
	if err != nil {
		t.Fatalf("build cue: %v", err)
	}
	cmd := exec.Command(strings.TrimSpace(string(stock)), "mod", "publish", version)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cue mod publish %s: %v\n%s", version, err, out)
	} else {
		t.Logf("%s", out)
	}
}

func TestAModuleIsPublishedFetchedAndCached(t *testing.T) {
	addr, stop := startRegistry(t)
	dir := write(t, map[string]string{
		"cue.mod/module.cue": "module: \"example.com/team/pods@v0\"\nlanguage: version: \"v0.17.0\"\nsource: kind: \"self\"\n",
		"README.md":          "What the labs are about.\n",
		"one/lab.cue":        sound,
		"one/01-a.md":        "# Delete web\n",
		"two/lab.cue":        sound,
		"two/01-a.md":        "# Delete web\n",
	})
	publish(t, dir, "v0.1.0")

	const pods = "example.com/team/pods"
	tests := []struct {
		ref, name string
		origin    Origin
	}{
		{pods + "@v0.1.0", pods + "@v0.1.0", Fetched},
		{pods + "@v0.1.0", pods + "@v0.1.0", Cached},
		{pods + "@v0", pods + "@v0.1.0", Cached},
		{pods + "@latest", pods + "@v0.1.0", Cached},
	}
	for _, test := range tests {
		p, err := Open(t.Context(), test.ref, Options{})
		if err != nil {
			t.Fatalf("%s: %v", test.ref, err)
		}
		if p.Name != test.name || p.Origin != test.origin || !slices.Equal(p.Labs(), []string{"one", "two"}) {
			t.Errorf("%s: %s %s with %v", test.ref, p.Name, p.Origin, p.Labs())
		}
		fsys, err := p.Lab("two")
		if err != nil {
			t.Fatal(err)
		}
		if l, err := lab.Load(fsys, p.Name+"/two"); err != nil || l.ID != "two" {
			t.Errorf("load two: %v, %v", l, err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "one/01-a.md"), []byte("# Delete web, now\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	publish(t, dir, "v0.2.0-alpha")
	publish(t, dir, "v0.1.1")
	if p, err := Open(t.Context(), pods+"@v0", Options{}); err != nil || p.Version != "v0.1.1" || p.Origin != Fetched {
		t.Errorf("the newest release: %+v, %v", p, err)
	}

	var missing *NotFoundError
	if _, err := Open(t.Context(), pods+"@v0.9.0", Options{}); !errors.As(err, &missing) ||
		missing.Error() != "registry "+addr+" has no version v0.9.0 of "+pods || missing.Remedy() != "there are v0.1.0, v0.1.1, v0.2.0-alpha" {
		t.Errorf("a version that is not there: %v", err)
	}
	for _, ref := range []string{"example.com/team/none@v0.1.0", "example.com/team/none@latest"} {
		if _, err := Open(t.Context(), ref, Options{}); !errors.As(err, &missing) || missing.Error() != "registry "+addr+" has no module example.com/team/none" {
			t.Errorf("a module that is not there: %v", err)
		}
	}

	stop()
	if p, err := Open(t.Context(), pods+"@v0.1.0", Options{}); err != nil || p.Origin != Cached {
		t.Errorf("without the registry: %+v, %v", p, err)
	}
	for _, ref := range []string{pods + "@v0.3.0", pods + "@v0"} {
		var silent *RegistryError
		if _, err := Open(t.Context(), ref, Options{}); !errors.As(err, &silent) || strings.Contains(err.Error(), "\n") || !strings.HasSuffix(err.Error(), "connection refused") {
			t.Errorf("without the registry, %s: %v", ref, err)
		}
	}
}

func TestAModuleWithoutLabs(t *testing.T) {
	startRegistry(t)
	publish(t, write(t, map[string]string{
		"cue.mod/module.cue": "module: \"example.com/none@v0\"\nlanguage: version: \"v0.17.0\"\nsource: kind: \"self\"\n",
		"x.cue":              "package x\n",
	}), "v0.1.0")
	var none *NoLabsError
	if _, err := Open(t.Context(), "example.com/none@v0.1.0", Options{}); !errors.As(err, &none) {
		t.Errorf("got %v", err)
	}
}

// entry is a file of an archive that stock cue would not publish.
type entry struct {
	name string
	mode fs.FileMode
	text []byte
}

// push puts an archive into the registry as it is.
func push(t *testing.T, addr, module, version string, entries []entry) {
	t.Helper()
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		h.SetMode(e.mode)
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(e.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	repository := "http://" + addr + "/v2/" + module
	put := func(path, kind string, body []byte) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, repository+path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", kind)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusCreated {
			t.Fatalf("put %s: %s", path, resp.Status)
		}
	}
	blob := func(kind string, body []byte) map[string]any {
		digest := fmt.Sprintf("sha256:%x", sha256.Sum256(body))
		resp, err := http.Post(repository+"/blobs/uploads/", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		to := strings.TrimPrefix(resp.Header.Get("Location"), "http://"+addr)
		put(strings.TrimPrefix(to, "/v2/"+module)+"?digest="+digest, "application/octet-stream", body)
		return map[string]any{"mediaType": kind, "digest": digest, "size": len(body)}
	}
	manifest, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
		"config": blob("application/vnd.cue.module.v1+json", []byte("{}")),
		"layers": []any{
			blob("application/zip", archive.Bytes()),
			blob("application/vnd.cue.modulefile.v1", entries[0].text),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	put("/manifests/"+version, "application/vnd.oci.image.manifest.v1+json", manifest)
}

func TestHostileModules(t *testing.T) {
	addr, _ := startRegistry(t)
	zeros := make([]byte, 1<<30)
	many := make([]entry, MaxFiles+1)
	for i := range many {
		many[i] = entry{name: fmt.Sprintf("one/files/%d", i)}
	}
	tests := []struct {
		name    string
		entries []entry
		want    string // in the error; none if the pack opens
	}{
		{"bomb", []entry{{"one/files/zeros", 0o644, zeros}}, "unpacks into more than 64 MiB"},
		{"many", many, "has more than 4000 files"},
		{"parent", []entry{{"../../../../out", 0o644, []byte("x")}}, "out"},
		{"root", []entry{{"/out", 0o644, []byte("x")}}, "out"},
		{"link", []entry{{"one/files/link", fs.ModeSymlink | 0o777, []byte("/etc/passwd")}}, ""},
	}
	for i, test := range tests {
		module := fmt.Sprintf("example.com/x%d/%s", i, test.name)
		push(t, addr, module, "v0.1.0", append([]entry{
			{"cue.mod/module.cue", 0o644, []byte("module: \"" + module + "@v0\"\nlanguage: version: \"v0.17.0\"\n")},
			{"one/lab.cue", 0o644, []byte(sound)},
			{"one/01-a.md", 0o644, []byte("# A\n")},
		}, test.entries...))
		p, err := Open(t.Context(), module+"@v0.1.0", Options{})
		if test.want != "" {
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: %v", test.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		one, err := p.Lab("one")
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if b, err := one.ReadFile("files/link"); err != nil || string(b) != "/etc/passwd" {
			t.Errorf("%s: a link of an archive is the text of it: %q, %v", test.name, b, err)
		}
	}
	// Nothing of it lies outside of its module, nor in it a GB.
	var size int64
	err := filepath.WalkDir(os.Getenv("CUE_CACHE_DIR"), func(p string, e fs.DirEntry, err error) error {
		if err == nil && e.Name() == "out" {
			t.Errorf("there is %s", p)
		}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
		return err
	})
	if err != nil || size > 2<<20 {
		t.Errorf("the cache has %d bytes: %v", size, err)
	}
}

// A registry that says nothing, and one that never stops.
func TestHostileRegistries(t *testing.T) {
	handlers := map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"silent": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "it took too long"},
		"endless": {func(w http.ResponseWriter, r *http.Request) {
			zeros := make([]byte, 1<<20)
			for r.Context().Err() == nil {
				if _, err := w.Write(zeros); err != nil {
					return
				}
			}
		}, "has more than 64 MiB"},
		"locked": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, "does not let you have"},
		"broken": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, "Internal Server Error"},
	}
	for name, h := range handlers {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			s := &http.Server{Handler: h.handler, BaseContext: func(net.Listener) context.Context { return ctx }} //nolint:gosec // for a second
			go s.Serve(l)                                                                                         //nolint:errcheck // until Close
			t.Cleanup(func() { cancel(); s.Close() })
			cue(t, l.Addr().String())
			before := time.Now()
			_, err = Open(t.Context(), "example.com/x@v0.1.0", Options{Patience: 3 * time.Second})
			if err == nil || !strings.Contains(err.Error(), h.want) || strings.Contains(err.Error(), "\n") || time.Since(before) > 8*time.Second {
				t.Errorf("%v, after %v", err, time.Since(before))
			}
			t.Log(err)
		})
	}
}

func TestNoRegistry(t *testing.T) {
	cue(t, "127.0.0.1:1")
	t.Setenv("CUE_REGISTRY", "none")
	for _, ref := range []string{"example.com/x@v0.1.0", "example.com/x@latest"} {
		var no *RefError
		if _, err := Open(t.Context(), ref, Options{}); !errors.As(err, &no) || no.Why != "CUE_REGISTRY names no registry for it" {
			t.Errorf("%s: %v", ref, err)
		}
	}
}

func TestWhatIsNoPack(t *testing.T) {
	for ref, want := range map[string]string{
		"./nowhere":                     "there is no such folder",
		"nowhere":                       "there is no such folder",
		"/dev/null":                     "there is no such folder",
		"@v0.1.0":                       "empty string",
		"example.com/../x@v0.1.0":       "",
		"example.com/x@":                "",
		"example.com/x@v1x":             "",
		"example.com/x@v0.1.0/../../..": "",
		"example.com/x@../../../etc":    "",
		"example.com/x@v0.1.0:one":      "",
		"Example.com/x@v0.1.0":          "",
	} {
		var no *RefError
		if _, err := Open(t.Context(), ref, Options{}); !errors.As(err, &no) || !strings.Contains(no.Why, want) {
			t.Errorf("%s: %v", ref, err)
		}
	}
}
