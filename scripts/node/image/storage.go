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
	for _, edit := range [][2]string{
		{"image: " + strings.TrimPrefix(image, "docker.io/"), "image: " + image},
		{"image: busybox", "image: " + helperImage},
		{"/opt/local-path-provisioner", "/var/local-path-provisioner"},
		{"  name: local-path\n", "  name: standard\n  annotations:\n    storageclass.kubernetes.io/is-default-class: \"true\"\n"},
	} {
		if strings.Count(manifest, edit[0]) != 1 {
			return nil, fmt.Errorf("the storage provisioner's manifest has changed: not one %q in it", edit[0])
		}
		manifest = strings.Replace(manifest, edit[0], edit[1], 1)
	}
	return []byte(manifest), nil
}
