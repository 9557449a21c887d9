//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"podlab.dev/podlab/cluster/fault/order"
)

// api is a client of the API server, as this program's account. The program is to be
// small: what it asks for are three requests.
type api struct {
	http  http.Client
	base  string
	token string
}

const account = "/var/run/secrets/kubernetes.io/serviceaccount"

func newAPI() (*api, error) {
	ca, err := os.ReadFile(filepath.Join(account, "ca.crt"))
	if err != nil {
		return nil, err
	}
	token, err := os.ReadFile(filepath.Join(account, "token")) // renewed on the disk
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	host := net.JoinHostPort(os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT"))
	return &api{
		http:  http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}},
		base:  "https://" + host,
		token: string(token),
	}, nil
}

// statusError is what the API server answers in place of what was asked for.
type statusError struct {
	code int
	text string
}

func (e *statusError) Error() string {
	return fmt.Sprintf("the API server says %d: %s", e.code, e.text)
}

func (a *api) do(ctx context.Context, method, path, kind string, body []byte) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, method, a.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := a.http.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode >= 300 {
		defer res.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(res.Body, 500))
		return nil, &statusError{res.StatusCode, strings.TrimSpace(string(text))}
	}
	return res.Body, nil
}

const (
	mergePatch = "application/merge-patch+json"
	jsonPatch  = "application/json-patch+json"
)

// undo asks for what an order says, again and again until it is done or ctx ends: the
// API server may be away for a while. An object that is gone needs nothing.
func undo(ctx context.Context, all []order.Undo, log *slog.Logger) error {
	for _, u := range all {
		for wait := time.Second; ; wait = min(2*wait, 10*time.Second) {
			err := undoOne(ctx, u)
			var status *statusError
			if err == nil || errors.As(err, &status) && (status.code == http.StatusNotFound || status.code == http.StatusUnprocessableEntity) {
				break // also when a test of the patch says that it is no longer as it was broken
			}
			if errors.As(err, &status) && status.code != http.StatusConflict && status.code < 500 && status.code != http.StatusTooManyRequests {
				return fmt.Errorf("undo %s: %w", u.Path, err)
			}
			log.Warn("the API server: once more", "path", u.Path, "err", err)
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(wait):
			}
		}
	}
	return nil
}

func undoOne(ctx context.Context, u order.Undo) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	a, err := newAPI()
	if err != nil {
		return err
	}
	patch, kind := []byte(u.Patch), jsonPatch
	if u.Merge != nil {
		patch, kind = u.Merge, mergePatch
	}
	if u.Taint != "" {
		kind = mergePatch
		if patch, err = a.without(ctx, u); err != nil || patch == nil {
			return err
		}
	}
	body, err := a.do(ctx, http.MethodPatch, u.Path, kind, patch)
	if err != nil {
		return err
	}
	return body.Close()
}

// without is the patch that takes a taint from a node; nil when it has none.
func (a *api) without(ctx context.Context, u order.Undo) ([]byte, error) {
	body, err := a.do(ctx, http.MethodGet, u.Path, "", nil)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	var node struct {
		Metadata struct {
			ResourceVersion string `json:"resourceVersion"`
		} `json:"metadata"`
		Spec struct {
			Taints []map[string]any `json:"taints"`
		} `json:"spec"`
	}
	if err := json.NewDecoder(body).Decode(&node); err != nil {
		return nil, err
	}
	left := []map[string]any{}
	for _, t := range node.Spec.Taints {
		if t["key"] != u.Taint {
			left = append(left, t)
		}
	}
	if len(left) == len(node.Spec.Taints) {
		return nil, nil
	}
	return json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": node.Metadata.ResourceVersion}, // so that no other taint gets lost
		"spec":     map[string]any{"taints": left},
	})
}

// podPath is this program's Pod.
func podPath() string {
	return "/api/v1/namespaces/" + os.Getenv("POD_NAMESPACE") + "/pods/" + os.Getenv("POD_NAME")
}

// tell writes how it went on this program's Pod. Podlab does not wait for it for ever.
func tell(ctx context.Context, done string, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	return annotate(ctx, order.Done, done, log)
}

// annotate writes an annotation of this program's Pod.
func annotate(ctx context.Context, name, value string, log *slog.Logger) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]string{name: value}}})
	if err != nil {
		return err
	}
	return undo(ctx, []order.Undo{{Path: podPath(), Merge: patch}}, log)
}

// watchPod closes word when this program's Pod says that it is time, and returns when
// it is deleted, or ctx ends.
func watchPod(ctx context.Context, word chan<- struct{}, log *slog.Logger) {
	path, name := filepath.Split(podPath())
	path = strings.TrimSuffix(path, "/") + "?watch=1&fieldSelector=metadata.name%3D" + name
	var once sync.Once
	for ctx.Err() == nil {
		err := watchOnce(ctx, path, func() { once.Do(func() { close(word) }) })
		if errors.Is(err, errDeleted) {
			return
		}
		log.Debug("watch of this Pod ended", "err", err)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

var errDeleted = errors.New("the Pod is deleted")

func watchOnce(ctx context.Context, path string, isTime func()) error {
	a, err := newAPI()
	if err != nil {
		return err
	}
	body, err := a.do(ctx, http.MethodGet, path, "", nil)
	if err != nil {
		return err
	}
	defer body.Close()
	for d := json.NewDecoder(body); ; {
		var e struct {
			Type   string `json:"type"`
			Object struct {
				Metadata struct {
					DeletionTimestamp string            `json:"deletionTimestamp"`
					Annotations       map[string]string `json:"annotations"`
				} `json:"metadata"`
			} `json:"object"`
		}
		if err := d.Decode(&e); err != nil {
			return err
		}
		if e.Type == "DELETED" || e.Object.Metadata.DeletionTimestamp != "" {
			return errDeleted
		}
		if e.Object.Metadata.Annotations[order.Go] != "" {
			isTime()
		}
	}
}
