//go:build linux

package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"podlab.dev/podlab/cluster/embedded/cell"
)

// identities gives every part the keys by which the others know it, in the files
// in which package cell looks for them, and returns how the user reaches the
// cluster at server. Roles are those of kubeadm.
func identities(dir, cluster string, nodes int, server string) (*clientcmdapi.Config, error) {
	own := filepath.Join(dir, "pki")
	ca, err := openAuthority(own, "ca")
	if err != nil {
		return nil, err
	}
	proxyCA, err := openAuthority(own, "front-proxy-ca")
	if err != nil {
		return nil, err
	}
	// It signs the tokens of service accounts, which must survive a restart.
	accounts := filepath.Join(own, "sa.key")
	if _, err := os.Stat(accounts); err != nil {
		key, err := newKey()
		if err != nil {
			return nil, err
		}
		if err := writeKey(accounts, key); err != nil {
			return nil, err
		}
	}

	inside := fmt.Sprintf("https://%s:6443", cell.NodeIP(1))
	for n := 1; n <= nodes; n++ {
		name, ip := cell.NodeName(cluster, n), cell.NodeIP(n).String()
		etc := filepath.Join(dir, "nodes", fmt.Sprint(n), "etc", "kubernetes")
		pki := filepath.Join(etc, "pki")
		err := errors.Join(
			writeCert(filepath.Join(pki, "ca.crt"), ca.cert),
			ca.writePair(pki, "kubelet", name, "", name, ip),
			ca.writeKubeconfig(filepath.Join(etc, "kubelet.conf"), cluster, inside, "system:node:"+name, "system:nodes"),
			ca.writeKubeconfig(filepath.Join(etc, "kube-proxy.conf"), cluster, inside, "system:kube-proxy", ""),
		)
		if n == 1 {
			err = errors.Join(err,
				copyPrivate(own, pki, "ca.key", "sa.key"), // the controllers sign with both
				writeCert(filepath.Join(pki, "front-proxy-ca.crt"), proxyCA.cert),
				proxyCA.writePair(pki, "front-proxy-client", "front-proxy-client", ""),
				ca.writePair(pki, "apiserver-kubelet-client", "kube-apiserver-kubelet-client", "system:masters"),
				ca.writePair(pki, "apiserver", "kube-apiserver", "", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
					"kubernetes.default.svc.cluster.local", "localhost", name, "127.0.0.1", ip, cell.ServiceAPI.String()),
				ca.writeKubeconfig(filepath.Join(etc, "controller-manager.conf"), cluster, inside, "system:kube-controller-manager", ""),
				ca.writeKubeconfig(filepath.Join(etc, "scheduler.conf"), cluster, inside, "system:kube-scheduler", ""),
			)
		}
		if err != nil {
			return nil, fmt.Errorf("keys of node %s: %w", name, err)
		}
	}
	return ca.kubeconfig(cluster, server, "kubernetes-admin", "system:masters")
}

func copyPrivate(from, to string, names ...string) error {
	for _, name := range names {
		raw, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		if err := writePrivate(filepath.Join(to, name), raw); err != nil {
			return err
		}
	}
	return nil
}
