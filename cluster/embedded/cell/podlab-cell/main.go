//go:build linux

// Command podlab-cell is process 1 of an embedded cluster. It is a program of its
// own, packed into podlab, because it stays: podlab itself would hold 60 MB more,
// and take a tenth of a second longer to start.
package main

import (
	"os"

	"podlab.dev/podlab/cluster/embedded/cell"
)

func main() { os.Exit(cell.Main(os.Args)) }
