//go:build linux

package cell

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Files of a node, as its parts see them. Keys and kubeconfigs are written by
// package embedded before the cell starts.
const (
	kubeDir       = "/etc/kubernetes"
	containerdAt  = "/run/containerd/containerd.sock"
	containerdTOM = "/etc/containerd/config.toml"
	kubeletYAML   = kubeDir + "/kubelet.yaml"
	proxyYAML     = kubeDir + "/kube-proxy.yaml"
	cniDir        = "/etc/cni/net.d"
)

// Ends of a part: what may hold something gets longer.
const (
	soon  = time.Second
	while = 5 * time.Second
)

// parts are the programs of this node, in the order in which they are started,
// which is the reverse of that in which they end. Each waits for what it needs
// and is otherwise started at once: they find each other.
func (s *Spec) parts(super *supervisor) []part {
	var parts []part
	api := s.apiClient()
	if s.Node == 1 {
		parts = s.controlPlane()
	}
	// The kubelet and kube-proxy ask again soon when something is not there yet. The
	// controllers and the scheduler wait a second each time: better that they start
	// when all is there.
	apiAnswers := func(ctx context.Context) error { return s.waitAPI(ctx, api, false) }
	apiReady := func(ctx context.Context) error { return s.waitAPI(ctx, api, true) }
	for i := range parts {
		parts[i].argv = append(parts[i].argv, s.Args[parts[i].name]...)
		if parts[i].name == "kube-controller-manager" || parts[i].name == "kube-scheduler" {
			parts[i].after = apiReady
		}
	}
	parts = append(parts,
		part{
			name: "containerd", patience: while,
			argv: []string{"containerd", "--config", containerdTOM},
			env:  []string{"PODLAB_FIT=" + s.fit()},
		},
		part{
			// Without the image of the sandbox it would try to pull it and wait long.
			name: "kubelet", patience: soon,
			after: func(ctx context.Context) error {
				if err := s.importImages(ctx, super, firstImages); err != nil {
					return err
				}
				go s.importImages(ctx, super, laterImages)
				return apiAnswers(ctx)
			},
			argv: []string{"kubelet", "--config", kubeletYAML, "--kubeconfig", kubeDir + "/kubelet.conf",
				"--hostname-override", s.nodeName(), "--node-ip", NodeIP(s.Node).String(), "--root-dir", "/var/lib/kubelet", "--cert-dir", "/var/lib/kubelet/pki"},
		},
		part{
			name: "kube-proxy", patience: soon, after: apiAnswers,
			argv: []string{"kube-proxy", "--config", proxyYAML, "--hostname-override", s.nodeName()},
		})
	if s.Node == 1 {
		for n := 2; n <= s.Nodes; n++ {
			parts = append(parts, s.node(n))
		}
	}
	return parts
}

// fit tells fit-runc what a container cannot have here.
func (s *Spec) fit() string {
	var words []string
	if !s.Rung.Limits {
		words = append(words, "nocgroups")
	}
	if !s.Rung.ManyUIDs {
		words = append(words, "oneuid")
	}
	return strings.Join(words, " ")
}

