//go:build linux

package embedded

import (
	"crypto/x509"
	"io/fs"
	"path/filepath"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/cert"
)

func TestIdentities(t *testing.T) {
	dir := t.TempDir()
	admin, err := identities(dir, "lab", 2, "https://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	ca, err := cert.CertsFromFile(filepath.Join(dir, "pki", "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca[0])
	verify := func(c *x509.Certificate, host string, use x509.ExtKeyUsage) {
		t.Helper()
		if _, err := c.Verify(x509.VerifyOptions{Roots: roots, DNSName: host, KeyUsages: []x509.ExtKeyUsage{use}}); err != nil {
			t.Error(err)
		}
	}
	etc := func(node string, name ...string) string {
		return filepath.Join(append([]string{dir, "nodes", node, "etc", "kubernetes"}, name...)...)
	}
	api, err := cert.CertsFromFile(etc("1", "pki", "apiserver.crt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "10.89.0.1", "10.96.0.1", "kubernetes.default.svc"} {
		verify(api[0], host, x509.ExtKeyUsageServerAuth)
	}
	mine, err := cert.ParseCertsPEM(admin.AuthInfos["lab"].ClientCertificateData)
	if err != nil || mine[0].Subject.Organization[0] != "system:masters" {
		t.Fatalf("admin: %v, %v", mine, err)
	}
	verify(mine[0], "", x509.ExtKeyUsageClientAuth)
	worker, err := clientcmd.LoadFromFile(etc("2", "kubelet.conf"))
	if err != nil {
		t.Fatal(err)
	}
	kubelet, err := cert.ParseCertsPEM(worker.AuthInfos["lab"].ClientCertificateData)
	if err != nil || kubelet[0].Subject.CommonName != "system:node:lab-worker" || kubelet[0].Subject.Organization[0] != "system:nodes" {
		t.Errorf("worker: %v, %v", kubelet, err)
	}

	// A further node has none of the control plane's keys, and nobody else reads any.
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if found, _ := filepath.Glob(etc("2", "pki", "*.key")); len(found) != 1 {
		t.Errorf("keys of a further node: %q", found)
	}

	// The authorities stay, so that tokens and kubeconfigs of before hold.
	if _, err := identities(dir, "lab", 2, "https://127.0.0.1:2"); err != nil {
		t.Fatal(err)
	}
	again, err := cert.CertsFromFile(filepath.Join(dir, "pki", "ca.crt"))
	if err != nil || !again[0].Equal(ca[0]) {
		t.Errorf("the authority has changed: %v", err)
	}
}
