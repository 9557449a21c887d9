// Package record watches a lab's namespace and appends what happens there to a
// timeline. It is the only part of podlab that talks to the API server for
// grading, and it knows nothing about verdicts.
//
// A kind is listed and watched by client-go's reflector, which resumes after a
// lost connection and lists anew when the server has forgotten where we were. Each
// of these is marked, so that nothing can be missed in silence.
//
//	rec := record.New(record.Config{REST: cfg, Namespace: "first-pod", Lab: l, Known: entries, Sink: sink, Waiting: g.Waiting})
//	err := rec.Run(ctx) // until ctx ends or the sink refuses an entry
package record

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/timeline"
)

// Config is what a recorder needs.
type Config struct {
	REST      *rest.Config
	Namespace string
	Lab       *lab.Lab
	// Known is the timeline so far: what it holds and the cluster no longer has
	// is recorded as deleted while nobody watched.
	Known []timeline.Entry
	// Sink takes each entry. An error (a full disk) ends the recording. It is
	// called from several goroutines.
	Sink func(timeline.Entry) error
	// Waiting tells whether a check still waits for the result of its command or
	// request, Counts whether it counts also when it is no news. Both are called
	// from several goroutines.
	Waiting, Counts func(check string) bool
}

// Recorder records one namespace. Use a new one for each recording.
type Recorder struct {
	Config
	clients *kubernetes.Clientset
	dynamic dynamic.Interface

	synced chan struct{}
	http   *http.Client // with the identity of REST
	key    string       // that values of Secrets are sealed under
	busy   atomic.Int32 // commands and requests that are running
	fail   context.CancelCauseFunc

	mu      sync.Mutex
	pods    map[string]*corev1.Pod // by name
	changed chan struct{}          // closed and replaced when a Pod changes
}

// New returns a recorder that has not begun.
func New(c Config) *Recorder {
	return &Recorder{Config: c, synced: make(chan struct{}), pods: map[string]*corev1.Pod{}, changed: make(chan struct{})}
}

// Synced is closed when every kind has been listed once: from then on the
// timeline shows the namespace as it is.
func (r *Recorder) Synced() <-chan struct{} { return r.synced }

// Busy tells whether a command or request of a check is running at the moment.
func (r *Recorder) Busy() bool { return r.busy.Load() > 0 }

// Run records until ctx ends; it then returns nil. Any other end is an error:
// the API server cannot be reached to begin with, or the sink refused an entry.
func (r *Recorder) Run(ctx context.Context) error {
	ctx, r.fail = context.WithCancelCause(ctx)
	defer r.fail(nil)
	var err error
	if r.clients, err = kubernetes.NewForConfig(r.REST); err != nil {
		return fmt.Errorf("connect to the cluster: %w", err)
	}
	if r.dynamic, err = dynamic.NewForConfig(r.REST); err != nil {
		return fmt.Errorf("connect to the cluster: %w", err)
	}
	if r.http, err = r.client(); err != nil {
		return fmt.Errorf("connect to the cluster: %w", err)
	}
	origin, err := r.origin(ctx)
	if ctx.Err() != nil && context.Cause(ctx) == ctx.Err() {
		return nil // ended before the first look
	}
	if err != nil {
		return err
	}
	r.key = origin.Namespace
	if err := r.Sink(timeline.Entry{Kind: timeline.Start, Origin: origin}); err != nil {
		return err
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(r.clients.Discovery()))
	known := r.known(origin)

	kinds := kindsOf(r.Lab)
	var listed sync.WaitGroup
	listed.Add(len(kinds))
	var g errgroup.Group
	for i, gvk := range append(kinds, besides(kinds)...) {
		m, err := mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
		asked := i < len(kinds)
		if err != nil && asked {
			return fmt.Errorf("this cluster does not know %s: %w", gvk, err)
		}
		if err != nil {
			continue
		}
		w := &watcher{Recorder: r, gvk: gvk, known: known[gvk.GroupKind()], asked: asked, listed: func() {}}
		if asked {
			w.listed = sync.OnceFunc(listed.Done)
		}
		var api dynamic.ResourceInterface = r.dynamic.Resource(m.Resource)
		if m.Scope.Name() == meta.RESTScopeNameNamespace {
			api = r.dynamic.Resource(m.Resource).Namespace(r.Namespace)
		}
		g.Go(func() error { w.run(ctx, api); return nil })
	}
	go func() { listed.Wait(); close(r.synced) }()
	r.follow(ctx, &g)
	r.probe(ctx, &g)
	g.Wait() //nolint:errcheck // the cause of ctx is the error

	if cause := context.Cause(ctx); cause != ctx.Err() {
		return cause
	}
	return nil
}

