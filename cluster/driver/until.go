package driver

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

// object is a pointer to a T that has metadata, such as *corev1.Node.
type object[T any] interface {
	*T
	metav1.Object
}

// Until lists and watches objects of one kind until missing, given all of them,
// returns "". When ctx ends first, the error is that of ctx, and why says what was
// missing last, or why nobody could say. client-go's informers would do, but they
// print through klog.
func Until[T any, P object[T], L runtime.Object](
	ctx context.Context,
	list func(context.Context, metav1.ListOptions) (L, error),
	follow func(context.Context, metav1.ListOptions) (watch.Interface, error),
	options metav1.ListOptions,
	missing func([]T) string,
) (why string, err error) {
	why = "the API server has not listed anything yet"
	for {
		done, err := func() (bool, error) {
			found, err := list(ctx, options)
			if err != nil {
				return false, err
			}
			known := map[types.UID]T{}
			if err := meta.EachListItem(found, func(o runtime.Object) error {
				item := o.(P)
				known[item.GetUID()] = *item
				return nil
			}); err != nil {
				return false, err
			}
			accessor, err := meta.ListAccessor(found)
			if err != nil {
				return false, err
			}
			if why = missing(values(known)); why == "" {
				return true, nil
			}
			from := options
			from.ResourceVersion = accessor.GetResourceVersion()
			w, err := follow(ctx, from)
			if err != nil { // what was listed still holds, and is listed again
				return false, nil
			}
			defer w.Stop()
			for event := range w.ResultChan() {
				item, ok := event.Object.(P)
				if !ok { // an error: list again
					break
				}
				if event.Type == watch.Deleted {
					delete(known, item.GetUID())
				} else {
					known[item.GetUID()] = *item
				}
				if why = missing(values(known)); why == "" {
					return true, nil
				}
			}
			return false, nil
		}()
		if done {
			return "", nil
		}
		if err != nil && ctx.Err() == nil {
			why = firstLine(err)
		}
		select {
		case <-ctx.Done():
			return why, ctx.Err()
		case <-time.After(200 * time.Millisecond): // the server may be restarting
		}
	}
}

func values[T any](m map[types.UID]T) []T {
	all := make([]T, 0, len(m))
	for _, v := range m {
		all = append(all, v)
	}
	return all
}
