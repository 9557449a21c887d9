package mutant_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"podlab.dev/podlab/runner/labtest/mutant"
)

func deed(t *testing.T, method, kind, name, body string) mutant.Deed {
	t.Helper()
	d := mutant.Deed{Method: method, Kind: schema.GroupVersionKind{Version: "v1", Kind: kind}, Name: name}
	if kind == "Deployment" {
		d.Kind.Group = "apps"
	}
	if err := yaml.Unmarshal([]byte(body), &d.Body); err != nil {
		t.Fatal(err)
	}
	return d
}

const web = `
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
  annotations: {kubectl.kubernetes.io/last-applied-configuration: "{}"}
spec:
  restartPolicy: Never
  containers:
  - name: server
    image: host:5000/toolbox:v1
    ports: [{containerPort: 8080}, {containerPort: 53, protocol: UDP}]
    resources: {limits: {memory: 128Mi}}
    readinessProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 2}
  - name: log
    image: toolbox
    command: [tail, -f, /log]
    stdin: true
`

// TestOf holds every mutant of a Pod, with what it makes of the field.
func TestOf(t *testing.T) {
	d := deed(t, "POST", "Pod", "web", web)
	var got []string
	for _, m := range mutant.Of(nil, []mutant.Deed{d, d}) {
		line := m.String()
		for v := range m.Variants {
			if len(m.Path) == 0 {
				break
			}
			wrong := runtime.DeepCopyJSON(d.Body)
			if !m.Change(wrong, v) {
				t.Errorf("%s is about nothing", m)
			}
			if reflect.DeepEqual(wrong, d.Body) {
				t.Errorf("%s changes nothing", m)
			}
			if value, ok := m.At(wrong); ok && m.Op == mutant.Change {
				b, _ := json.Marshal(value)
				line += " " + string(b)
			}
		}
		got = append(got, line)
	}
	want := strings.Split(strings.TrimSpace(`
Pod/web: omit
Pod/web: drop metadata.labels.app
Pod/web: change metadata.labels.app "web-x"
Pod/web: drop spec.containers.server
Pod/web: drop spec.containers.server.image
Pod/web: change spec.containers.server.image "host:5000/toolbox:v1-x"
Pod/web: drop spec.containers.server.name
Pod/web: change spec.containers.server.name
Pod/web: drop spec.containers.server.ports.8080
Pod/web: drop spec.containers.server.ports.8080.containerPort
Pod/web: change spec.containers.server.ports.8080.containerPort
Pod/web: drop spec.containers.server.ports.53/UDP
Pod/web: drop spec.containers.server.ports.53/UDP.containerPort
Pod/web: change spec.containers.server.ports.53/UDP.containerPort
Pod/web: drop spec.containers.server.ports.53/UDP.protocol
Pod/web: change spec.containers.server.ports.53/UDP.protocol
Pod/web: drop spec.containers.server.readinessProbe
Pod/web: drop spec.containers.server.readinessProbe.httpGet
Pod/web: drop spec.containers.server.readinessProbe.httpGet.path
Pod/web: change spec.containers.server.readinessProbe.httpGet.path "/ready-x"
Pod/web: drop spec.containers.server.readinessProbe.httpGet.port
Pod/web: change spec.containers.server.readinessProbe.httpGet.port 517121 126 8081
Pod/web: drop spec.containers.server.readinessProbe.periodSeconds
Pod/web: change spec.containers.server.readinessProbe.periodSeconds 129 0 3
Pod/web: drop spec.containers.server.resources
Pod/web: drop spec.containers.server.resources.limits
Pod/web: drop spec.containers.server.resources.limits.memory
Pod/web: change spec.containers.server.resources.limits.memory "8Gi" "2Mi"
Pod/web: drop spec.containers.log
Pod/web: drop spec.containers.log.command
Pod/web: change spec.containers.log.command ["tail","-f","/log-x"]
Pod/web: drop spec.containers.log.image
Pod/web: change spec.containers.log.image "toolbox-x"
Pod/web: drop spec.containers.log.name
Pod/web: change spec.containers.log.name
Pod/web: drop spec.containers.log.stdin
Pod/web: change spec.containers.log.stdin false
Pod/web: swap spec.containers
Pod/web: drop spec.restartPolicy
Pod/web: change spec.restartPolicy "Always" "OnFailure"
`), "\n")
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

// TestOthers are deeds of other kinds, and fields that nobody asked for.
func TestOthers(t *testing.T) {
	debug := deed(t, "POST", "Pod", "copy", `{spec: {shareProcessNamespace: true, containers: [{name: app, image: "a:1", command: [sleep, "600"], securityContext: {capabilities: {add: [SYS_PTRACE]}}}]}}`)
	debug.Command = "kubectl debug"
	for _, c := range []struct {
		deed mutant.Deed
		want string
	}{
		{deed(t, "DELETE", "Pod", "web", "null"), "Pod/web: keep"},
		{deed(t, "PATCH", "Pod", "web", `{metadata: {annotations: {ip: 10.0.0.1}}}`), "Pod/web: drop metadata.annotations.ip, Pod/web: change metadata.annotations.ip"},
		{deed(t, "PATCH", "Pod", "web", `{spec: {$setElementOrder/containers: [{name: a}], containers: [{name: a, image: "b:1"}]}}`),
			"Pod/web: drop spec.containers.a, Pod/web: drop spec.containers.a.image, Pod/web: change spec.containers.a.image, Pod/web: drop spec.containers.a.name, Pod/web: change spec.containers.a.name"},
		{deed(t, "POST", "Pod", "hello", `{metadata: {name: hello, labels: {run: hello}}, spec: {containers: [{name: hello, image: "a:1"}]}}`),
			"Pod/hello: omit, Pod/hello: drop spec.containers.hello, Pod/hello: drop spec.containers.hello.image, Pod/hello: change spec.containers.hello.image"},
		{deed(t, "PATCH", "Deployment", "d", `{spec: {template: {metadata: {annotations: {kubectl.kubernetes.io/restartedAt: now}}}}}`),
			"Deployment/d: drop spec.template.metadata.annotations.kubectl.kubernetes.io/restartedAt"},
		{deed(t, "PATCH", "Deployment", "d", `{spec: {replicas: 3}}`), "Deployment/d: drop spec.replicas, Deployment/d: change spec.replicas, Deployment/d: zero spec.replicas"},
		{deed(t, "PATCH", "Pod", "web", `{metadata: {labels: {app: null}}}`), "Pod/web: drop metadata.labels.app"},
		{deed(t, "PATCH", "ConfigMap", "c", `{data: {script: "a\nb"}}`), "ConfigMap/c: drop data.script, ConfigMap/c: change data.script"},
		{deed(t, "POST", "ConfigMap", "c", `{data: {k: v}, immutable: true}`),
			"ConfigMap/c: omit, ConfigMap/c: drop data.k, ConfigMap/c: change data.k, ConfigMap/c: drop immutable, ConfigMap/c: change immutable"},
		{debug, "Pod/copy: omit, Pod/copy: drop spec.containers.app.command, Pod/copy: change spec.containers.app.command, Pod/copy: drop spec.containers.app.image, Pod/copy: change spec.containers.app.image"},
	} {
		if got := fmt.Sprint(mutant.Of(nil, []mutant.Deed{c.deed})); strings.Trim(got, "[]") != strings.ReplaceAll(c.want, ", ", " ") {
			t.Errorf("got %s", got)
		}
	}
}

// TestTools are Pods that a solution makes to look at something: kubectl run deletes
// them again, with --rm.
func TestTools(t *testing.T) {
	made, gone := deed(t, "POST", "Pod", "asker", `{spec: {restartPolicy: Never}}`), deed(t, "DELETE", "Pod", "asker", "null")
	made.Command, gone.Command = "kubectl run", "kubectl run"
	if got := mutant.Of(nil, []mutant.Deed{made, gone}); len(got) > 0 {
		t.Errorf("of a tool there is %v", got)
	}
	if gone.Command = "kubectl delete"; len(mutant.Of(nil, []mutant.Deed{made, gone})) < 3 {
		t.Error("what is deleted by itself is no tool")
	}
}

// TestSwap exchanges what is behind the names.
func TestSwap(t *testing.T) {
	d := deed(t, "POST", "Pod", "web", web)
	for _, m := range mutant.Of(nil, []mutant.Deed{d}) {
		if m.Op != mutant.Swap {
			continue
		}
		m.Change(d.Body, 0)
		list := d.Body["spec"].(map[string]any)["containers"].([]any)
		if list[0].(map[string]any)["name"] != "log" || list[0].(map[string]any)["image"] != "host:5000/toolbox:v1" {
			t.Errorf("got %v", list)
		}
	}
}

// TestAbsent leaves alone what has not got the field.
func TestAbsent(t *testing.T) {
	d := deed(t, "POST", "Pod", "web", web)
	other := map[string]any{"spec": map[string]any{"containers": []any{map[string]any{"name": "other"}}}}
	before := runtime.DeepCopyJSON(other)
	for _, m := range mutant.Of(nil, []mutant.Deed{d}) {
		if len(m.Path) > 0 && m.Op != mutant.Swap && m.Change(other, 0) {
			t.Errorf("%s found its field", m)
		}
	}
	if !reflect.DeepEqual(other, before) {
		t.Errorf("got %v", other)
	}
}

func TestIs(t *testing.T) {
	for _, c := range []struct {
		deed, name string
		want       bool
	}{
		{"web", "web", true},
		{"web", "web-1", false},
		{"web-58f8-*", "web-58f8-7xk2p", true},
		{"web-58f8-*", "web-6c9d-7xk2p", false},
	} {
		if got := (mutant.Deed{Name: c.deed}).Is(c.name); got != c.want {
			t.Errorf("the deed of %s is about %s: %v", c.deed, c.name, got)
		}
	}
}
