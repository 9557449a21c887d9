//go:build linux

package embedded

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cluster/embedded/cell"
)

// addons are what a cluster has besides Kubernetes itself. Each is a file of
// manifests among the parts, and an archive of images.
var addons = []string{"dns", "storage"}

// addAll applies the addons' objects once the nodes have their images: nobody else
// has them, and the kubelet would wait long before it looks again.
func addAll(ctx context.Context, config *rest.Config, dir, parts string) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, name := range addons {
		group.Go(func() error {
			file := filepath.Join(parts, "manifests", name+".yaml")
			raw, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			objects, err := driver.ReadManifests(raw)
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			if err := driver.Again(ctx, func() error {
				if !cell.HasImages(dir, name) {
					return fmt.Errorf("the nodes do not have the images of %s yet", name)
				}
				return nil
			}); err != nil {
				return err
			}
			return driver.Apply(ctx, config, objects)
		})
	}
	return group.Wait()
}

// markControlPlane gives the first node the role that a kubelet may not give
// itself.
func markControlPlane(ctx context.Context, config *rest.Config, node string) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	patch := []byte(`{"metadata":{"labels":{"node-role.kubernetes.io/control-plane":""}}}`)
	_, err = client.CoreV1().Nodes().Patch(ctx, node, types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}
