// Package tap stands between kubectl and an API server: it tells what was asked
// of the server, and lets a request be changed, or refused, on its way.
//
//	t, err := tap.Listen(cfg, tap.Hooks{Seen: func(r tap.Request, made *unstructured.Unstructured) { … }})
//	defer t.Close()
//	err = t.Kubeconfig(path, "my-namespace")
package tap

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Request asks the API server to change something. Requests that are only dry
// runs, and those about anything that is below an object (its log, its status),
// are let through and not shown.
type Request struct {
	// Method is POST, PUT, PATCH or DELETE.
	Method string
	// Command is what kubectl says that it was called as: "kubectl run".
	Command string
	// Resource is what the path names, Name empty for POST.
	Resource        schema.GroupVersionResource
	Namespace, Name string
	// Body is what was sent, nil where that was no JSON object. A hook may
	// change what is in it.
	Body map[string]any
}

// Hooks are called for each request, by several goroutines at a time. Either may
// be nil.
type Hooks struct {
	// Change sees a request before the server does. With an error the server
	// never sees it, and kubectl is told that it is forbidden.
	Change func(*Request) error
	// Seen is called with what the server has accepted, and the object that it
	// answered with; nil where it answered with none.
	Seen func(Request, *unstructured.Unstructured)
}

// Tap listens on a port of the loopback interface, and answers those who know
// its secret path.
type Tap struct {
	hooks  Hooks
	prefix string
	host   string
	server *http.Server
	served chan error
}

// maxBody is how large a request that is shown, or an answer to one, may be, in
// bytes; the API server itself takes no more than 3 MiB.
const maxBody = 4 << 20

// Listen begins to serve. What comes is passed on to the API server of cfg, with
// the rights that cfg gives.
func Listen(cfg *rest.Config, hooks Hooks) (*Tap, error) {
	to, err := url.Parse(cfg.Host)
	if err != nil {
		return nil, fmt.Errorf("read the address of the API server: %w", err)
	}
	tlsConfig, err := rest.TLSConfigFor(cfg)
	if err != nil {
		return nil, fmt.Errorf("read the keys for the API server: %w", err)
	}
	// exec and port-forward turn a connection into another protocol, which HTTP/2
	// cannot.
	transport, err := rest.HTTPWrappersForConfig(cfg, &http.Transport{TLSClientConfig: tlsConfig, Protocols: http1()})
	if err != nil {
		return nil, fmt.Errorf("read the rights at the API server: %w", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for kubectl: %w", err)
	}
	t := &Tap{hooks: hooks, prefix: "/" + rand.Text(), host: l.Addr().String(), served: make(chan error, 1)}
	proxy := &httputil.ReverseProxy{
		Transport:     transport,
		FlushInterval: -1, // watches
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Header.Del("Accept-Encoding") // so that the answer can be read
		},
		ModifyResponse: t.answered,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			refuse(w, http.StatusBadGateway, metav1.StatusReasonServiceUnavailable, err)
		},
	}
	t.server = &http.Server{Handler: http.StripPrefix(t.prefix, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r, err := t.asked(r)
		if err != nil {
			refuse(w, http.StatusForbidden, metav1.StatusReasonForbidden, err)
			return
		}
		proxy.ServeHTTP(w, r)
	}))}
	go func() { t.served <- t.server.Serve(l) }()
	return t, nil
}

func http1() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	return p
}

// Close ends all connections.
func (t *Tap) Close() error {
	err := t.server.Close()
	if e := <-t.served; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	return err
}

// Kubeconfig writes a kubeconfig whose cluster is the tap.
func (t *Tap) Kubeconfig(path, namespace string) error {
	const name = "tap"
	c := clientcmdapi.NewConfig()
	c.Clusters[name] = &clientcmdapi.Cluster{Server: "http://" + t.host + t.prefix}
	c.Contexts[name] = &clientcmdapi.Context{Cluster: name, Namespace: namespace}
	c.CurrentContext = name
	if err := clientcmd.WriteToFile(*c, path); err != nil {
		return fmt.Errorf("write a kubeconfig: %w", err)
	}
	return nil
}

// asked shows a request to the hook, and returns it as it is to go on.
func (t *Tap) asked(r *http.Request) (*http.Request, error) {
	q, ok := parse(r)
	if !ok {
		return r, nil
	}
	if r.Method != http.MethodDelete {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
		if err != nil {
			return nil, fmt.Errorf("read the request: %w", err)
		}
		switch {
		case isJSON(r.Header):
			_ = json.Unmarshal(body, &q.Body) // what is no object has no fields to change
		case r.Header.Get("Content-Type") == runtime.ContentTypeProtobuf:
			if q.Body = decode(body); q.Body != nil {
				r.Header.Set("Content-Type", runtime.ContentTypeJSON)
			}
		}
		r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), r.Body))
	}
	r.Header.Set("Accept", runtime.ContentTypeJSON)
	had := q.Body != nil
	if t.hooks.Change != nil {
		if err := t.hooks.Change(&q); err != nil {
			return nil, err
		}
	}
	if had {
		body, err := json.Marshal(q.Body)
		if err != nil {
			return nil, fmt.Errorf("encode the request: %w", err)
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	return r.WithContext(with(r.Context(), q)), nil
}

// answered shows what the server made of a request.
func (t *Tap) answered(w *http.Response) error {
	q, ok := from(w.Request.Context())
	if !ok || t.hooks.Seen == nil || w.StatusCode >= http.StatusMultipleChoices {
		return nil
	}
	var made *unstructured.Unstructured
	if isJSON(w.Header) {
		body, err := io.ReadAll(io.LimitReader(w.Body, maxBody))
		if err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
		w.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(body), w.Body), w.Body}
		o := &unstructured.Unstructured{}
		if o.UnmarshalJSON(body) == nil && o.GetKind() != "Status" {
			made = o
		}
	}
	t.hooks.Seen(q, made)
	return nil
}

// parse reads which object a request is about; not ok for those that are not
// shown.
func parse(r *http.Request) (q Request, ok bool) {
	switch r.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		return q, false
	}
	if r.URL.Query().Has("dryRun") {
		return q, false
	}
	p := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case len(p) >= 3 && p[0] == "api":
		q.Resource.Version, p = p[1], p[2:]
	case len(p) >= 4 && p[0] == "apis":
		q.Resource.Group, q.Resource.Version, p = p[1], p[2], p[3:]
	default:
		return q, false
	}
	if len(p) > 2 && p[0] == "namespaces" {
		q.Namespace, p = p[1], p[2:]
	}
	q.Resource.Resource = p[0]
	if len(p) > 1 {
		q.Name = p[1]
	}
	q.Method, q.Command = r.Method, r.Header.Get("Kubectl-Command")
	return q, len(p) <= 2
}

// decode reads an object that kubectl sent as protobuf, as it does with the
// objects of its typed clients; nil if it cannot be read.
func decode(body []byte) map[string]any {
	o, _, err := protobuf.NewSerializer(scheme.Scheme, scheme.Scheme).Decode(body, nil, nil)
	if err != nil {
		return nil
	}
	m, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return nil
	}
	return m
}

// isJSON tells whether a body is JSON, as patches are, too.
func isJSON(h http.Header) bool {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && (media == "application/json" || strings.HasSuffix(media, "+json"))
}

func refuse(w http.ResponseWriter, code int, reason metav1.StatusReason, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(metav1.Status{ // nobody is left to tell
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"},
		Status:   metav1.StatusFailure, Code: int32(code), Reason: reason, Message: err.Error(),
	})
}
