package smi

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"podlab.dev/podlab/cluster/gpu/bus"
	"podlab.dev/podlab/cluster/gpu/rig"
	"podlab.dev/podlab/cue/gpu"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// node is a node of a model with some load on its first GPU.
func node(t *testing.T, model string, count int, mig map[string]int) *bus.Node {
	t.Helper()
	c, err := gpu.Card(model)
	if err != nil {
		t.Fatal(err)
	}
	r, err := rig.New("node", rig.Inventory{Seed: "golden", Card: *c, Count: count, MIG: mig, Mixed: true}, filepath.Join(t.TempDir(), "state"))
	if err != nil {
		t.Fatal(err)
	}
	n := r.Node()
	if err := r.Use(t, bus.Use{Devices: bus.Devices(n.GPUs)[:1], MemoryMiB: 4321, Util: 60}); err != nil {
		t.Fatal(err)
	}
	n = r.Node()
	return &n
}

// run runs nvidia-smi where a container sees these GPUs.
func run(n *bus.Node, gpus []bus.GPU, args ...string) (string, int) {
	var out bytes.Buffer
	code := Run(args, World{
		Out: &out, Err: &out, Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC) },
		Node: func() (*bus.Node, []bus.GPU, error) { return n, gpus, nil },
		Wait: func(time.Duration) bool { return false },
	})
	return out.String(), code
}

func TestGolden(t *testing.T) {
	t4, h200, b200 := node(t, "T4", 1, nil), node(t, "H200", 2, nil), node(t, "B200", 8, nil)
	a100 := node(t, "A100-80GB", 1, map[string]int{"1g.10gb": 2, "3g.40gb": 1})
	hot := node(t, "H100", 1, nil)
	hot.GPUs[0].Throttled, hot.GPUs[0].Temperature, hot.GPUs[0].Uncorrected = true, 88, 1
	const many = "index,name,uuid,pci.bus_id,driver_version,pstate,memory.total,memory.used,memory.free,utilization.gpu,temperature.gpu,power.draw,power.limit,clocks.sm,mig.mode.current,fan.speed"
	for name, c := range map[string]struct {
		node *bus.Node
		args []string
	}{
		"table-t4":       {t4, nil},
		"table-h200":     {h200, nil},
		"table-a100-mig": {a100, nil},
		"table-h100-hot": {hot, nil},
		"list-a100-mig":  {a100, []string{"-L"}},
		"list-b200":      {b200, []string{"--list-gpus"}},
		"log-h200":       {h200, []string{"-q", "-i", "0"}},
		"log-h100-hot":   {hot, []string{"-q", "-d", "PERFORMANCE,ECC,TEMPERATURE,UTILIZATION"}},
		"csv-h200":       {h200, []string{"--query-gpu=" + many, "--format=csv"}},
		"csv-bare-h200":  {h200, []string{"--query-gpu=" + many, "--format=csv,noheader,nounits"}},
		"csv-a100-mig":   {a100, []string{"--query-gpu=timestamp,name,utilization.gpu,mig.mode.current", "--format=csv"}},
		"topology-b200":  {b200, []string{"topo", "-m"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, code := run(c.node, c.node.GPUs, c.args...)
			if code != 0 {
				t.Errorf("exit code %d", code)
			}
			golden := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs (go test ./cluster/gpu/smi -run Golden -update, then read the diff):\n%s", golden, got)
			}
		})
	}
}

// Every line of the table is as wide as the real one's, whatever the values.
func TestTableIsStraight(t *testing.T) {
	for _, model := range []string{"T4", "A100-40GB", "A100-80GB", "H100", "H200", "B200"} {
		out, _ := run(node(t, model, 8, nil), node(t, model, 8, nil).GPUs)
		for line := range strings.Lines(out) {
			if line = strings.TrimSuffix(line, "\n"); strings.HasPrefix(line, "|") || strings.HasPrefix(line, "+") {
				if len(line) != 91 {
					t.Errorf("%s: %d columns: %s", model, len(line), line)
				}
			}
		}
	}
}

func TestOnlyWhatTheContainerHas(t *testing.T) {
	n := node(t, "H100", 4, nil)
	has := func(index int) bool { return index >= 2 }
	got, _ := run(n, n.Visible(n.GPUs[3].UUID+","+n.GPUs[0].UUID, has), "-L")
	if want := "GPU 0: NVIDIA H100 80GB HBM3 (UUID: " + n.GPUs[3].UUID + ")\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, code := run(n, n.Visible("void", has), "-L"); code != 6 || got != "No devices were found\n" {
		t.Errorf("without GPUs: %d, %q", code, got)
	}
	m := node(t, "A100-80GB", 1, map[string]int{"1g.10gb": 7})
	got, _ = run(m, m.Visible(m.GPUs[0].Instances[4].UUID, func(int) bool { return true }), "-L")
	if strings.Count(got, "MIG ") != 1 || !strings.Contains(got, "Device  0: (UUID: "+m.GPUs[0].Instances[4].UUID) {
		t.Errorf("a container with one slice sees %s", got)
	}
}

func TestRefusals(t *testing.T) {
	n := node(t, "T4", 1, nil)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--query-gpu=name,beauty", "--format=csv"}, 2, `Field "beauty" is not a valid field to query.`},
		{[]string{"--query-gpu=name"}, 2, `"--format="`},
		{[]string{"--query-gpu=name", "--format=json"}, 2, `"json"`},
		{[]string{"-q", "-d", "BEAUTY"}, 2, `"BEAUTY"`},
		{[]string{"--frobnicate"}, 2, "Invalid combination"},
		{[]string{"dance"}, 2, "Invalid combination"},
		{[]string{"-i", "7"}, 6, "No devices were found"},
	} {
		if got, code := run(n, n.GPUs, c.args...); code != c.code || !strings.Contains(got, c.says) {
			t.Errorf("%q: exit code %d, %q", c.args, code, got)
		}
	}
	n.GPUs[0].Lost = true
	if got, code := run(n, n.GPUs); code != 15 || !strings.Contains(got, "GPU0: 0000:1A:00.0: GPU is lost") {
		t.Errorf("a lost GPU: %d, %q", code, got)
	}
	var out bytes.Buffer
	code := Run(nil, World{Out: &out, Err: &out, Node: func() (*bus.Node, []bus.GPU, error) { return nil, nil, errors.New("no such socket") }})
	if code != 9 || !strings.HasPrefix(out.String(), "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.") {
		t.Errorf("without a driver: %d, %q", code, &out)
	}
}
