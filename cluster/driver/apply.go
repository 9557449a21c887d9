package driver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// ReadManifests reads objects out of YAML, a document each.
func ReadManifests(raw []byte) ([]*unstructured.Unstructured, error) {
	var all []*unstructured.Unstructured
	for docs := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(raw), 4096); ; {
		var o unstructured.Unstructured
		err := docs.Decode(&o.Object)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if len(o.Object) > 0 {
			all = append(all, &o)
		}
	}
}

// Apply applies what podlab adds to a cluster, as soon as the API server takes it or
// until ctx ends. All must be of built-in kinds, so that their resources can be told by their names;
// asking the server for them would take longer than all the rest.
func Apply(ctx context.Context, config *rest.Config, objects []*unstructured.Unstructured) error {
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
	if err := Again(ctx, func() error {
		_, err := authority.Get(ctx, "kube-root-ca.crt", metav1.GetOptions{})
		return err
	}); err != nil {
		return err
	}
	group, gctx := errgroup.WithContext(ctx)
	for _, o := range objects {
		// A namespace that comes with what lies in it may be late.
		group.Go(func() error { return Again(gctx, func() error { return apply(gctx, o) }) })
	}
	return group.Wait()
}

// Again does something until it succeeds or ctx ends.
func Again(ctx context.Context, do func() error) error {
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
