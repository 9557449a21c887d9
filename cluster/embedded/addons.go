//go:build linux

package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"podlab.dev/podlab/cluster/embedded/cell"
)

// addons are what a cluster has besides Kubernetes itself. Each is a file of
// manifests among the parts, and an archive of images.
var addons = []string{"dns", "storage"}

// readManifests reads an addon's objects.
func readManifests(file string) ([]*unstructured.Unstructured, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var all []*unstructured.Unstructured
	for docs := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(raw), 4096); ; {
		var o unstructured.Unstructured
		err := docs.Decode(&o.Object)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if len(o.Object) > 0 {
			all = append(all, &o)
		}
	}
}

// addAll applies the addons' objects once the nodes have their images: nobody else
// has them, and the kubelet would wait long before it looks again.
func addAll(ctx context.Context, config *rest.Config, dir, parts string) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, name := range addons {
		group.Go(func() error {
			objects, err := readManifests(filepath.Join(parts, "manifests", name+".yaml"))
			if err != nil {
				return err
			}
			if err := again(ctx, func() error {
				if !cell.HasImages(dir, name) {
					return fmt.Errorf("the nodes do not have the images of %s yet", name)
				}
				return nil
			}); err != nil {
				return err
			}
			return applyAll(ctx, config, objects)
		})
	}
	return group.Wait()
}

// applyAll applies the objects as soon as the API server takes them. All are of
// built-in kinds, so their resources can be told by their names; asking the server
// for them would take longer than all the rest.
func applyAll(ctx context.Context, config *rest.Config, objects []*unstructured.Unstructured) error {
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	apply := func(ctx context.Context, o *unstructured.Unstructured) error {
		plural, _ := meta.UnsafeGuessKindToResource(o.GroupVersionKind())
		_, err := resource(client, plural, o.GetNamespace()).Apply(ctx, o.GetName(), o, metav1.ApplyOptions{FieldManager: "podlab", Force: true})
		if err != nil {
			return fmt.Errorf("apply %s %s: %w", o.GetKind(), o.GetName(), err)
		}
		return nil
	}
	// Every Pod mounts this one. A kubelet that does not find it tries again later
	// and later, which has cost DNS three seconds.
	authority := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}).Namespace(metav1.NamespaceSystem)
	if err := again(ctx, func() error {
		_, err := authority.Get(ctx, "kube-root-ca.crt", metav1.GetOptions{})
		return err
	}); err != nil {
		return err
	}
	group, gctx := errgroup.WithContext(ctx)
	for _, o := range objects {
		// A namespace that comes with what lies in it may be late.
		group.Go(func() error { return again(gctx, func() error { return apply(gctx, o) }) })
	}
	return group.Wait()
}

// again does something until it succeeds or ctx ends.
func again(ctx context.Context, do func() error) error {
	for {
		err := do()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func resource(client dynamic.Interface, plural schema.GroupVersionResource, namespace string) dynamic.ResourceInterface {
	if namespace == "" {
		return client.Resource(plural)
	}
	return client.Resource(plural).Namespace(namespace)
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
