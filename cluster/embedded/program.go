//go:build linux

package embedded

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

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
	part, err := lay(stateDir, exe)
	if err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		if part != "" {
			_ = os.Remove(part)
		}
		return "", err
	}
	return path, nil
}

// lay writes exe to a new file in dir that may be executed, and returns its path,
// which is not empty when there is a file to remove.
//
// No process is forked while the file is open for writing: a child has the file
// open too until it executes its own program, and what somebody may write to
// cannot be executed (text file busy; https://go.dev/issue/22315).
func lay(dir string, exe []byte) (string, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	f, err := os.CreateTemp(dir, ".podlab-cell-*")
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
	return f.Name(), err
}
