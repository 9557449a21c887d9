package lint

import (
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// security holds what setups bring against the Pod Security level that the lab says
// for work that is handed in: a class is graded in namespaces of that level, podlab's
// own Pods with it.
func (l *linter) security() {
	level, err := api.ParseLevel(l.lab.Submissions.Security)
	if err != nil || level == api.LevelPrivileged {
		return
	}
	standards, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		panic(err) // the checks of the library contradict each other
	}
	var setups []string
	for _, s := range l.lab.Steps {
		if s.Setup != nil {
			setups = append(setups, s.Setup.Manifests...)
		}
	}
	for _, f := range l.files("manifests") {
		if !slices.Contains(setups, f.name) {
			continue
		}
		for _, d := range documents(f.text) {
			d.file = f.name
			o, gvk, err := scheme.Codecs.UniversalDeserializer().Decode([]byte(d.text), nil, nil)
			if err != nil {
				continue // the rule about manifests says what is wrong with it
			}
			meta, spec := podOf(o)
			if spec == nil {
				continue
			}
			var broken []string
			for _, r := range standards.EvaluatePod(api.LevelVersion{Level: level, Version: api.LatestVersion()}, meta, spec) {
				if !r.Allowed {
					broken = append(broken, r.ForbiddenReason)
				}
			}
			if len(broken) > 0 {
				what := "this Pod is"
				if gvk.Kind != "Pod" {
					what = "the Pods of this " + gvk.Kind + " are"
				}
				l.warn(d.at(0), "security", `change it, or write what it takes in lab.cue: submissions: security: "baseline" or "privileged"`,
					"where a class is graded, %s refused: the level %s does not allow %s", what, level, strings.Join(broken, ", "))
			}
		}
	}
}

// podOf is the Pod that an object comes to; nil where it comes to none.
func podOf(o runtime.Object) (*metav1.ObjectMeta, *corev1.PodSpec) {
	var t *corev1.PodTemplateSpec
	switch o := o.(type) {
	case *corev1.Pod:
		return &o.ObjectMeta, &o.Spec
	case *appsv1.Deployment:
		t = &o.Spec.Template
	case *appsv1.ReplicaSet:
		t = &o.Spec.Template
	case *appsv1.StatefulSet:
		t = &o.Spec.Template
	case *appsv1.DaemonSet:
		t = &o.Spec.Template
	case *batchv1.Job:
		t = &o.Spec.Template
	case *batchv1.CronJob:
		t = &o.Spec.JobTemplate.Spec.Template
	default:
		return nil, nil
	}
	return &t.ObjectMeta, &t.Spec
}
