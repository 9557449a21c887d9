package gpu

import (
	"context"
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	resourcev1 "k8s.io/api/resource/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	applycore "k8s.io/client-go/applyconfigurations/core/v1"
	applyrbac "k8s.io/client-go/applyconfigurations/rbac/v1"
	applyresource "k8s.io/client-go/applyconfigurations/resource/v1"
	"k8s.io/client-go/kubernetes"

	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cluster/gpu/rig"
)

// claimDriver is the name under which claims ask for the GPUs, and the class of
// whole ones; migClass is that of slices.
const (
	claimDriver = "gpu.nvidia.com"
	migClass    = "mig.nvidia.com"
)

// servesClaims refuses a cluster that knows no ResourceClaims.
func servesClaims(client kubernetes.Interface) error {
	if _, err := client.Discovery().ServerResourcesForGroupVersion(resourcev1.SchemeGroupVersion.String()); err != nil {
		return &driver.Error{
			Kind: driver.ErrNeeds,
			What: "the lab's GPUs are handed out to ResourceClaims, and this cluster does not serve resource.k8s.io/v1",
			Do:   "use Kubernetes 1.34 or newer",
			Err:  err,
		}
	}
	return nil
}

// applyClaims makes the classes that claims name, and lets the driver publish its
// devices and read claims.
func applyClaims(ctx context.Context, client kubernetes.Interface) error {
	for class, kind := range map[string]string{claimDriver: "gpu", migClass: "mig"} {
		expression := fmt.Sprintf("device.driver == %q && device.attributes[%q].type == %q", claimDriver, claimDriver, kind)
		spec := applyresource.DeviceClassSpec().WithSelectors(applyresource.DeviceSelector().WithCEL(applyresource.CELDeviceSelector().WithExpression(expression)))
		if _, err := client.ResourceV1().DeviceClasses().Apply(ctx, applyresource.DeviceClass(class).WithSpec(spec), force); err != nil {
			return fmt.Errorf("make DeviceClass %s: %w", class, err)
		}
	}
	if _, err := client.CoreV1().ServiceAccounts(Namespace).Apply(ctx, applycore.ServiceAccount(name, Namespace), force); err != nil {
		return fmt.Errorf("make ServiceAccount %s: %w", name, err)
	}
	const role = "podlab-gpu"
	rbac := client.RbacV1()
	rules := applyrbac.ClusterRole(role).WithRules(
		applyrbac.PolicyRule().WithAPIGroups(resourcev1.GroupName).WithResources("resourceslices").WithVerbs("get", "watch", "create", "update"),
		applyrbac.PolicyRule().WithAPIGroups(resourcev1.GroupName).WithResources("resourceclaims").WithVerbs("get"),
		applyrbac.PolicyRule().WithAPIGroups("").WithResources("nodes").WithVerbs("get"),
	)
	if _, err := rbac.ClusterRoles().Apply(ctx, rules, force); err != nil {
		return fmt.Errorf("make ClusterRole %s: %w", role, err)
	}
	binding := applyrbac.ClusterRoleBinding(role).
		WithRoleRef(applyrbac.RoleRef().WithAPIGroup(rbacv1.GroupName).WithKind("ClusterRole").WithName(role)).
		WithSubjects(applyrbac.Subject().WithKind(rbacv1.ServiceAccountKind).WithName(name).WithNamespace(Namespace))
	if _, err := rbac.ClusterRoleBindings().Apply(ctx, binding, force); err != nil {
		return fmt.Errorf("make ClusterRoleBinding %s: %w", role, err)
	}
	return nil
}

// dropSlices takes back what was published of GPUs that are there no more. It comes
// after the Pods that published them are gone: they would do so again.
func dropSlices(ctx context.Context, client kubernetes.Interface, have map[string]*rig.Inventory) error {
	slices := client.ResourceV1().ResourceSlices()
	all, err := slices.List(ctx, metav1.ListOptions{FieldSelector: resourcev1.ResourceSliceSelectorDriver + "=" + claimDriver})
	if apierrors.IsNotFound(err) { // an older cluster has no such kind
		return nil
	}
	if err != nil {
		return fmt.Errorf("list the slices of the last GPUs: %w", err)
	}
	for _, s := range all.Items {
		if s.Spec.NodeName != nil && have[*s.Spec.NodeName] != nil && have[*s.Spec.NodeName].DRA {
			continue
		}
		if err := slices.Delete(ctx, s.Name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("remove the slice %s of the last GPUs: %w", s.Name, err)
		}
	}
	return nil
}

// slicesMissing says which node has not published its devices. A GPU that is broken
// is left out of them, so any slice of the driver will do.
func slicesMissing(all []resourcev1.ResourceSlice, have map[string]*rig.Inventory) string {
	published := map[string]bool{}
	for _, s := range all {
		if s.Spec.Driver == claimDriver && s.Spec.NodeName != nil {
			published[*s.Spec.NodeName] = true
		}
	}
	for node, inv := range have {
		if inv.DRA && !published[node] {
			return fmt.Sprintf("node %s has not published its GPUs", node)
		}
	}
	return ""
}
