package toolbox

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
)

// packed holds dist/toolbox-linux-<arch>.gz, written by pack and never committed.
// dist/README.md is committed so that a fresh checkout compiles without them.
//
//go:generate go run ./pack -arch amd64
//go:embed all:dist
var packed embed.FS

// MissingBinaryError says that this program carries no toolbox binary for Arch:
// it was built with a bare "go build", which cannot run pack first.
type MissingBinaryError struct {
	Arch string // Go's name: amd64, arm64
}

func (e *MissingBinaryError) Error() string {
	return fmt.Sprintf("toolbox binary for linux/%s is not embedded in this build", e.Arch)
}

// Remedy is the one line that says what to do.
func (e *MissingBinaryError) Remedy() string {
	return "run make build in podlab's checkout, which packs the toolbox first"
}

// binary returns the embedded executable for arch, uncompressed.
func binary(arch string) ([]byte, error) {
	compressed, err := packed.ReadFile("dist/toolbox-linux-" + arch + ".gz")
	if err != nil {
		return nil, &MissingBinaryError{Arch: arch}
	}
	r, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, fmt.Errorf("embedded toolbox binary for %s: %w", arch, err)
	}
	exe, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("embedded toolbox binary for %s: %w", arch, err)
	}
	return exe, nil
}
