package pack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cuelabs.dev/go/oci/ociregistry"
	"cuelang.org/go/mod/modconfig"
	"cuelang.org/go/mod/modregistry"
	"cuelang.org/go/mod/module"
)

// latest is the version that means the newest of all.
const latest = "latest"

// openModule opens a module of a registry.
func openModule(ctx context.Context, ref string, o Options) (*Pack, error) {
	base, version, _ := strings.Cut(ref, "@")
	if err := module.CheckPathWithoutVersion(base); err != nil {
		return nil, &RefError{Ref: ref, Why: reason(err)}
	}
	if o.Patience == 0 {
		o.Patience = time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, o.Patience)
	defer cancel()
	limited := &limitedTransport{left: maxModule}
	config := &modconfig.Config{Transport: limited, ClientType: "podlab"}
	resolver, err := modconfig.NewResolver(config)
	if err != nil {
		return nil, &RefError{Ref: ref, Why: err.Error()}
	}
	registry, err := modconfig.NewRegistry(config)
	if err != nil {
		return nil, fmt.Errorf("open CUE's cache: %w", err)
	}
	m := fetcher{registry: registry, limited: limited, ref: ref, base: base, fetching: o.Fetching}
	if at, ok := resolver.ResolveToLocation(base, ""); ok {
		m.host = at.Host
	}
	return m.open(ctx, version)
}

// fetcher gets one module.
type fetcher struct {
	registry modconfig.CachedRegistry
	limited  *limitedTransport
	ref      string
	base     string // the module's path without @v0
	host     string
	fetching func(string)
}

func (m *fetcher) open(ctx context.Context, version string) (*Pack, error) {
	exact := strings.Count(version, ".") >= 2
	if !exact {
		known, err := m.versions(ctx, version)
		if err != nil {
			return nil, err
		}
		version = newest(known)
	}
	major, _, _ := strings.Cut(version, ".")
	v, err := module.NewVersion(m.base+"@"+major, version)
	if err != nil {
		return nil, &RefError{Ref: m.ref, Why: reason(err)}
	}
	origin := Cached
	at, err := m.registry.FetchFromCache(v)
	if errors.Is(err, modregistry.ErrNotFound) {
		origin = Fetched
		m.ask(v.BasePath() + "@" + version)
		at, err = m.registry.Fetch(ctx, v)
	}
	switch {
	case errors.Is(err, modregistry.ErrNotFound):
		return nil, m.missing(ctx, version)
	case err != nil:
		return nil, m.refused(ctx, err)
	}
	root, ok := at.FS.(module.OSRootFS)
	if !ok || root.OSRoot() == "" {
		return nil, fmt.Errorf("open %s: CUE's cache is not in a folder", m.ref)
	}
	name := m.base + "@" + version
	tree, err := OpenTree(filepath.Join(root.OSRoot(), filepath.FromSlash(path.Clean(at.Dir))), name)
	if err != nil {
		return nil, fmt.Errorf("open %s in CUE's cache: %w", name, err)
	}
	return &Pack{Name: name, Module: m.base, Version: version, Origin: origin, Tree: tree}, nil
}

func (m *fetcher) ask(what string) {
	if m.fetching != nil {
		m.fetching(what)
	}
}

// versions lists what version, v0 or latest, may mean.
func (m *fetcher) versions(ctx context.Context, version string) ([]string, error) {
	of := m.base
	if version != latest {
		of += "@" + version
		if err := module.CheckPath(of); err != nil {
			return nil, &RefError{Ref: m.ref, Why: reason(err)}
		}
	}
	m.ask(m.ref)
	known, err := m.registry.ModuleVersions(ctx, of)
	if err != nil {
		return nil, m.refused(ctx, err)
	}
	if len(known) == 0 {
		return nil, m.missing(ctx, version)
	}
	return known, nil
}

// newest prefers releases, as stock cue does. The versions are sorted.
func newest(versions []string) string {
	for _, v := range slices.Backward(versions) {
		if !strings.Contains(v, "-") {
			return v
		}
	}
	return versions[len(versions)-1]
}

// missing says what there is instead.
func (m *fetcher) missing(ctx context.Context, version string) error {
	if m.host == "" {
		return &RefError{Ref: m.ref, Why: "CUE_REGISTRY names no registry for it"}
	}
	known, err := m.registry.ModuleVersions(ctx, m.base)
	if err != nil {
		return m.refused(ctx, err)
	}
	return &NotFoundError{Module: m.base, Version: version, Registry: m.host, Known: known}
}

// refused puts what went wrong between here and the registry into one line.
func (m *fetcher) refused(ctx context.Context, err error) error {
	if b := m.limited.exceeded(); b != nil {
		b.At = m.ref
		return b
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	e := &RegistryError{Module: m.ref, Registry: m.host, Err: err}
	var request *url.Error
	var op *net.OpError
	var status ociregistry.HTTPError
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		e.Err = errors.New("it took too long")
	case errors.As(err, &status):
		e.denied = status.StatusCode() == http.StatusUnauthorized || status.StatusCode() == http.StatusForbidden
		e.Err = errors.New(http.StatusText(status.StatusCode()))
	case errors.As(err, &op):
		e.Err = op.Err
	case errors.As(err, &request):
		e.Err = request.Err
	}
	return e
}

// reason is what CUE's module package says, without the path, which the message
// has already.
func reason(err error) string {
	var path *module.InvalidPathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	var version *module.InvalidVersionError
	if errors.As(err, &version) {
		return version.Err.Error()
	}
	return err.Error()
}
