package image

import (
	"archive/tar"
	"fmt"
	"io"
	"maps"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// OwnedByRoot is img with every file owned by user and group 0. On a node that has
// no other user, unpacking a file of anyone else's fails. All else stays; layers
// are passed through, not held.
func OwnedByRoot(img v1.Image) (v1.Image, error) {
	layers, err := img.Layers()
	if err != nil {
		return nil, fmt.Errorf("change owners: %w", err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("change owners: %w", err)
	}
	config = config.DeepCopy()
	// What tells the layers of the old image apart, [mutate] adds again.
	bare := config.DeepCopy()
	bare.RootFS.DiffIDs, bare.History = nil, nil
	owned, err := mutate.ConfigFile(empty.Image, bare)
	if err != nil {
		return nil, fmt.Errorf("change owners: %w", err)
	}
	for _, layer := range layers {
		opened, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return ownedLayer(layer) })
		if err != nil {
			return nil, fmt.Errorf("change owners: %w", err)
		}
		if owned, err = mutate.AppendLayers(owned, opened); err != nil {
			return nil, fmt.Errorf("change owners: %w", err)
		}
	}
	return owned, nil
}

// ownedLayer is the layer's tar with other owners.
func ownedLayer(layer v1.Layer) (io.ReadCloser, error) {
	from, err := layer.Uncompressed()
	if err != nil {
		return nil, err
	}
	read, write := io.Pipe()
	go func() {
		defer from.Close()
		write.CloseWithError(reown(write, from))
	}()
	return read, nil
}

// ownership are the records of a tar entry that would say again who owns it.
var ownership = []string{"uid", "gid", "uname", "gname"}

func reown(w io.Writer, r io.Reader) error {
	out := tar.NewWriter(w)
	for in := tar.NewReader(r); ; {
		h, err := in.Next()
		if err == io.EOF {
			return out.Close()
		}
		if err != nil {
			return err
		}
		h.Uid, h.Gid, h.Uname, h.Gname = 0, 0, "", ""
		if len(h.PAXRecords) > 0 {
			h.PAXRecords = maps.Clone(h.PAXRecords)
			maps.DeleteFunc(h.PAXRecords, func(key, _ string) bool { return slices.Contains(ownership, key) })
		}
		if err := out.WriteHeader(h); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
		if _, err := io.Copy(out, in); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
}
