package main

import (
	"os/exec"
	"path"
	"strings"
	"testing"
)

const module = "podlab.dev/podlab"

// arrows says which rooms a room may import; a room is a folder with everything
// below it, and the longest match counts.
var arrows = map[string][]string{
	"":               {"runner/cli"},
	"runner/cli":     {"runner", "runner/plain", "runner/tui", "runner/labtest", "runner/batch", "grader", "cluster", "content", "cue/lab", "cue/lint", "cue/pack", "labs"},
	"runner/plain":   {"runner", "grader", "cluster", "content", "cue/lab"},
	"runner/tui":     {"runner", "grader", "cluster", "content", "cue/lab"},
	"runner/tui/vt":  {}, // a terminal knows nothing about labs
	"runner/labtest": {"runner", "runner/plain", "grader", "cluster", "content", "cue/lab", "cue/view"},
	"runner":         {"grader", "cluster", "content", "cue"},
	"runner/batch":   {"runner", "runner/batch/submission", "grader", "cluster", "content", "cue/lab"},
	// What reads hostile input can do nothing with it.
	"runner/batch/submission": {"grader/class", "grader/timeline", "cue/lab", "cue/view"},
	"grader":                  {"cue"},
	"cluster":                 {"cluster/toolbox", "cluster/packed", "cluster/gpu", "cluster/fault", "cluster/metrics", "cue/lab"},
	"content":                 {},
	"cue":                     {},
	"cue/lint":                {"cue", "content"},
	"labs":                    {},
	"cluster/packed":          {},
	"cluster/toolbox":         {"cluster/packed", "cluster/gpu/bus"}, // its image must not depend on how clusters are made
	// The rooms of the program on a node link no CUE and no client of Kubernetes.
	"cluster/fault":       {"cluster/fault/order", "cluster/driver", "cluster/image", "cluster/packed", "cue/lab"},
	"cluster/fault/agent": {"cluster/fault/order"},
	"cluster/fault/order": {},
	"cluster/metrics":     {"cluster/driver", "cluster/image", "cluster/packed"},
	"cluster/gpu":         {"cluster/gpu/bus", "cluster/gpu/rig", "cluster/driver", "cluster/image", "cluster/packed", "cue/lab", "cue/gpu"},
	"cluster/gpu/bus":     {"cue/gpu/card"},
	"cluster/gpu/rig":     {"cluster/gpu/bus", "cue/gpu/card"},
	"cluster/gpu/smi":     {"cluster/gpu/bus", "cue/gpu/card"},
	"cluster/gpu/kubelet": {"cluster/gpu/bus", "cluster/gpu/rig"},
	"cluster/gpu/plugin":  {"cluster/gpu"},
}

// only says which rooms may import a library.
var only = map[string][]string{
	"sigs.k8s.io/kind":                       {"cluster/kind"},
	"cuelang.org/go":                         {"cue"},
	"cuelabs.dev/go/oci":                     {"cue/pack"},
	"github.com/go-json-experiment/json":     {"cue/fields"},
	"charm.land/glamour/v2":                  {"content"},
	"charm.land/bubbletea/v2":                {"runner/tui"},
	"github.com/charmbracelet/ultraviolet":   {"runner/tui"},
	"github.com/spf13/cobra":                 {"runner/cli"},
	"k8s.io/kubectl":                         {"runner/cli"},
	"k8s.io/kubelet":                         {"cluster/gpu/kubelet", "cluster/gpu/plugin"},
	"google.golang.org/grpc":                 {"cluster/gpu/kubelet"},
	"mvdan.cc/sh/v3":                         {"runner", "cluster/toolbox/box"},
	"k8s.io/pod-security-admission":          {"runner/batch/submission", "cluster/workload", "cue/lint"},
	"github.com/distribution/reference":      {"runner/batch/submission"},
	"testing":                                {"grader/e2e", "cluster/clustertest"},
	"html/template":                          {"grader/report/html"},
	"sigs.k8s.io/e2e-framework":              {"grader/e2e"},
	"github.com/google/go-containerregistry": {"cluster/toolbox", "cluster/image", "cluster/embedded", "cluster/driver/drivertest"},
}

func TestArrows(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatalf("list packages: %v", err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		pkg, imports, _ := strings.Cut(line, " ")
		own := room(pkg)
		for _, imp := range strings.Fields(imports) {
			if imp == module || strings.HasPrefix(imp, module+"/") {
				if to := strings.TrimPrefix(strings.TrimPrefix(imp, module), "/"); !allowed(own, to) {
					t.Errorf("%s imports %s: there is no such arrow", pkg, imp)
				}
			}
			for lib, rooms := range only {
				if imp != lib && !strings.HasPrefix(imp, lib+"/") {
					continue
				}
				in := false
				for _, r := range rooms {
					in = in || within(strings.TrimPrefix(pkg, module+"/"), r)
				}
				if !in {
					t.Errorf("%s imports %s, which belongs to %s", pkg, imp, strings.Join(rooms, " and "))
				}
			}
		}
	}
}

// room is the room that a package belongs to.
func room(pkg string) string {
	for p := strings.TrimPrefix(strings.TrimPrefix(pkg, module), "/"); ; p = path.Dir(p) {
		if _, ok := arrows[p]; ok {
			return p
		}
		if p == "." || p == "" {
			return ""
		}
	}
}

func allowed(from, to string) bool {
	if room(module+"/"+to) == from {
		return true
	}
	for _, r := range arrows[from] {
		if within(to, r) {
			return true
		}
	}
	return false
}

func within(p, room string) bool { return p == room || strings.HasPrefix(p, room+"/") }
