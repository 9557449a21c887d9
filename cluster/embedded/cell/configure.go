//go:build linux

package cell

import (
	"fmt"
	"os"
)

// ownCgroup makes room in a version 2 hierarchy: a cgroup that has children with
// limits may have no processes of its own, so process 1 and the parts move to one
// of them.
func (s *Spec) ownCgroup() error {
	if !s.Rung.Limits || !isV2(cgroupRoot) {
		return nil
	}
	const own = cgroupRoot + "/parts"
	if err := os.MkdirAll(own, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(own+"/cgroup.procs", []byte("0"), 0); err != nil {
		return fmt.Errorf("move to cgroup: %w", err)
	}
	return enable(cgroupRoot)
}

// configure writes what the parts of this node read. It is written at every start:
// what a learner changed in a node does not outlive it.
func (s *Spec) configure() error {
	name := s.nodeName()
	if err := os.MkdirAll("/run/etcd", 0o700); err != nil {
		return err
	}
	return writeAll(map[string]string{
		"/etc/passwd":     "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
		"/etc/group":      "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n",
		"/etc/hostname":   name + "\n",
		"/etc/os-release": "ID=podlab\nNAME=podlab\nPRETTY_NAME=\"podlab embedded\"\n",
		"/etc/hosts":      fmt.Sprintf("127.0.0.1 localhost\n%s %s\n", NodeIP(s.Node), name),
		// Empty: there is nobody outside to ask.
		"/etc/resolv.conf":             "",
		cniDir + "/10-podlab.conflist": fmt.Sprintf(cniConfig, podRange(s.Node)),
		containerdTOM:                  fmt.Sprintf(containerdConfig, s.Pause, s.runtime()),
		kubeletYAML:                    s.kubeletConfig(),
		proxyYAML:                      fmt.Sprintf(proxyConfig, kubeDir+"/kube-proxy.conf", podNet),
	})
}

// runtime is the OCI runtime: runc itself, or where a container cannot have all
// that it is told to have, a wrapper that leaves that out.
func (s *Spec) runtime() string {
	if s.fit() == "" {
		return "/usr/bin/runc"
	}
	return "/usr/bin/fit-runc"
}

const cniConfig = `{
  "cniVersion": "1.0.0",
  "name": "podlab",
  "plugins": [
    {
      "type": "ptp",
      "mtu": 1500,
      "ipam": {
        "type": "host-local",
        "dataDir": "/run/cni-ipam-state",
        "routes": [{ "dst": "0.0.0.0/0" }],
        "ranges": [[{ "subnet": "%s" }]]
      }
    },
    { "type": "portmap", "capabilities": { "portMappings": true } }
  ]
}
`

// containerdConfig, where it departs from the defaults: the database need not wait
// for the disk; nobody in a user namespace may lower an OOM score or load an
// AppArmor profile; images are never collected while a lab might need them.
const containerdConfig = `version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.nri.v1.nri", "io.containerd.internal.v1.tracing"]

[grpc]
  address = "` + containerdAt + `"

[plugins."io.containerd.metadata.v1.bolt"]
  no_sync = true

[plugins."io.containerd.cri.v1.images"]
  snapshotter = "overlayfs"
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = %q

[plugins."io.containerd.cri.v1.runtime"]
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
      BinaryName = %q
      SystemdCgroup = false
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["/opt/cni/bin"]
    conf_dir = "` + cniDir + `"
    use_internal_loopback = true
`

// kubeletConfig is kubeadm's and kind's, fitted to a node that is a user's process.
func (s *Spec) kubeletConfig() string {
	text := `kind: KubeletConfiguration
apiVersion: kubelet.config.k8s.io/v1beta1
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: ` + kubeDir + `/pki/ca.crt}
authorization: {mode: Webhook}
tlsCertFile: ` + kubeDir + `/pki/kubelet.crt
tlsPrivateKeyFile: ` + kubeDir + `/pki/kubelet.key
containerRuntimeEndpoint: unix://` + containerdAt + `
cgroupDriver: cgroupfs
# The node is not the machine: its owner knows about cgroup v1 and swap.
failCgroupV1: false
failSwapOn: false
clusterDNS: [` + serviceDNS.String() + `]
clusterDomain: cluster.local
resolvConf: /etc/resolv.conf
serializeImagePulls: false
volumePluginDir: /var/lib/kubelet/volumeplugins
# A class is many small Pods.
maxPods: 250
# A learner waits for what a node has, such as GPUs. It is told when it changes, and
# otherwise as seldom as by default.
nodeStatusUpdateFrequency: 2s
nodeStatusReportFrequency: 5m
# The disk is the user's: a full one must not evict the lab.
imageGCHighThresholdPercent: 100
evictionHard:
  imagefs.available: "0%"
  imagefs.inodesFree: "0%"
  nodefs.available: "0%"
  nodefs.inodesFree: "0%"
featureGates:
  # What only the machine's root may set is left as it is.
  KubeletInUserNamespace: true
`
	if s.Node == 1 && s.Nodes > 1 {
		text += "registerWithTaints:\n- {key: node-role.kubernetes.io/control-plane, effect: NoSchedule}\n"
	}
	text += s.Kubelet
	if s.Rung.Limits {
		text += "# No Pod may take the node's processes.\npodPidsLimit: 1024\n"
	} else {
		text += "# There are no cgroups to hold a Pod to anything.\ncgroupsPerQOS: false\nenforceNodeAllocatable: []\n"
	}
	return text
}

// proxyConfig leaves connection tracking as it is: only the machine's root may
// set its size.
const proxyConfig = `kind: KubeProxyConfiguration
apiVersion: kubeproxy.config.k8s.io/v1alpha1
mode: iptables
clientConnection: {kubeconfig: %q}
clusterCIDR: %s
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
iptables: {minSyncPeriod: 100ms}
`
