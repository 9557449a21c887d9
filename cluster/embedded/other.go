//go:build !linux

// Package embedded is the driver for a cluster that podlab brings itself. It is
// made of Linux namespaces; elsewhere it says so.
package embedded

import (
	"context"
	"log/slog"

	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cue/lab"
)

// Config is what the driver is told.
type Config struct {
	StateDir, Name, Why string
	Log                 *slog.Logger
}

// Driver refuses everything.
type Driver struct{}

// New returns a driver that refuses everything.
func New(Config) *Driver { return &Driver{} }

func refuse() error {
	return &driver.Error{
		Kind: driver.ErrUnsupported,
		What: "the embedded cluster is made of Linux namespaces, which this system does not have",
		Do:   "install and start Docker Desktop or podman, and use --cluster kind",
	}
}

// Up refuses.
func (d *Driver) Up(context.Context, lab.Needs, driver.Report) (*driver.Running, error) {
	return nil, refuse()
}

// Status refuses.
func (d *Driver) Status(context.Context) (*driver.Status, error) { return nil, refuse() }

// Stop refuses.
func (d *Driver) Stop(context.Context, driver.Report) error { return refuse() }

// Down refuses.
func (d *Driver) Down(context.Context, driver.Report) error { return refuse() }

// Rungs refuses.
func (d *Driver) Rungs(context.Context) ([]driver.Capability, error) { return nil, refuse() }
