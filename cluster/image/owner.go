package image

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// OwnedByRoot is img with every file owned by user and group 0. On a node that has
// no other user, unpacking a file of anyone else's fails. All else stays. The same
// image always becomes the same image.
func OwnedByRoot(img v1.Image) (v1.Image, error) {
	owned, err := ownedByRoot(img)
	if err != nil {
		return nil, fmt.Errorf("give the files of an image to root: %w", err)
	}
	return owned, nil
}

func ownedByRoot(img v1.Image) (v1.Image, error) {
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	from, err := img.Layers()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.RootFS.DiffIDs = nil
	layers := make([]v1.Layer, len(from))
	for i := range from {
		owned, err := ownedLayer(from[i])
		if err != nil {
			return nil, err
		}
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, owned.diffID)
		if layers[i], err = partial.CompressedToLayer(owned); err != nil {
			return nil, err
		}
	}
	owned, err := mutate.AppendLayers(empty.Image, layers...)
	if err != nil {
		return nil, err
	}
	return mutate.ConfigFile(owned, config)
}

// ownedLayer is the layer with other owners.
func ownedLayer(from v1.Layer) (*layer, error) {
	files, err := from.Uncompressed()
	if err != nil {
		return nil, err
	}
	defer files.Close()
	file, err := scratch()
	if err != nil {
		return nil, err
	}
	digest, diffID := sha256.New(), sha256.New()
	out := bufio.NewWriterSize(io.MultiWriter(file, digest), 1<<16) // gzip writes little at a time
	// A node unpacks it a moment later, so speed counts more than size.
	packed, err := gzip.NewWriterLevel(out, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(reown(io.MultiWriter(packed, diffID), files), packed.Close(), out.Flush()); err != nil {
		return nil, err
	}
	size, err := file.Seek(0, io.SeekCurrent)
	return &layer{file: file, size: size, digest: sum(digest), diffID: sum(diffID), mediaType: types.DockerLayer}, err
}

func sum(h hash.Hash) v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: fmt.Sprintf("%x", h.Sum(nil))}
}

// ownership are the records of a tar entry that would say again who owns it.
var ownership = []string{"uid", "gid", "uname", "gname"}

// reown copies a tar, giving its entries to root.
func reown(w io.Writer, r io.Reader) error {
	out := tar.NewWriter(w)
	for in := tar.NewReader(r); ; {
		h, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeXGlobalHeader { // has records only
			h.Uid, h.Gid, h.Uname, h.Gname = 0, 0, "", ""
			// The one format that has room for everything: names in any language, times
			// to the nanosecond. It looks like the oldest where that is enough.
			h.Format = tar.FormatPAX
		}
		if h.Typeflag == tar.TypeGNUSparse { // its holes are read as zeros
			h.Typeflag = tar.TypeReg
		}
		maps.DeleteFunc(h.PAXRecords, func(key, _ string) bool { return slices.Contains(ownership, key) })
		if err := out.WriteHeader(h); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
		if _, err := io.Copy(out, in); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
	// What comes after the last entry belongs to what is verified.
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	return out.Close()
}
