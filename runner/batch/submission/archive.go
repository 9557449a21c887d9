package submission

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// form is what a file is.
type form int

const (
	unknown form = iota
	zipped
	tarred
	gzipped // a tar within gzip
	evidence
	manifest
)

// recognize says what a file is by how it begins, and goes back to its beginning.
func recognize(f *os.File, name string) (form, error) {
	head := make([]byte, 512)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return unknown, err
	}
	_, err = f.Seek(0, io.SeekStart)
	return formOf(head[:n], strings.ToLower(name)), err
}

func formOf(head []byte, name string) form {
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return zipped
	case isTar(head):
		return tarred
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(bytes.NewReader(head))
		if err != nil {
			return gzipped
		}
		within := make([]byte, 262)
		n, _ := io.ReadFull(z, within) // it may break off: the head does
		if n > 0 && within[0] == '{' && !isTar(within[:n]) {
			return evidence
		}
		return gzipped
	case slices.ContainsFunc([]string{".yaml", ".yml", ".json"}, func(end string) bool { return strings.HasSuffix(name, end) }):
		return manifest
	}
	return unknown
}

// isTar tells a tar by the mark that all but those of the seventies have.
func isTar(head []byte) bool { return len(head) >= 262 && string(head[257:262]) == "ustar" }

// zip takes what is in a zip. Only its table of contents counts; what lies between
// the entries does not exist.
func (in *intake) zip(f io.ReaderAt, size int64) error {
	z, err := zip.NewReader(f, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // such names are refused one by one
		return refused("pack it again", "is no whole zip: %s", clip(err.Error()))
	}
	if len(z.File) > maxEntries {
		return refused("hand in the manifests only", "has more than %d files", maxEntries)
	}
	if overlap(z.File) {
		return refused("pack it again", "has files that lie within each other, which no program packs")
	}
	for _, f := range z.File {
		mode := f.Mode().Type()
		if strings.HasSuffix(f.Name, "/") {
			mode = fs.ModeDir
		}
		err := in.take(entry{name: f.Name, mode: mode, modified: f.Modified, open: func() (io.ReadCloser, error) {
			if f.Flags&1 != 0 {
				return nil, errors.New("it is encrypted")
			}
			return f.Open()
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// overlap tells whether two entries of a zip share bytes, as those of a bomb do.
func overlap(files []*zip.File) bool {
	type span struct{ from, to uint64 }
	var spans []span
	for _, f := range files {
		at, err := f.DataOffset()
		if err != nil || f.CompressedSize64 == 0 {
			continue // opening it says what is wrong with it
		}
		spans = append(spans, span{uint64(at), uint64(at) + f.CompressedSize64})
	}
	slices.SortFunc(spans, func(a, b span) int {
		switch {
		case a.from < b.from:
			return -1
		case a.from > b.from:
			return 1
		}
		return 0
	})
	for i := 1; i < len(spans); i++ {
		if spans[i].from < spans[i-1].to {
			return true
		}
	}
	return false
}

// targz takes what is in a compressed tar.
func (in *intake) targz(r io.Reader) error {
	z, err := gzip.NewReader(r)
	if err != nil {
		return refused("pack it again", "is no whole archive: %s", clip(err.Error()))
	}
	return in.tar(&stream{r: z})
}

// stream is a reader that gives up after maxStream bytes.
type stream struct {
	r    io.Reader
	read int64
}

func (s *stream) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	if s.read += int64(n); s.read > maxStream {
		return 0, refused("leave out all but the manifests", "has more than %d MiB, unpacked", maxStream>>20)
	}
	return n, err
}

// tar takes what is in a tar.
func (in *intake) tar(r io.Reader) error {
	t := tar.NewReader(r)
	for n := 0; ; n++ {
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, new(*RefusedError)):
			return err
		case errors.Is(err, tar.ErrInsecurePath): // it is refused by itself
		case err != nil && n == 0:
			return refused("pack it as .zip or .tar.gz", "is no archive that can be read: %s", clip(err.Error()))
		case err != nil:
			return refused("pack it again", "is an archive that breaks off: %s", clip(err.Error()))
		}
		mode := h.FileInfo().Mode().Type()
		switch h.Typeflag {
		case tar.TypeXGlobalHeader: // git archive writes one
			continue
		case tar.TypeLink:
			if err := in.link(h.Name); err != nil {
				return err
			}
			continue
		case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse, tar.TypeDir, tar.TypeSymlink, tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		default:
			mode = fs.ModeIrregular
		}
		if err := in.take(entry{name: h.Name, mode: mode, modified: h.ModTime, open: func() (io.ReadCloser, error) { return io.NopCloser(t), nil }}); err != nil {
			return err
		}
	}
}

// link refuses a hard link: what it leads to may not be in the archive.
func (in *intake) link(name string) error {
	if err := in.count(); err != nil {
		return err
	}
	if clean, why := cleanName(name); why != "" {
		in.refuse(name, why)
	} else if !ignored(clean) {
		in.refuse(clean, "is a hard link; put a copy of the file in its place")
	}
	return nil
}
