//go:build linux

package main

import (
	"os"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"podlab.dev/podlab/cluster/toolbox"
)

// TestMain makes every applet a command of the scripts: the test binary, called
// by the applet's name.
func TestMain(m *testing.M) {
	commands := map[string]func(){"toolbox": asApplet}
	for name := range applets() {
		commands[name] = asApplet
	}
	testscript.Main(m, commands)
}

func asApplet() { os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr)) }

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", RequireExplicitExec: true, RequireUniqueNames: true})
}

func TestImageLinksAreTheApplets(t *testing.T) {
	if got, want := names(applets()), toolbox.Applets(); !slices.Equal(got, want) {
		t.Errorf("box answers to\n%q\nand the image links\n%q", got, want)
	}
}
