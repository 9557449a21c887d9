package gpu_test

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"podlab.dev/podlab/cluster/gpu"
	"podlab.dev/podlab/cluster/gpu/bus"
	"podlab.dev/podlab/cluster/toolbox"
	"podlab.dev/podlab/cue/lab"
)

func TestRealClaims(t *testing.T) {
	w := newWorld(t, "claims", 1, lab.GPU{Model: "H100", Count: 2, DRA: true})
	claims := w.client.ResourceV1().ResourceClaims("default")
	// pod makes a claim for a device of a class that is as selected, and a Pod for it.
	pod := func(name, class, selector string, args ...string) {
		t.Helper()
		request := resourcev1.ExactDeviceRequest{DeviceClassName: class}
		if selector != "" {
			request.Selectors = []resourcev1.DeviceSelector{{CEL: &resourcev1.CELDeviceSelector{Expression: selector}}}
		}
		_, err := claims.Create(t.Context(), &resourcev1.ResourceClaim{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec:       resourcev1.ResourceClaimSpec{Devices: resourcev1.DeviceClaim{Requests: []resourcev1.DeviceRequest{{Name: "gpu", Exactly: &request}}}},
		}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		w.create(&corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default"},
			Spec: corev1.PodSpec{
				ResourceClaims: []corev1.PodResourceClaim{{Name: "gpu", ResourceClaimName: &name}},
				Containers: []corev1.Container{{Name: "c", Image: toolbox.Ref, Args: args, Resources: corev1.ResourceRequirements{
					Claims: []corev1.ResourceClaim{{Name: "gpu"}},
				}}},
			},
		})
	}
	pod("second", "gpu.nvidia.com", `device.attributes["gpu.nvidia.com"].index == 1`, "model", "--memory", "20Gi")
	w.see("second", "is ready", ready)
	state, err := gpu.Look(t.Context(), w.config)
	if err != nil {
		t.Fatal(err)
	}
	if g := state[0].GPUs[1]; g.UsedMiB != 20480 || len(g.Holders) != 1 || g.Holders[0].Pod != "second" {
		t.Errorf("GPU 1: %+v", g)
	}
	if got := w.run("default", "second", "c", "sh", "-c", "nvidia-smi -L; echo $NVIDIA_VISIBLE_DEVICES"); !strings.Contains(got, "GPU 0: NVIDIA H100 80GB HBM3 (UUID: "+state[0].GPUs[1].UUID) || !strings.HasSuffix(got, "\n"+state[0].GPUs[1].UUID+"\n") {
		t.Errorf("the container sees %s", got)
	}
	// One that has failed is given to nobody.
	if _, err := gpu.Break(t.Context(), w.config, gpu.Target{Index: 0}, bus.Fault{Kind: bus.FaultXid, Xid: 119}); err != nil {
		t.Fatal(err)
	}
	w.until("the broken GPU is not offered", func() (string, bool) {
		all, err := w.client.ResourceV1().ResourceSlices().List(t.Context(), metav1.ListOptions{})
		if err != nil || len(all.Items) != 1 {
			return fmt.Sprint(len(all.Items), err), false
		}
		return fmt.Sprint(all.Items[0].Spec.Devices), len(all.Items[0].Spec.Devices) == 1
	})
	pod("third", "gpu.nvidia.com", "", "sleep", "1h")
	w.see("third", "is told why it waits", func(p *corev1.Pod) bool {
		for _, c := range p.Status.Conditions {
			if c.Type == corev1.PodScheduled && strings.Contains(c.Message, "cannot allocate all claims") {
				return true
			}
		}
		return false
	})
	w.heal()
	w.see("third", "is ready", ready)
	w.restartKubelet()
	w.until("the kubelet knows the driver again", func() (string, bool) {
		log := w.log(w.plugin(0).Name, "plugin")
		return log, strings.Count(log, "msg=registered") >= 2
	})
	w.until("the devices are offered again", func() (string, bool) {
		all, err := w.client.ResourceV1().ResourceSlices().List(t.Context(), metav1.ListOptions{})
		return fmt.Sprint(err), err == nil && len(all.Items) == 1 && len(all.Items[0].Spec.Devices) == 2
	})
	w.gone("second", "third")
	for _, name := range []string{"second", "third"} {
		if err := claims.Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
	}

	// Slices of a GPU, and back to the device plugin.
	if err := w.up(lab.GPU{Model: "H100", Count: 1, MIG: map[string]int{"1g.10gb": 3, "3g.40gb": 1}, DRA: true}); err != nil {
		t.Fatal(err)
	}
	pod("slice", "mig.nvidia.com", `device.attributes["gpu.nvidia.com"].profile == "3g.40gb"`, "model", "--memory", "30Gi")
	w.see("slice", "is ready", ready)
	if got := w.run("default", "slice", "c", "nvidia-smi", "-L"); strings.Count(got, "MIG ") != 1 || !strings.Contains(got, "MIG 3g.40gb") {
		t.Errorf("the container sees %s", got)
	}
	w.gone("slice")
	if err := w.up(lab.GPU{Model: "T4", Count: 2}); err != nil {
		t.Fatal(err)
	}
	w.offers(whole, 2)
	if all, err := w.client.ResourceV1().ResourceSlices().List(t.Context(), metav1.ListOptions{}); err != nil || len(all.Items) != 0 {
		t.Errorf("slices are left: %+v, %v", all.Items, err)
	}
}
