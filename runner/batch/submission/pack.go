package submission

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"path"
)

// Pack writes what was taken of a submission as a .tar.gz, which opens as the same.
func (s *Submission) Pack(w io.Writer) error {
	z := gzip.NewWriter(w)
	t := tar.NewWriter(z)
	for _, f := range s.Files {
		name := path.Join(append(append([]string{}, s.wrap...), f.Name)...)
		if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o600, Size: int64(len(f.Data)), ModTime: s.Modified}); err != nil {
			return err
		}
		if _, err := t.Write(f.Data); err != nil {
			return err
		}
	}
	return errors.Join(t.Close(), z.Close())
}
