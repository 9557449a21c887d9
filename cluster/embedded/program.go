//go:build linux

package embedded

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime"

	"podlab.dev/podlab/cluster/packed"
)

// unpack lays process 1's program down under stateDir and returns its path, which
// has the content in its name: a cluster that runs keeps the one it runs.
func unpack(stateDir string) (string, error) {
	exe, err := packed.Program("podlab-cell", runtime.GOARCH)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(exe)
	path := filepath.Join(stateDir, "podlab-cell-"+hex.EncodeToString(sum[:6]))
	if info, err := os.Stat(path); err == nil && info.Size() == int64(len(exe)) {
		return path, nil
	}
	old, _ := filepath.Glob(filepath.Join(stateDir, "podlab-cell-*"))
	for _, o := range old {
		_ = os.Remove(o) // what runs keeps the file that it has open
	}
	f, err := os.CreateTemp(stateDir, ".podlab-cell-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(exe)
	if err == nil {
		err = f.Chmod(0o700)
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return "", err
	}
	return path, nil
}