// controlPlane is what the first node has besides.
func (s *Spec) controlPlane() []part {
	pki := kubeDir + "/pki/"
	// Sockets, for root of the node alone: the API server opens a connection for each
	// kind of object, and with TLS that was a third of both programs' start.
	const etcd, peer = "unix:///run/etcd/client.sock", "unix:///run/etcd/peer.sock"
	return []part{
		{
			// No waiting for the disk: a cluster that a power cut damages is made anew.
			name: "etcd", patience: while,
			argv: []string{"etcd", "--data-dir", "/var/lib/etcd", "--unsafe-no-fsync",
				"--listen-client-urls", etcd, "--advertise-client-urls", etcd,
				"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "default=" + peer,
				"--log-level", "warn"},
		},
		{
			// It reaches its size in its first seconds: garbage is collected less on the
			// way there, which would be a quarter of the processor time of a start, and
			// more from there on.
			name: "kube-apiserver", patience: while,
			env: []string{"GOGC=400", "GOMEMLIMIT=220MiB"},
			argv: []string{"kube-apiserver", "--etcd-servers", etcd,
				"--advertise-address", NodeIP(1).String(), "--secure-port", "6443", "--service-cluster-ip-range", serviceNet.String(),
				"--tls-cert-file", pki + "apiserver.crt", "--tls-private-key-file", pki + "apiserver.key", "--client-ca-file", pki + "ca.crt",
				"--authorization-mode", "Node,RBAC", "--allow-privileged", "--enable-admission-plugins", "NodeRestriction",
				"--service-account-issuer", "https://kubernetes.default.svc.cluster.local",
				"--service-account-key-file", pki + "sa.key", "--service-account-signing-key-file", pki + "sa.key",
				"--kubelet-client-certificate", pki + "apiserver-kubelet-client.crt", "--kubelet-client-key", pki + "apiserver-kubelet-client.key",
				"--kubelet-certificate-authority", pki + "ca.crt", "--kubelet-preferred-address-types", "InternalIP",
				"--requestheader-client-ca-file", pki + "front-proxy-ca.crt", "--requestheader-allowed-names", "front-proxy-client",
				"--requestheader-extra-headers-prefix", "X-Remote-Extra-", "--requestheader-group-headers", "X-Remote-Group", "--requestheader-username-headers", "X-Remote-User",
				"--proxy-client-cert-file", pki + "front-proxy-client.crt", "--proxy-client-key-file", pki + "front-proxy-client.key",
				"--profiling=false"},
		},
		{
			// There is nobody to elect a leader against. The client limits are for
			// clusters that share an API server; a lab that scales to 50 Pods would
			// wait for them.
			name: "kube-controller-manager", patience: soon,
			argv: []string{"kube-controller-manager", "--kubeconfig", kubeDir + "/controller-manager.conf", "--leader-elect=false", "--secure-port", "0",
				"--root-ca-file", pki + "ca.crt", "--service-account-private-key-file", pki + "sa.key", "--use-service-account-credentials",
				"--cluster-signing-cert-file", pki + "ca.crt", "--cluster-signing-key-file", pki + "ca.key",
				"--controllers", "*,bootstrapsigner,tokencleaner", "--cluster-cidr", podNet.String(),
				// By default under /usr, which is read-only here.
				"--flex-volume-plugin-dir", "/var/lib/kubelet/volumeplugins",
				"--kube-api-qps", "200", "--kube-api-burst", "400"},
		},
		{
			name: "kube-scheduler", patience: soon,
			argv: []string{"kube-scheduler", "--kubeconfig", kubeDir + "/scheduler.conf", "--leader-elect=false", "--secure-port", "0",
				"--kube-api-qps", "200", "--kube-api-burst", "400"},
		},
	}
}

// apiClient is a client for this node's questions to the API server.
func (s *Spec) apiClient() *http.Client {
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	if raw, err := os.ReadFile(kubeDir + "/pki/ca.crt"); err == nil {
		config.RootCAs.AppendCertsFromPEM(raw)
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}, Timeout: 2 * time.Second}
}

// waitAPI waits until the API server answers, or until it is ready. Nobody can
// watch a port on which nobody listens yet, so it is asked.
func (s *Spec) waitAPI(ctx context.Context, client *http.Client, ready bool) error {
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+NodeIP(1).String()+":6443/healthz", nil)
		if err != nil {
			return err
		}
		if response, err := client.Do(request); err == nil {
			response.Body.Close()
			if !ready || response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(30 * time.Millisecond):
		}
	}
}

// The archives of images: what the kubelet cannot start without, and the rest.
const (
	firstImages = "dns"
	laterImages = "storage"
)

// imported is the file, in the node, that says of which parts an archive has been
// imported.
func imported(archive string) string { return "/var/lib/podlab/images/" + archive }

// HasImages tells whether all nodes of the cell in dir have the images of this
// archive: "dns" or "storage".
func HasImages(dir, archive string) bool {
	spec, err := ReadSpec(dir)
	if err != nil {
		return false
	}
	for spec.Node = 1; spec.Node <= spec.Nodes; spec.Node++ {
		if _, err := os.Stat(filepath.Join(spec.nodeDir(), imported(archive))); err != nil {
			return false
		}
	}
	return true
}

// importImages puts the images of an archive into a containerd that does not have
// them yet. It tries again until it succeeds or ctx ends: a full disk may get room.
func (s *Spec) importImages(ctx context.Context, super *supervisor, archive string) error {
	if _, err := os.Stat(imported(archive)); err == nil {
		return nil
	}
	file := insideParts + "/images/" + archive + ".tar"
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		// containerd answers when its socket is there; until then ctr would fail.
		if _, err := os.Stat(containerdAt); err == nil {
			err := super.once(ctx, part{name: "import-" + archive, argv: []string{"ctr", "--namespace", "k8s.io", "images", "import", file}})
			if err == nil {
				return writeAll(map[string]string{imported(archive): s.Parts})
			}
			fmt.Fprintln(os.Stderr, err)
		} else {
			pause = 20 * time.Millisecond
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// writeAll writes files, with the folders that they lie in.
func writeAll(files map[string]string) error {
	for path, text := range files {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}
