// Package metrics gives a cluster what `kubectl top` asks: metrics-server, the one of
// its own project, which asks every kubelet what its containers use.
//
//	err := metrics.Ensure(ctx, config, report) // Ready: there are figures
//	err := metrics.Served(ctx, config)         // of a cluster that podlab was lent
package metrics

import (
	"context"
	_ "embed"
	"fmt"
	"runtime"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cluster/packed"
)

// Program is what it is called among the programs that podlab carries.
const Program = "metrics-server"

// api is what it serves.
const api = "metrics.k8s.io/v1beta1"

// readyWithin is how long it may take until there are figures. It looks every ten
// seconds, the shortest that it knows, and has none before its second look.
const readyWithin = 90 * time.Second

// stamp is the annotation on its Pods that makes them anew when the program changes.
const stamp = "podlab.dev/made-of"

//go:embed server.yaml
var manifests []byte

// Ensure makes a cluster of podlab's own have figures of what its Pods use, and waits
// until there are some. Its nodes must have [image.Metrics].
func Ensure(ctx context.Context, config *rest.Config, report driver.Report) error {
	objects, err := driver.ReadManifests(manifests)
	if err != nil {
		return fmt.Errorf("manifests of the metrics server: %w", err)
	}
	for _, o := range objects {
		if o.GetKind() == "Deployment" {
			made := packed.Digest(Program, runtime.GOARCH)
			if err := unstructured.SetNestedField(o.Object, made, "spec", "template", "metadata", "annotations", stamp); err != nil {
				return err
			}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	step := report.Begin(driver.PhaseReady, "waiting for the first figures of what Pods use")
	if err := driver.Apply(ctx, config, objects); err != nil {
		return step.End(err)
	}
	return step.End(wait(ctx, config))
}

// wait waits until the server has figures, and the API server knows.
func wait(ctx context.Context, config *rest.Config) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("client of cluster: %w", err)
	}
	others, err := dynamic.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("client of cluster: %w", err)
	}
	named := func(name string) metav1.ListOptions {
		return metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("metadata.name", name).String()}
	}
	sets := client.AppsV1().Deployments(metav1.NamespaceSystem)
	why, err := driver.Until(ctx, sets.List, sets.Watch, named(Program), serverMissing)
	if err == nil {
		services := others.Resource(schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"})
		why, err = driver.Until(ctx, services.List, services.Watch, named("v1beta1.metrics.k8s.io"), apiMissing)
	}
	if err == nil || ctx.Err() == context.Canceled {
		return err
	}
	return &driver.Error{
		Kind: driver.ErrNotReady,
		What: "the metrics server does not come up: " + why,
		Do:   "see what it says: kubectl logs -n kube-system deployment/" + Program,
		Err:  err,
	}
}

// serverMissing says what the Deployment lacks; its Pod is ready once it has figures.
func serverMissing(all []appsv1.Deployment) string {
	for _, d := range all {
		if s := d.Status; s.ObservedGeneration < d.Generation || s.UpdatedReplicas < 1 || s.ReadyReplicas < 1 || s.Replicas > s.UpdatedReplicas {
			return "its Pod is not ready"
		}
		return ""
	}
	return "there is no Deployment " + Program
}

// apiMissing says why the API server does not pass questions on to it.
func apiMissing(all []unstructured.Unstructured) string {
	for _, s := range all {
		conditions, _, _ := unstructured.NestedSlice(s.Object, "status", "conditions")
		for _, c := range conditions {
			c, _ := c.(map[string]any)
			if c["type"] != "Available" {
				continue
			}
			if c["status"] == "True" {
				return ""
			}
			return strings.TrimSpace(fmt.Sprint(c["message"]))
		}
	}
	return "the API server has not asked it yet"
}

// Served refuses a cluster that podlab was lent and that has no figures of its own:
// what it would take to have them is not podlab's to install.
func Served(ctx context.Context, client kubernetes.Interface, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, err := client.Discovery().ServerResourcesForGroupVersion(api); err == nil {
		return nil
	}
	return &driver.Error{
		Kind: driver.ErrNeeds,
		What: fmt.Sprintf("the lab needs figures of what Pods use (kubectl top), and cluster %q has no metrics server", name),
		Do:   "install metrics-server there, or let podlab make a cluster: --cluster kind",
	}
}
