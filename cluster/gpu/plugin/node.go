//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"podlab.dev/podlab/cluster/gpu/bus"
	"podlab.dev/podlab/cluster/gpu/rig"
)

// Where things are in the Pod; all but inventories are folders of the node.
const (
	inventories    = "/etc/podlab-gpu" // a file for each node that has GPUs
	programSocket  = bus.Host + "/bus/gpu.sock"
	controlSocket  = bus.Host + "/control/gpu.sock"
	smiProgram     = bus.Host + "/bin/nvidia-smi"
	stateFile      = bus.Host + "/state.json"
	cdiFolder      = "/etc/cdi"
	kubeletFolder  = "/var/lib/kubelet"
	resourceSocket = "/var/lib/kubelet/pod-resources/kubelet.sock"
)

// nodeName is the name of the node, by the downward API.
func nodeName() (string, error) {
	name := os.Getenv("NODE_NAME")
	if name == "" {
		return "", &problem{"NODE_NAME is not set, so whose GPUs these are is not known",
			"give the container the environment NODE_NAME with fieldRef spec.nodeName; podlab's own DaemonSet does"}
	}
	return name, nil
}

// inventory reads what podlab says that this node has.
func inventory(dir, node string) (*rig.Inventory, error) {
	raw, err := os.ReadFile(filepath.Join(dir, node+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &problem{fmt.Sprintf("node %q has no GPUs in the ConfigMap nodes (%s)", node, known(dir)),
			"start a lab that needs GPUs, which describes its nodes there, or take the label nvidia.com/gpu.present off this one"}
	}
	if err != nil {
		return nil, err
	}
	var inv rig.Inventory
	if err := json.Unmarshal(raw, &inv); err != nil {
		return nil, fmt.Errorf("read the inventory of node %s: %w", node, err)
	}
	return &inv, inv.Check()
}

// known says which nodes have one.
func known(dir string) string {
	files, _ := filepath.Glob(filepath.Join(dir, "*.json"))
	if len(files) == 0 {
		return "no node has"
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(filepath.Base(f), ".json")
	}
	slices.Sort(files)
	return "these have: " + strings.Join(files, ", ")
}
