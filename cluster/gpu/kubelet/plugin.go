// Package kubelet is what the simulated GPUs of a node say to its kubelet, over the
// kubelet's own gRPC interfaces: a device plugin for each resource ([Plugin]), or a
// driver for claims ([Claims]), and the question which container has which device
// ([Holders]).
//
//	err := kubelet.Run(ctx, deviceplugin.DevicePluginPath, plugins, registered, log)
//
// A kubelet that starts forgets its plugins and removes their sockets; the plugins
// see its own socket come back, and register again.
package kubelet

import (
	"context"
	"fmt"
	"slices"
	"sync"

	deviceplugin "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"

	"podlab.dev/podlab/cluster/gpu/bus"
	"podlab.dev/podlab/cluster/gpu/rig"
)

// Plugin is the device plugin of one resource.
type Plugin struct {
	deviceplugin.UnimplementedDevicePluginServer

	resource  rig.Resource
	byID      map[string]rig.Device
	numa      map[int]int // of each GPU
	cdi       bool
	allocated func(devices []string) error

	mu      sync.Mutex
	bad     map[int]string // why a GPU must not be handed out
	lost    map[int]bool
	changed chan struct{} // closed and replaced when one of these changes
}

// NewPlugin is the plugin of a resource of inv. allocated hears of every container
// that is given devices.
func NewPlugin(inv *rig.Inventory, resource rig.Resource, allocated func(devices []string) error) *Plugin {
	p := &Plugin{
		resource: resource, byID: map[string]rig.Device{}, numa: map[int]int{}, cdi: inv.CDI, allocated: allocated,
		bad: map[int]string{}, lost: map[int]bool{}, changed: make(chan struct{}),
	}
	for _, d := range resource.Devices {
		p.byID[d.ID] = d
		p.numa[d.GPU] = inv.Card.Slots[d.GPU%len(inv.Card.Slots)].NUMA
	}
	return p
}

// See takes over how the GPUs are.
func (p *Plugin) See(n *bus.Node) {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.bad)
	clear(p.lost)
	for _, g := range n.GPUs {
		if g.Unhealthy != "" {
			p.bad[g.Index] = g.Unhealthy
		}
		if g.Lost {
			p.lost[g.Index] = true
		}
	}
	close(p.changed)
	p.changed = make(chan struct{})
}

// devices are the devices as they are, and a channel that is closed when that may
// have changed.
func (p *Plugin) devices() ([]*deviceplugin.Device, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []*deviceplugin.Device
	for _, d := range p.resource.Devices {
		health := deviceplugin.Healthy
		if p.bad[d.GPU] != "" {
			health = deviceplugin.Unhealthy
		}
		out = append(out, &deviceplugin.Device{
			ID: d.ID, Health: health,
			Topology: &deviceplugin.TopologyInfo{Nodes: []*deviceplugin.NUMANode{{ID: int64(p.numa[d.GPU])}}},
		})
	}
	return out, p.changed
}

// GetDevicePluginOptions says which of the optional calls there are.
func (p *Plugin) GetDevicePluginOptions(context.Context, *deviceplugin.Empty) (*deviceplugin.DevicePluginOptions, error) {
	return options(), nil
}

func options() *deviceplugin.DevicePluginOptions {
	return &deviceplugin.DevicePluginOptions{PreStartRequired: true, GetPreferredAllocationAvailable: true}
}

// ListAndWatch sends the devices, and again whenever their health changes.
func (p *Plugin) ListAndWatch(_ *deviceplugin.Empty, stream deviceplugin.DevicePlugin_ListAndWatchServer) error {
	var sent []*deviceplugin.Device
	for {
		devices, changed := p.devices()
		if sent == nil || !slices.EqualFunc(sent, devices, func(a, b *deviceplugin.Device) bool { return a.Health == b.Health }) {
			if err := stream.Send(&deviceplugin.ListAndWatchResponse{Devices: devices}); err != nil {
				return err
			}
			sent = devices
		}
		select {
		case <-stream.Context().Done():
			return nil
		case <-changed:
		}
	}
}

// Allocate says what a container gets with its devices.
func (p *Plugin) Allocate(_ context.Context, r *deviceplugin.AllocateRequest) (*deviceplugin.AllocateResponse, error) {
	out := &deviceplugin.AllocateResponse{}
	for _, c := range r.ContainerRequests {
		devices, err := p.known(c.DevicesIds)
		if err != nil {
			return nil, err
		}
		response := &deviceplugin.ContainerAllocateResponse{Envs: map[string]string{bus.Visible: visible(devices)}}
		if p.cdi {
			seen := map[string]bool{}
			for _, d := range devices {
				if !seen[d.UUID] {
					seen[d.UUID] = true
					response.CdiDevices = append(response.CdiDevices, &deviceplugin.CDIDevice{Name: CDIName(d.UUID)})
				}
			}
		} else {
			response.Mounts = mountsOf(devices)
		}
		out.ContainerResponses = append(out.ContainerResponses, response)
	}
	for _, c := range r.ContainerRequests {
		if err := p.allocated(c.DevicesIds); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// known are the devices with these IDs.
func (p *Plugin) known(ids []string) ([]rig.Device, error) {
	var out []rig.Device
	for _, id := range ids {
		d, ok := p.byID[id]
		if !ok {
			return nil, fmt.Errorf("%s has no device %q", p.resource.Name, id)
		}
		out = append(out, d)
	}
	return out, nil
}

// PreStartContainer refuses to start a container whose GPU is gone, as a driver
// would.
func (p *Plugin) PreStartContainer(_ context.Context, r *deviceplugin.PreStartContainerRequest) (*deviceplugin.PreStartContainerResponse, error) {
	devices, err := p.known(r.DevicesIds)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range devices {
		if p.lost[d.GPU] {
			return nil, fmt.Errorf("device error: %s: GPU %d is lost (%s)", d.UUID, d.GPU, p.bad[d.GPU])
		}
	}
	return &deviceplugin.PreStartContainerResponse{}, nil
}

// GetPreferredAllocation chooses among what is free.
func (p *Plugin) GetPreferredAllocation(_ context.Context, r *deviceplugin.PreferredAllocationRequest) (*deviceplugin.PreferredAllocationResponse, error) {
	out := &deviceplugin.PreferredAllocationResponse{}
	for _, c := range r.ContainerRequests {
		free, err := p.known(c.AvailableDeviceIDs)
		if err != nil {
			return nil, err
		}
		must, err := p.known(c.MustIncludeDeviceIDs)
		if err != nil {
			return nil, err
		}
		chosen := p.prefer(free, must, int(c.AllocationSize))
		out.ContainerResponses = append(out.ContainerResponses, &deviceplugin.ContainerPreferredAllocationResponse{DeviceIDs: chosen})
	}
	return out, nil
}
