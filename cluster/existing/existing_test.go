package existing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/scheme"

	"podlab.dev/podlab/cluster/driver"
	"podlab.dev/podlab/cue/lab"
)

const toolboxRef = "podlab.dev/toolbox:v1"

// fakeAPI is as much of an API server as the driver asks.
type fakeAPI struct {
	nodes   []corev1.Node
	later   chan corev1.Node // what a watch of the nodes says; nil refuses to watch
	status  int              // of the answer to "list nodes"; 0 is 200
	refuses string           // the rights to do anything with this
	figures bool             // it serves what Pods use
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	reply := func(v any) { _ = json.NewEncoder(w).Encode(v) }
	switch {
	case f.status != 0:
		w.WriteHeader(f.status)
		reply(metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: "Failure", Code: int32(f.status),
			Reason: map[int]metav1.StatusReason{401: metav1.StatusReasonUnauthorized, 403: metav1.StatusReasonForbidden}[f.status]})
	case r.URL.Path == "/api/v1/nodes" && r.URL.Query().Has("watch"):
		if f.later == nil {
			http.Error(w, "the driver should not watch", http.StatusForbidden)
			return
		}
		_ = http.NewResponseController(w).Flush()
		for {
			select {
			case <-r.Context().Done():
				return
			case node := <-f.later:
				node.TypeMeta = metav1.TypeMeta{Kind: "Node", APIVersion: "v1"}
				reply(map[string]any{"type": watch.Modified, "object": node})
				_ = http.NewResponseController(w).Flush()
			}
		}
	case r.URL.Path == "/api/v1/nodes":
		reply(corev1.NodeList{TypeMeta: metav1.TypeMeta{Kind: "NodeList", APIVersion: "v1"}, Items: f.nodes})
	case strings.HasSuffix(r.URL.Path, "/selfsubjectaccessreviews"):
		var asked authorizationv1.SelfSubjectAccessReview
		body, _ := io.ReadAll(r.Body)
		if _, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, &asked); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusCreated)
		reply(authorizationv1.SelfSubjectAccessReview{
			TypeMeta: metav1.TypeMeta{Kind: "SelfSubjectAccessReview", APIVersion: "authorization.k8s.io/v1"},
			Status:   authorizationv1.SubjectAccessReviewStatus{Allowed: asked.Spec.ResourceAttributes.Resource != f.refuses},
		})
	case r.URL.Path == "/apis/metrics.k8s.io/v1beta1" && f.figures:
		reply(metav1.APIResourceList{TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: "metrics.k8s.io/v1beta1"})
	case strings.HasSuffix(r.URL.Path, "/serviceaccounts/default"):
		reply(corev1.ServiceAccount{TypeMeta: metav1.TypeMeta{Kind: "ServiceAccount", APIVersion: "v1"}})
	default:
		http.Error(w, "the driver should not ask "+r.URL.Path, http.StatusNotFound)
	}
}

func node(name string, images ...string) corev1.Node {
	n := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name)}}
	n.Status.NodeInfo.KubeletVersion, n.Status.NodeInfo.ContainerRuntimeVersion = "v1.36.0", "containerd://2.2.0"
	n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	for _, i := range images {
		n.Status.Images = append(n.Status.Images, corev1.ContainerImage{Names: []string{i}})
	}
	return n
}

