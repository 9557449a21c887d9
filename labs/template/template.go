// Package template is the lab that podlab lab new begins with: small, whole and
// sound, to be written over by its author.
package template

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

//go:embed my-lab
var files embed.FS

// Write makes the folder dir, which must not be there, and puts the lab into it.
func Write(dir string) error {
	lab, err := fs.Sub(files, "my-lab")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return fmt.Errorf("make a lab: %w", err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return fmt.Errorf("make a lab: %w", err)
	}
	if err := os.CopyFS(dir, lab); err != nil {
		return fmt.Errorf("make a lab: %w", err)
	}
	return nil
}
