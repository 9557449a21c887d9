package main

import "context"

// dnsManifest is CoreDNS as kubeadm would install it, fitted to a cluster without
// a way out.
func (p *parts) dnsManifest(ctx context.Context) ([]byte, error) {
	raw, err := p.kubeadm(ctx, "init", "phase", "addon", "coredns", "--print-manifest",
		"--service-cidr=10.96.0.0/12", "--service-dns-domain=cluster.local")
	if err != nil {
		return nil, err
	}
	return fitDNS(string(raw))
}

func fitDNS(manifest string) ([]byte, error) {
	return fit("kubeadm's manifest of CoreDNS", manifest, [][2]string{
		{"  replicas: 2\n", "  replicas: 1\n"},
		// A kubelet that has just started lets a random part of the period pass
		// before the first probe.
		{"        readinessProbe:\n", "        readinessProbe:\n          periodSeconds: 1\n"},
		{"        forward . /etc/resolv.conf {\n           max_concurrent 1000\n        }\n", ""},
		{"        loop\n", ""}, // it looks for loops of forwarding
	})
}
