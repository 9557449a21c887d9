package kubelet

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	dra "k8s.io/kubelet/pkg/apis/dra/v1"
	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"

	"podlab.dev/podlab/cluster/gpu/bus"
	"podlab.dev/podlab/cluster/gpu/rig"
)

// Claims hands out the GPUs of a node by Dynamic Resource Allocation: it publishes
// them as a ResourceSlice, the scheduler gives them to claims, and the kubelet asks
// here how a container gets what its claim was given. It speaks to both sides
// directly: the library for such drivers brings all of client-go into a program that
// podlab carries.
type Claims struct {
	dra.UnimplementedDRAPluginServer
	registration.UnimplementedRegistrationServer

	node      string
	inv       *rig.Inventory
	api       *APIServer
	cdi       string // folder of the runtime's specifications
	socket    string
	allocated func(devices []string) error
	devices   map[string]rig.Device
	health    chan *bus.Node // the newest
	known     chan struct{}  // to the kubelet, which may be another one by now
	log       *slog.Logger
}

// NewClaims hands out the GPUs of inv on a node. allocated hears of every claim that
// is prepared.
func NewClaims(node string, inv *rig.Inventory, api *APIServer, cdi string, allocated func([]string) error, log *slog.Logger) *Claims {
	return &Claims{node: node, inv: inv, api: api, cdi: cdi, allocated: allocated, devices: claimDevices(inv), health: make(chan *bus.Node, 1), known: make(chan struct{}, 1), log: log}
}

// See takes over how the GPUs are; only the newest counts.
func (c *Claims) See(n *bus.Node) {
	select {
	case <-c.health:
	default:
	}
	c.health <- n
}

// Run serves the kubelet, whose folder dir is, and keeps the slice, until ctx ends.
// registered hears that the kubelet knows the driver and the API server the devices.
func (c *Claims) Run(ctx context.Context, dir string, registered func(bool)) error {
	folder := filepath.Join(dir, "plugins", ClaimDriver)
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	c.socket = filepath.Join(folder, "dra.sock")
	group, ctx := errgroup.WithContext(ctx)
	serve := func(path string, register func(*grpc.Server)) error {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		l, err := net.Listen("unix", path)
		if err != nil {
			return err
		}
		server := grpc.NewServer()
		register(server)
		group.Go(func() error { return server.Serve(l) })
		group.Go(func() error { <-ctx.Done(); server.Stop(); return nil })
		return nil
	}
	if err := serve(c.socket, func(s *grpc.Server) { dra.RegisterDRAPluginServer(s, c) }); err != nil {
		return err
	}
	// The kubelet watches this folder, and looks at it when it starts.
	if err := serve(filepath.Join(dir, "plugins_registry", ClaimDriver+"-reg.sock"), func(s *grpc.Server) { registration.RegisterRegistrationServer(s, c) }); err != nil {
		return err
	}
	lost := make(chan struct{}, 1)
	group.Go(func() error {
		for ctx.Err() == nil {
			err := c.api.deleted(ctx, slices1, c.slice())
			select {
			case lost <- struct{}{}:
			default:
			}
			if err != nil {
				select {
				case <-ctx.Done():
				case <-time.After(time.Second):
				}
			}
		}
		return nil
	})
	group.Go(func() error {
		var again <-chan time.Time
		var newest *bus.Node
		known := false
		for {
			select {
			case <-ctx.Done():
				return nil
			case newest = <-c.health:
			case <-c.known:
				known = true
			case <-lost: // a kubelet that starts throws slices away
			case <-again:
			}
			// Not before the kubelet knows the driver: a Pod that comes in between would
			// fail, and the kubelet tries such a one again a minute later only.
			if again = nil; newest == nil || !known {
				continue
			}
			if err := c.publish(ctx, newest); err != nil {
				c.log.Error("publish the slice", "err", err)
				again = time.After(time.Second)
				continue
			}
			c.log.Info("published", "devices", len(offered(c.inv, newest)))
			registered(true)
		}
	})
	return group.Wait()
}

