package workload

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
)

// made marks what podlab put into a cluster beside namespaces.
const made = "podlab.dev/made-by"

var definitions = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

// established is how long the API server may take to serve a new kind.
const established = 30 * time.Second

// Define teaches the cluster the custom resources of a lab and waits until it
// serves them. A definition that podlab did not make is left as it is: it is
// somebody else's.
func (w *Workload) Define(ctx context.Context, fsys fs.FS, files []string) error {
	for _, file := range files {
		err := objects(fsys, file, func(crd *unstructured.Unstructured) error { return w.define(ctx, crd) })
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

func (w *Workload) define(ctx context.Context, crd *unstructured.Unstructured) error {
	api, name := w.dynamic.Resource(definitions), crd.GetName()
	switch old, err := api.Get(ctx, name, metav1.GetOptions{}); {
	case err == nil && old.GetLabels()[made] != manager:
		return nil
	case err != nil && !apierrors.IsNotFound(err):
		return fmt.Errorf("read definition %s: %w", name, err)
	}
	labels := crd.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	labels[made] = manager
	crd.SetLabels(labels)
	if _, err := api.Apply(ctx, name, crd, metav1.ApplyOptions{FieldManager: manager, Force: true}); err != nil {
		return fmt.Errorf("define %s: %w", name, err)
	}
	return w.served(ctx, name)
}

// served waits until the API server serves the kind of a definition.
func (w *Workload) served(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, established)
	defer cancel()
	api, only := w.dynamic.Resource(definitions), fields.OneTermEqualSelector("metadata.name", name).String()
	lw := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			o.FieldSelector = only
			return api.List(ctx, o)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			o.FieldSelector = only
			return api.Watch(ctx, o)
		},
	}
	_, err := watchtools.UntilWithSync(ctx, lw, &unstructured.Unstructured{}, nil, func(e watch.Event) (bool, error) {
		crd, ok := e.Object.(*unstructured.Unstructured)
		if !ok {
			return false, nil
		}
		conditions, _, _ := unstructured.NestedSlice(crd.Object, "status", "conditions")
		for _, c := range conditions {
			if c, ok := c.(map[string]any); ok && c["type"] == "Established" && c["status"] == "True" {
				return true, nil
			}
		}
		return false, nil
	})
	if err != nil {
		return fmt.Errorf("wait until the cluster serves %s: %w", name, err)
	}
	return nil
}
