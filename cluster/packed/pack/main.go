// Pack cross-compiles the programs that podlab brings along and leaves them,
// compressed, where package packed embeds them.
//
//	go run ./cluster/packed/pack -arch amd64
//
// It prints nothing when they are already up to date: the compiler's cache makes
// that a matter of a second or two. The same source and toolchain
// give the same bytes: no commit or time is stamped into the binary.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
)

const cluster = "podlab.dev/podlab/cluster"

// programs are the packages to pack, by the name under which they are asked for.
var programs = map[string]string{
	"toolbox":        cluster + "/toolbox/box",
	"podlab-cell":    cluster + "/embedded/cell/podlab-cell",
	"podlab-gpu":     cluster + "/gpu/plugin",
	"podlab-fault":   cluster + "/fault/agent",
	"metrics-server": "sigs.k8s.io/metrics-server/cmd/metrics-server",
}

func main() {
	arch := flag.String("arch", runtime.GOARCH, "`architecture` to pack, in Go's words")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	for name := range programs {
		note, err := pack(ctx, name, *arch)
		if err != nil {
			fmt.Fprintf(os.Stderr, "pack: %v\n", err)
			os.Exit(1)
		}
		if note != "" {
			fmt.Fprintln(os.Stderr, note)
		}
	}
}

// pack compiles and compresses the program called name for arch. The note is one line about
// what was written, empty when nothing had to be.
func pack(ctx context.Context, name, arch string) (note string, err error) {
	folder, err := run(ctx, nil, "go", "list", "-f", "{{.Dir}}", cluster+"/packed")
	if err != nil {
		return "", fmt.Errorf("find the place of %s: %w", name, err)
	}
	target := filepath.Join(strings.TrimSpace(folder), "dist", name+"-linux-"+arch+".gz")

	work, err := os.MkdirTemp("", "podlab-pack-")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	exe := filepath.Join(work, name)

	env := append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	module := strings.TrimSpace(folder)
	if !strings.HasPrefix(programs[name], cluster) {
		// Of the module of the nodes' programs, by itself: what it requires, podlab does not.
		module, env = filepath.Join(module, "../../scripts/node"), append(env, "GOWORK=off")
	}
	// Without -buildvcs=false every commit would give another digest.
	if _, err := run(ctx, env, "go", "-C", module, "build", "-buildvcs=false", "-ldflags", "-s -w", "-o", exe, programs[name]); err != nil {
		return "", fmt.Errorf("compile %s for linux/%s: %w", name, arch, err)
	}
	binary, err := os.ReadFile(exe)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(binary)
	stamp := hex.EncodeToString(sum[:])
	if packedStamp(target) == stamp {
		return "", nil
	}

	var compressed bytes.Buffer
	w, err := gzip.NewWriterLevel(&compressed, gzip.BestCompression)
	if err != nil {
		return "", err
	}
	w.Comment = stamp
	if _, err := w.Write(binary); err != nil {
		return "", fmt.Errorf("compress: %w", err)
	}
	if err := w.Close(); err != nil {
		return "", fmt.Errorf("compress: %w", err)
	}
	// Two builds may run at once; a rename never shows either a half file.
	part := fmt.Sprintf("%s.part-%d.gz", strings.TrimSuffix(target, ".gz"), os.Getpid()) // a name git ignores
	if err := os.WriteFile(part, compressed.Bytes(), 0o644); err != nil {
		return "", err
	}
	if err := os.Rename(part, target); err != nil {
		return "", errors.Join(err, os.Remove(part))
	}
	return fmt.Sprintf("packed %s for linux/%s: %.1f MB, %.1f MB compressed",
		name, arch, float64(len(binary))/1e6, float64(compressed.Len())/1e6), nil
}

// packedStamp is the hash of the binary inside the packed file at path, kept in
// the gzip header, or empty when there is none.
func packedStamp(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		return ""
	}
	return r.Comment
}

// run returns a command's standard output; its error ends in what it printed to
// standard error.
func run(ctx context.Context, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}
