package kubelet

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	deviceplugin "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"

	"podlab.dev/podlab/cluster/gpu/bus"
	"podlab.dev/podlab/cluster/gpu/rig"
	"podlab.dev/podlab/cue/gpu"
)

func inventory(t *testing.T, model string, count int) *rig.Inventory {
	t.Helper()
	c, err := gpu.Card(model)
	if err != nil {
		t.Fatal(err)
	}
	return &rig.Inventory{Seed: "test", Card: *c, Count: count}
}

// pluginOf is the plugin of the only resource of inv.
func pluginOf(inv *rig.Inventory) *Plugin {
	return NewPlugin(inv, inv.Resources()[0], func([]string) error { return nil })
}

// ids are the device IDs of these GPUs.
func ids(p *Plugin, gpus ...int) []string {
	var out []string
	for _, d := range p.resource.Devices {
		if slices.Contains(gpus, d.GPU) {
			out = append(out, d.ID)
		}
	}
	return out
}

// registry is the kubelet's side of the registration.
type registry struct {
	deviceplugin.UnimplementedRegistrationServer
	heard chan *deviceplugin.RegisterRequest
}

func (r *registry) Register(_ context.Context, q *deviceplugin.RegisterRequest) (*deviceplugin.Empty, error) {
	r.heard <- q
	return &deviceplugin.Empty{}, nil
}

// start is a kubelet that starts: it empties the folder and opens its socket.
func start(t *testing.T, dir string) (*registry, func()) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if err := os.Remove(filepath.Join(dir, f.Name())); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("unix", filepath.Join(dir, kubeletSocket))
	if err != nil {
		t.Fatal(err)
	}
	r := &registry{heard: make(chan *deviceplugin.RegisterRequest, 8)}
	server := grpc.NewServer()
	deviceplugin.RegisterRegistrationServer(server, r)
	go func() { _ = server.Serve(l) }()
	return r, server.Stop
}

// folder is one whose path is short enough for a socket.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "kubelet")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func dial(t *testing.T, dir, endpoint string) deviceplugin.DevicePluginClient {
	t.Helper()
	conn, err := grpc.NewClient("unix://"+filepath.Join(dir, endpoint), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return deviceplugin.NewDevicePluginClient(conn)
}

