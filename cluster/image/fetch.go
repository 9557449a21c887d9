// Package image gets workload images ready for a node that cannot get them itself:
// [Fetch] takes one from its registry, on this side; [OwnedByRoot] fits it to a
// node that knows one user only; [Write] writes the archive that a node imports.
//
//	img, err := image.Fetch(ctx, "example.com/app:1", "amd64")
//	img, err = image.OwnedByRoot(img)
//	err = image.Write(w, "example.com/app:1", img)
package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"podlab.dev/podlab/cluster/driver"
)

// Fetch gets ref for linux/arch (Go's name) from its registry, with the
// credentials that the user's engine has. Its layers are read later, when the image
// is written. The error is a [*driver.Error] of kind [driver.ErrNeeds].
func Fetch(ctx context.Context, ref, arch string) (v1.Image, error) {
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return nil, &driver.Error{
			Kind: driver.ErrNeeds,
			What: fmt.Sprintf("%q is not the name of an image: %v", ref, err),
			Do:   "correct it in the lab's needs",
			Err:  err,
		}
	}
	img, err := remote.Image(parsed,
		remote.WithContext(ctx),
		remote.WithAuthFromKeychain(authn.DefaultKeychain),
		remote.WithPlatform(v1.Platform{OS: "linux", Architecture: arch}))
	if err == nil {
		var config *v1.ConfigFile
		if config, err = img.ConfigFile(); err == nil && config.Architecture != "" && config.Architecture != arch {
			err = fmt.Errorf("%w %s", errOthers, config.Architecture)
		}
	}
	if err != nil {
		return nil, explain(ctx, ref, arch, err)
	}
	return img, nil
}

// errOthers says that an image is for another processor.
var errOthers = errors.New("it is for")

// explain tells the ways apart in which a registry does not give an image.
func explain(ctx context.Context, ref, arch string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("fetch %s: %w", ref, ctx.Err())
	}
	e := &driver.Error{
		Kind: driver.ErrNeeds,
		What: fmt.Sprintf("the lab needs image %s, which is not on the cluster, and its registry cannot be reached: %v", ref, err),
		Do:   "connect to a network where it can be reached; what was fetched once stays",
		Err:  err,
	}
	if refused, ok := errors.AsType[*transport.Error](err); ok {
		switch refused.StatusCode {
		case http.StatusUnauthorized, http.StatusForbidden:
			e.What = fmt.Sprintf("the lab needs image %s, and its registry does not give it to this user", ref)
			e.Do = "log in to the registry with docker login or podman login, then run this again"
		case http.StatusNotFound:
			e.What = fmt.Sprintf("the lab needs image %s, which its registry does not have", ref)
			e.Do = "correct the name in the lab's needs"
		default:
			e.What = fmt.Sprintf("the lab needs image %s, and its registry answers %d", ref, refused.StatusCode)
			e.Do = "run this again later"
		}
		return e
	}
	// The library has words for it, and no type.
	if errors.Is(err, errOthers) || strings.Contains(err.Error(), "no child with platform") {
		e.What = fmt.Sprintf("the lab needs image %s, which is not there for linux/%s: %v", ref, arch, err)
		e.Do = "use an image for this processor"
	}
	return e
}

// Write writes img to w as a docker archive that is tagged ref and nothing else.
func Write(w io.Writer, ref string, img v1.Image) error {
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return fmt.Errorf("write image: %w", err)
	}
	if err := tarball.Write(parsed, img, w); err != nil {
		return fmt.Errorf("write image %s: %w", ref, err)
	}
	return nil
}
