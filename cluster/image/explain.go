package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"podlab.dev/podlab/cluster/driver"
)

// explain tells the ways apart in which an image cannot be had.
func explain(ctx context.Context, ref name.Tag, arch string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("fetch %s: %w", ref, ctx.Err())
	}
	kind, why, do := driver.ErrNeeds, "", ""
	registry := ref.Context().RegistryStr()
	if registry == name.DefaultRegistry { // everybody knows it without "index."
		registry = strings.TrimPrefix(registry, "index.")
	}
	refused, answered := errors.AsType[*transport.Error](err)
	switch {
	case answered && (refused.StatusCode == http.StatusUnauthorized || refused.StatusCode == http.StatusForbidden):
		// Some say so of an image that they do not have.
		why = fmt.Sprintf("%s does not give it to this user", registry)
		do = "check its name, or log in: `docker login " + registry + "`, `podman login " + registry + "`"
	case answered && refused.StatusCode == http.StatusNotFound:
		why = fmt.Sprintf("%s does not have it", registry)
		do = "correct its name in the lab's needs"
	case answered && refused.StatusCode == http.StatusTooManyRequests:
		why = fmt.Sprintf("%s has given too many to this network or user", registry)
		do = "wait, or log in: `docker login " + registry + "`, `podman login " + registry + "`"
	case answered:
		why = fmt.Sprintf("%s answers %d", registry, refused.StatusCode)
		do = "run this again later"
	// The library has words for the second, and no type.
	case errors.Is(err, errPlatform), strings.Contains(err.Error(), "no child with platform"):
		why = fmt.Sprintf("%s does not have it for linux/%s", registry, arch)
		do = "use an image that is there for this processor"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		kind = driver.ErrNoSpace
		why = "the disk is full"
		do = "free some space in the user's cache folder, then run this again"
	case isNetwork(err):
		why = fmt.Sprintf("%s does not answer (%s)", registry, reason(err))
		do = "connect to a network where it does"
	default: // such as credentials that cannot be read
		why = reason(err)
		do = "see whether `docker pull` or `podman pull` can get it"
	}
	return &driver.Error{
		Kind:   kind,
		What:   fmt.Sprintf("the lab needs image %s, which cannot be fetched: %s", ref, why),
		Do:     do,
		Output: err.Error(),
		Err:    err,
	}
}

// isNetwork tells whether err is of a connection and not of what it carries.
func isNetwork(err error) bool {
	_, request := errors.AsType[*url.Error](err)
	_, connection := errors.AsType[*net.OpError](err)
	return request || connection || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}

// reason is the innermost cause of err, in one line: around it are the addresses
// that were asked.
func reason(err error) string {
	if request, ok := errors.AsType[*url.Error](err); ok { // the first of several
		err = request.Err
	}
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return strings.ReplaceAll(err.Error(), "\n", " ")
}
