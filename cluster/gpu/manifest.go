package gpu

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	apply1 "k8s.io/client-go/applyconfigurations/apps/v1"
	apply0 "k8s.io/client-go/applyconfigurations/core/v1"
	applymeta "k8s.io/client-go/applyconfigurations/meta/v1"
	"k8s.io/client-go/kubernetes"

	"k8s.io/apimachinery/pkg/util/intstr"
	"podlab.dev/podlab/cluster/gpu/bus"
	"podlab.dev/podlab/cluster/gpu/rig"
	"podlab.dev/podlab/cluster/image"
	"podlab.dev/podlab/cluster/packed"
)

// Names of what podlab makes in [Namespace].
const (
	name      = "gpu"
	configMap = "nodes"
	// metricsService has the name of DCGM's exporter, and its port.
	metricsService = "dcgm-exporter"
	metricsPort    = 9400
	readyPort      = 9401
	// present is the label of a node that has GPUs.
	present = vendor + "gpu.present"
	vendor  = "nvidia.com/"
	// stamped on the Pods, so that others take their place when it changes.
	stamp = "podlab.dev/made-of"
)

var force = metav1.ApplyOptions{FieldManager: "podlab", Force: true}

// apply makes the objects in the cluster as they are to be.
func apply(ctx context.Context, client kubernetes.Interface, data map[string]string, claims bool) error {
	core := client.CoreV1()
	space := apply0.Namespace(Namespace).WithLabels(map[string]string{"pod-security.kubernetes.io/enforce": "privileged"})
	if _, err := core.Namespaces().Apply(ctx, space, force); err != nil {
		return fmt.Errorf("make namespace %s: %w", Namespace, err)
	}
	if _, err := core.ConfigMaps(Namespace).Apply(ctx, apply0.ConfigMap(configMap, Namespace).WithData(data), force); err != nil {
		return fmt.Errorf("write what GPUs the nodes have: %w", err)
	}
	labels := map[string]string{"app": name}
	service := apply0.Service(metricsService, Namespace).WithSpec(apply0.ServiceSpec().WithSelector(labels).
		WithPorts(apply0.ServicePort().WithName("metrics").WithPort(metricsPort)))
	if _, err := core.Services(Namespace).Apply(ctx, service, force); err != nil {
		return fmt.Errorf("make Service %s: %w", metricsService, err)
	}
	if claims {
		if err := applyClaims(ctx, client); err != nil {
			return err
		}
	}
	if _, err := client.AppsV1().DaemonSets(Namespace).Apply(ctx, daemonSet(labels, data, claims), force); err != nil {
		return fmt.Errorf("make DaemonSet %s: %w", name, err)
	}
	return nil
}

