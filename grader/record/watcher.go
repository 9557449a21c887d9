package record

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/cache"

	"podlab.dev/podlab/grader/timeline"
)

// watcher records one kind. It is the store that a reflector fills: instead of
// keeping objects it appends entries.
type watcher struct {
	*Recorder
	gvk    schema.GroupVersionKind
	listed func()
	asked  bool // a check is about it

	mu    sync.Mutex
	known map[string]json.RawMessage // what the timeline says exists, by name
	lost  bool                       // a Gap is open
	once  bool                       // has been listed
}

func (w *watcher) of() string { return w.gvk.GroupKind().String() }

func (w *watcher) run(ctx context.Context, api dynamic.ResourceInterface) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	lw := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			list, err := api.List(ctx, o)
			w.reached(ctx, err, false)
			if apierrors.IsForbidden(err) && !w.asked {
				stop() // a cluster that was lent need not show everything
			}
			if err != nil {
				return nil, err // not a typed nil
			}
			return list, nil
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			ends := time.Now()
			if o.TimeoutSeconds != nil {
				ends = ends.Add(time.Duration(*o.TimeoutSeconds)*time.Second - time.Second)
			}
			stream, err := api.Watch(ctx, o)
			anew := o.SendInitialEvents != nil && *o.SendInitialEvents // it lists first
			w.reached(ctx, err, !anew)
			if err != nil {
				return nil, err
			}
			return w.follow(ctx, stream, ends), nil
		},
	}
	quiet := logr.Discard()
	cache.NewReflectorWithOptions(lw, &unstructured.Unstructured{}, w, cache.ReflectorOptions{
		Name: w.of(), Logger: &quiet,
		// A learner waits for this: the default goes up to 30 s between tries.
		Backoff: &wait.Backoff{Duration: 200 * time.Millisecond, Factor: 1.6, Jitter: 0.2, Steps: 6, Cap: 2 * time.Second},
	}).RunWithContext(ctx)
}

// errBroke is that a watch ended before its time.
var errBroke = errors.New("the connection to the API server broke off")

// follow passes on what a watch brings, and opens a gap at the moment at which it
// breaks off. The reflector only notices when it cannot begin another, after
// several tries; until then a condition would seem to hold that nobody looks at.
// A watch that ends in time is begun again at once where it ended.
func (w *watcher) follow(ctx context.Context, in watch.Interface, ends time.Time) watch.Interface {
	events := make(chan watch.Event)
	out := watch.NewProxyWatcher(events)
	go func() {
		defer close(events)
		defer in.Stop()
		for {
			select {
			case <-out.StopChan():
				return
			case e, ok := <-in.ResultChan():
				if !ok {
					if time.Now().Before(ends) {
						w.reached(ctx, errBroke, false)
					}
					return
				}
				select {
				case events <- e:
				case <-out.StopChan():
					return
				}
			}
		}
	}()
	return out
}

// reached opens and closes gaps by what a request to the API server came to.
func (w *watcher) reached(ctx context.Context, err error, resumes bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case ctx.Err() != nil:
	case err != nil && !w.lost:
		w.lost = true
		w.put(timeline.Entry{Kind: timeline.Gap, Of: w.of(), Reason: cause(err)})
	case err == nil && w.lost && resumes && w.once:
		// The watch goes on where it broke off; should the server have
		// forgotten that place, it says so and a new list follows.
		w.lost = false
		w.put(timeline.Entry{Kind: timeline.Resumed, Of: w.of()})
	}
}

// cause leaves out which request it was that failed: a learner made none.
func cause(err error) string {
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	return err.Error()
}

// Add records an object that is new.
func (w *watcher) Add(obj any) error { return w.Update(obj) }

// Update records an object that changed.
func (w *watcher) Update(obj any) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.record(obj.(*unstructured.Unstructured))
	return nil
}

// Delete records that an object is gone.
func (w *watcher) Delete(obj any) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	u := obj.(*unstructured.Unstructured)
	delete(w.known, u.GetName())
	w.put(timeline.Entry{Kind: timeline.Deleted, Object: w.clean(u)})
	w.see(u, false)
	return nil
}

// Replace takes a full list: what is known and not in it was deleted when
// nobody watched.
func (w *watcher) Replace(list []any, _ string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.once && !w.lost {
		w.put(timeline.Entry{Kind: timeline.Gap, Of: w.of(), Reason: "the API server no longer had the changes in between; listed anew"})
	}
	there := map[string]bool{}
	for _, obj := range list {
		u := obj.(*unstructured.Unstructured)
		there[u.GetName()] = true
		var old metav1.PartialObjectMetadata
		if raw, ok := w.known[u.GetName()]; ok && json.Unmarshal(raw, &old) == nil {
			if old.UID == u.GetUID() && old.ResourceVersion == u.GetResourceVersion() {
				w.see(u, true) // recorded already
				continue
			}
			if old.UID != u.GetUID() {
				w.put(timeline.Entry{Kind: timeline.Deleted, Object: raw, Missed: true})
			}
		}
		w.record(u)
	}
	for _, name := range slices.Sorted(maps.Keys(w.known)) {
		if !there[name] {
			w.put(timeline.Entry{Kind: timeline.Deleted, Object: w.known[name], Missed: true})
			delete(w.known, name)
		}
	}
	w.lost, w.once = false, true
	w.put(timeline.Entry{Kind: timeline.Synced, Of: w.of()})
	w.listed()
	return nil
}

// Resync is meaningless here.
func (w *watcher) Resync() error { return nil }

func (w *watcher) record(u *unstructured.Unstructured) {
	raw := w.clean(u)
	if w.known == nil {
		w.known = map[string]json.RawMessage{}
	}
	w.known[u.GetName()] = raw
	w.put(timeline.Entry{Kind: timeline.Object, Object: raw})
	w.see(u, true)
}

// see tells the log followers and the probes about a Pod.
func (w *watcher) see(u *unstructured.Unstructured, exists bool) {
	if w.gvk.Kind != "Pod" || w.gvk.Group != "" {
		return
	}
	var pod *corev1.Pod
	if exists {
		pod = &corev1.Pod{}
		if runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, pod) != nil {
			return
		}
	}
	w.Recorder.mu.Lock()
	defer w.Recorder.mu.Unlock()
	if pod == nil {
		delete(w.pods, u.GetName())
	} else {
		w.pods[pod.Name] = pod
	}
	close(w.changed)
	w.changed = make(chan struct{})
}

// clean drops what no check is about and what would only make the record long,
// and seals what nobody is to read.
func (r *Recorder) clean(u *unstructured.Unstructured) json.RawMessage {
	u = u.DeepCopy()
	u.SetManagedFields(nil)
	if u.GetKind() == "Secret" && u.GetAPIVersion() == "v1" {
		data, _, _ := unstructured.NestedMap(u.Object, "data")
		for name, value := range data {
			text, _ := value.(string)
			data[name] = timeline.Seal(r.key, text)
		}
		if len(data) > 0 {
			u.Object["data"] = data
		}
		delete(u.Object, "stringData") // the API server does not keep it either
	}
	if a := u.GetAnnotations(); a[corev1.LastAppliedConfigAnnotation] != "" {
		delete(a, corev1.LastAppliedConfigAnnotation)
		if len(a) == 0 {
			a = nil
		}
		u.SetAnnotations(a)
	}
	raw, err := u.MarshalJSON()
	if err != nil {
		return nil // cannot be: it was decoded from JSON
	}
	return raw
}
