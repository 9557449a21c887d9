// Package workload changes what is in a lab's namespace in podlab's name: it
// applies the manifests of a page's setup, and breaks what a fault says.
//
//	w, err := workload.New(cfg, "first-pod")
//	err = w.Apply(ctx, l.FS, "manifests/web.yaml")
//	err = w.Break(ctx, l.FS, check, fault)
//	err = w.Mend(ctx, check)
package workload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/util/exec"

	"podlab.dev/podlab/cluster/fault"
	"podlab.dev/podlab/cue/lab"
)

// Workload is a namespace that podlab changes.
type Workload struct {
	config    *rest.Config
	namespace string
	clients   kubernetes.Interface
	dynamic   dynamic.Interface
	mapper    meta.RESTMapper
}

// New returns the namespace of the cluster of cfg.
func New(cfg *rest.Config, namespace string) (*Workload, error) {
	clients, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	objects, err := dynamic.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	return &Workload{
		config: cfg, namespace: namespace, clients: clients, dynamic: objects,
		mapper: restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(clients.Discovery())),
	}, nil
}

// manager is who podlab is to server-side apply.
const manager = "podlab"

// Apply creates the objects of a file of the lab, YAML or JSON, or makes those
// that exist as it says. It takes objects with a namespace only, and puts them
// into its own.
func (w *Workload) Apply(ctx context.Context, fsys fs.FS, file string) error {
	return w.each(fsys, file, func(api dynamic.ResourceInterface, obj *unstructured.Unstructured) error {
		applied, err := obj.MarshalJSON()
		if err != nil {
			return err
		}
		// kubectl looks for this annotation, and warns a learner who applies the
		// object's manifest when it is not there.
		made, annotations := obj.DeepCopy(), obj.GetAnnotations()
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[corev1.LastAppliedConfigAnnotation] = string(applied)
		made.SetAnnotations(annotations)
		_, err = api.Create(ctx, made, metav1.CreateOptions{FieldManager: manager})
		if apierrors.IsAlreadyExists(err) {
			_, err = api.Apply(ctx, obj.GetName(), obj, metav1.ApplyOptions{FieldManager: manager, Force: true})
		}
		return err
	})
}

// Refused has the API server check the objects of a file as Apply would send
// them, and store nothing: it is what the API server says against them, or nil. A
// kind that it does not know yet, such as one that the lab brings, it says nothing
// about. The error is trouble with asking.
func (w *Workload) Refused(ctx context.Context, fsys fs.FS, file string) (refused, err error) {
	err = w.each(fsys, file, func(api dynamic.ResourceInterface, obj *unstructured.Unstructured) error {
		_, err := api.Create(ctx, obj, metav1.CreateOptions{FieldManager: manager, DryRun: []string{metav1.DryRunAll}, FieldValidation: metav1.FieldValidationStrict})
		if apierrors.IsAlreadyExists(err) {
			return nil
		}
		return err
	})
	switch {
	case meta.IsNoMatchError(err):
		return nil, nil
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err), apierrors.IsForbidden(err), errors.Is(err, errScope):
		return errors.Unwrap(err), nil // who asks knows the file
	}
	return nil, err
}

// errScope says that an object is not one of a namespace.
var errScope = errors.New("it has no namespace; a lab may change its own namespace only")

// each calls do for every object of a file; its error names the object.
func (w *Workload) each(fsys fs.FS, file string, do func(dynamic.ResourceInterface, *unstructured.Unstructured) error) error {
	return objects(fsys, file, func(obj *unstructured.Unstructured) error {
		api, err := w.of(obj.GroupVersionKind())
		if err == nil {
			obj.SetNamespace(w.namespace)
			err = do(api, obj)
		}
		if err != nil {
			return fmt.Errorf("%s: %s %s: %w", file, obj.GetKind(), obj.GetName(), err)
		}
		return nil
	})
}

// objects calls do for every object of a file of YAML or JSON.
func objects(fsys fs.FS, file string, do func(*unstructured.Unstructured) error) error {
	f, err := fsys.Open(file)
	if err != nil {
		return fmt.Errorf("read the lab's %s: %w", file, err)
	}
	defer f.Close()
	documents := yaml.NewYAMLOrJSONDecoder(f, 4096)
	for {
		obj := &unstructured.Unstructured{}
		err := documents.Decode(&obj.Object)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the lab's %s: %w", file, err)
		}
		if len(obj.Object) == 0 {
			continue // between two ---
		}
		if err := do(obj); err != nil {
			return err
		}
	}
}

