package kubelet

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	deviceplugin "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"

	"podlab.dev/podlab/cluster/gpu/bus"
	"podlab.dev/podlab/cluster/gpu/rig"
)

// standIn is what a container gets in place of a GPU's device file. Nobody in a user
// namespace may make a device, so it is one that is there: what is written to it is
// gone.
const standIn = "/dev/null"

// mount is something of the node's that a container gets.
type mount struct {
	host, container string
	readOnly        bool
}

// common is what every container with a GPU gets.
func common() []mount {
	mounts := []mount{
		{bus.Host + "/bus", bus.Folder, true},
		{bus.Host + "/bin/nvidia-smi", "/usr/bin/nvidia-smi", true},
	}
	for _, name := range []string{"nvidiactl", "nvidia-uvm", "nvidia-uvm-tools"} {
		mounts = append(mounts, mount{standIn, "/dev/" + name, false})
	}
	return mounts
}

func deviceFile(gpu int) mount { return mount{standIn, bus.Device(gpu), false} }

// mountsOf is what a container with these devices gets where the runtime knows no
// CDI.
func mountsOf(devices []rig.Device) []*deviceplugin.Mount {
	all := common()
	seen := map[int]bool{}
	for _, d := range devices {
		if !seen[d.GPU] {
			seen[d.GPU] = true
			all = append(all, deviceFile(d.GPU))
		}
	}
	var out []*deviceplugin.Mount
	for _, m := range all {
		out = append(out, &deviceplugin.Mount{HostPath: m.host, ContainerPath: m.container, ReadOnly: m.readOnly})
	}
	return out
}

// cdiKind is the vendor and class under which the devices are known to the runtime.
const cdiKind = "nvidia.com/gpu"

// CDIName is what the runtime calls the device of a UUID.
func CDIName(uuid string) string { return cdiKind + "=" + uuid }

// cdiSpec is a specification of the Container Device Interface, as far as it is
// used here.
type cdiSpec struct {
	Version string      `json:"cdiVersion"`
	Kind    string      `json:"kind"`
	Devices []cdiDevice `json:"devices"`
	Edits   cdiEdits    `json:"containerEdits"`
}

type cdiDevice struct {
	Name  string   `json:"name"`
	Edits cdiEdits `json:"containerEdits"`
}

type cdiEdits struct {
	Env    []string   `json:"env,omitempty"`
	Mounts []cdiMount `json:"mounts,omitempty"`
}

type cdiMount struct {
	HostPath      string   `json:"hostPath"`
	ContainerPath string   `json:"containerPath"`
	Options       []string `json:"options"`
}

func editsOf(mounts []mount) cdiEdits {
	var e cdiEdits
	for _, m := range mounts {
		options := []string{"rbind", "rprivate", "rw"}
		if m.readOnly {
			options[2] = "ro"
		}
		e.Mounts = append(e.Mounts, cdiMount{m.host, m.container, options})
	}
	return e
}

// WriteCDI describes the devices of a node to its container runtime, in dir.
func WriteCDI(dir string, inv *rig.Inventory) error {
	spec := cdiSpec{Version: "0.6.0", Kind: cdiKind, Edits: editsOf(common())}
	named := map[string]bool{}
	for _, r := range inv.Resources() {
		for _, d := range r.Devices {
			if !named[d.UUID] {
				named[d.UUID] = true
				spec.Devices = append(spec.Devices, cdiDevice{d.UUID, editsOf([]mount{deviceFile(d.GPU)})})
			}
		}
	}
	raw, err := json.MarshalIndent(spec, "", "  ")
	if err != nil {
		return err
	}
	return replace(filepath.Join(dir, "podlab-gpu.json"), raw, 0o644)
}

// replace writes a file that nobody sees half written.
func replace(path string, content []byte, mode os.FileMode) error {
	part := path + ".part"
	if err := os.WriteFile(part, content, mode); err != nil {
		return err
	}
	if err := os.Rename(part, path); err != nil {
		return fmt.Errorf("replace %s: %w", path, err)
	}
	return nil
}

// visible is the value of NVIDIA_VISIBLE_DEVICES for these devices.
func visible(devices []rig.Device) string {
	var uuids []string
	seen := map[string]bool{}
	for _, d := range devices {
		if !seen[d.UUID] {
			seen[d.UUID] = true
			uuids = append(uuids, d.UUID)
		}
	}
	return strings.Join(uuids, ",")
}

// claimKind is the vendor and class of what is particular to a claim.
const claimKind = "podlab.dev/claim"

func claimFile(dir, uid string) string { return filepath.Join(dir, "podlab-claim-"+uid+".json") }

// writeClaim describes to the runtime what the containers of a claim get besides
// their devices: the names of them. It tells whether that was not there yet.
func writeClaim(dir, uid, uuids string) (first bool, err error) {
	_, err = os.Stat(claimFile(dir, uid))
	spec := cdiSpec{Version: "0.6.0", Kind: claimKind, Devices: []cdiDevice{{uid, cdiEdits{Env: []string{bus.Visible + "=" + uuids}}}}}
	raw, failed := json.MarshalIndent(spec, "", "  ")
	if failed != nil {
		return false, failed
	}
	return err != nil, replace(claimFile(dir, uid), raw, 0o644)
}
