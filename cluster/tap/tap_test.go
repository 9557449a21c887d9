package tap

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

func TestParse(t *testing.T) {
	for request, want := range map[string]string{
		"POST /api/v1/namespaces/a/pods":                         "/v1, Resource=pods a/",
		"PATCH /api/v1/namespaces/a/pods/web":                    "/v1, Resource=pods a/web",
		"DELETE /apis/apps/v1/namespaces/a/deployments/web":      "apps/v1, Resource=deployments a/web",
		"POST /api/v1/namespaces":                                "/v1, Resource=namespaces /",
		"DELETE /api/v1/namespaces/a":                            "/v1, Resource=namespaces /a",
		"POST /apis/rbac.authorization.k8s.io/v1/clusterroles":   "rbac.authorization.k8s.io/v1, Resource=clusterroles /",
		"GET /api/v1/namespaces/a/pods":                          "",
		"POST /api/v1/namespaces/a/pods?dryRun=All":              "",
		"POST /api/v1/namespaces/a/pods/web/exec?command=ls":     "",
		"PATCH /apis/apps/v1/namespaces/a/deployments/web/scale": "",
		"POST /version": "",
		"POST /apis/authorization.k8s.io/v1/selfsubjectreviews/x": "authorization.k8s.io/v1, Resource=selfsubjectreviews /x",
	} {
		method, path, _ := strings.Cut(request, " ")
		q, ok := parse(httptest.NewRequest(method, path, nil))
		got := ""
		if ok {
			got = fmt.Sprintf("%s %s/%s", q.Resource.String(), q.Namespace, q.Name)
		}
		if got != want {
			t.Errorf("%s: got %q", request, got)
		}
	}
}

// TestHooks puts a tap before a server that answers with what it was sent. That
// kubectl, with all that it does, works through one is seen on a cluster: each
// solution of podlab lab test goes through a tap.
func TestHooks(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.Copy(w, r.Body)
	}))
	defer server.Close()
	var seen []string
	tap, err := Listen(&rest.Config{Host: server.URL}, Hooks{
		Change: func(q *Request) error {
			if q.Body["kind"] == "Secret" {
				return errors.New("not this one")
			}
			q.Body["metadata"] = map[string]any{"name": "changed"}
			return nil
		},
		Seen: func(q Request, o *unstructured.Unstructured) { seen = append(seen, q.Command+" "+o.GetName()) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer tap.Close()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := tap.Kubeconfig(path, "here"); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	cfg, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatal(err)
	}
	post := func(base, kind string) (code int, body string) {
		r, err := http.NewRequest("POST", base+"/api/v1/namespaces/a/pods", strings.NewReader(`{"apiVersion":"v1","kind":"`+kind+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Kubectl-Command", "kubectl run")
		w, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Body.Close()
		b, _ := io.ReadAll(w.Body)
		return w.StatusCode, string(b)
	}
	if code, body := post(cfg.Host, "Pod"); code != 200 || !strings.Contains(body, `"name":"changed"`) {
		t.Errorf("%d %s", code, body)
	}
	if code, body := post(cfg.Host, "Secret"); code != 403 || !strings.Contains(body, "not this one") {
		t.Errorf("%d %s", code, body)
	}
	if len(seen) != 1 || seen[0] != "kubectl run changed" {
		t.Errorf("seen %q", seen)
	}
	// Who does not know the path has no rights.
	if code, _ := post(strings.TrimSuffix(cfg.Host, tap.prefix), "Pod"); code != 404 {
		t.Errorf("without the path: %d", code)
	}
}
