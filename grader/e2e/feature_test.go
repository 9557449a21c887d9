package e2e_test

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/e2e-framework/pkg/env"
	"sigs.k8s.io/e2e-framework/pkg/envconf"
	"sigs.k8s.io/e2e-framework/pkg/envfuncs"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/cluster/clustertest"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/e2e"
)

const source = `
schema: "v1", title: "A Pod that works and is deleted", summary: "S", minutes: 1
steps: [{id: "a", checks: [{
	id: "ready", title: "p is Ready for a second", why: "w", holds: "1s"
	object: {kind: "Pod", name: "p"}
	want: status: conditions: Ready: status: "True"
}, {
	id: "says", title: "p says that it serves", why: "w"
	logs: {pod: "p", match: "serving on :8080"}
}, {
	id: "has", title: "p has a shell", why: "w", needs: ["ready"]
	exec: {pod: "p", command: ["sh", "-c", "echo $((6*7)); echo oops >&2; exit 3"]}
	want: {exitCode: 3, stdout: "42\n", stderr: "oops\n"}
}]}]
`

// A lab is graded as a feature on the real cluster that make test brings up.
func TestFeature(t *testing.T) {
	kubeconfig := clustertest.Kubeconfig(t, cluster.Kind)
	l, err := lab.Load(fstest.MapFS{"lab.cue": {Data: []byte(source)}, "01-a.md": {Data: []byte("# A")}}, "feature")
	if err != nil {
		t.Fatal(err)
	}
	namespace := envconf.RandomName("e2e", 12)
	cfg := envconf.NewWithKubeConfig(kubeconfig).WithNamespace(namespace)
	world := env.NewWithConfig(cfg)
	world.BeforeEachTest(func(ctx context.Context, cfg *envconf.Config, _ *testing.T) (context.Context, error) {
		return envfuncs.CreateNamespace(namespace)(ctx, cfg)
	})
	world.AfterEachTest(func(ctx context.Context, cfg *envconf.Config, _ *testing.T) (context.Context, error) {
		return envfuncs.DeleteNamespace(namespace)(ctx, cfg)
	})
	world.Test(t, e2e.Feature(l, time.Minute, func(ctx context.Context, t *testing.T, cfg *envconf.Config) context.Context {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: cfg.Namespace()},
			Spec: corev1.PodSpec{
				// The namespace is new: its account may not be there yet, and the
				// Pod does not need it.
				AutomountServiceAccountToken: new(bool),
				Containers:                   []corev1.Container{{Name: "c", Image: "podlab.dev/toolbox:v1"}},
			},
		}
		deadline := time.Now().Add(30 * time.Second)
		for {
			err := cfg.Client().Resources().Create(ctx, pod)
			if err == nil {
				return ctx
			}
			if time.Now().After(deadline) {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
		}
	}))
}
