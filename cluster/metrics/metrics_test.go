package metrics

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cluster/image"
)

func TestServerMissing(t *testing.T) {
	d := func(generation int64, s appsv1.DeploymentStatus) []appsv1.Deployment {
		return []appsv1.Deployment{{ObjectMeta: metav1.ObjectMeta{Generation: generation}, Status: s}}
	}
	for name, tc := range map[string]struct {
		all  []appsv1.Deployment
		want string
	}{
		"none":                   {nil, "there is no Deployment metrics-server"},
		"not looked at":          {d(2, appsv1.DeploymentStatus{ObservedGeneration: 1, Replicas: 1, UpdatedReplicas: 1, ReadyReplicas: 1}), "its Pod is not ready"},
		"no figures":             {d(1, appsv1.DeploymentStatus{ObservedGeneration: 1, Replicas: 1, UpdatedReplicas: 1}), "its Pod is not ready"},
		"one of another program": {d(1, appsv1.DeploymentStatus{ObservedGeneration: 1, Replicas: 2, UpdatedReplicas: 1, ReadyReplicas: 1}), "its Pod is not ready"},
		"ready":                  {d(1, appsv1.DeploymentStatus{ObservedGeneration: 1, Replicas: 1, UpdatedReplicas: 1, ReadyReplicas: 1}), ""},
	} {
		if got := serverMissing(tc.all); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

func TestAPIMissing(t *testing.T) {
	service := func(status, message string) []unstructured.Unstructured {
		return []unstructured.Unstructured{{Object: map[string]any{"status": map[string]any{"conditions": []any{
			map[string]any{"type": "Available", "status": status, "message": message},
		}}}}}
	}
	for name, tc := range map[string]struct {
		all  []unstructured.Unstructured
		want string
	}{
		"none":        {nil, "the API server has not asked it yet"},
		"not asked":   {[]unstructured.Unstructured{{Object: map[string]any{}}}, "the API server has not asked it yet"},
		"unreachable": {service("False", "no endpoints"), "no endpoints"},
		"available":   {service("True", "all checks passed"), ""},
	} {
		if got := apiMissing(tc.all); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

// The Pod runs the program that podlab carries, under the name by which it is asked for.
func TestManifests(t *testing.T) {
	objects, err := driver.ReadManifests(manifests)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if o.GetKind() != "Deployment" {
			continue
		}
		containers, _, err := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
		if err != nil || len(containers) != 1 {
			t.Fatalf("containers: %v, %v", containers, err)
		}
		if o.GetName() != Program || containers[0].(map[string]any)["image"] != image.Metrics {
			t.Errorf("Deployment %s runs %v, want %s with %s", o.GetName(), containers[0].(map[string]any)["image"], Program, image.Metrics)
		}
		return
	}
	t.Error("there is no Deployment")
}
