package workload

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
)

// Read returns the objects of a file of the lab, YAML or JSON, in their order.
func Read(fsys fs.FS, file string) (out []*unstructured.Unstructured, err error) {
	err = objects(fsys, file, func(obj *unstructured.Unstructured) error {
		out = append(out, obj)
		return nil
	})
	return out, err
}

// Restore makes an object anew that was there before. One that is there now stays,
// unless over says to make it what it was. The error is a [*RefusedError] where the
// API server does not take it.
func (w *Workload) Restore(ctx context.Context, obj *unstructured.Unstructured, over bool) error {
	return w.patiently(ctx, obj, func(api dynamic.ResourceInterface) error {
		obj := obj.DeepCopy()
		obj.SetNamespace(w.namespace)
		_, err := api.Create(ctx, obj, metav1.CreateOptions{FieldManager: manager})
		if !apierrors.IsAlreadyExists(err) {
			return err
		}
		if !over {
			return nil
		}
		now, err := api.Get(ctx, obj.GetName(), metav1.GetOptions{})
		if err != nil {
			return err
		}
		if now.GetGeneration() > 1 {
			return nil // somebody works on it
		}
		replaced := obj.DeepCopy()
		replaced.SetResourceVersion(now.GetResourceVersion())
		if _, err = api.Update(ctx, replaced, metav1.UpdateOptions{FieldManager: manager}); !apierrors.IsInvalid(err) {
			return err
		}
		if err := w.remove(ctx, api, now); err != nil {
			return err
		}
		_, err = api.Create(ctx, obj, metav1.CreateOptions{FieldManager: manager})
		return err
	})
}

// Clear deletes an object of the namespace and waits until it is gone. That it is
// not there, or that the cluster does not know its kind, is fine; one that is of no
// namespace stays.
func (w *Workload) Clear(ctx context.Context, obj *unstructured.Unstructured) error {
	api, err := w.of(obj.GroupVersionKind())
	switch {
	case meta.IsNoMatchError(err), errors.Is(err, errScope):
		return nil
	case err != nil:
		return err
	}
	if err := w.remove(ctx, api, obj); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete %s %s: %w", obj.GetKind(), obj.GetName(), err)
	}
	return nil
}
