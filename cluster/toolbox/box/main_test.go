//go:build linux

package main

import (
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"podlab.dev/podlab/cluster/toolbox"
)

// TestMain makes every applet a command of the scripts: the test binary, called
// by the applet's name.
func TestMain(m *testing.M) {
	commands := map[string]func(){"toolbox": main}
	for name := range applets() {
		commands[name] = main
	}
	testscript.Main(m, commands)
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", RequireExplicitExec: true, RequireUniqueNames: true})
}

func TestImageLinksAreTheApplets(t *testing.T) {
	if got, want := names(applets()), toolbox.Applets(); !slices.Equal(got, want) {
		t.Errorf("box answers to\n%q\nand the image links\n%q", got, want)
	}
}
