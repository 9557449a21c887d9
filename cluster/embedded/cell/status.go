//go:build linux

package cell

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// LastWords are the last lines that process 1 wrote, for an error.
func LastWords(dir string) string {
	raw, err := os.ReadFile(filepath.Join(dir, logFile))
	if err != nil {
		return ""
	}
	return string(raw[max(0, len(raw)-4096):])
}

// Status is how the parts of a node are.
type Status struct {
	Node  string       `json:"node"`
	Parts []PartStatus `json:"parts"`
}

// ReadStatus reads what process 1 of the node with this number last said.
func ReadStatus(dir string, node int) (*Status, error) {
	raw, err := os.ReadFile(filepath.Join((&Spec{Dir: dir, Node: node}).nodeDir(), "run", StatusFile))
	if err != nil {
		return nil, err
	}
	var s Status
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, err
	}
	return &s, nil
}
