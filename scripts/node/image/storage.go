package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	provisioner = "github.com/rancher/local-path-provisioner"
	// helperImage makes and removes the directories: the one static image with a shell.
	helperImage = "podlab.dev/storage-helper:v1"
)

func (b *build) provisionerImage() string {
	return "docker.io/rancher/local-path-provisioner:" + b.modules[provisioner].Version
}

// storageManifest is the provisioner's own manifest, fitted to kind's ways: the
// class is the default one and called standard, volumes lie where they outlive a
// restart of the node, and no image need be pulled.
func (b *build) storageManifest() ([]byte, error) {
	raw, err := os.ReadFile(filepath.Join(b.modules[provisioner].Dir, "deploy", "local-path-storage.yaml"))
	if err != nil {
		return nil, err
	}
	return fitStorage(string(raw), b.provisionerImage())
}

func fitStorage(manifest, image string) ([]byte, error) {
	return fit("the storage provisioner's manifest", manifest, [][2]string{
		{"image: " + strings.TrimPrefix(image, "docker.io/"), "image: " + image},
		{"image: busybox", "image: " + helperImage},
		{"/opt/local-path-provisioner", "/var/local-path-provisioner"},
		{"  name: local-path\n", "  name: standard\n  annotations:\n    storageclass.kubernetes.io/is-default-class: \"true\"\n"},
	})
}

// fit edits what others wrote. Each edit must hit exactly once: what has changed
// under it is noticed when building, not on the node.
func fit(what, text string, edits [][2]string) ([]byte, error) {
	for _, edit := range edits {
		if n := strings.Count(text, edit[0]); n != 1 {
			return nil, fmt.Errorf("%s has changed: %q is in it %d times, not once", what, edit[0], n)
		}
		text = strings.Replace(text, edit[0], edit[1], 1)
	}
	return []byte(text), nil
}