// of is the API for the objects of a kind in the namespace.
func (w *Workload) of(gvk schema.GroupVersionKind) (dynamic.ResourceInterface, error) {
	m, err := w.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return nil, err
	}
	if m.Scope.Name() != meta.RESTScopeNameNamespace {
		return nil, errScope
	}
	return w.dynamic.Resource(m.Resource).Namespace(w.namespace), nil
}

// Break does what a fault says, for a check. That what it breaks is not there is an
// error. Where a Service must go on answering throughout, it is asked from then on.
func (w *Workload) Break(ctx context.Context, fsys fs.FS, check string, f *lab.Fault, throughout *lab.Throughout) error {
	target := fault.Target{Namespace: w.namespace, Check: check}
	begin := func(context.Context) error { return nil }
	if throughout != nil {
		asking, err := fault.Ask(ctx, w.config, target, throughout)
		if err != nil {
			return err
		}
		begin = asking.Begin
	}
	if f.OnNode() {
		_, err := fault.Inject(ctx, w.config, target, f, begin)
		return err
	}
	if err := begin(ctx); err != nil {
		return err
	}
	switch {
	case f.Evict != nil:
		pod, err := fault.Pick(ctx, w.clients, w.namespace, f.Evict.PodChoice)
		if err != nil {
			return err
		}
		return fault.Evict(ctx, w.clients, w.namespace, pod.Name)
	case f.Delete != nil:
		api, err := w.of(f.Delete.GVK)
		if err == nil {
			err = api.Delete(ctx, f.Delete.Name, metav1.DeleteOptions{})
		}
		if apierrors.IsNotFound(err) {
			return fault.Missing(f.Delete.GVK.Kind, f.Delete.Name, w.namespace)
		}
		if err != nil {
			return fmt.Errorf("delete %s %s: %w", f.Delete.GVK.Kind, f.Delete.Name, err)
		}
		return nil
	case f.Apply != "":
		return w.Apply(ctx, fsys, f.Apply)
	case f.GPU != nil:
		return w.breakGPU(ctx, f.GPU)
	}
	return w.exec(ctx, &f.Exec.Exec)
}

// Undo makes whole what a command broke. In a Pod that is gone there is nothing to undo.
func (w *Workload) Undo(ctx context.Context, e *lab.ExecFault) error {
	_, err := w.clients.CoreV1().Pods(w.namespace).Get(ctx, e.Pod, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at Pod %s: %w", e.Pod, err)
	}
	return w.exec(ctx, &lab.Exec{Pod: e.Pod, Container: e.Container, Command: e.Undo})
}

// Mend undoes what was broken for a check and lasts, or, with "", all that was broken
// for the namespace.
func (w *Workload) Mend(ctx context.Context, check string) error {
	return fault.HealAll(ctx, w.config, fault.Target{Namespace: w.namespace, Check: check})
}

// Follow tells what comes of asking Services for the checks of the namespace, until
// ctx ends.
func (w *Workload) Follow(ctx context.Context, tell func(fault.Served)) {
	// Trouble is seen by whoever waits for what is told.
	_ = fault.Follow(ctx, w.config, w.namespace, tell)
}

// exec runs a command in a container. How it ends does not matter: a command
// that breaks its own container is cut off.
func (w *Workload) exec(ctx context.Context, e *lab.Exec) error {
	req := w.clients.CoreV1().RESTClient().Post().Resource("pods").Namespace(w.namespace).Name(e.Pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Container: e.Container, Command: e.Command, Stdout: true, Stderr: true}, scheme.ParameterCodec)
	stream, err := remotecommand.NewWebSocketExecutor(w.config, "GET", req.URL().String())
	if err != nil {
		return fmt.Errorf("run a command in Pod %s: %w", e.Pod, err)
	}
	err = stream.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: io.Discard, Stderr: io.Discard})
	var exit exec.CodeExitError
	if err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("run a command in Pod %s: %w", e.Pod, err)
	}
	return nil
}