// daemonSet runs the driver and the device plugin on every node that has GPUs.
func daemonSet(labels, data map[string]string, claims bool) *apply1.DaemonSetApplyConfiguration {
	env := apply0.EnvVar().WithName("NODE_NAME").WithValueFrom(apply0.EnvVarSource().WithFieldRef(apply0.ObjectFieldSelector().WithFieldPath("spec.nodeName")))
	container := func(role, path string, port int32, folders ...string) *apply0.ContainerApplyConfiguration {
		c := apply0.Container().WithName(role).WithImage(image.GPU).WithImagePullPolicy(corev1.PullIfNotPresent).WithArgs(role).WithEnv(env).
			WithVolumeMounts(apply0.VolumeMount().WithName("nodes").WithMountPath("/etc/podlab-gpu").WithReadOnly(true)).
			WithReadinessProbe(apply0.Probe().WithPeriodSeconds(1).WithFailureThreshold(2).
				WithHTTPGet(apply0.HTTPGetAction().WithPath(path).WithPort(intstr.FromInt32(port))))
		for _, f := range folders {
			c.WithVolumeMounts(apply0.VolumeMount().WithName(volume(f)).WithMountPath(f))
		}
		return c
	}
	const plugins, resources, cdi = "/var/lib/kubelet/device-plugins", "/var/lib/kubelet/pod-resources", "/etc/cdi"
	const registry, drivers = "/var/lib/kubelet/plugins_registry", "/var/lib/kubelet/plugins"
	pluginFolders, account := []string{bus.Host, plugins, cdi}, "default"
	if claims { // its driver asks the API server
		pluginFolders, account = append(pluginFolders, registry, drivers), name
	}
	spec := apply0.PodSpec().WithNodeSelector(map[string]string{present: "true"}).
		WithTolerations(apply0.Toleration().WithOperator(corev1.TolerationOpExists)).
		WithPriorityClassName("system-node-critical").WithAutomountServiceAccountToken(claims).WithServiceAccountName(account).WithTerminationGracePeriodSeconds(1).
		WithContainers(
			container("driver", "/health", metricsPort, bus.Host, resources).WithPorts(apply0.ContainerPort().WithContainerPort(metricsPort)),
			container("plugin", "/ready", readyPort, pluginFolders...),
		).
		WithVolumes(apply0.Volume().WithName("nodes").WithConfigMap(apply0.ConfigMapVolumeSource().WithName(configMap)))
	for _, f := range append([]string{resources}, pluginFolders...) {
		kind := corev1.HostPathDirectory
		if f == bus.Host || f == cdi || f == drivers {
			kind = corev1.HostPathDirectoryOrCreate
		}
		spec.WithVolumes(apply0.Volume().WithName(volume(f)).WithHostPath(apply0.HostPathVolumeSource().WithPath(f).WithType(kind)))
	}
	// What they read and what they are: with either they are made anew.
	madeOf := sha256.New()
	for _, file := range slices.Sorted(maps.Keys(data)) {
		fmt.Fprintf(madeOf, "%s\n%s\n", file, data[file])
	}
	fmt.Fprintln(madeOf, packed.Digest("podlab-gpu", runtime.GOARCH))
	return apply1.DaemonSet(name, Namespace).WithSpec(apply1.DaemonSetSpec().
		WithSelector(applymeta.LabelSelector().WithMatchLabels(labels)).
		WithUpdateStrategy(apply1.DaemonSetUpdateStrategy().WithRollingUpdate(apply1.RollingUpdateDaemonSet().WithMaxUnavailable(intstr.FromString("100%")))).
		WithTemplate(apply0.PodTemplateSpec().WithLabels(labels).
			WithAnnotations(map[string]string{stamp: hex.EncodeToString(madeOf.Sum(nil)[:8])}).WithSpec(spec)))
}

// volume is the name of the volume for a folder of the node.
func volume(folder string) string {
	switch folder {
	case bus.Host:
		return "gpus"
	case "/etc/cdi":
		return "cdi"
	}
	return strings.ReplaceAll(folder[len("/var/lib/kubelet/"):], "_", "-")
}

// setMissing says what the DaemonSet lacks, which is to have a Pod on so many nodes.
// How many it has to have is not asked of it: it knows of none before it has seen
// the nodes' labels.
func setMissing(sets []appsv1.DaemonSet, nodes int32) string {
	for _, s := range sets {
		if s.Name != name {
			continue
		}
		st := s.Status
		if ready := min(st.NumberReady, st.UpdatedNumberScheduled); st.ObservedGeneration < s.Generation || st.DesiredNumberScheduled != nodes || ready < nodes {
			return fmt.Sprintf("%d of %d of its Pods are ready", ready, nodes)
		}
		return ""
	}
	return "there is no DaemonSet " + name
}

// label gives the nodes the labels of GPU feature discovery, and takes them from
// those that have none.
func label(ctx context.Context, client kubernetes.Interface, nodes []corev1.Node, have map[string]*rig.Inventory) error {
	for i := range nodes {
		patch := map[string]any{}
		for key := range nodes[i].Labels {
			if len(key) > len(vendor) && key[:len(vendor)] == vendor {
				patch[key] = nil
			}
		}
		if inv := have[nodes[i].Name]; inv != nil {
			for key, value := range Labels(inv) {
				patch[key] = value
			}
		}
		if len(patch) == 0 {
			continue
		}
		raw, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": patch}})
		if err != nil {
			return err
		}
		if _, err := client.CoreV1().Nodes().Patch(ctx, nodes[i].Name, types.MergePatchType, raw, metav1.PatchOptions{FieldManager: "podlab"}); err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("label node %s: %w", nodes[i].Name, err)
		}
	}
	return nil
}
