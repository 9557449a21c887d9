package rig

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"podlab.dev/podlab/cluster/gpu/bus"
	"podlab.dev/podlab/cue/gpu"
)

// clock is a time that stands until it is moved.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func inventory(t *testing.T, model string, count int) Inventory {
	t.Helper()
	c, err := gpu.Card(model)
	if err != nil {
		t.Fatal(err)
	}
	return Inventory{Seed: "test", Card: *c, Count: count}
}

func rigOf(t *testing.T, inv Inventory, file string) (*Rig, *clock) {
	t.Helper()
	c := &clock{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	r, err := newRig("node", inv, file, c.now)
	if err != nil {
		t.Fatal(err)
	}
	return r, c
}

func newTestRig(t *testing.T, inv Inventory) (*Rig, *clock) {
	t.Helper()
	return rigOf(t, inv, filepath.Join(t.TempDir(), "state.json"))
}

func TestSameSeedSameGPUs(t *testing.T) {
	a, b := inventory(t, "H100", 8), inventory(t, "H100", 8)
	seen := map[string]bool{}
	for i, g := range a.gpus() {
		if o := b.gpus()[i]; o.UUID != g.UUID || o.Serial != g.Serial {
			t.Errorf("GPU %d: %s and %s", i, g.UUID, o.UUID)
		}
		if seen[g.UUID] || seen[g.Serial] || seen[g.BusID] || len(g.UUID) != 40 || len(g.Serial) != 13 {
			t.Errorf("GPU %d: %+v", i, g)
		}
		seen[g.UUID], seen[g.Serial], seen[g.BusID] = true, true, true
	}
	b.Seed = "other"
	if a.gpus()[0].UUID == b.gpus()[0].UUID {
		t.Error("another seed gives the same GPU")
	}
}

func TestResources(t *testing.T) {
	whole := inventory(t, "A100-80GB", 2)
	shared, single, mixed := whole, whole, whole
	shared.Replicas = 4
	single.MIG = map[string]int{"1g.10gb": 7}
	mixed.MIG, mixed.Mixed = map[string]int{"1g.10gb": 2, "3g.40gb": 1}, true
	for what, c := range map[string]struct {
		inv  Inventory
		want map[string]int
	}{
		"whole":  {whole, map[string]int{"nvidia.com/gpu": 2}},
		"shared": {shared, map[string]int{"nvidia.com/gpu": 8}},
		"single": {single, map[string]int{"nvidia.com/gpu": 14}},
		"mixed":  {mixed, map[string]int{"nvidia.com/mig-1g.10gb": 4, "nvidia.com/mig-3g.40gb": 2}},
	} {
		if err := c.inv.Check(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		ids := map[string]bool{}
		got := c.inv.Resources()
		for _, r := range got {
			if len(r.Devices) != c.want[r.Name] {
				t.Errorf("%s: %d of %s, want %d", what, len(r.Devices), r.Name, c.want[r.Name])
			}
			for _, d := range r.Devices {
				if ids[d.ID] || len(d.ID) > 63 {
					t.Errorf("%s: device %s", what, d.ID)
				}
				ids[d.ID] = true
			}
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: %v", what, got)
		}
	}
}

func TestInventoriesThatCannotBe(t *testing.T) {
	none, many, both, much, unlike := inventory(t, "T4", 0), inventory(t, "T4", 17), inventory(t, "H100", 1), inventory(t, "H100", 1), inventory(t, "H100", 1)
	both.Replicas, both.MIG = 2, map[string]int{"1g.10gb": 7}
	much.MIG = map[string]int{"3g.40gb": 3}
	unlike.MIG = map[string]int{"3g.40gb": 1, "1g.10gb": 1}
	for _, inv := range []Inventory{none, many, both, much, unlike} {
		if inv.Check() == nil {
			t.Errorf("%d × %s, shared by %d, divided into %v: no error", inv.Count, inv.Card.Name, inv.Replicas, inv.MIG)
		}
	}
}

func TestLoadFollowsUse(t *testing.T) {
	r, c := newTestRig(t, inventory(t, "A100-80GB", 2))
	idle := r.Node().GPUs[0]
	if idle.UsedMiB != 0 || idle.Util != 0 || idle.SMClock != 210 {
		t.Errorf("at rest: %+v", idle)
	}
	if err := r.Use("a", bus.Use{Devices: []string{idle.UUID}, MemoryMiB: 40000, Util: 50}); err != nil {
		t.Fatal(err)
	}
	if err := r.Use("b", bus.Use{Devices: []string{idle.UUID}, MemoryMiB: 50000, Util: 10}); err == nil || !strings.Contains(err.Error(), "out of memory") {
		t.Errorf("more memory than there is: %v", err)
	}
	if err := r.Use("b", bus.Use{Devices: []string{idle.UUID}, MemoryMiB: 1000, Util: 30}); err != nil {
		t.Fatal(err)
	}
	busy := r.Node().GPUs[0]
	if busy.UsedMiB != 41000 || busy.Util != 80 || busy.SMClock != 1410 || busy.Power <= idle.Power+200 || busy.Temperature <= idle.Temperature {
		t.Errorf("busy: %+v", busy)
	}
	c.at = c.at.Add(10 * time.Second)
	later := r.Node().GPUs[0]
	if joules := float64(later.Energy-busy.Energy) / 1000; joules < busy.Power*9.99 || joules > busy.Power*10.01 {
		t.Errorf("ten seconds at %.1f W are %.1f J", busy.Power, joules)
	}
	r.Release("a")
	r.Release("b")
	if g := r.Node().GPUs[0]; g.UsedMiB != 0 || g.Util != 0 {
		t.Errorf("given back: %+v", g)
	}
	if g := r.Node().GPUs[1]; g.Util != 0 {
		t.Errorf("the other one: %+v", g)
	}
}

func TestInstancesAreSmaller(t *testing.T) {
	inv := inventory(t, "A100-80GB", 1)
	inv.MIG = map[string]int{"1g.10gb": 7}
	r, _ := newTestRig(t, inv)
	slice := r.Node().GPUs[0].Instances[3]
	if err := r.Use("a", bus.Use{Devices: []string{slice.UUID}, MemoryMiB: 9729}); err == nil {
		t.Error("more than the slice has")
	}
	if err := r.Use("a", bus.Use{Devices: []string{slice.UUID}, MemoryMiB: 9000, Util: 70}); err != nil {
		t.Fatal(err)
	}
	if err := r.Use("b", bus.Use{Devices: []string{r.Node().GPUs[0].UUID}, MemoryMiB: 1}); err == nil {
		t.Error("a divided GPU was used as a whole")
	}
	g := r.Node().GPUs[0]
	if g.UsedMiB != 9000 || g.Instances[3].UsedMiB != 9000 || g.Instances[2].UsedMiB != 0 || g.Util != 10 {
		t.Errorf("%+v", g)
	}
}

func TestFaults(t *testing.T) {
	for what, c := range map[string]struct {
		fault     bus.Fault
		unhealthy bool
		lost      bool
		survives  bool // the program on it
	}{
		"79 loses it":          {bus.Fault{Kind: bus.FaultXid, Xid: 79}, true, true, false},
		"lost":                 {bus.Fault{Kind: bus.FaultLost}, true, true, false},
		"a double-bit error":   {bus.Fault{Kind: bus.FaultECC}, true, false, false},
		"heat":                 {bus.Fault{Kind: bus.FaultThermal}, false, false, true},
		"a program's own":      {bus.Fault{Kind: bus.FaultXid, Xid: 31}, false, false, false},
		"a GSP that times out": {bus.Fault{Kind: bus.FaultXid, Xid: 119}, true, false, false},
	} {
		t.Run(what, func(t *testing.T) {
			r, _ := newTestRig(t, inventory(t, "H100", 2))
			u := bus.Use{Devices: []string{r.Node().GPUs[1].UUID}, MemoryMiB: 100}
			if err := r.Use("a", u); err != nil {
				t.Fatal(err)
			}
			c.fault.GPU = 1
			if err := r.Order(c.fault); err != nil {
				t.Fatal(err)
			}
			g := r.Node().GPUs[1]
			if (g.Unhealthy != "") != c.unhealthy || g.Lost != c.lost || g.Throttled != (c.fault.Kind == bus.FaultThermal) {
				t.Errorf("%+v", g)
			}
			if err := r.Use("a", u); (err == nil) != c.survives {
				t.Errorf("the program: %v", err)
			}
			if o := r.Node().GPUs[0]; o.Unhealthy != "" || o.Xid != 0 {
				t.Errorf("the other GPU: %+v", o)
			}
			one := 1
			if err := r.Heal(bus.Heal{GPU: &one}); err != nil {
				t.Fatal(err)
			}
			if g := r.Node().GPUs[1]; g.Unhealthy != "" || g.Lost || g.Throttled || g.Xid != 0 {
				t.Errorf("healed: %+v", g)
			}
		})
	}
}

func TestFaultsThatWait(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.json")
	inv := inventory(t, "H100", 1)
	r, c := rigOf(t, inv, file)
	for _, f := range []bus.Fault{{Kind: bus.FaultXid, Xid: 48, After: time.Hour}, {Kind: bus.FaultXid, Xid: 119, AfterAllocations: 2}} {
		if err := r.Order(f); err != nil {
			t.Fatal(err)
		}
	}
	healthy := func(want bool, when string) {
		t.Helper()
		if g := r.Node().GPUs[0]; (g.Unhealthy == "") != want {
			t.Errorf("%s: %q", when, g.Unhealthy)
		}
	}
	healthy(true, "ordered")
	if err := r.Allocated(); err != nil {
		t.Fatal(err)
	}
	healthy(true, "after one allocation")
	// A driver that starts anew knows what still has to happen, and what has.
	r, c2 := rigOf(t, inv, file)
	c2.at = c.at
	healthy(true, "after a restart")
	if err := r.Allocated(); err != nil {
		t.Fatal(err)
	}
	healthy(false, "after two allocations")
	r, _ = rigOf(t, inv, file)
	healthy(false, "after another restart")
	if got := r.Node().GPUs[0].Xid; got != 119 {
		t.Errorf("Xid %d", got)
	}
	c3 := &clock{c.at.Add(2 * time.Hour)}
	r.now = c3.now
	r.due()
	if got := r.Node().GPUs[0].Uncorrected; got != 1 {
		t.Errorf("an hour later: %d errors", got)
	}
	// Other cards in the same place have no history.
	r, _ = rigOf(t, inventory(t, "T4", 1), file)
	healthy(true, "with other cards")
}

func TestFaultsThatCannotBe(t *testing.T) {
	r, _ := newTestRig(t, inventory(t, "T4", 2))
	for _, f := range []bus.Fault{
		{Kind: bus.FaultXid, Xid: 79, GPU: 2}, {Kind: bus.FaultXid}, {Kind: "flood"}, {Kind: bus.FaultLost, GPU: -1},
		{Kind: bus.FaultLost, After: time.Second, AfterAllocations: 1}, {Kind: bus.FaultLost, After: -time.Second},
	} {
		if r.Order(f) == nil {
			t.Errorf("%+v: no error", f)
		}
	}
}

func TestWatchHearsOfChangesAndOneCrash(t *testing.T) {
	r, _ := newTestRig(t, inventory(t, "T4", 1))
	_, seen, crash := r.Watch(nil, 0)
	if crash {
		t.Error("a crash that nobody ordered")
	}
	type news struct {
		node  bus.Node
		crash bool
	}
	heard := make(chan news, 1)
	watch := func() {
		n, v, crash := r.Watch(nil, seen)
		seen = v
		heard <- news{n, crash}
	}
	go watch()
	if err := r.Order(bus.Fault{Kind: bus.FaultLost}); err != nil {
		t.Fatal(err)
	}
	if n := <-heard; !n.node.GPUs[0].Lost || n.crash {
		t.Errorf("%+v", n)
	}
	go watch()
	if err := r.Order(bus.Fault{Kind: bus.FaultPlugin}); err != nil {
		t.Fatal(err)
	}
	if n := <-heard; !n.crash {
		t.Errorf("%+v", n)
	}
	if _, _, crash := r.Watch(nil, 0); crash {
		t.Error("the crash is said twice")
	}
}

func TestMetrics(t *testing.T) {
	inv := inventory(t, "A100-80GB", 2)
	r, _ := newTestRig(t, inv)
	n := r.Node()
	n.GPUs[0].Holders = []bus.Holder{{Namespace: "lab", Pod: "llm", Container: "c", Device: n.GPUs[0].UUID}}
	n.GPUs[1].Lost = true
	var b strings.Builder
	WriteMetrics(&b, &n)
	lines := strings.Split(b.String(), "\n")
	want := `DCGM_FI_DEV_FB_USED{gpu="0",UUID="` + n.GPUs[0].UUID + `",pci_bus_id="00000000:07:00.0",device="nvidia0",modelName="NVIDIA A100-SXM4-80GB",Hostname="node",DCGM_FI_DRIVER_VERSION="570.124.06",container="c",namespace="lab",pod="llm"} 0`
	if !slices.Contains(lines, want) {
		t.Errorf("no line %s in\n%s", want, &b)
	}
	if strings.Contains(b.String(), `DCGM_FI_DEV_GPU_UTIL{gpu="1"`) {
		t.Error("a lost GPU is measured")
	}
	if !strings.Contains(lines[0], "Simulated by podlab") {
		t.Errorf("first line: %s", lines[0])
	}
}
