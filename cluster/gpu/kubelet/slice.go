package kubelet

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"podlab.dev/podlab/cluster/gpu/bus"
	"podlab.dev/podlab/cluster/gpu/rig"
)

// ClaimDriver is the name under which claims ask for the GPUs.
const ClaimDriver = "gpu.nvidia.com"

const slices1 = "/apis/resource.k8s.io/v1/resourceslices"

// resourceSlice is one of resource.k8s.io/v1, as far as it is used here.
type resourceSlice struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name            string      `json:"name"`
		ResourceVersion string      `json:"resourceVersion,omitempty"`
		Owners          []nodeOwner `json:"ownerReferences,omitempty"`
	} `json:"metadata"`
	Spec struct {
		Driver   string `json:"driver"`
		NodeName string `json:"nodeName"`
		Pool     struct {
			Name       string `json:"name"`
			Generation int64  `json:"generation"`
			Slices     int64  `json:"resourceSliceCount"`
		} `json:"pool"`
		Devices []sliceDevice `json:"devices"`
	} `json:"spec"`
}

// nodeOwner makes the slice go with its node.
type nodeOwner struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	UID        string `json:"uid"`
}

type sliceDevice struct {
	Name       string                   `json:"name"`
	Attributes map[string]attribute     `json:"attributes"`
	Capacity   map[string]capacityValue `json:"capacity"`
}

// attribute has one of its fields.
type attribute struct {
	String  *string `json:"string,omitempty"`
	Int     *int64  `json:"int,omitempty"`
	Version *string `json:"version,omitempty"`
}

type capacityValue struct {
	Value string `json:"value"`
}

// claimDevices are the devices that claims can ask for, by their names in the slice.
func claimDevices(inv *rig.Inventory) map[string]rig.Device {
	out := map[string]rig.Device{}
	of := map[int]int{} // instances of a GPU so far
	for _, r := range inv.Resources() {
		for _, d := range r.Devices {
			name := fmt.Sprintf("gpu-%d", d.GPU)
			if len(inv.MIG) > 0 {
				name = fmt.Sprintf("gpu-%d-mig-%d", d.GPU, of[d.GPU])
				of[d.GPU]++
			}
			out[name] = d
		}
	}
	return out
}

// offered are the devices of the slice: those that are healthy. One that is not is
// left out, as it falls out of what a device plugin's node can allocate.
func offered(inv *rig.Inventory, n *bus.Node) []sliceDevice {
	byUUID := map[string]string{}
	for name, d := range claimDevices(inv) {
		byUUID[d.UUID] = name
	}
	text := func(s string) attribute { return attribute{String: &s} }
	version := func(s string) attribute { return attribute{Version: &s} }
	number := func(i int) attribute { v := int64(i); return attribute{Int: &v} }
	out := []sliceDevice{}
	for _, g := range n.GPUs {
		if g.Unhealthy != "" {
			continue
		}
		about := func(kind, uuid string) map[string]attribute {
			return map[string]attribute{
				"type": text(kind), "uuid": text(uuid), "productName": text(n.Card.Product), "brand": text(n.Card.Brand),
				"architecture": text(strings.ToUpper(n.Card.Family[:1]) + n.Card.Family[1:]), "index": number(g.Index), "numa": number(g.NUMA),
				"cudaComputeCapability": version(n.Card.Compute + ".0"), "driverVersion": version(plain(n.Driver)), "cudaDriverVersion": version(n.CUDA + ".0"),
			}
		}
		if !g.MIG {
			out = append(out, sliceDevice{byUUID[g.UUID], about("gpu", g.UUID), map[string]capacityValue{"memory": {fmt.Sprintf("%dMi", n.Card.MemoryMiB)}}})
		}
		for _, i := range g.Instances {
			attributes := about("mig", i.UUID)
			attributes["profile"], attributes["parentUUID"] = text(i.Profile.Name), text(g.UUID)
			out = append(out, sliceDevice{byUUID[i.UUID], attributes, map[string]capacityValue{"memory": {fmt.Sprintf("%dMi", i.Profile.MemoryMiB)}}})
		}
	}
	return out
}

// plain is a version without the leading zeros that semantic versions do not have:
// 570.124.6.
func plain(version string) string {
	parts := strings.Split(version, ".")
	for i, p := range parts {
		if parts[i] = strings.TrimLeft(p, "0"); parts[i] == "" {
			parts[i] = "0"
		}
	}
	return strings.Join(parts, ".")
}

// slice is the name of the node's slice.
func (c *Claims) slice() string { return c.node + "-" + ClaimDriver }

// publish makes the node's slice what it is to be.
func (c *Claims) publish(ctx context.Context, n *bus.Node) error {
	var slice resourceSlice
	slice.Metadata.Name = c.slice()
	err := c.api.do(ctx, http.MethodGet, slices1+"/"+slice.Metadata.Name, nil, &slice)
	fresh := errors.Is(err, errNotFound)
	if err != nil && !fresh {
		return err
	}
	devices := offered(c.inv, n)
	if !fresh && reflect.DeepEqual(slice.Spec.Devices, devices) {
		return nil
	}
	if fresh {
		var node struct {
			Metadata struct {
				UID string `json:"uid"`
			} `json:"metadata"`
		}
		if err := c.api.do(ctx, http.MethodGet, "/api/v1/nodes/"+c.node, nil, &node); err != nil {
			return err
		}
		slice.Metadata.Owners = []nodeOwner{{"v1", "Node", c.node, node.Metadata.UID}}
	}
	slice.APIVersion, slice.Kind = "resource.k8s.io/v1", "ResourceSlice"
	slice.Spec.Driver, slice.Spec.NodeName = ClaimDriver, c.node
	slice.Spec.Pool.Name, slice.Spec.Pool.Slices = c.node, 1
	slice.Spec.Pool.Generation++
	slice.Spec.Devices = devices
	if fresh {
		return c.api.do(ctx, http.MethodPost, slices1, slice, nil)
	}
	return c.api.do(ctx, http.MethodPut, slices1+"/"+slice.Metadata.Name, slice, nil)
}
