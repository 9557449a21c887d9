//go:build linux

package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"time"

	images "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/sys/unix"
)

// keeper is who may use a private registry.
type keeper struct{ user, password string }

// registry runs a registry for images that asks everybody for a name and a
// password, until SIGTERM or SIGINT. It keeps images in memory, and has one at
// the start: this program, which greets with the image's name.
func registry(c *call) error {
	f := c.flags()
	port := f.Int("port", 5000, "TCP `port` to listen on")
	user := f.String("user", os.Getenv("REGISTRY_USER"), "`name` that may use it; REGISTRY_USER in the environment is the default")
	password := f.String("password", os.Getenv("REGISTRY_PASSWORD"), "the `password`; REGISTRY_PASSWORD is the default")
	image := f.String("image", "team/app:v1", "`repository:tag` of the image that is there at the start")
	if _, err := c.parse(f, "--user NAME --password PASSWORD [FLAG]...", 0, 0); err != nil {
		return err
	}
	if *user == "" || *password == "" {
		return errors.New("who may use it? Give --user and --password")
	}
	out := &accessLog{w: c.out}
	handler := images.New(images.Logger(log.New(io.Discard, "", 0)))
	if err := stock(handler, *image); err != nil {
		return fmt.Errorf("image %s: %w", *image, err)
	}
	listener, err := net.Listen("tcp", ":"+strconv.Itoa(*port))
	if err != nil {
		return fmt.Errorf("listen on :%d: %s", *port, reason(err))
	}
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM, unix.SIGINT)
	defer stop()
	server := &http.Server{Handler: out.of(keeper{*user, *password}.guard(handler)), ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	out.printf("registry on :%d, with %s", *port, *image)
	select {
	case err = <-failed:
	case <-ctx.Done():
		out.printf("stopping")
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	return errors.Join(err, server.Shutdown(grace))
}

// guard lets only the keeper through to the registry, and tells all others how
// to say who they are.
func (k keeper) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if subtle.ConstantTimeCompare([]byte(user), []byte(k.user))&subtle.ConstantTimeCompare([]byte(password), []byte(k.password)) != 1 {
			w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintln(w, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// stock puts an image of this program into a registry, as a client would.
func stock(to http.Handler, ref string) error {
	repository, tag, ok := strings.Cut(ref, ":")
	if !ok || repository == "" || tag == "" {
		return errors.New("want repository:tag")
	}
	image, layer, err := ownImage("hello from the private image " + ref)
	if err != nil {
		return err
	}
	config, err := image.RawConfigFile()
	if err != nil {
		return err
	}
	manifest, err := image.RawManifest()
	if err != nil {
		return err
	}
	for _, blob := range [][]byte{layer, config} {
		hash, _, err := v1.SHA256(bytes.NewReader(blob))
		if err != nil {
			return err
		}
		if err := put(to, http.MethodPost, "/v2/"+repository+"/blobs/uploads/?digest="+hash.String(), "application/octet-stream", blob); err != nil {
			return err
		}
	}
	return put(to, http.MethodPut, "/v2/"+repository+"/manifests/"+tag, string(types.OCIManifestSchema1), manifest)
}

// ownImage is an image of this program that serves message. Its only layer is
// returned, too.
func ownImage(message string) (image v1.Image, layer []byte, err error) {
	exe, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return nil, nil, err
	}
	var files bytes.Buffer
	w := tar.NewWriter(&files)
	if err := w.WriteHeader(&tar.Header{Name: "bin/toolbox", Mode: 0o755, Size: int64(len(exe))}); err != nil {
		return nil, nil, err
	}
	if _, err := w.Write(exe); err != nil {
		return nil, nil, err
	}
	if err := w.Close(); err != nil {
		return nil, nil, err
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.AppendLayers(base, static.NewLayer(files.Bytes(), types.OCIUncompressedLayer))
	if err != nil {
		return nil, nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", runtime.GOARCH
	config.Config = v1.Config{Entrypoint: []string{"/bin/toolbox"}, Cmd: []string{"serve"}, Env: []string{"PATH=/bin", "MESSAGE=" + message}}
	image, err = mutate.ConfigFile(image, config)
	return image, files.Bytes(), err
}

// put sends body to a handler, which must say that it was created.
func put(to http.Handler, method, url, mediaType string, body []byte) error {
	request, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", mediaType)
	said := &said{header: http.Header{}}
	to.ServeHTTP(said, request)
	if said.status != http.StatusCreated {
		return fmt.Errorf("%s: %d %s", method, said.status, said.body.String())
	}
	return nil
}

// said is what a handler said.
type said struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (s *said) Header() http.Header         { return s.header }
func (s *said) Write(b []byte) (int, error) { return s.body.Write(b) }
func (s *said) WriteHeader(status int)      { s.status = status }
