package batch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/gofrs/flock"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// Annotations of a namespace say which run it belongs to: by the lock that the run
// holds as long as it lives, on its machine.
const (
	annotationLock = "podlab.dev/batch-lock"
	annotationHost = "podlab.dev/batch-host"
)

func (r *run) marks() map[string]string {
	host, _ := os.Hostname()
	if r.Identity != "" {
		host = inCluster
	}
	return map[string]string{annotationLock: r.identity(), annotationHost: host}
}

// inCluster is the machine of a run whose Pods come and go.
const inCluster = "the cluster itself"

// sweep deletes the namespaces of runs on this machine that are over, killed ones,
// and of this one's folder. It says how many, and how many of other machines it left.
func sweep(ctx context.Context, clients kubernetes.Interface, own string) (removed, left int, err error) {
	all, err := clients.CoreV1().Namespaces().List(ctx, metav1.ListOptions{LabelSelector: "podlab.dev/lab"})
	if err != nil {
		return 0, 0, fmt.Errorf("look for what a killed run left: %w", err)
	}
	here, _ := os.Hostname()
	dead := map[string]bool{own: true}
	for _, n := range all.Items {
		lock, ok := n.Annotations[annotationLock]
		if !ok {
			continue
		}
		switch n.Annotations[annotationHost] {
		case here:
		case inCluster:
			continue // whoever began that run clears up after it
		default:
			left++
			continue
		}
		if _, known := dead[lock]; !known {
			dead[lock] = free(lock)
		}
		if !dead[lock] || n.DeletionTimestamp != nil {
			continue
		}
		if err := remove(ctx, clients, n.Name); err != nil {
			return removed, left, fmt.Errorf("of a killed run: %w", err)
		}
		removed++
	}
	return removed, left, nil
}

// free tells whether nobody holds a lock.
func free(path string) bool {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return true
	}
	l := flock.New(path)
	ok, err := l.TryLock()
	if err != nil || !ok {
		return false
	}
	_ = l.Unlock()
	return true
}

// remove deletes a namespace, whose Pods nobody waits for. One that is gone is fine.
func remove(ctx context.Context, clients kubernetes.Interface, namespace string) error {
	if err := clients.CoreV1().Namespaces().Delete(ctx, namespace, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("remove namespace %s: %w", namespace, err)
	}
	now := int64(0)
	if err := clients.CoreV1().Pods(namespace).DeleteCollection(ctx, metav1.DeleteOptions{GracePeriodSeconds: &now}, metav1.ListOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("remove the Pods of namespace %s: %w", namespace, err)
	}
	return nil
}
