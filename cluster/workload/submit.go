package workload

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
)

// RefusedError says that the API server does not take an object, which is the
// matter of whoever wrote it.
type RefusedError struct{ Err error }

func (e *RefusedError) Error() string { return e.Err.Error() }

func (e *RefusedError) Unwrap() error { return e.Err }

// Put makes an object of the namespace what obj says: it is created, or applied over
// what is there, or, where a field cannot be changed, made anew. The error is a
// [*RefusedError] where the API server does not take it; what passes by itself, such
// as an API server that starts anew, is waited for.
func (w *Workload) Put(ctx context.Context, obj *unstructured.Unstructured) error {
	return w.patiently(ctx, obj, func(api dynamic.ResourceInterface) error {
		_, err := api.Create(ctx, obj, metav1.CreateOptions{FieldManager: submitter, FieldValidation: metav1.FieldValidationStrict})
		if !apierrors.IsAlreadyExists(err) {
			return err
		}
		_, err = api.Apply(ctx, obj.GetName(), obj, metav1.ApplyOptions{FieldManager: submitter, Force: true})
		if !apierrors.IsInvalid(err) && !unmergeable(err) {
			return err
		}
		// As kubectl replace --force: where it would not be taken anew either, the old
		// one stays.
		if _, err := api.Create(ctx, renamed(obj), metav1.CreateOptions{FieldManager: submitter, DryRun: []string{metav1.DryRunAll}}); err != nil {
			return err
		}
		if err := w.remove(ctx, api, obj); err != nil {
			return err
		}
		_, err = api.Create(ctx, obj, metav1.CreateOptions{FieldManager: submitter})
		return err
	})
}

// Resize changes the resources of a Pod that runs.
func (w *Workload) Resize(ctx context.Context, obj *unstructured.Unstructured) error {
	return w.patiently(ctx, obj, func(api dynamic.ResourceInterface) error {
		_, err := api.Apply(ctx, obj.GetName(), obj, metav1.ApplyOptions{FieldManager: submitter, Force: true}, "resize")
		return err
	})
}

// Remove deletes an object and waits until it is gone. That it is not there is a
// [*RefusedError].
func (w *Workload) Remove(ctx context.Context, obj *unstructured.Unstructured) error {
	return w.patiently(ctx, obj, func(api dynamic.ResourceInterface) error { return w.remove(ctx, api, obj) })
}

// unmergeable tells that an object which can be created cannot be applied, because a
// list has a key twice. The API server says so as if it had failed itself.
func unmergeable(err error) bool {
	return err != nil && strings.Contains(err.Error(), "failed to create typed patch object")
}

// submitter is who a submission's fields belong to.
const submitter = "podlab-submission"

// renamed is the object under a name that is not taken.
func renamed(obj *unstructured.Unstructured) *unstructured.Unstructured {
	other := obj.DeepCopy()
	name := obj.GetName()
	if most := 40; len(name) > most { // with its ending as long as any kind allows
		name = strings.TrimRight(name[:most], "-.")
	}
	other.SetName(name + "-anew")
	return other
}

// goneWithin is how long a deleted object may take to go; a Pod has as long as its
// grace period, which submissions have bounded.
const goneWithin = 3 * time.Minute

func (w *Workload) remove(ctx context.Context, api dynamic.ResourceInterface, obj *unstructured.Unstructured) error {
	options := metav1.DeleteOptions{}
	if obj.GetKind() == "Pod" {
		soon := int64(1) // what the learner's kubectl delete --now says
		options.GracePeriodSeconds = &soon
	}
	if err := api.Delete(ctx, obj.GetName(), options); err != nil {
		return err
	}
	used := false
	err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, goneWithin, false, func(ctx context.Context) (bool, error) {
		left, err := api.Get(ctx, obj.GetName(), metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return true, nil
		}
		if err == nil {
			used = slices.Contains(left.GetFinalizers(), "kubernetes.io/pvc-protection")
		}
		return false, err
	})
	if wait.Interrupted(err) && ctx.Err() == nil && used {
		return &RefusedError{fmt.Errorf("it is still there after %s, because a Pod uses it", goneWithin)}
	}
	return err
}

// passing is what comes right when it is tried again.
func passing(err error) bool {
	return apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err) || apierrors.IsTooManyRequests(err) || apierrors.IsInternalError(err) ||
		apierrors.IsServiceUnavailable(err) || apierrors.IsConflict(err) || apierrors.IsUnexpectedServerError(err) ||
		net.IsConnectionRefused(err) || net.IsConnectionReset(err) || net.IsTimeout(err) || net.IsProbableEOF(err) || apierrors.ReasonForError(err) == metav1.StatusReasonUnknown
}

// patiently does something about an object, again for a minute while what is in the
// way may pass.
func (w *Workload) patiently(ctx context.Context, obj *unstructured.Unstructured, do func(dynamic.ResourceInterface) error) error {
	backoff := wait.Backoff{Duration: 200 * time.Millisecond, Factor: 1.6, Jitter: 0.2, Steps: 12, Cap: 15 * time.Second}
	obj = obj.DeepCopy()
	obj.SetNamespace(w.namespace)
	var last error
	err := wait.ExponentialBackoffWithContext(ctx, backoff, func(context.Context) (bool, error) {
		api, err := w.of(obj.GroupVersionKind())
		if err == nil {
			err = do(api)
		}
		switch last = err; {
		case err == nil:
			return true, nil
		case ctx.Err() != nil:
			return false, ctx.Err()
		case errors.As(err, new(*RefusedError)):
			return false, err
		case meta.IsNoMatchError(err), errors.Is(err, errScope):
			return false, &RefusedError{err}
		case passing(err):
			return false, nil
		}
		return false, &RefusedError{err}
	})
	if wait.Interrupted(err) && ctx.Err() == nil {
		err = last
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", obj.GetKind(), obj.GetName(), err)
	}
	return nil
}
