package lab_test

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"podlab.dev/podlab/cue/gpu"
	"podlab.dev/podlab/cue/lab"
)

func TestNeedsOfSeveralLabs(t *testing.T) {
	got := lab.Needs{Nodes: 1, Images: []string{"a"}, Kubernetes: "1.9"}.
		With(lab.Needs{Nodes: 3, Images: []string{"a", "b"}, Limits: true, Kubernetes: "1.33"}).
		With(lab.Needs{Users: true, Kubernetes: "1.30"})
	want := lab.Needs{Nodes: 3, Images: []string{"a", "b"}, Limits: true, Users: true, Kubernetes: "1.33"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestGPUsOfNodes(t *testing.T) {
	load := func(needs string) lab.GPUs {
		t.Helper()
		l, err := lab.Load(fstest.MapFS{
			"lab.cue": {Data: []byte(`schema: "v1", title: "T", summary: "S", minutes: 1, steps: [{id: "a"}], needs: gpus: ` + needs)}, "01-a.md": {},
		}, "my-lab")
		if err != nil {
			t.Fatal(err)
		}
		return l.Needs.GPUs
	}
	every := load(`{model: "T4", count: 2}`)
	if every.Of(0).Count != 2 || every.Of(7).Model != "T4" || every.String() != "2 × T4" {
		t.Errorf("%+v", every)
	}
	several := load(`[{model: "A100-80GB", mig: {"3g.40gb": 1, "1g.10gb": 4}, strategy: "mixed"}, {model: "T4", replicas: 3}, {model: "T4", count: 0}]`)
	if several.Of(0).MIG["1g.10gb"] != 4 || several.Of(1).Replicas != 3 || several.Of(2).Count != 0 || several.Of(3).Count != 0 {
		t.Errorf("%+v", several)
	}
	if got, want := several.String(), "1 × A100-80GB in 4 × 1g.10gb and 1 × 3g.40gb each, then 1 × T4 shared by 3 each, then none"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if (lab.GPUs)(nil).Of(0).Count != 0 {
		t.Error("GPUs that nobody wants")
	}
}

// The schema names the models that there are.
func TestModelsOfTheSchema(t *testing.T) {
	cards, err := gpu.Cards()
	if err != nil {
		t.Fatal(err)
	}
	for model := range cards {
		_, err := lab.Load(fstest.MapFS{
			"lab.cue": {Data: []byte(`schema: "v1", title: "T", summary: "S", minutes: 1, steps: [{id: "a"}], needs: gpus: model: "` + model + `"`)}, "01-a.md": {},
		}, "my-lab")
		if err != nil {
			t.Errorf("%s: %v", model, err)
		}
	}
	raw, err := os.ReadFile("schema.cue")
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(string(raw), "#GPUModel: ")
	line, _, _ = strings.Cut(line, "\n")
	if got := strings.Count(line, `"`) / 2; got != len(cards) {
		t.Errorf("the schema names %d models, and there are %d", got, len(cards))
	}
}

func TestTimes(t *testing.T) {
	load := func(times string) (*lab.Lab, error) {
		return lab.Load(fstest.MapFS{
			"lab.cue": {Data: []byte(`schema: "v1", title: "T", summary: "S", minutes: 1, steps: [{id: "a"}], needs: times: ` + times)}, "01-a.md": {Data: []byte("# A\n\nText.\n")},
		}, "my-lab")
	}
	l, err := load(`{backOff: "10s", unknown: "12s", evict: "1m"}`)
	if err != nil {
		t.Fatal(err)
	}
	if want := (lab.Times{BackOff: 10 * time.Second, Unknown: 12 * time.Second, Evict: time.Minute}); l.Needs.Times != want {
		t.Errorf("got %+v", l.Needs.Times)
	}
	if got := l.Needs.Times.ID(); got != "b10s-u12s-e60s" {
		t.Errorf("ID %s", got)
	}
	if page := string(l.Steps[0].Lesson); !strings.Contains(page, "# A\n\nText.\n\n> This lab's cluster waits less") || !strings.Contains(page, "Unknown after 12s (elsewhere 50s)") {
		t.Errorf("the learner is not told: %s", page)
	}
	text, err := json.Marshal(l.Needs)
	var again lab.Needs
	if err != nil || json.Unmarshal(text, &again) != nil || again.Times != l.Needs.Times {
		t.Errorf("%s: %+v, %v", text, again, err)
	}
	for times, want := range map[string]string{
		`unknown: "7s"`:   "from 8s to 50s",
		`backOff: "6m"`:   "from 1s to 5m",
		`evict: "1500ms"`: "whole seconds",
		`evict: "0s"`:     "from 1s to 5m",
	} {
		if _, err := load("{" + times + "}"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", times, err, want)
		}
	}
	if l, err := load(`{}`); err != nil || l.Needs.Times.ID() != "" || strings.Contains(string(l.Steps[0].Lesson), ">") {
		t.Errorf("no times: %v", err)
	}
}
