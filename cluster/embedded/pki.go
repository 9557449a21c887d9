package embedded

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

// How long certificates hold. Authorities stay with the cluster; all others are
// issued anew at each start.
const (
	authorityYears = 10
	leafYears      = 1
)

// authority signs certificates; its key never enters a node unless a part needs
// it.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// newKey makes an elliptic key: an RSA key would take a tenth of a second each.
func newKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

// openAuthority reads the authority called name in dir, and makes it if it is
// missing.
func openAuthority(dir, name string) (*authority, error) {
	certFile, keyFile := filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key")
	certs, err := cert.CertsFromFile(certFile)
	if err == nil {
		key, err := keyutil.PrivateKeyFromFile(keyFile)
		if err != nil {
			return nil, err
		}
		signer, ok := key.(crypto.Signer)
		if !ok {
			return nil, fmt.Errorf("%s holds no key that can sign", keyFile)
		}
		return &authority{certs[0], signer}, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	a := &authority{key: key}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "podlab-" + name},
		NotAfter:              time.Now().AddDate(authorityYears, 0, 0),
		KeyUsage:              x509.KeyUsageKeyEncipherment | x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	if a.cert, err = sign(template, template, key.Public(), key); err != nil {
		return nil, err
	}
	// The key first: a certificate without its key would be taken for whole.
	return a, errors.Join(writeKey(keyFile, key), writeCert(certFile, a.cert))
}

// issue signs a certificate for a new key. Hosts, names or addresses, make it one
// for a server as well.
func (a *authority) issue(name, group string, hosts ...string) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := newKey()
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: name},
		NotAfter:    time.Now().AddDate(leafYears, 0, 0),
		KeyUsage:    x509.KeyUsageKeyEncipherment | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if group != "" {
		template.Subject.Organization = []string{group}
	}
	for _, h := range hosts {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
		if ip := net.ParseIP(h); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, h)
		}
	}
	signed, err := sign(template, a.cert, key.Public(), a.key)
	return signed, key, err
}

func sign(template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	template.NotBefore = time.Now().Add(-time.Minute) // clocks differ
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return nil, fmt.Errorf("sign certificate: %w", err)
	}
	return x509.ParseCertificate(raw)
}

func writeCert(path string, c *x509.Certificate) error {
	raw, err := cert.EncodeCertificates(c)
	if err != nil {
		return err
	}
	return writePrivate(path, raw)
}

func writeKey(path string, key *ecdsa.PrivateKey) error {
	raw, err := keyutil.MarshalPrivateKeyToPEM(key)
	if err != nil {
		return err
	}
	return writePrivate(path, raw)
}

// writePrivate writes a file that only its owner can read, with its folder.
func writePrivate(path string, raw []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, raw, 0o600)
}

// writePair issues a certificate and writes it and its key as NAME.crt and .key.
func (a *authority) writePair(dir, file, name, group string, hosts ...string) error {
	c, key, err := a.issue(name, group, hosts...)
	if err != nil {
		return err
	}
	return errors.Join(writeCert(filepath.Join(dir, file+".crt"), c), writeKey(filepath.Join(dir, file+".key"), key))
}

// kubeconfig is how a user with a new certificate reaches the API server.
func (a *authority) kubeconfig(cluster, server, name, group string) (*clientcmdapi.Config, error) {
	c, key, err := a.issue(name, group)
	if err != nil {
		return nil, err
	}
	certRaw, err := cert.EncodeCertificates(c)
	if err != nil {
		return nil, err
	}
	keyRaw, err := keyutil.MarshalPrivateKeyToPEM(key)
	if err != nil {
		return nil, err
	}
	caRaw, err := cert.EncodeCertificates(a.cert)
	if err != nil {
		return nil, err
	}
	config := clientcmdapi.NewConfig()
	config.Clusters[cluster] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: caRaw}
	config.AuthInfos[cluster] = &clientcmdapi.AuthInfo{ClientCertificateData: certRaw, ClientKeyData: keyRaw}
	config.Contexts[cluster] = &clientcmdapi.Context{Cluster: cluster, AuthInfo: cluster}
	config.CurrentContext = cluster
	return config, nil
}

func (a *authority) writeKubeconfig(path, cluster, server, name, group string) error {
	config, err := a.kubeconfig(cluster, server, name, group)
	if err != nil {
		return err
	}
	raw, err := clientcmd.Write(*config)
	if err != nil {
		return err
	}
	return writePrivate(path, raw)
}