func TestPluginOutlivesItsKubelet(t *testing.T) {
	dir := folder(t)
	inv := inventory(t, "A100-80GB", 2)
	p := pluginOf(inv)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	known := make(chan bool, 16)
	go func() {
		ended <- Run(ctx, dir, []*Plugin{p}, func(yes bool) { known <- yes }, slog.New(slog.DiscardHandler))
	}()
	// No kubelet is there yet: it is waited for.
	var before []string
	for life := range 3 {
		kubelet, stop := start(t, dir)
		var q *deviceplugin.RegisterRequest
		select {
		case q = <-kubelet.heard:
		case <-time.After(10 * time.Second):
			t.Fatalf("kubelet %d: nobody registers", life)
		}
		if q.Version != "v1beta1" || q.ResourceName != "nvidia.com/gpu" || !q.Options.GetPreferredAllocationAvailable || !q.Options.PreStartRequired {
			t.Errorf("registers as %v", q)
		}
		if yes := <-known; !yes {
			t.Error("it is not known that it is registered")
		}
		stream, err := dial(t, dir, q.Endpoint).ListAndWatch(ctx, &deviceplugin.Empty{})
		if err != nil {
			t.Fatal(err)
		}
		list, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		var now []string
		for _, d := range list.Devices {
			now = append(now, d.ID)
		}
		if len(now) != 2 || life > 0 && !slices.Equal(now, before) {
			t.Errorf("devices %v, before %v", now, before)
		}
		before = now
		stop()
		select {
		case yes := <-known:
			if yes {
				t.Error("registered twice with one kubelet")
			}
		case <-time.After(10 * time.Second):
			t.Fatal("it is not noticed that the kubelet is gone")
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestHealthIsSentWhenItChanges(t *testing.T) {
	dir := folder(t)
	p := pluginOf(inventory(t, "A100-80GB", 3))
	kubelet, stop := start(t, dir)
	defer stop()
	go func() { _ = Run(t.Context(), dir, []*Plugin{p}, func(bool) {}, slog.New(slog.DiscardHandler)) }()
	q := <-kubelet.heard
	stream, err := dial(t, dir, q.Endpoint).ListAndWatch(t.Context(), &deviceplugin.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	health := func() string {
		t.Helper()
		list, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, d := range list.Devices {
			all = append(all, d.Health)
		}
		return strings.Join(all, " ")
	}
	if got := health(); got != "Healthy Healthy Healthy" {
		t.Error(got)
	}
	p.See(&bus.Node{GPUs: []bus.GPU{{Index: 0}, {Index: 1, Unhealthy: "Xid 48"}, {Index: 2, Throttled: true}}})
	if got := health(); got != "Healthy Unhealthy Healthy" {
		t.Error(got)
	}
	p.See(&bus.Node{GPUs: []bus.GPU{{Index: 0}, {Index: 1}, {Index: 2}}})
	if got := health(); got != "Healthy Healthy Healthy" {
		t.Error(got)
	}
}

func TestAllocate(t *testing.T) {
	inv := inventory(t, "A100-80GB", 4)
	inv.Replicas = 2
	var heard [][]string
	p := NewPlugin(inv, inv.Resources()[0], func(ids []string) error { heard = append(heard, ids); return nil })
	request := &deviceplugin.AllocateRequest{ContainerRequests: []*deviceplugin.ContainerAllocateRequest{{DevicesIds: ids(p, 2)}, {DevicesIds: ids(p, 0, 1)[:1]}}}
	got, err := p.Allocate(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	uuids := map[int]string{}
	for _, d := range p.resource.Devices {
		uuids[d.GPU] = d.UUID
	}
	// Two turns on one GPU are one GPU.
	first := got.ContainerResponses[0]
	if first.Envs["NVIDIA_VISIBLE_DEVICES"] != uuids[2] {
		t.Errorf("environment %v", first.Envs)
	}
	var mounted []string
	for _, m := range first.Mounts {
		mounted = append(mounted, m.ContainerPath)
	}
	if want := []string{"/run/podlab-gpu", "/usr/bin/nvidia-smi", "/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools", "/dev/nvidia2"}; !slices.Equal(mounted, want) {
		t.Errorf("mounts %v, want %v", mounted, want)
	}
	if len(heard) != 2 {
		t.Errorf("the driver hears of %v", heard)
	}
	if _, err := p.Allocate(t.Context(), &deviceplugin.AllocateRequest{ContainerRequests: []*deviceplugin.ContainerAllocateRequest{{DevicesIds: []string{"GPU-0"}}}}); err == nil {
		t.Error("a device that is not there was given out")
	}

	// With CDI the runtime does the mounting.
	inv.CDI = true
	p = pluginOf(inv)
	if got, err = p.Allocate(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	first = got.ContainerResponses[0]
	if len(first.Mounts) != 0 || len(first.CdiDevices) != 1 || first.CdiDevices[0].Name != "nvidia.com/gpu="+uuids[2] {
		t.Errorf("with CDI: %v", first)
	}
	dir := t.TempDir()
	if err := WriteCDI(dir, inv); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "podlab-gpu.json"))
	if err != nil {
		t.Fatal(err)
	}
	var spec cdiSpec
	if err := json.Unmarshal(raw, &spec); err != nil || len(spec.Devices) != 4 || spec.Devices[2].Name != uuids[2] || spec.Devices[2].Edits.Mounts[0].ContainerPath != "/dev/nvidia2" {
		t.Errorf("%v: %s", err, raw)
	}
}

func TestPreStartRefusesLostGPUs(t *testing.T) {
	p := pluginOf(inventory(t, "H100", 2))
	start := func(gpu int) error {
		_, err := p.PreStartContainer(t.Context(), &deviceplugin.PreStartContainerRequest{DevicesIds: ids(p, gpu)})
		return err
	}
	p.See(&bus.Node{GPUs: []bus.GPU{{Index: 0, Unhealthy: "Xid 48"}, {Index: 1, Unhealthy: "Xid 79", Lost: true}}})
	if err := start(0); err != nil {
		t.Errorf("one that answers: %v", err)
	}
	if err := start(1); err == nil || !strings.Contains(err.Error(), "GPU 1 is lost") {
		t.Errorf("one that is lost: %v", err)
	}
}

func TestPreferredAllocation(t *testing.T) {
	whole := pluginOf(inventory(t, "A100-80GB", 8)) // 0 to 3 on one processor, 4 to 7 on the other
	shared := inventory(t, "A100-80GB", 2)
	shared.Replicas = 3
	turns := pluginOf(shared)
	for what, c := range map[string]struct {
		p          *Plugin
		free, must []string
		n          int
		want       []int // GPUs, sorted
	}{
		"all of one processor":               {whole, ids(whole, 0, 1, 2, 3, 4, 5, 6, 7), nil, 4, []int{0, 1, 2, 3}},
		"where the fewest are left over":     {whole, ids(whole, 0, 1, 2, 4, 5), nil, 2, []int{4, 5}},
		"the one that has enough":            {whole, ids(whole, 0, 4, 5, 6), nil, 3, []int{4, 5, 6}},
		"two processors if it must be":       {whole, ids(whole, 0, 1, 4, 5, 6), nil, 4, []int{0, 4, 5, 6}},
		"beside what is taken already":       {whole, ids(whole, 0, 1, 4, 5, 6, 7), ids(whole, 1), 2, []int{0, 1}},
		"turns on different GPUs":            {turns, ids(turns, 0, 1), nil, 2, []int{0, 1}},
		"a turn on the GPU with fewer users": {turns, append(ids(turns, 0)[:1], ids(turns, 1)...), nil, 1, []int{1}},
	} {
		got, err := c.p.GetPreferredAllocation(t.Context(), &deviceplugin.PreferredAllocationRequest{ContainerRequests: []*deviceplugin.ContainerPreferredAllocationRequest{
			{AvailableDeviceIDs: c.free, MustIncludeDeviceIDs: c.must, AllocationSize: int32(c.n)},
		}})
		if err != nil {
			t.Fatal(err)
		}
		var gpus []int
		for _, id := range got.ContainerResponses[0].DeviceIDs {
			gpus = append(gpus, c.p.byID[id].GPU)
		}
		slices.Sort(gpus)
		if !slices.Equal(gpus, c.want) {
			t.Errorf("%s: GPUs %v, want %v", what, gpus, c.want)
		}
	}
}