// GetInfo tells the kubelet who this is.
func (c *Claims) GetInfo(context.Context, *registration.InfoRequest) (*registration.PluginInfo, error) {
	return &registration.PluginInfo{Type: registration.DRAPlugin, Name: ClaimDriver, Endpoint: c.socket, SupportedVersions: []string{dra.DRAPluginService}}, nil
}

// NotifyRegistrationStatus hears what the kubelet makes of that.
func (c *Claims) NotifyRegistrationStatus(_ context.Context, s *registration.RegistrationStatus) (*registration.RegistrationStatusResponse, error) {
	if s.PluginRegistered {
		c.log.Info("registered", "driver", ClaimDriver)
		select {
		case c.known <- struct{}{}:
		default:
		}
	} else {
		c.log.Error("the kubelet does not take the driver", "err", s.Error)
	}
	return &registration.RegistrationStatusResponse{}, nil
}

// claim is a ResourceClaim, as far as it is used here.
type claim struct {
	Metadata struct {
		UID string `json:"uid"`
	} `json:"metadata"`
	Status struct {
		Allocation struct {
			Devices struct {
				Results []struct {
					Request string `json:"request"`
					Driver  string `json:"driver"`
					Pool    string `json:"pool"`
					Device  string `json:"device"`
				} `json:"results"`
			} `json:"devices"`
		} `json:"allocation"`
	} `json:"status"`
}

// NodePrepareResources says for each claim what its containers get.
func (c *Claims) NodePrepareResources(ctx context.Context, r *dra.NodePrepareResourcesRequest) (*dra.NodePrepareResourcesResponse, error) {
	out := &dra.NodePrepareResourcesResponse{Claims: map[string]*dra.NodePrepareResourceResponse{}}
	for _, q := range r.Claims {
		answer, err := c.prepare(ctx, q)
		if err != nil {
			answer = &dra.NodePrepareResourceResponse{Error: err.Error()}
		}
		out.Claims[q.Uid] = answer
	}
	return out, nil
}

func (c *Claims) prepare(ctx context.Context, q *dra.Claim) (*dra.NodePrepareResourceResponse, error) {
	var found claim
	if err := c.api.do(ctx, http.MethodGet, "/apis/resource.k8s.io/v1/namespaces/"+q.Namespace+"/resourceclaims/"+q.Name, nil, &found); err != nil {
		return nil, err
	}
	if found.Metadata.UID != q.Uid {
		return nil, fmt.Errorf("claim %s/%s is another one by now", q.Namespace, q.Name)
	}
	out := &dra.NodePrepareResourceResponse{}
	var given []rig.Device
	var ids []string
	for _, result := range found.Status.Allocation.Devices.Results {
		if result.Driver != ClaimDriver {
			continue
		}
		d, ok := c.devices[result.Device]
		if !ok {
			return nil, fmt.Errorf("node %s has no device %s", c.node, result.Device)
		}
		given, ids = append(given, d), append(ids, d.UUID)
		request, _, _ := strings.Cut(result.Request, "/") // of alternatives, the one in front
		out.Devices = append(out.Devices, &dra.Device{
			RequestNames: []string{request}, PoolName: result.Pool, DeviceName: result.Device,
			CdiDeviceIds: []string{CDIName(d.UUID), claimKind + "=" + q.Uid},
		})
	}
	first, err := writeClaim(c.cdi, q.Uid, visible(given))
	if err != nil {
		return nil, err
	}
	if first { // and not the same once more, after a restart of the kubelet
		if err := c.allocated(ids); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// NodeUnprepareResources takes back what claims got.
func (c *Claims) NodeUnprepareResources(_ context.Context, r *dra.NodeUnprepareResourcesRequest) (*dra.NodeUnprepareResourcesResponse, error) {
	out := &dra.NodeUnprepareResourcesResponse{Claims: map[string]*dra.NodeUnprepareResourceResponse{}}
	for _, q := range r.Claims {
		answer := &dra.NodeUnprepareResourceResponse{}
		if err := os.Remove(claimFile(c.cdi, q.Uid)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			answer.Error = err.Error()
		}
		out.Claims[q.Uid] = answer
	}
	return out, nil
}
