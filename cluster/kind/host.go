package kind

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"podlab.dev/podlab/cluster/driver"
)

// cniManifest is where a node image carries the network that kind installs.
const cniManifest = "/kind/manifests/default-cni.yaml"

// hostFor finds out what the machine and the node image ask of the configuration.
func (s *session) hostFor(ctx context.Context, image *nodeImage) (host, error) {
	h := host{cgroup: s.engine.cgroup, lacksResource: lacksSysResource()}
	if image.Labels[builtLabel] == "" {
		return h, nil // kind's own images all have the manifest
	}
	has, err := s.engine.imageHas(ctx, image.name, cniManifest)
	if err != nil {
		return h, err
	}
	h.ownNetwork = !has
	return h, nil
}

// imageHas tells whether an image has a file, without running anything of it.
func (e *engine) imageHas(ctx context.Context, ref, path string) (bool, error) {
	out, err := e.run(ctx, "create", ref)
	if err != nil {
		return false, err
	}
	id := strings.TrimSpace(string(out))
	defer func() {
		_, _ = e.commands.run(context.WithoutCancel(ctx), e.binary, "rm", "-f", "-v", id)
	}()
	dir, err := os.MkdirTemp("", "podlab-look-")
	if err != nil {
		return false, fmt.Errorf("look into image: %w", err)
	}
	defer os.RemoveAll(dir)
	_, err = e.commands.run(ctx, e.binary, "cp", id+":"+path, filepath.Join(dir, "found"))
	if ctx.Err() != nil {
		return false, fmt.Errorf("look into image: %w", ctx.Err())
	}
	if err != nil && strings.Contains(outputOf(err), "no space left") {
		return false, e.explain("look into image", err)
	}
	return err == nil, nil
}

// multiNode refuses what the node image cannot do.
func multiNode(nodes int, image *nodeImage, h host) error {
	if nodes == 1 || !h.ownNetwork || image.Labels[routedLabel] == "true" {
		return nil
	}
	return &driver.Error{
		Kind: driver.ErrNeeds,
		What: fmt.Sprintf("the lab needs %d nodes, and node image %s has a network for one node only", nodes, shortRef(image.name)),
		Do:   "use kind's own node image (connect to a registry), or a cluster that you have: --kubeconfig FILE",
	}
}

// routedLabel is on a node image without a CNI manifest whose own network reaches
// from node to node.
const routedLabel = "dev.podlab.node.routed"
