package main

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// image is a container image: what `docker load` and `ctr images import` take is
// a tar of its layers, a config and a manifest. Layers are tar files; the same
// file in several images is stored once.
type image struct {
	tags   []string
	layers []string
	config config
	// created tells the engine's list which image is newer; none means the epoch.
	created time.Time
}

// config is the part of an image's config that is used here.
type config struct {
	User       string            `json:",omitempty"`
	Env        []string          `json:",omitempty"`
	Entrypoint []string          `json:",omitempty"`
	StopSignal string            `json:",omitempty"`
	Labels     map[string]string `json:",omitempty"`
}

// epoch is the time of every file that is made here: the same sources, the same
// bytes.
var epoch = time.Unix(0, 0).UTC()

// writeArchive writes images as one docker archive.
func writeArchive(w io.Writer, images ...image) error {
	type entry struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	tw := tar.NewWriter(w)
	digests := map[string]string{}
	var manifest []entry
	for _, img := range images {
		e := entry{RepoTags: img.tags}
		diffIDs := []string{}
		for _, path := range img.layers {
			if digests[path] == "" {
				// The name must be known before the bytes, and hashing is cheaper
				// than a second copy: read twice.
				digest, err := fileDigest(path)
				if err != nil {
					return err
				}
				digests[path] = digest
				if err := addFile(tw, digest+"/layer.tar", path, 0o644); err != nil {
					return err
				}
			}
			diffIDs = append(diffIDs, "sha256:"+digests[path])
			e.Layers = append(e.Layers, digests[path]+"/layer.tar")
		}
		if img.created.IsZero() {
			img.created = epoch
		}
		raw, err := json.Marshal(map[string]any{
			"architecture": runtime.GOARCH, "os": "linux", "created": img.created, "config": img.config,
			"rootfs": map[string]any{"type": "layers", "diff_ids": diffIDs},
		})
		if err != nil {
			return err
		}
		e.Config = fmt.Sprintf("%x.json", sha256.Sum256(raw))
		if err := addBytes(tw, e.Config, raw, 0o644); err != nil {
			return err
		}
		manifest = append(manifest, e)
	}
	raw, err := json.Marshal(manifest)
	if err != nil {
		return err
	}
	if err := addBytes(tw, "manifest.json", raw, 0o644); err != nil {
		return err
	}
	return tw.Close()
}

func writeArchiveFile(path string, images ...image) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := writeArchive(f, images...); err != nil {
		return err
	}
	return f.Close()
}

func fileDigest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func addFile(tw *tar.Writer, name, from string, mode int64) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := tw.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: info.Size(), ModTime: epoch}); err != nil {
		return err
	}
	_, err = io.Copy(tw, f)
	return err
}

func addBytes(tw *tar.Writer, name string, content []byte, mode int64) error {
	if err := tw.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: int64(len(content)), ModTime: epoch}); err != nil {
		return err
	}
	_, err := tw.Write(content)
	return err
}

func addLink(tw *tar.Writer, name, target string) error {
	return tw.WriteHeader(&tar.Header{Name: name, Linkname: target, Typeflag: tar.TypeSymlink, Mode: 0o777, ModTime: epoch})
}

func addDir(tw *tar.Writer, name string, mode int64) error {
	return tw.WriteHeader(&tar.Header{Name: name + "/", Typeflag: tar.TypeDir, Mode: mode, ModTime: epoch})
}

// writeTar writes a tar file aside and renames it when whole.
func writeTar(path string, fill func(*tar.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	tw := tar.NewWriter(f)
	if err := fill(tw); err != nil {
		return err
	}
	if err := tw.Close(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
