package cli_test

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestPack publishes packs with stock cue to a registry, a process of its own on
// loopback.
func TestPack(t *testing.T) {
	cue, err := exec.Command("go", "tool", "-n", "cue").Output() // builds it, and says where it is
	if err != nil {
		t.Fatalf("build cue: %v", err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/pack", RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			bin := filepath.Join(env.WorkDir, ".bin")
			if err := os.Mkdir(bin, 0o755); err != nil {
				return err
			}
			if err := os.Symlink(strings.TrimSpace(string(cue)), filepath.Join(bin, "cue")); err != nil {
				return err
			}
			env.Setenv("PATH", bin+string(os.PathListSeparator)+env.Getenv("PATH"))
			for _, name := range []string{"CUE_CACHE_DIR", "CUE_CONFIG_DIR", "DOCKER_CONFIG"} {
				env.Setenv(name, filepath.Join(env.WorkDir, ".cue", name))
			}
			return setup(env)
		},
	})
}

// serveRegistry is a registry that writes its address to a file and stays.
func serveRegistry() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	aside := os.Args[1] + ".new"
	if err := os.WriteFile(aside, []byte(fmt.Sprint(l.Addr())), 0o644); err != nil {
		log.Fatal(err)
	}
	if err := os.Rename(aside, os.Args[1]); err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.Serve(l, registry.New(registry.Logger(log.New(io.Discard, "", 0))))) //nolint:gosec // for a few seconds
}
