package image_test

import (
	"archive/tar"
	"bytes"
	"io"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"podlab.dev/podlab/cluster/image"
)

func owned(t *testing.T, img v1.Image) v1.Image {
	t.Helper()
	img, err := image.OwnedByRoot(img)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func TestOwnedByRoot(t *testing.T) {
	home(t)
	when := time.Unix(1_700_000_000, 123_456_789).UTC()
	capable := map[string]string{"SCHILY.xattr.security.capability": "\x01\x00\x00\x02=\x00"}
	entries := []tar.Header{
		{Name: "home/app/", Typeflag: tar.TypeDir, Mode: 0o1755, Uid: 1000, Gid: 1000, Uname: "app", Gname: "app"},
		{Name: "bin/su", Typeflag: tar.TypeReg, Mode: 0o4755, Size: 3, Gid: 5, PAXRecords: capable},
		{Name: "bin/sh", Typeflag: tar.TypeSymlink, Linkname: "su", Mode: 0o777, Uid: 1},
		{Name: "bin/hard", Typeflag: tar.TypeLink, Linkname: "bin/su", Mode: 0o4755, Uid: 1},
		{Name: "etc/.wh.gone", Typeflag: tar.TypeReg, Uid: 7},
		{Name: "etc/.wh..wh..opq", Typeflag: tar.TypeReg, Uid: 7},
		{Name: "dev/null", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 3, Mode: 0o666, Gid: 6},
		{Name: "run/pipe", Typeflag: tar.TypeFifo, Mode: 0o600, Uid: 9},
		{Name: "far", Typeflag: tar.TypeReg, Mode: 0o600, Uid: 3_000_000, Gid: 3_000_000_000, Uname: "Jürgen", Format: tar.FormatPAX},
		{Name: "gnu/" + strings.Repeat("long", 60), Typeflag: tar.TypeReg, Uid: 3_000_000, Format: tar.FormatGNU, Size: 1},
		{Name: "exact", Typeflag: tar.TypeReg, Size: 2, ModTime: when, AccessTime: when, ChangeTime: when, Format: tar.FormatPAX},
		{Name: "naïve/ß", Typeflag: tar.TypeReg, Format: tar.FormatGNU},
	}
	from := build(t, "amd64", files(t, entries...), files(t, tar.Header{Name: "second", Typeflag: tar.TypeReg, Uid: 1, Size: 4}))
	img := owned(t, from)
	layers, err := img.Layers()
	if err != nil || len(layers) != 2 {
		t.Fatalf("layers: %d, %v", len(layers), err)
	}
	got, contents := tarOf(t, layers[0])
	if len(got) != len(entries) {
		t.Fatalf("%d entries of %d", len(got), len(entries))
	}
	for i, want := range entries {
		h := got[i]
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" {
			t.Errorf("%s belongs to %d %d %q %q", h.Name, h.Uid, h.Gid, h.Uname, h.Gname)
		}
		for key := range h.PAXRecords {
			if slices.Contains([]string{"uid", "gid", "uname", "gname"}, key) {
				t.Errorf("%s still has the record %s", h.Name, key)
			}
		}
		xattrs := maps.Clone(h.PAXRecords)
		maps.DeleteFunc(xattrs, func(key, _ string) bool { return !strings.HasPrefix(key, "SCHILY") })
		if h.Name != want.Name || h.Mode != want.Mode || h.Linkname != want.Linkname || h.Typeflag != want.Typeflag ||
			h.Devmajor != want.Devmajor || h.Devminor != want.Devminor || len(contents[i]) != int(want.Size) ||
			!maps.Equal(xattrs, want.PAXRecords) ||
			!want.ModTime.IsZero() && !(h.ModTime.Equal(when) && h.AccessTime.Equal(when) && h.ChangeTime.Equal(when)) {
			t.Errorf("got %+v, want %+v", *h, want)
		}
	}

	config, err := img.ConfigFile()
	if err != nil || config.Config.Entrypoint[0] != "/bin/su" || config.Architecture != "amd64" || len(config.History) != 3 || !config.History[2].EmptyLayer {
		t.Errorf("config: %+v, %v", config, err)
	}
	for i, layer := range layers {
		if diffID, err := layer.DiffID(); err != nil || diffID != config.RootFS.DiffIDs[i] {
			t.Errorf("layer %d is %s in the configuration, and %s: %v", i, config.RootFS.DiffIDs[i], diffID, err)
		}
	}
	valid(t, img)

	first, _ := img.Digest()
	if second, _ := owned(t, from).Digest(); first != second {
		t.Errorf("the same image became %s, then %s", first, second)
	}
	if again, _ := owned(t, img).Digest(); first != again {
		t.Errorf("root's own image became another one")
	}
}

