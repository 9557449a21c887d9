// Package image gets workload images ready for a node that cannot get them itself:
// [Fetch] takes one from its registry, on this side; [OwnedByRoot] fits it to a
// node that knows one user only; [Write] writes the archive that a node imports.
//
//	img, err := image.Fetch(ctx, "example.com/app:1", "amd64")
//	img, err = image.OwnedByRoot(img)
//	err = image.Write(w, "example.com/app:1", img)
//
// Layers can be gigabytes, so they lie on disk, in files that nobody has to remove.
package image

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"podlab.dev/podlab/cluster/driver"
)

// Fetch gets ref for linux/arch (Go's name) from its registry, layers included,
// with the credentials that the user's engine has. Errors are [*driver.Error]s of
// kind [driver.ErrNeeds] that tell apart a registry that cannot be reached, one that
// refuses this user, and one that lacks the image or has it for other processors
// only.
func Fetch(ctx context.Context, ref, arch string) (v1.Image, error) {
	tag, err := parse(ref)
	if err != nil {
		return nil, err
	}
	img, err := fetch(ctx, tag, v1.Platform{OS: "linux", Architecture: arch})
	if err != nil {
		return nil, explain(ctx, tag, arch, err)
	}
	return img, nil
}

// parse reads the name of an image. An archive cannot say the digest that an image
// has in its registry, so only tags will do.
func parse(ref string) (name.Tag, error) {
	tag, err := name.NewTag(ref)
	if err != nil {
		return tag, &driver.Error{
			Kind: driver.ErrNeeds,
			What: fmt.Sprintf("%q is not the name of an image with a tag", ref),
			Do:   "name it in the lab's needs and its manifests by a tag, such as example.com/app:1",
			Err:  err,
		}
	}
	return tag, nil
}

// errPlatform is an image for other processors or another system only.
var errPlatform = errors.New("no such platform")

func fetch(ctx context.Context, tag name.Tag, platform v1.Platform) (v1.Image, error) {
	img, err := remote.Image(tag,
		remote.WithContext(ctx),
		remote.WithAuthFromKeychain(authn.DefaultKeychain),
		remote.WithPlatform(platform),
		remote.WithTransport(impatient()),
		remote.WithRetryBackoff(remote.Backoff{Duration: time.Second, Factor: 1, Steps: 2}),
		remote.WithUserAgent("podlab"))
	if err != nil {
		return nil, err
	}
	// The registry chose by platform only if it had a choice.
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	if is := config.Platform(); is != nil && !is.Satisfies(platform) {
		return nil, fmt.Errorf("%w: it is for %s", errPlatform, is)
	}
	return keep(img)
}

// impatient gives up soon on a registry that does not answer: an offline machine
// may have a route that leads nowhere.
func impatient() http.RoundTripper {
	const answerWithin = 10 * time.Second
	t := remote.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Timeout: answerWithin}).DialContext
	t.ResponseHeaderTimeout = answerWithin
	return t
}

// kept is an image whose layers have been read and lie on disk.
type kept struct {
	v1.Image // as its registry describes it
	layers   map[v1.Hash]*layer
}

// keep reads the layers of img.
func keep(img v1.Image) (v1.Image, error) {
	layers, err := img.Layers()
	if err != nil {
		return nil, err
	}
	k := &kept{Image: img, layers: map[v1.Hash]*layer{}}
	for _, l := range layers {
		digest, err := l.Digest()
		if err != nil {
			return nil, err
		}
		if k.layers[digest] != nil {
			continue
		}
		if k.layers[digest], err = keepLayer(l, digest); err != nil {
			return nil, err
		}
	}
	return partial.CompressedToImage(k)
}

// LayerByDigest is what [partial.CompressedToImage] needs.
func (k *kept) LayerByDigest(digest v1.Hash) (partial.CompressedLayer, error) {
	if l := k.layers[digest]; l != nil {
		return l, nil
	}
	return nil, fmt.Errorf("image has no layer %s", digest)
}
