package fault

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apply0 "k8s.io/client-go/applyconfigurations/core/v1"
	applyrbac "k8s.io/client-go/applyconfigurations/rbac/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"podlab.dev/podlab/cluster/fault/order"
	"podlab.dev/podlab/cluster/image"
	"podlab.dev/podlab/cluster/packed"
)

// account is who the programs on the nodes are.
const account = "fault"

var force = metav1.ApplyOptions{FieldManager: "podlab", Force: true}

// Rights are what whoever breaks things has to be allowed to do.
func Rights() (out []authorizationv1.ResourceAttributes) {
	to := func(group, resource, namespace string, verbs ...string) {
		for _, v := range verbs {
			out = append(out, authorizationv1.ResourceAttributes{Verb: v, Group: group, Resource: resource, Namespace: namespace})
		}
	}
	const rbac = "rbac.authorization.k8s.io"
	to("", "namespaces", "", "get", "patch")
	to("", "pods", Namespace, "create", "get", "list", "watch", "patch", "delete")
	to("", "serviceaccounts", Namespace, "create", "patch")
	for _, kind := range []string{"clusterroles", "clusterrolebindings"} {
		to(rbac, kind, "", "create", "patch")
	}
	for _, kind := range []string{"roles", "rolebindings"} {
		to(rbac, kind, Namespace, "create", "patch")
	}
	// What the programs on the nodes are given must be had.
	to("", "nodes", "", "get", "patch")
	to("", "configmaps", "", "patch")
	to("", "secrets", "", "patch")
	return out
}

// Allow makes the namespace, and gives the programs in it the rights that mending
// takes. Whoever breaks things does so anyway, unless it has been done: then that takes
// no more than to make Pods there, and for what is kept in the API server, the right to
// change that.
func Allow(ctx context.Context, config *rest.Config) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("client of cluster: %w", err)
	}
	return refused(allow(ctx, client))
}

// allowedName is the annotation of the namespace which says that all is there, and by
// its value, in what form.
const allowedName = "podlab.dev/allowed"

func allow(ctx context.Context, client kubernetes.Interface) error {
	role := applyrbac.ClusterRole(Namespace).WithRules(
		applyrbac.PolicyRule().WithAPIGroups("").WithResources("nodes").WithVerbs("get", "patch"),
		applyrbac.PolicyRule().WithAPIGroups("").WithResources("configmaps", "secrets").WithVerbs("patch"),
	)
	// Each speaks through its own Pod.
	own := applyrbac.Role(account, Namespace).WithRules(applyrbac.PolicyRule().WithAPIGroups("").WithResources("pods").WithVerbs("get", "list", "watch", "patch"))
	who := applyrbac.Subject().WithKind("ServiceAccount").WithName(account).WithNamespace(Namespace)
	to := func(kind, name string) *applyrbac.RoleRefApplyConfiguration {
		return applyrbac.RoleRef().WithAPIGroup("rbac.authorization.k8s.io").WithKind(kind).WithName(name)
	}
	form, err := json.Marshal([]any{role, own, who})
	if err != nil {
		return err
	}
	digest := fmt.Sprintf("%x", sha256.Sum256(form))[:16]
	if there, err := client.CoreV1().Namespaces().Get(ctx, Namespace, metav1.GetOptions{}); err == nil && there.DeletionTimestamp == nil && there.Annotations[allowedName] == digest {
		return nil
	}
	space := apply0.Namespace(Namespace).WithLabels(map[string]string{"pod-security.kubernetes.io/enforce": "privileged", "app.kubernetes.io/managed-by": "podlab"})
	if _, err := client.CoreV1().Namespaces().Apply(ctx, space, force); err != nil {
		return fmt.Errorf("make namespace %s: %w", Namespace, err)
	}
	var g errgroup.Group
	g.Go(func() error {
		_, err := client.CoreV1().ServiceAccounts(Namespace).Apply(ctx, apply0.ServiceAccount(account, Namespace), force)
		return err
	})
	g.Go(func() error {
		_, err := client.RbacV1().ClusterRoles().Apply(ctx, role, force)
		return err
	})
	g.Go(func() error {
		_, err := client.RbacV1().ClusterRoleBindings().Apply(ctx, applyrbac.ClusterRoleBinding(Namespace).WithSubjects(who).WithRoleRef(to("ClusterRole", Namespace)), force)
		return err
	})
	g.Go(func() error {
		_, err := client.RbacV1().Roles(Namespace).Apply(ctx, own, force)
		return err
	})
	g.Go(func() error {
		_, err := client.RbacV1().RoleBindings(Namespace).Apply(ctx, applyrbac.RoleBinding(account, Namespace).WithSubjects(who).WithRoleRef(to("Role", account)), force)
		return err
	})
	if err := g.Wait(); err != nil {
		return err
	}
	_, err = client.CoreV1().Namespaces().Apply(ctx, space.WithAnnotations(map[string]string{allowedName: digest}), force)
	return err
}

// program is a Pod of the program on a node, that is told what to do, and for how long;
// with 0 it does it once. No taint keeps it away.
func program(id, node string, t Target, what string, lasts time.Duration, do, text string) *corev1.Pod {
	grace := int64(15)
	field := func(path string) *corev1.EnvVarSource {
		return &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}
	}
	says := map[string]string{whatName: what}
	if lasts > 0 {
		says[untilName] = time.Now().Add(lasts).UTC().Format(time.RFC3339)
	}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: podName(id), Namespace: Namespace, Labels: map[string]string{labName: t.Namespace, checkName: t.Check}, Annotations: says,
		},
		Spec: corev1.PodSpec{
			NodeName: node, ServiceAccountName: account, RestartPolicy: corev1.RestartPolicyNever,
			TerminationGracePeriodSeconds: &grace, Tolerations: []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
			Containers: []corev1.Container{{
				Name: "fault", Image: image.Fault, ImagePullPolicy: corev1.PullIfNotPresent, Args: []string{do},
				Env: []corev1.EnvVar{
					{Name: "FAULT", Value: text}, {Name: "POD_NAME", ValueFrom: field("metadata.name")}, {Name: "POD_NAMESPACE", ValueFrom: field("metadata.namespace")},
					{Name: "BUILD", Value: packed.Digest("podlab-fault", runtime.GOARCH)},
				},
				TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
			}},
		},
	}
}

// agent makes it the Pod that is a fault: it sees the node's processes and network, and
// is started again after a crash, to mend.
func agent(p *corev1.Pod) *corev1.Pod {
	yes, c := true, &p.Spec.Containers[0]
	p.Spec.HostPID, p.Spec.HostNetwork, p.Spec.RestartPolicy = true, true, corev1.RestartPolicyOnFailure
	c.SecurityContext = &corev1.SecurityContext{Privileged: &yes}
	c.VolumeMounts = []corev1.VolumeMount{{Name: "state", MountPath: order.State}}
	p.Spec.Volumes = []corev1.Volume{{Name: "state", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
	return p
}
