package image

import (
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// layer is a layer that lies on disk.
type layer struct {
	file           *os.File
	size           int64
	digest, diffID v1.Hash // of the file, and of what it unpacks to
	mediaType      types.MediaType
}

// These make it a partial.CompressedLayer; many may read it at once.
func (l *layer) Digest() (v1.Hash, error)            { return l.digest, nil }
func (l *layer) DiffID() (v1.Hash, error)            { return l.diffID, nil }
func (l *layer) Size() (int64, error)                { return l.size, nil }
func (l *layer) MediaType() (types.MediaType, error) { return l.mediaType, nil }
func (l *layer) Compressed() (io.ReadCloser, error) {
	return io.NopCloser(io.NewSectionReader(l.file, 0, l.size)), nil
}

// keepLayer copies a layer to disk as it is.
func keepLayer(from v1.Layer, digest v1.Hash) (*layer, error) {
	l := &layer{digest: digest}
	var err error
	if l.diffID, err = from.DiffID(); err != nil {
		return nil, err
	}
	if l.mediaType, err = from.MediaType(); err != nil {
		return nil, err
	}
	blob, err := from.Compressed() // what its registry sends is verified on the way
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	if l.file, err = scratch(); err != nil {
		return nil, err
	}
	l.size, err = io.Copy(l.file, blob)
	return l, err
}

// scratch makes a file without a name, in the user's cache because /tmp may be
// memory. Its room is free again when nobody refers to it any more, or when the
// process ends, however it ends.
func scratch() (*os.File, error) {
	dir := os.TempDir()
	if cache, err := os.UserCacheDir(); err == nil {
		dir = filepath.Join(cache, "podlab")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(dir, ".layer-*")
	if err != nil {
		return nil, err
	}
	return file, os.Remove(file.Name())
}
