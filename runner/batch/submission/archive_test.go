package submission

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

const config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"

// tarball packs headers; a regular file has config in it.
func tarball(t testing.TB, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		data := []byte(config)
		if h.Typeflag != 0 && h.Typeflag != tar.TypeReg {
			data = nil
		}
		h.Size = int64(len(data))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func packed(t testing.TB, r io.Reader) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.Copy(z, r); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// zipball packs files, each made by a function.
func zipball(t testing.TB, add ...func(z *zip.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range add {
		if err := f(z); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func stored(h *zip.FileHeader, data []byte) func(z *zip.Writer) error {
	return func(z *zip.Writer) error {
		w, err := z.CreateHeader(h)
		if err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	}
}

func named(name string) *zip.FileHeader { return &zip.FileHeader{Name: name, Method: zip.Deflate} }

// bomb is 16 MiB of white space, which YAML has nothing against, n times, as deflate
// has it.
func bomb(t testing.TB, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err == nil {
		_, err = w.Write(bytes.Repeat([]byte{' '}, 16<<20))
	}
	if err := errors.Join(err, w.Flush()); err != nil {
		t.Fatal(err)
	}
	one := bytes.Clone(b.Bytes()) // it refers to nothing before it
	b.Reset()
	w.Reset(&b)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return append(bytes.Repeat(one, n), b.Bytes()...)
}

// bombed is head and then a gigabyte, within gzip.
func bombed(t testing.TB, head []byte) []byte {
	t.Helper()
	member := append([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}, bomb(t, 64)...)
	return append(packed(t, bytes.NewReader(head)), append(member, make([]byte, 8)...)...)
}

// special is a header of a tar that writers do not write, with its content.
func special(t testing.TB, kind byte, name string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(data))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	h := b.Bytes()
	h[156] = kind
	copy(h[148:156], "        ")
	sum := 0
	for _, c := range h[:512] {
		sum += int(c)
	}
	copy(h[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return h
}

// record is one of the extended header of a tar.
func record(key, value string) string {
	for n := len(key) + len(value) + 3; ; n++ {
		if s := fmt.Sprintf("%d %s=%s\n", n, key, value); len(s) == n {
			return s
		}
	}
}

// lying is a zip whose only file says that it has size bytes, and has others.
func lying(t testing.TB, name string, size uint64, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(data) //nolint:errcheck // into memory
	w.Close()     //nolint:errcheck // into memory
	return zipball(t, raw(name, b.Bytes(), crc32.ChecksumIEEE(data), size))
}

// raw is a file of a zip that is compressed already.
func raw(name string, data []byte, sum uint32, size uint64) func(z *zip.Writer) error {
	return func(z *zip.Writer) error {
		w, err := z.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Deflate, CRC32: sum, CompressedSize64: uint64(len(data)), UncompressedSize64: size})
		if err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	}
}

// overlapping is a zip whose table of contents names one file n times.
func overlapping(t testing.TB, n int) []byte {
	t.Helper()
	whole := zipball(t, stored(named("a.yaml"), []byte(config)))
	at := bytes.Index(whole, []byte("PK\x01\x02"))
	end := bytes.LastIndex(whole, []byte("PK\x05\x06"))
	head := whole[at:end]
	var b bytes.Buffer
	b.Write(whole[:at])
	for i := range n {
		h := bytes.Clone(head)
		copy(h[46:], fmt.Sprintf("%c.yaml", 'a'+i))
		b.Write(h)
	}
	size := b.Len() - at
	e := bytes.Clone(whole[end:])
	binary.LittleEndian.PutUint16(e[8:], uint16(n))
	binary.LittleEndian.PutUint16(e[10:], uint16(n))
	binary.LittleEndian.PutUint32(e[12:], uint32(size))
	b.Write(e)
	return b.Bytes()
}

// crowd is a zip of n empty files.
func crowd(t testing.TB, n int) []byte {
	t.Helper()
	return zipball(t, func(z *zip.Writer) error {
		for i := range n {
			if _, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprint(i)}); err != nil {
				return err
			}
		}
		return nil
	})
}

// TestHostileArchives are archives that no honest program makes. Each has a good
// file, a.yaml, if anything of it can be taken.
func TestHostileArchives(t *testing.T) {
	good := stored(named("a.yaml"), []byte(config))
	header := tar.Header{Name: "a.yaml", Mode: 0o644}
	long := strings.Repeat("x", 300) + ".yaml"
	tests := []struct {
		name string
		file string
		data func(t testing.TB) []byte
		// refused are FILE|OBJECT|reason where the good file is taken, whole is what is
		// wrong where nothing is.
		refused []string
		whole   string
	}{
		{name: "tar with links, devices and a pipe", file: "s.tar", data: func(t testing.TB) []byte {
			return tarball(t, header,
				tar.Header{Name: "link.yaml", Typeflag: tar.TypeSymlink, Linkname: "/etc/shadow"},
				tar.Header{Name: "hard.yaml", Typeflag: tar.TypeLink, Linkname: "/etc/shadow"},
				tar.Header{Name: "zero.yaml", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 5},
				tar.Header{Name: "disk.yaml", Typeflag: tar.TypeBlock, Devmajor: 8},
				tar.Header{Name: "pipe.yaml", Typeflag: tar.TypeFifo},
				tar.Header{Name: "odd.yaml", Typeflag: 'V'})
		}, refused: []string{
			"link.yaml||is a symbolic link", "hard.yaml||is a hard link", "zero.yaml||is a device", "disk.yaml||is a device",
			"pipe.yaml||is a pipe", "odd.yaml||is neither a file nor a folder",
		}},
		{name: "tar with names that lead out", file: "s.tar", data: func(t testing.TB) []byte {
			return tarball(t, header, tar.Header{Name: "../b.yaml"}, tar.Header{Name: "/b.yaml"}, tar.Header{Name: "a/../../b.yaml"},
				tar.Header{Name: "../link", Typeflag: tar.TypeLink, Linkname: "x"})
		}, refused: []string{"../b.yaml||leads out", "/b.yaml||begins at the root", "a/../../b.yaml||leads out", "../link||leads out"}},
		{name: "tar with odd names", file: "s.tar", data: func(t testing.TB) []byte {
			return tarball(t, header, tar.Header{Name: "b\xff.yaml"}, tar.Header{Name: "b\x1b[2J.yaml"}, tar.Header{Name: long})
		}, refused: []string{"b\uFFFD.yaml||not UTF-8", "b\\x1b[2J.yaml||control characters", long[:120] + "…||has a name of 305 bytes"}},
		{name: "tar with a file twice", file: "s.tar", data: func(t testing.TB) []byte {
			return tarball(t, header, tar.Header{Name: "./a.yaml"}, tar.Header{Name: "a.yaml/", Typeflag: tar.TypeDir}, tar.Header{Name: "b//a.yaml"}, tar.Header{Name: "b/./a.yaml"})
		}, refused: []string{"a.yaml||a second time", "b/a.yaml||a second time"}},
		{name: "tar that says nothing", file: "s.tar", data: func(t testing.TB) []byte { return tarball(t) }, whole: "is no archive, manifest or file of evidence"},
		{name: "tar that breaks off", file: "s.tar", data: func(t testing.TB) []byte {
			return tarball(t, header, tar.Header{Name: "b.yaml"})[:1024+512+20]
		}, whole: "breaks off"},
		{name: "tar of 100 000 files", file: "s.tgz", data: func(t testing.TB) []byte {
			headers := make([]tar.Header, 100_000)
			for i := range headers {
				headers[i] = tar.Header{Name: fmt.Sprintf(".git/%d", i), Typeflag: tar.TypeSymlink, Linkname: "x"}
			}
			return packed(t, bytes.NewReader(tarball(t, headers...)))
		}, whole: "has more than 10000 files"},
		{name: "gigabyte in a file of a tar", file: "s.tar.gz", data: func(t testing.TB) []byte {
			var head bytes.Buffer
			if err := tar.NewWriter(&head).WriteHeader(&tar.Header{Name: "a.txt", Size: 1 << 30}); err != nil {
				t.Fatal(err)
			}
			return bombed(t, head.Bytes())
		}, whole: "has more than 32 MiB, unpacked"},
		{name: "gigabyte that is no tar", file: "s.tar.gz", data: func(t testing.TB) []byte { return bombed(t, make([]byte, 600)) }, whole: "is no archive that can be read"},
		{name: "sparse file", file: "s.tar", data: func(t testing.TB) []byte {
			// A hole of a gigabyte, in the format 1.0 of GNU: a map that has no pieces.
			records := record("GNU.sparse.major", "1") + record("GNU.sparse.minor", "0") + record("GNU.sparse.name", "b.yaml") + record("GNU.sparse.realsize", "1073741824")
			b := append(special(t, 'x', "x", []byte(records)), special(t, '0', "b", append([]byte("0\n"), make([]byte, 510)...))...)
			return append(b, tarball(t, header)...)
		}, refused: []string{"b.yaml||is larger than 1 MiB"}},

		{name: "zip with a link and a device", file: "s.zip", data: func(t testing.TB) []byte {
			link, device := named("link.yaml"), named("disk.yaml")
			link.SetMode(os.ModeSymlink | 0o777)
			device.SetMode(os.ModeDevice | 0o666)
			return zipball(t, good, stored(link, []byte("/etc/shadow")), stored(device, nil))
		}, refused: []string{"link.yaml||is a symbolic link", "disk.yaml||is a device"}},
		{name: "zip with odd names", file: "s.zip", data: func(t testing.TB) []byte {
			return zipball(t, good, stored(named("../b.yaml"), nil), stored(named("/b.yaml"), nil), stored(named(`..\b.yaml`), nil), stored(named("b\x00.yaml"), nil),
				stored(named("b\xff.yaml"), nil), stored(named(strings.Repeat("x", 60_000)+".yaml"), nil), stored(named(""), nil))
		}, refused: []string{
			"../b.yaml||leads out", "/b.yaml||begins at the root", `..\b.yaml||backslash`, "b\\x00.yaml||control characters",
			"b\uFFFD.yaml||not UTF-8", strings.Repeat("x", 120) + "…||has a name of 60005 bytes",
		}},
		{name: "zip with a file twice", file: "s.zip", data: func(t testing.TB) []byte {
			return zipball(t, good, stored(named("a.yaml"), []byte("kind: Namespace")))
		}, refused: []string{"a.yaml||a second time"}},
		{name: "zip of 60 000 files", file: "s.zip", data: func(t testing.TB) []byte { return crowd(t, 60_000) }, whole: "has more than 10000 files"},
		{name: "zip of 100 000 files", file: "s.zip", data: func(t testing.TB) []byte { return crowd(t, 100_000) }, whole: "at most 8 MiB are read"},
		{name: "zip of a gigabyte", file: "s.zip", data: func(t testing.TB) []byte {
			return zipball(t, good, raw("b.yaml", bomb(t, 64), 0, 1<<30))
		}, refused: []string{"b.yaml||is larger than 1 MiB"}},
		{name: "zip of many large files", file: "s.zip", data: func(t testing.TB) []byte {
			large, all := bomb(t, 1), []func(z *zip.Writer) error{good}
			for i := range 200 {
				all = append(all, raw(fmt.Sprintf("b%d.yaml", i), large, 0, 16<<20))
			}
			return zipball(t, all...)
		}, whole: "has more than 4 MiB, unpacked"},
		{name: "zip of 201 manifests", file: "s.zip", data: func(t testing.TB) []byte {
			return zipball(t, func(z *zip.Writer) error {
				for i := range 201 {
					if err := stored(named(fmt.Sprintf("b%d.yaml", i)), []byte(config))(z); err != nil {
						return err
					}
				}
				return nil
			})
		}, whole: "has more than 200 manifests"},
		{name: "zip that says too little", file: "s.zip", data: func(t testing.TB) []byte { return lying(t, "a.yaml", 10, bytes.Repeat([]byte(config), 100)) }, whole: "a.yaml: cannot be read"},
		{name: "zip that says too much", file: "s.zip", data: func(t testing.TB) []byte { return lying(t, "a.yaml", 1<<60, []byte(config)) }, whole: "a.yaml: cannot be read"},
		{name: "zip whose files are one", file: "s.zip", data: func(t testing.TB) []byte { return overlapping(t, 20) }, whole: "lie within each other"},
		{name: "zip that is encrypted", file: "s.zip", data: func(t testing.TB) []byte {
			b := zipball(t, good)
			b[bytes.Index(b, []byte("PK\x01\x02"))+8] |= 1
			return b
		}, whole: "a.yaml: cannot be read, it is encrypted"},
		{name: "zip with an unknown method", file: "s.zip", data: func(t testing.TB) []byte {
			b := zipball(t, good)
			b[bytes.Index(b, []byte("PK\x01\x02"))+10] = 99
			return b
		}, whole: "a.yaml: cannot be read, zip: unsupported compression algorithm"},
		{name: "zip that is changed", file: "s.zip", data: func(t testing.TB) []byte {
			b := zipball(t, stored(&zip.FileHeader{Name: "a.yaml"}, []byte(config)))
			b[bytes.Index(b, []byte("ConfigMap"))] = 'c'
			return b
		}, whole: "a.yaml: cannot be read, zip: checksum error"},
		{name: "zip that breaks off", file: "s.zip", data: func(t testing.TB) []byte { b := zipball(t, good); return b[:len(b)-10] }, whole: "is no whole zip"},
		{name: "zip in a zip", file: "s.zip", data: func(t testing.TB) []byte {
			return zipball(t, good, stored(named("b.zip"), zipball(t, good)))
		}, refused: []string{"b.zip||an archive within the submission"}},
		{name: "zip that calls itself a tar", file: "s.tar", data: func(t testing.TB) []byte { return zipball(t, good) }},
		{name: "tar that calls itself a manifest", file: "s.yaml", data: func(t testing.TB) []byte { return tarball(t, header) }},

		{name: "other archive", file: "s.rar", data: func(t testing.TB) []byte { return []byte("Rar!\x1a\x07\x00") }, whole: "is no archive, manifest or file of evidence"},
		{name: "nothing", file: "s.zip", data: func(t testing.TB) []byte { return nil }, whole: "is no archive, manifest or file of evidence"},
		{name: "large archive", file: "s.tar", data: func(t testing.TB) []byte { return append(tarball(t, header), make([]byte, 9<<20)...) }, whole: "has 9 MiB; at most 8 MiB are read"},
		{name: "manifest in UTF-16", file: "s.yaml", data: func(t testing.TB) []byte { return []byte("\xff\xfea\x00:\x00") }, whole: "is not text in UTF-8"},
		{name: "large manifest", file: "s.yaml", data: func(t testing.TB) []byte { return make([]byte, 2<<20) }, whole: "is larger than 1 MiB"},
		{name: "evidence that is not whole", file: "s.evidence", data: func(t testing.TB) []byte {
			return packed(t, strings.NewReader(`{"format":"evidence/v1","entries":3}`+"\n"))
		}, whole: "cannot be taken: the evidence has 0 entries and says that it has 3"},
		{name: "evidence of a gigabyte", file: "s.evidence", data: func(t testing.TB) []byte {
			return bombed(t, []byte(`{"format":"evidence/v1"`))
		}, whole: "a line is too long"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := save(t, tt.file, tt.data(t))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			s, err := Open(path)
			runtime.ReadMemStats(&after)
			// Whoever unpacks a gigabyte into memory takes more, by far.
			if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 100 {
				t.Errorf("it took %d MiB", mb)
			}
			if tt.whole != "" {
				var refused *RefusedError
				if !errors.As(err, &refused) || !strings.Contains(err.Error(), tt.whole) || refused.Do == "" {
					t.Errorf("got %v, want %q", err, tt.whole)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			compare(t, s.Refusals, tt.refused)
			if string(s.Files[0].Data) != config || s.Files[0].Name != "a.yaml" {
				t.Errorf("the good file is %+v", s.Files[0])
			}
		})
	}
}

// TestHostileFolder has what a folder can have and an archive cannot.
func TestHostileFolder(t *testing.T) {
	dir, secret := t.TempDir(), save(t, "secret.yaml", []byte("token: secret"))
	write := func(name string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(config), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"a.yaml", ".git/objects/x.yaml", "README.yaml", "notes.txt", "__MACOSX/._a.yaml", ".hidden.yaml", "odd\xff.yaml"} {
		write(name)
	}
	if err := errors.Join(os.Symlink(secret, filepath.Join(dir, "link.yaml")), os.Symlink("/etc", filepath.Join(dir, "etc")), os.Symlink(".", filepath.Join(dir, "loop"))); err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, s.Refusals, []string{"link.yaml||is a symbolic link", "etc||is a symbolic link", "loop||is a symbolic link", "odd\uFFFD.yaml||not UTF-8"})
	if len(s.Files) != 1 || s.Files[0].Name != "a.yaml" {
		t.Errorf("files are %+v", s.Files)
	}

	// A link among the submissions is no submission, wherever it leads.
	for _, to := range []string{secret, dir} {
		link := filepath.Join(t.TempDir(), "ada.yaml")
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
		if s, err := Open(link); !errors.As(err, new(*RefusedError)) || !strings.Contains(err.Error(), "is a symbolic link") {
			t.Errorf("a link to %s is %+v, %v", to, s, err)
		}
	}
	if _, err := Open(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) || errors.As(err, new(*RefusedError)) {
		t.Errorf("what is not there is %v", err)
	}
}

// TestFolderThatCannotBeRead is the student's doing, if an archive was unpacked as it
// says.
func TestFolderThatCannotBeRead(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root reads everything")
	}
	dir := t.TempDir()
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(config), 0o600), os.WriteFile(filepath.Join(dir, "b.yaml"), nil, 0), os.Mkdir(filepath.Join(dir, "c"), 0)); err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, s.Refusals, []string{"b.yaml||cannot be read", "c||is a folder that cannot be read"})
}