// kubeconfig has two contexts: "class", which is current, and "other".
func kubeconfig(server string) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: class
clusters:
- {name: c1, cluster: {server: %q}}
- {name: c2, cluster: {server: "https://192.0.2.1"}}
users:
- {name: teacher, user: {token: secret}}
- {name: boss, user: {token: very-secret}}
contexts:
- {name: class, context: {cluster: c1, user: teacher}}
- {name: other, context: {cluster: c2, user: boss}}
`, server)
}

// newDriver writes a kubeconfig for api and a sentinel as ~/.kube/config.
func newDriver(t *testing.T, api http.Handler) (*Driver, string) {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("KUBECONFIG", "")
	if err := os.MkdirAll(filepath.Join(home, ".kube"), 0o700); err != nil {
		t.Fatal(err)
	}
	// Were it read, its syntax would be an error.
	if err := os.WriteFile(filepath.Join(home, ".kube", "config"), []byte("\t: sentinel"), 0o600); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	path := filepath.Join(t.TempDir(), "theirs")
	if err := os.WriteFile(path, []byte(kubeconfig(server.URL)), 0o600); err != nil {
		t.Fatal(err)
	}
	return New(Config{StateDir: t.TempDir(), Kubeconfig: path, Why: "a kubeconfig was given"}), path
}

func TestUpCopiesOneContext(t *testing.T) {
	d, path := newDriver(t, &fakeAPI{nodes: []corev1.Node{node("n1", toolboxRef), node("n2", toolboxRef)}})
	before, _ := os.ReadFile(path)
	running, err := d.Up(context.Background(), lab.Needs{Nodes: 2, Images: []string{toolboxRef}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if running.Driver != "existing" || running.Name != "class" || running.Nodes != 2 || running.Version != "v1.36.0" || !strings.Contains(running.Why, `"class"`) {
		t.Errorf("running: %+v", running)
	}
	copied, err := os.ReadFile(running.Kubeconfig)
	if err != nil || strings.Contains(string(copied), "boss") || strings.Contains(string(copied), "192.0.2.1") || !strings.Contains(string(copied), "secret") {
		t.Errorf("copy: %v\n%s", err, copied)
	}
	session := filepath.Join(t.TempDir(), "s", "kubeconfig")
	if err := driver.WriteNamespaced(running.Kubeconfig, session, "lab-1"); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(session); err != nil || !strings.Contains(string(text), "namespace: lab-1") {
		t.Errorf("session: %v\n%s", err, text)
	}
	config, err := driver.RESTConfig(session)
	if err != nil || config.QPS < 50 || config.Burst < 100 || config.Timeout != 0 {
		t.Errorf("client configuration: %+v, %v", config, err)
	}

	status, err := d.Status(context.Background())
	if err != nil || status.Clusters[0].State != driver.StateRunning || len(status.Clusters[0].Nodes) != 2 {
		t.Errorf("status: %+v, %v", status, err)
	}
	if err := d.Down(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(running.Kubeconfig); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the copy is still there: %v", err)
	}
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Error("the user's kubeconfig was changed")
	}
}

func TestUpRefuses(t *testing.T) {
	needs := lab.Needs{Nodes: 1, Images: []string{toolboxRef}}
	kindNode := node("n1")
	kindNode.Spec.ProviderID = "kind://docker/mine/mine-control-plane"
	crio := node("n1")
	crio.Status.NodeInfo.ContainerRuntimeVersion = "cri-o://1.36.0"
	notReady := node("n1", toolboxRef)
	notReady.Status.Conditions[0].Status = corev1.ConditionFalse
	for _, tc := range []struct {
		name    string
		api     *fakeAPI
		context string
		needs   lab.Needs
		kind    error
		what    string
		do      string
	}{
		{"image missing", &fakeAPI{nodes: []corev1.Node{node("n1", toolboxRef), node("n2")}}, "", needs, driver.ErrNeeds, "is not on n2", "podlab cluster image > toolbox.tar"},
		{"image missing on kind", &fakeAPI{nodes: []corev1.Node{kindNode}}, "", needs, driver.ErrNeeds, "is not on n1", "kind load image-archive toolbox.tar --name mine"},
		{"too few nodes", &fakeAPI{nodes: []corev1.Node{node("n1", toolboxRef)}}, "", lab.Needs{Nodes: 3}, driver.ErrNeeds, "needs 3 ready nodes", "--cluster kind"},
		{"nodes not ready", &fakeAPI{nodes: []corev1.Node{notReady}}, "", lab.Needs{}, driver.ErrNeeds, "has 0 (of 1)", "--cluster kind"},
		{"no namespaces", &fakeAPI{nodes: []corev1.Node{node("n1")}, refuses: "namespaces"}, "", lab.Needs{}, driver.ErrPermission, "may not create namespaces", "--cluster kind"},
		{"no Pods that break things", &fakeAPI{nodes: []corev1.Node{node("n1")}, refuses: "pods"}, "", lab.Needs{Faults: true}, driver.ErrPermission, "may not create pods in namespace podlab-fault", "--cluster kind"},
		{"no rights for them", &fakeAPI{nodes: []corev1.Node{node("n1")}, refuses: "secrets"}, "", lab.Needs{Faults: true}, driver.ErrPermission, "may not patch secrets, and the lab breaks things", "--cluster kind"},
		{"another runtime", &fakeAPI{nodes: []corev1.Node{crio}}, "", lab.Needs{Faults: true}, driver.ErrNeeds, "node n1 of cluster \"class\" runs cri-o://1.36.0", "--cluster kind"},
		{"no metrics server", &fakeAPI{nodes: []corev1.Node{node("n1")}}, "", lab.Needs{Metrics: true}, driver.ErrNeeds, `cluster "class" has no metrics server`, "install metrics-server there"},
		{"unknown user", &fakeAPI{status: 401}, "", lab.Needs{}, driver.ErrPermission, "does not know the user", "auth whoami"},
		{"forbidden", &fakeAPI{status: 403}, "", lab.Needs{}, driver.ErrPermission, "list its nodes", "more rights"},
		{"no such context", &fakeAPI{}, "nope", lab.Needs{}, driver.ErrKubeconfig, `no context "nope"`, "class, other"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d, _ := newDriver(t, tc.api)
			d.config.Context = tc.context
			d.patience = 50 * time.Millisecond
			_, err := d.Up(context.Background(), tc.needs, nil)
			known, ok := errors.AsType[*driver.Error](err)
			if !ok || !errors.Is(err, tc.kind) {
				t.Fatalf("got %v, want kind %v", err, tc.kind)
			}
			if !strings.Contains(known.Error(), tc.what) || !strings.Contains(known.Remedy(), tc.do) {
				t.Errorf("got %q → %q; want %q → %q", known.Error(), known.Remedy(), tc.what, tc.do)
			}
		})
	}
}

func TestUpWhenNobodyAnswers(t *testing.T) {
	d, path := newDriver(t, &fakeAPI{})
	if err := os.WriteFile(path, []byte(kubeconfig("http://127.0.0.1:1")), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Up(context.Background(), lab.Needs{}, nil); !errors.Is(err, driver.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
	status, err := d.Status(context.Background())
	if err != nil || status.Clusters[0].State != driver.StateUnreachable {
		t.Errorf("status: %+v, %v", status, err)
	}
}

func TestNoKubeconfigNeverMeansTheUsersOwn(t *testing.T) {
	d, _ := newDriver(t, &fakeAPI{})
	d.config.Kubeconfig = ""
	if _, err := d.Up(context.Background(), lab.Needs{}, nil); !errors.Is(err, driver.ErrKubeconfig) || strings.Contains(err.Error(), "sentinel") {
		t.Errorf("got %v", err)
	}
}

// A kubelet tells of an image some time after it was loaded.
func TestUpWaitsForAnImage(t *testing.T) {
	api := &fakeAPI{nodes: []corev1.Node{node("n1", toolboxRef), node("n2")}, later: make(chan corev1.Node)}
	d, _ := newDriver(t, api)
	var events []driver.Event
	running, err := d.Up(t.Context(), lab.Needs{Nodes: 2, Images: []string{toolboxRef}}, func(e driver.Event) {
		events = append(events, e)
		if strings.HasPrefix(e.Message, "waiting for node n2 to report image "+toolboxRef) && !e.Done {
			go func() {
				api.later <- node("n2", "another:1")
				api.later <- node("n2", "another:1", toolboxRef)
			}()
		}
	})
	if err != nil || running.Nodes != 2 {
		t.Fatalf("got %+v, %v", running, err)
	}
	if last := events[len(events)-1]; last.Phase != driver.PhaseLoad || !last.Done || last.Err != nil {
		t.Errorf("the last event is %+v", last)
	}
}

func TestWaitForAnImageCanBeStopped(t *testing.T) {
	for _, tc := range []struct {
		name string
		api  *fakeAPI
	}{
		{"watching", &fakeAPI{nodes: []corev1.Node{node("n1")}, later: make(chan corev1.Node)}},
		{"not allowed to watch", &fakeAPI{nodes: []corev1.Node{node("n1")}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d, _ := newDriver(t, tc.api)
			ctx, cancel := context.WithCancel(t.Context())
			var stopped time.Time
			_, err := d.Up(ctx, lab.Needs{Images: []string{toolboxRef}}, func(e driver.Event) {
				if e.Phase == driver.PhaseLoad && !e.Done {
					time.AfterFunc(50*time.Millisecond, func() { stopped = time.Now(); cancel() })
				}
			})
			if took := time.Since(stopped); !errors.Is(err, context.Canceled) || took > time.Second {
				t.Errorf("%s after it was stopped: %v", took, err)
			}
		})
	}
}

// An API server that goes away meanwhile is not a missing image.
func TestAPIServerGoesWhileAnImageIsAwaited(t *testing.T) {
	api := &fakeAPI{nodes: []corev1.Node{node("n1")}}
	d, _ := newDriver(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("watch") {
			api.status = http.StatusServiceUnavailable
		}
		api.ServeHTTP(w, r)
	}))
	d.patience = 300 * time.Millisecond
	if _, err := d.Up(t.Context(), lab.Needs{Images: []string{toolboxRef}}, nil); !errors.Is(err, driver.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
}

func TestImagesThatANodeDoesNotReport(t *testing.T) {
	full := node("n1")
	for i := range reportedImages {
		full.Status.Images = append(full.Status.Images, corev1.ContainerImage{Names: []string{fmt.Sprint("big:", i)}})
	}
	d, _ := newDriver(t, &fakeAPI{nodes: []corev1.Node{full}})
	running, err := d.Up(t.Context(), lab.Needs{Images: []string{toolboxRef}}, func(e driver.Event) {
		if e.Phase == driver.PhaseLoad {
			t.Errorf("it waits for what will never be reported: %+v", e)
		}
	})
	if err != nil || !strings.Contains(running.Why, "n1 reports only") {
		t.Errorf("got %+v, %v", running, err)
	}
	spelled := []corev1.Node{node("n1", "docker.io/library/nginx:1")}
	if err := refuseMissing("class", spelled, []string{"nginx:1"}); err != nil || unseenImages(spelled, []string{"nginx:1"}) != "" {
		t.Errorf("got %v", err)
	}
}

func TestMetricsOfTheirOwn(t *testing.T) {
	d, _ := newDriver(t, &fakeAPI{nodes: []corev1.Node{node("n1")}, figures: true})
	if _, err := d.Up(context.Background(), lab.Needs{Metrics: true}, nil); err != nil {
		t.Errorf("a cluster with a metrics server is refused: %v", err)
	}
}
