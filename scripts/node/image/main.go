// Command image says which kind node image podlab's clusters use, and builds it
// where it cannot be had: from Go modules and Debian packages alone, without an
// image registry.
//
//	scripts/node-image           reference of a usable image on stdout, built if need be
//	scripts/node-image --build   the locally built one, even where kind's own could be had
//	scripts/node-image --hash    hash of what the built image is made of
//	scripts/node-parts           directory of what a node needs that runs without an engine
//
// In order: the image that kind pins, if the engine has it; the built one, if the
// engine has it; a pull of the pinned one; a build. A build that was interrupted
// goes on from what is in the cache.
//
// What runs without an engine is built anywhere where there is apt, by anyone: the
// programs of the built image, and the little else that they call, out of Debian
// packages that are unpacked and not installed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"sigs.k8s.io/kind/pkg/apis/config/defaults"
)

// program is the name that messages begin with: the script's that was called.
var program = filepath.Base(os.Args[0])

// exitEnvironment says that not podlab but this machine must change.
const exitEnvironment = 3

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills
	err := run(ctx, os.Args[1:], os.Stdout)
	var hint *hintError
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, program+": interrupted; run it again to go on from here")
		os.Exit(130)
	case errors.As(err, &hint):
		fmt.Fprintf(os.Stderr, "%s: %v\n  → %s\n", program, err, hint.todo)
		os.Exit(exitEnvironment)
	default:
		fmt.Fprintln(os.Stderr, program+":", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet(program, flag.ContinueOnError)
	build := flags.Bool("build", false, "use the locally built image even if kind's own is there")
	hash := flags.Bool("hash", false, "print the content hash of the built image")
	withoutEngine := flags.Bool("parts", false, "make what a node needs that runs without an engine, and print its directory")
	dir := flags.String("dir", ".", "directory of the Go module scripts/node")
	engine := flags.String("engine", "docker", "container engine client")
	if err := flags.Parse(args); err != nil {
		return err
	}
	b, err := newBuild(*dir, *engine)
	if err != nil {
		return err
	}
	if *hash {
		fmt.Fprintln(out, b.hash)
		return nil
	}
	var made string
	if *withoutEngine {
		made, err = b.parts(ctx)
	} else {
		made, err = b.reference(ctx, *build)
	}
	if err == nil {
		fmt.Fprintln(out, made)
	}
	return err
}

// reference goes through the order that the package comment gives.
func (b *build) reference(ctx context.Context, forceBuild bool) (string, error) {
	pinned := defaults.Image
	if !forceBuild && b.present(ctx, pinned) {
		b.log.say("the engine has kind's own image")
		return pinned, nil
	}
	unlock, err := b.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	if b.present(ctx, b.tag) {
		b.log.say("the engine has the image built from these sources")
		return b.tag, nil
	}
	if !forceBuild {
		err := b.pull(ctx, pinned)
		if err == nil {
			return pinned, nil
		}
		if ctx.Err() != nil {
			return "", err
		}
		b.log.say("kind's own image cannot be pulled (%v): building one", err)
	}
	return b.tag, b.run(ctx)
}

func (b *build) present(ctx context.Context, ref string) bool {
	return exec.CommandContext(ctx, b.engine, "image", "inspect", ref).Run() == nil
}

// pull gives up early where no registry answers: the engine's first word comes
// with the manifest, and only then can the rest take long.
func (b *build) pull(ctx context.Context, ref string) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Minute)
	defer cancel()
	defer b.log.begin("pulling " + ref)()
	silence := time.AfterFunc(10*time.Second, cancel)
	var output strings.Builder
	cmd := exec.CommandContext(ctx, b.engine, "pull", ref)
	cmd.WaitDelay = time.Second
	cmd.Stderr = &output
	cmd.Stdout = writerFunc(func(p []byte) (int, error) {
		silence.Stop()
		return len(p), nil
	})
	err := cmd.Run()
	if err != nil && !silence.Stop() && ctx.Err() != nil {
		return errors.New("no answer from a registry")
	}
	if err != nil {
		return errors.New(lastLine(output.String(), err.Error()))
	}
	return nil
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func lastLine(output, otherwise string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
		return last
	}
	return otherwise
}

// hintError is an error that the user can do something about.
type hintError struct {
	what, todo string
}

func (e *hintError) Error() string { return e.what }

func supported(what, otherwise string) error {
	if runtime.GOOS != "linux" {
		return &hintError{what + " can only be built on Linux, not on " + runtime.GOOS, otherwise}
	}
	return nil
}
