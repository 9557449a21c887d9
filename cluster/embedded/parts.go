package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/adrg/xdg"

	"podlab.dev/podlab/cluster/driver"
)

// Parts is a folder with all that a cluster is made of: root/, the file system of
// its nodes with every program in it; manifests/, its own Pods; images/, their
// images; and parts.json, which says what they are. It is made by
// scripts/node-parts, from the sources that the node image of kind is made of.
type Parts struct {
	Dir string `json:"-"`
	// Version is that of Kubernetes, such as "v1.37.2".
	Version string `json:"version"`
	// Arch is the processor that they run on, in Go's words.
	Arch string `json:"arch"`
	// Hash tells these parts from others of the same version.
	Hash string `json:"hash"`
	// Pause is the reference of the image that holds a Pod's namespaces.
	Pause string `json:"pause"`
}

// PartsVariable names another folder of parts than those that are looked for.
const PartsVariable = "PODLAB_NODE_PARTS"

// FindParts looks for parts where $PODLAB_NODE_PARTS says, else where
// scripts/node-parts leaves them, else where a package may have installed them. The
// error is a [*driver.Error], of kind
// [driver.ErrUnsupported] if there are none.
func FindParts() (*Parts, error) {
	places := []string{os.Getenv(PartsVariable)}
	if places[0] == "" {
		places = []string{filepath.Join(xdg.CacheHome, "podlab", "node", "parts")}
		for _, dir := range xdg.DataDirs {
			places = append(places, filepath.Join(dir, "podlab", "parts"))
		}
	}
	for _, place := range places {
		parts, err := openParts(place)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, &driver.Error{
				Kind: driver.ErrNodeImage,
				What: fmt.Sprintf("the cluster's programs in %s cannot be used: %v", place, err),
				Do:   "make them anew with scripts/node-parts in podlab's checkout, or name others with " + PartsVariable,
				Err:  err,
			}
		}
		return parts, nil
	}
	return nil, &driver.Error{
		Kind: driver.ErrUnsupported,
		What: "the programs of the embedded cluster are not on this machine",
		Do:   "make them once with scripts/node-parts in podlab's checkout, or start a container engine and use --cluster kind",
	}
}

// openParts reads parts.json. The folder's own name is used, not that of a link to
// it, which may point elsewhere tomorrow.
func openParts(dir string) (*Parts, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(filepath.Join(dir, "parts.json"))
	if err != nil {
		return nil, err
	}
	parts := &Parts{Dir: dir}
	if err := json.Unmarshal(raw, parts); err != nil {
		return nil, fmt.Errorf("parts.json: %w", err)
	}
	if parts.Arch != runtime.GOARCH {
		return nil, fmt.Errorf("they are for %s, and this machine is %s", parts.Arch, runtime.GOARCH)
	}
	return parts, nil
}
