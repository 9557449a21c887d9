package kubelet

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// account is where a Pod finds who it is to the API server.
const account = "/var/run/secrets/kubernetes.io/serviceaccount"

// APIServer is the API server as a Pod reaches it: as much of a client as two kinds
// of object need.
type APIServer struct {
	base   string
	client *http.Client
	token  func() (string, error)
}

// InCluster is the API server of the cluster that this Pod is in.
func InCluster() (*APIServer, error) {
	host, port := os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")
	if host == "" || port == "" {
		return nil, errors.New("this Pod does not know its API server (KUBERNETES_SERVICE_HOST)")
	}
	authority, err := os.ReadFile(account + "/ca.crt")
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	return &APIServer{
		base:   "https://" + net.JoinHostPort(host, port),
		client: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}},
		token: func() (string, error) { // it is renewed on disk
			raw, err := os.ReadFile(account + "/token")
			return strings.TrimSpace(string(raw)), err
		},
	}, nil
}

// errNotFound is that the API server has no such object.
var errNotFound = errors.New("not found")

// do sends a request with an object (nil for none), and reads the answer into out
// (nil to drop it).
func (a *APIServer) do(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(raw)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	answer, err := a.ask(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer answer.Close()
	if out == nil {
		return nil
	}
	return json.NewDecoder(answer).Decode(out)
}

// deleted returns when the API server says that an object of the collection was
// deleted, or nothing any more, as it does after some minutes.
func (a *APIServer) deleted(ctx context.Context, collection, object string) error {
	answer, err := a.ask(ctx, http.MethodGet, collection+"?watch=true&fieldSelector=metadata.name%3D"+object, nil)
	if err != nil {
		return err
	}
	defer answer.Close()
	for events := json.NewDecoder(answer); ; {
		var event struct {
			Type string `json:"type"`
		}
		if err := events.Decode(&event); err != nil {
			return err
		}
		if event.Type == "DELETED" {
			return nil
		}
	}
}

// ask sends a request. The caller closes the answer.
func (a *APIServer) ask(ctx context.Context, method, path string, body io.Reader) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, method, a.base+path, body)
	if err != nil {
		return nil, err
	}
	token, err := a.token()
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	response, err := a.client.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode/100 == 2 {
		return response.Body, nil
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusNotFound {
		return nil, fmt.Errorf("%s: %w", path, errNotFound)
	}
	said, _ := io.ReadAll(io.LimitReader(response.Body, 2000))
	return nil, fmt.Errorf("%s %s: %s: %s", method, path, response.Status, said)
}
