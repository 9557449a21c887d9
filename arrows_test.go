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
	"":                {"runner/cli"},
	"runner/cli":      {"runner", "runner/plain", "runner/labtest", "grader", "cluster", "content", "cue/lab", "cue/lint", "cue/pack", "labs"},
	"runner/plain":    {"runner", "grader", "cluster", "content", "cue/lab"},
	"runner/labtest":  {"runner", "runner/plain", "grader", "cluster", "cue/lab"},
	"runner":          {"grader", "cluster", "content", "cue"},
	"grader":          {"cue"},
	"cluster":         {"cluster/toolbox", "cluster/packed", "cue/lab"},
	"content":         {},
	"cue":             {},
	"cue/lint":        {"cue", "content"},
	"labs":            {},
	"cluster/packed":  {},
	"cluster/toolbox": {"cluster/packed"}, // its image must not depend on how clusters are made
}

// only says which rooms may import a library.
var only = map[string][]string{
	"sigs.k8s.io/kind":                       {"cluster/kind"},
	"cuelang.org/go":                         {"cue"},
	"cuelabs.dev/go/oci":                     {"cue/pack"},
	"charm.land/glamour/v2":                  {"content"},
	"github.com/spf13/cobra":                 {"runner/cli"},
	"k8s.io/kubectl":                         {"runner/cli"},
	"mvdan.cc/sh/v3":                         {"runner", "cluster/toolbox/box"},
	"testing":                                {"grader/e2e"},
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
