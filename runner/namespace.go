package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/cluster/workload"
	"podlab.dev/podlab/grader/timeline"
)

// labelLab marks the namespaces that podlab made; podlab never touches others.
const labelLab = "podlab.dev/lab"

// ForeignNamespaceError says that the lab's namespace belongs to someone else.
type ForeignNamespaceError struct{ Namespace string }

func (e *ForeignNamespaceError) Error() string {
	return fmt.Sprintf("the cluster has a namespace %s that podlab did not make", e.Namespace)
}

// Remedy keeps both apart.
func (e *ForeignNamespaceError) Remedy() string {
	return "use another cluster, or remove that namespace if it is yours"
}

// Attach binds the session to a cluster: its namespace exists and can run Pods,
// and its kubeconfig points there. fresh tells that the namespace is new, so
// that what the learner had made is not there (any more).
func (x *Session) Attach(ctx context.Context, c *cluster.Cluster) (fresh bool, err error) {
	cfg, err := c.RESTConfig()
	if err != nil {
		return false, err
	}
	api, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return false, fmt.Errorf("connect to the cluster: %w", err)
	}
	if fresh, err = x.makeNamespace(ctx, api); err != nil {
		return false, err
	}
	if fresh {
		if err := x.heal(ctx, cfg); err != nil {
			return false, err
		}
	}
	w, err := workload.New(cfg, x.State.Namespace)
	if err != nil {
		return false, err
	}
	if len(x.Lab.CRDs) > 0 {
		if err := w.Define(ctx, x.Lab.FS, x.Lab.CRDs); err != nil {
			return false, fmt.Errorf("define the lab's own kinds: %w", err)
		}
	}
	if x.fence != nil {
		if err := w.Fence(ctx, *x.fence); err != nil {
			return false, err
		}
	}
	if err := c.Namespaced(ctx, x.Kubeconfig(), x.State.Namespace); err != nil {
		return false, err
	}
	if err := x.fillWork(); err != nil {
		return false, err
	}
	return fresh, x.Update(func(st *State) { st.Cluster = c.Driver + "/" + c.Name })
}

func (x *Session) makeNamespace(ctx context.Context, api kubernetes.Interface) (fresh bool, err error) {
	name := x.State.Namespace
	for {
		ns, err := api.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			labels := map[string]string{labelLab: x.Key}
			if x.fence != nil {
				maps.Copy(labels, x.fence.Labels())
			}
			_, err = api.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
				Name: name, Labels: labels, Annotations: x.marks,
			}}, metav1.CreateOptions{})
			if apierrors.IsAlreadyExists(err) {
				continue // another start was faster
			}
			if err != nil {
				return false, fmt.Errorf("create namespace %s: %w", name, err)
			}
			return true, waitForAccount(ctx, api, name)
		case err != nil:
			return false, fmt.Errorf("read namespace %s: %w", name, err)
		case ns.Labels[labelLab] != x.Key:
			return false, &ForeignNamespaceError{Namespace: name}
		case ns.DeletionTimestamp != nil: // a reset or a stop was cut off
			if err := waitGone(ctx, api, ns); err != nil {
				return false, err
			}
		default:
			return false, waitForAccount(ctx, api, name)
		}
	}
}

// waitForAccount waits until Pods can be made: they need the namespace's default
// service account.
func waitForAccount(ctx context.Context, api kubernetes.Interface, namespace string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := mayLook(ctx, api, namespace); err != nil {
		return err
	}
	lw := cache.NewListWatchFromClient(api.CoreV1().RESTClient(), "serviceaccounts", namespace,
		fields.OneTermEqualSelector("metadata.name", "default"))
	_, err := watchtools.UntilWithSync(ctx, lw, &corev1.ServiceAccount{}, nil, func(e watch.Event) (bool, error) {
		return e.Type == watch.Added || e.Type == watch.Modified, nil
	})
	if err != nil {
		return fmt.Errorf("wait for the default service account of namespace %s: %w", namespace, err)
	}
	return nil
}

