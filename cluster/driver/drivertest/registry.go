package drivertest

import (
	"io"
	"log"
	"net/http/httptest"
	"runtime"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"podlab.dev/podlab/cluster/toolbox"
)

// Push puts the toolbox, under another name, into a registry on this machine's
// loopback, which nodes cannot reach. The registry is there until stop is called.
func Push() (ref string, stop func(), err error) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer func() {
		if err != nil {
			server.Close()
		}
	}()
	tag, err := name.NewTag(strings.TrimPrefix(server.URL, "http://") + "/lab/app:1")
	if err != nil {
		return "", nil, err
	}
	img, err := toolbox.Image(runtime.GOARCH)
	if err != nil {
		return "", nil, err
	}
	if err := remote.Write(tag, img); err != nil {
		return "", nil, err
	}
	return tag.String(), server.Close, nil
}
