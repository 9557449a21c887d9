// Package packed carries the programs that podlab brings along for Linux, compressed
// into podlab itself: the toolbox of the labs' workload image, process 1 of an
// embedded cluster, the simulated GPUs of a node, and what breaks things on one. pack
// compiles them (make build); they are never committed.
//
//	exe, err := packed.Program("toolbox", "amd64")
package packed

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
)

// dist/README.md is committed so that a fresh checkout compiles without the
// programs.
//
//go:generate go run ./pack -arch amd64
//go:embed all:dist
var dist embed.FS

// MissingError says that this podlab carries no such program: it was built with a
// bare "go build", which cannot run pack first.
type MissingError struct {
	Name string
	Arch string // Go's name: amd64, arm64
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("%s for linux/%s is not embedded in this build", e.Name, e.Arch)
}

// Remedy is the one line that says what to do.
func (e *MissingError) Remedy() string {
	return "run make build in podlab's checkout, which packs it first"
}

// Program returns the executable called name for linux/arch, uncompressed. The
// error is a [*MissingError] when it was not packed.
func Program(name, arch string) ([]byte, error) {
	compressed, err := dist.ReadFile("dist/" + name + "-linux-" + arch + ".gz")
	if err != nil {
		return nil, &MissingError{name, arch}
	}
	r, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, fmt.Errorf("embedded %s for %s: %w", name, arch, err)
	}
	exe, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("embedded %s for %s: %w", name, arch, err)
	}
	return exe, nil
}

// Digest tells one build of a program from another, as a short name; empty when it
// was not packed.
func Digest(name, arch string) string {
	compressed, err := dist.ReadFile("dist/" + name + "-linux-" + arch + ".gz")
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(compressed)
	return hex.EncodeToString(sum[:8])
}