// A tar can begin with records for all entries, and hold files with holes.
func TestOwnedByRootOddEntries(t *testing.T) {
	home(t)
	global := tar.Header{Name: "pax_global_header", Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "c", "uid": "77", "gname": "x"}}
	layers, err := owned(t, build(t, "amd64", files(t, global), sparse)).Layers()
	if err != nil {
		t.Fatal(err)
	}
	got, _ := tarOf(t, layers[0])
	if len(got) != 1 || !maps.Equal(got[0].PAXRecords, map[string]string{"comment": "c"}) {
		t.Errorf("global records: %+v", got)
	}
	got, contents := tarOf(t, layers[1])
	if len(got) != 1 || got[0].Typeflag != tar.TypeReg || contents[0] != strings.Repeat("\x00", 1024)+"abcd" || got[0].Uid != 0 {
		t.Errorf("file with a hole: %+v, %q", got, contents)
	}
}

// sparse is a file with a hole of 1024 bytes before "abcd", as GNU tar writes it.
func sparse() (io.ReadCloser, error) {
	block := make([]byte, 512)
	put := func(at int, s string) { copy(block[at:], s) }
	put(0, "holes")
	put(100, "0000644\x000001750\x000001750\x00")
	put(124, "00000000004\x0000000000000\x00")
	put(156, "S")
	put(257, "ustar  \x00")
	put(386, "00000002000\x0000000000004\x00") // the only piece: where, how much
	put(483, "00000002004\x00")                // the whole size
	put(148, "        ")
	var sum int64
	for _, b := range block {
		sum += int64(b)
	}
	put(148, octal(sum)+"\x00 ")
	data := make([]byte, 3*512)
	copy(data, "abcd")
	return io.NopCloser(bytes.NewReader(append(block, data...))), nil
}

func octal(n int64) string {
	digits := make([]byte, 6)
	for i := range digits {
		digits[5-i] = byte('0' + n>>(3*i)&7)
	}
	return string(digits)
}

// Layers can be larger than memory.
func TestOwnedByRootHoldsNoLayer(t *testing.T) {
	home(t)
	const size = 64 << 20
	big := func() (io.ReadCloser, error) {
		r, w := io.Pipe()
		go func() {
			out := tar.NewWriter(w)
			_ = out.WriteHeader(&tar.Header{Name: "big", Typeflag: tar.TypeReg, Size: size, Uid: 1})
			_, _ = io.CopyN(out, rand.NewChaCha8([32]byte{}), size)
			w.CloseWithError(out.Close())
		}()
		return r, nil
	}
	img := build(t, "amd64", big)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	img = owned(t, img)
	if err := image.Write(io.Discard, "example.com/big:1", img); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > size/4 {
		t.Errorf("%d MB of memory for a layer of %d MB", took>>20, size>>20)
	}
}

func TestOwnedByRootOfWhatIsNoTar(t *testing.T) {
	home(t)
	img := build(t, "amd64", func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(strings.Repeat("x", 2000))), nil })
	if _, err := image.OwnedByRoot(img); err == nil {
		t.Error("no error")
	}
}
