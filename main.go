// Podlab runs and grades Kubernetes labs. See package cli for its commands.
package main

import (
	"os"

	"podlab.dev/podlab/runner/cli"
)

func main() { os.Exit(cli.Main()) }