// put hands an entry to the sink and ends the recording when it is refused.
func (r *Recorder) put(e timeline.Entry) {
	if err := r.Sink(e); err != nil {
		r.fail(err)
	}
}

func (r *Recorder) origin(ctx context.Context) (*timeline.Origin, error) {
	o := &timeline.Origin{Name: r.Namespace}
	for name, uid := range map[string]*string{metav1.NamespaceSystem: &o.Cluster, r.Namespace: &o.Namespace} {
		ns, err := r.clients.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return nil, fmt.Errorf("read namespace %s: %w", name, err)
		}
		*uid = string(ns.UID)
	}
	v, err := r.clients.Discovery().ServerVersion()
	if err != nil {
		return nil, fmt.Errorf("ask the API server for its version: %w", err)
	}
	o.Version = v.GitVersion
	return o, nil
}

// besides lists what is recorded though no check is about it, as far as the cluster
// shows it: for whoever reads the evidence, and for checks that are mended later.
// Nobody waits for it.
func besides(kinds []schema.GroupVersionKind) (out []schema.GroupVersionKind) {
	for _, gvk := range []schema.GroupVersionKind{
		{Version: "v1", Kind: "Service"}, {Version: "v1", Kind: "ConfigMap"}, {Version: "v1", Kind: "Secret"},
		{Version: "v1", Kind: "PersistentVolumeClaim"}, {Version: "v1", Kind: "Node"},
		{Group: "apps", Version: "v1", Kind: "Deployment"}, {Group: "apps", Version: "v1", Kind: "ReplicaSet"},
		{Group: "apps", Version: "v1", Kind: "StatefulSet"}, {Group: "apps", Version: "v1", Kind: "DaemonSet"},
		{Group: "batch", Version: "v1", Kind: "Job"}, {Group: "batch", Version: "v1", Kind: "CronJob"},
	} {
		if !slices.ContainsFunc(kinds, func(k schema.GroupVersionKind) bool { return k.GroupKind() == gvk.GroupKind() }) {
			out = append(out, gvk)
		}
	}
	return out
}

// kindsOf lists what has to be watched for a lab: Pods and Events in any case, and
// what its checks name.
func kindsOf(l *lab.Lab) []schema.GroupVersionKind {
	kinds := []schema.GroupVersionKind{{Version: "v1", Kind: "Pod"}, {Version: "v1", Kind: "Event"}}
	for _, c := range l.Conditions() {
		for _, kind := range c.Kinds() {
			if !slices.Contains(kinds, kind) {
				kinds = append(kinds, kind)
			}
		}
	}
	return kinds
}

// known replays the timeline so far into the objects that it says exist in this
// very namespace of this very cluster.
func (r *Recorder) known(origin *timeline.Origin) map[schema.GroupKind]map[string]json.RawMessage {
	out := map[schema.GroupKind]map[string]json.RawMessage{}
	var from *timeline.Origin
	for _, e := range r.Known {
		switch e.Kind {
		case timeline.Start:
			if from != nil && (from.Cluster != e.Origin.Cluster || from.Namespace != e.Origin.Namespace) {
				clear(out)
			}
			from = e.Origin
		case timeline.Reset:
			clear(out)
		case timeline.Object, timeline.Deleted:
			var m metav1.PartialObjectMetadata
			if json.Unmarshal(e.Object, &m) != nil {
				continue
			}
			gk := m.GroupVersionKind().GroupKind()
			if out[gk] == nil {
				out[gk] = map[string]json.RawMessage{}
			}
			if e.Kind == timeline.Deleted {
				delete(out[gk], m.Name)
			} else {
				out[gk][m.Name] = e.Object
			}
		}
	}
	if from != nil && (from.Cluster != origin.Cluster || from.Namespace != origin.Namespace) {
		clear(out)
	}
	return out
}