// mayLook returns an error when the user may make a namespace and see nothing of what is
// in it; where that right comes with the namespace, it may be some seconds late.
func mayLook(ctx context.Context, api kubernetes.Interface, namespace string) error {
	for late := time.Now().Add(5 * time.Second); ; {
		_, err := api.CoreV1().ServiceAccounts(namespace).List(ctx, metav1.ListOptions{Limit: 1})
		if !apierrors.IsForbidden(err) {
			return nil // what else is in the way is seen by who waits
		}
		if time.Now().After(late) {
			return &cluster.Error{
				Kind: cluster.ErrPermission, What: fmt.Sprintf("this user may make namespace %s, and may not see the service accounts in it: %v", namespace, err),
				Do: "use a context that may do all in the namespaces that it makes, or let podlab make a cluster: --cluster kind", Err: err,
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// waitGone waits until a namespace that is being deleted has disappeared.
func waitGone(ctx context.Context, api kubernetes.Interface, ns *corev1.Namespace) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	lw := cache.NewListWatchFromClient(api.CoreV1().RESTClient(), "namespaces", "",
		fields.OneTermEqualSelector("metadata.name", ns.Name))
	_, err := watchtools.UntilWithSync(ctx, lw, &corev1.Namespace{}, func(store cache.Store) (bool, error) {
		_, there, err := store.GetByKey(ns.Name)
		return !there, err
	}, func(e watch.Event) (bool, error) { return e.Type == watch.Deleted, nil })
	if err != nil {
		return fmt.Errorf("wait for namespace %s to disappear: %w", ns.Name, err)
	}
	return nil
}

// api is a client of the session's cluster.
func (x *Session) api() (kubernetes.Interface, error) {
	cfg, err := x.rest()
	if err != nil {
		return nil, err
	}
	api, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	return api, nil
}

// removeNamespace deletes the session's namespace; a missing one is fine. With
// wait it returns when the namespace has disappeared.
func (x *Session) removeNamespace(ctx context.Context, wait bool) error {
	api, err := x.api()
	if err != nil {
		return err
	}
	ns, err := api.CoreV1().Namespaces().Get(ctx, x.State.Namespace, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case err != nil:
		return fmt.Errorf("read namespace %s: %w", x.State.Namespace, err)
	case ns.Labels[labelLab] != x.Key:
		return &ForeignNamespaceError{Namespace: ns.Name}
	}
	cfg, err := x.rest()
	if err != nil {
		return err
	}
	if err := x.mend(ctx, cfg); err != nil {
		return err
	}
	if err := api.CoreV1().Namespaces().Delete(ctx, ns.Name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete namespace %s: %w", ns.Name, err)
	}
	// The Pods' grace would be waited for once more, after the deletion of the
	// namespace asked for it: nobody needs their last words.
	now := int64(0)
	if err := api.CoreV1().Pods(ns.Name).DeleteCollection(ctx, metav1.DeleteOptions{GracePeriodSeconds: &now}, metav1.ListOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete the Pods of namespace %s: %w", ns.Name, err)
	}
	if !wait {
		return nil
	}
	return waitGone(ctx, api, ns)
}

// Reset throws the learner's work and progress away: the namespace is made anew,
// the page is the first, no check has passed. The old timeline is kept, as part
// of the one that goes on.
func (x *Session) Reset(ctx context.Context) error {
	if x.InExam() {
		return &ExamError{Key: x.Key, Asked: "beginning anew"}
	}
	unlock, err := x.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := x.removeNamespace(ctx, true); err != nil {
		return err
	}
	file, err := timeline.Open(x.timeline())
	if err != nil {
		return fmt.Errorf("open the timeline: %w", err)
	}
	defer file.Close()
	if _, err := file.Append(timeline.Entry{Kind: timeline.Reset}); err != nil {
		return err
	}
	if err := x.Update(func(st *State) {
		st.Page, st.Hints, st.Answers, st.Broken, st.Earned, st.Sitting, st.Redone, st.Rebuilt = 0, nil, nil, nil, 0, nil, nil, 0
	}); err != nil {
		return err
	}
	api, err := x.api()
	if err != nil {
		return err
	}
	if _, err = x.makeNamespace(ctx, api); err != nil {
		return err
	}
	cfg, err := x.rest()
	if err != nil {
		return err
	}
	return x.heal(ctx, cfg)
}

// Stop removes the lab from its cluster and keeps the progress: a later start
// goes on from the same page, in an empty namespace.
func (x *Session) Stop(ctx context.Context, wait bool) error {
	unlock, err := x.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := x.removeNamespace(ctx, wait); err != nil {
		return err
	}
	if err := os.Remove(x.Kubeconfig()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove the session's kubeconfig: %w", err)
	}
	return x.Update(func(st *State) { st.Cluster = "" })
}

// Forget removes everything that is kept about the session on this machine.
func (x *Session) Forget() error {
	if x.store.Current() == x.Key {
		if err := os.Remove(filepath.Join(x.store.dir, "current")); err != nil {
			return err
		}
	}
	return os.RemoveAll(x.dir)
}
