package want_test

import (
	"strings"
	"testing"
)

// mismatches are what a learner reads.
var mismatches = []struct {
	object, want, lines string
}{
	{"bare", `spec: containers: web: image: "podlab.dev/toolbox:v1"`, `
spec.containers.web.image: want "podlab.dev/toolbox:v1", got "nginx"`},
	{"bare", `metadata: labels: {tier: "y", app: "x"}`, `
metadata.labels.app: want "x", got (missing)
metadata.labels.tier: want "y", got (missing)`},
	{"bare", `spec: containers: web: image: "a", metadata: labels: app: "x", status: phase: "Running"`, `
metadata.labels.app: want "x", got (missing)
spec.containers.web.image: want "a", got "nginx"
status.phase: want "Running", got "Pending"`},
	{"bare", `spec: containers: web: resources: limits: memory: <=256Mi`, `
spec.containers.web.resources.limits.memory: want <=256Mi, got (missing)`},
	{"pod", `spec: containers: web: resources: {limits: memory: <=128Mi, requests: memory: 512Mi & >1}`, `
spec.containers.web.resources.limits.memory: want <=128Mi, got 256Mi
spec.containers.web.resources.requests.memory: want 512Mi, got 1Gi`},
	{"pod", `spec: containers: web: resources: limits: memory: "256Mi"`, `
spec.containers.web.resources.limits.memory: want "256Mi", got 256Mi`},
	{"pod", `spec: containers: web: resources: limits: cpu: >=0.5`, `
spec.containers.web.resources.limits.cpu: want >=0.5, got 0.1`},
	{"pod", `spec: containers: sidecar?: _|_`, `
spec.containers.sidecar: want (absent), got {image: "fluent:latest", name: "sidecar"}`},
	{"pod", `spec: nodeSelector: _`, `
spec.nodeSelector: want (present), got (missing)`},
	{"pod", `spec: volumes: conf: emptyDir: {}`, `
spec.volumes.conf.emptyDir: want (present), got (missing)`},
	{"pod", `metadata: labels: old?: _|_, metadata: labels: app?: _|_`, `
metadata.labels.app: want (absent), got "web"`},
	{"pod", `metadata: labels: "app.kubernetes.io/name": "db"`, `
metadata.labels."app.kubernetes.io/name": want "db", got "web"`},
	{"pod", `status: phase: "Failed" | "Succeeded"`, `
status.phase: want "Failed" | "Succeeded", got "Running"`},
	{"pod", `status: containerStatuses: web: state: {running: _} | {terminated: exitCode: 0}`, `
status.containerStatuses.web.state: want {running: _} | {terminated: {exitCode: 0}}, got {waiting: {message: "back-off 40s", reason: "CrashLoopBackOff"}}`},
	{"pod", `metadata: annotations: ip: status.podIP, status: podIP: "10.0.0.6"`, `
metadata.annotations.ip: want status.podIP, got "10.0.0.5" (conflicting values "10.0.0.6" and "10.0.0.5")
status.podIP: want "10.0.0.6", got "10.0.0.5"`},
	{"pod", `metadata: annotations: other: status.podIP, status: podIP: string`, `
metadata.annotations.other: want "10.0.0.5", got (missing)`},
	{"pod", `metadata: name: spec.nodeName, spec: nodeName: string`, `
metadata.name: want "node-1", got "web"`},
	{"deployment", `status: availableReplicas: spec.replicas, spec: replicas: 3`, `
status.availableReplicas: want 3, got 0`},
	{"deployment", `status: readyReplicas: >=spec.replicas, spec: replicas: int`, `
status.readyReplicas: want >=3, got 0`},
	{"deployment", `status: readyReplicas: params.replicas`, `
status.readyReplicas: want 3, got 0`},
	{"pod", `spec: containers: [string]: image: !~":latest$"`, `
spec.containers.sidecar.image: want not matching ":latest$", got "fluent:latest"`},
	{"pod", `spec: containers: close({web: _})`, `
spec.containers.sidecar: want (absent), got {image: "fluent:latest", name: "sidecar"} (only the wanted fields are allowed here)`},
	{"pod", `spec: containers: struct.MaxFields(1)`, `
spec.containers: want struct.MaxFields(1), got {sidecar: {image: "fluent:latest", name: "sidecar"}, web: {env: {MODE: {name: "MODE", value: "prod"}, NODE: {name: "NODE", valueFrom: {fieldRef: {…`},
	{"pod", `spec: tolerations: list.MatchN(2, {tolerationSeconds: 300})`, `
spec.tolerations: want 2 members {tolerationSeconds: 300}, got [{effect: "NoSchedule", key: "gpu", operator: "Exists"}, {effect: "NoExecute", key: "gpu", operator: "Exists", tolerationSeconds: 300}]`},
	{"pod", `spec: initContainers: init: command: list.MatchN(>=1, =~"exit 1") & list.MatchN(0, "sh")`, `
spec.initContainers.init.command: want a member matching "exit 1" and no member "sh", got ["sh", "-c", "exit 0"]`},
	{"node", `spec: taints: list.MatchN(>0, {key: "gpu", value: "a100"})`, `
spec.taints: want a member {key: "gpu", value: "a100"}, got [{effect: "NoSchedule", key: "gpu"}]`},
	{"pod", `spec: tolerations: [...{effect: "NoSchedule", key: "x"}]`, `
spec.tolerations[0].key: want "x", got "gpu"
spec.tolerations[1].effect: want "NoSchedule", got "NoExecute"
spec.tolerations[1].key: want "x", got "gpu"`},
	{"pod", `spec: tolerations: [...{tolerationSeconds: 300}]`, `
spec.tolerations[0].tolerationSeconds: want 300, got (missing)`},
	{"pod", `spec: tolerations: [{key: "gpu"}]`, `
spec.tolerations: want [{key: "gpu"}], got [{effect: "NoSchedule", key: "gpu", operator: "Exists"}, {effect: "NoExecute", key: "gpu", operator: "Exists", tolerationSeconds: 300}] (incompatible list lengths (1 and 2))`},
	{"pod", `_apache`, `
spec.containers.web.imagePullSecret: want "x", got (missing)`},
	{"pod", `spec: containers: web: {image: "x", stdinn?: true} | {name: "y", ttyy?: true}`, `
spec.containers.web: want {image: "x", stdinn?: true} | {name: "y", ttyy?: true}, got {env: {…`},
	{"pod", `spec: containers: web: readinessProbe: {periodSeconds: 2, {httpGet: path: "/healthz"} | {exec: command: list.MatchN(>=1, =~"/healthz")}}`, `
spec.containers.web.readinessProbe.httpGet.path: want "/healthz", got "/ready"
spec.containers.web.readinessProbe.periodSeconds: want 2, got 5`},
	{"pod", `_probe: {periodSeconds: 2, {httpGet: path: "/healthz"} | {exec: command: ["x"]}}, spec: containers: web: readinessProbe: _probe`, `
spec.containers.web.readinessProbe.httpGet.path: want "/healthz", got "/ready"
spec.containers.web.readinessProbe.periodSeconds: want 2, got 5`},
	{"pod", `spec: containers: sidecar: {readinessProbe: httpGet: path: "/"} | {livenessProbe: httpGet: path: "/"}`, `
spec.containers.sidecar: want {readinessProbe: {httpGet: {path: "/"}}} | {livenessProbe: {httpGet: {path: "/"}}}, got {image: "fluent:latest", name: "sidecar"}`},
	{"pod", `spec: containers: app: {image: "x", args: ["y"]}`, `
spec.containers.app.args: want ["y"], got (missing), there is only sidecar, web
spec.containers.app.image: want "x", got (missing)`},
	{"pod", `spec: "x"`, `
spec: want "x", got {containers: {…`},
	{"config", `data: "nginx.conf": "a  b"`, `
data."nginx.conf": want "a  b", got "listen 80;\nroot /;\n"`},
	{"config", `data: replicas: 3`, `
data.replicas: want 3, got "3"`},
	{"event", `count: >=8, involvedObject: name: "db"`, `
count: want >=8, got 7
involvedObject.name: want "db", got "web"`},
	{"node", `spec: matchN(0, [{unschedulable: true}])`, `
spec: want matchN(0, [{unschedulable: true}]), got {taints: [{effect: "NoSchedule", key: "gpu"}], unschedulable: true}`},
	{"bare", `spec: {containers: [string]: image: string, volumes: [string]: emptyDir: _}`, `
spec.volumes: want {[string]: {emptyDir: _}}, got (missing)`},
	{"bare", `spec: nodeName: "\(params.image)-\(metadata.name)", metadata: name: string`, `
spec.nodeName: want "nginx:1.27-bare", got (missing)`},
}

func TestMismatches(t *testing.T) {
	for _, tt := range mismatches {
		t.Run(tt.want, func(t *testing.T) {
			var got []string
			for _, m := range constraint(t, tt.want).Compare(viewOf(t, tt.object)) {
				got = append(got, m.String())
			}
			lines := strings.Split(strings.TrimPrefix(tt.lines, "\n"), "\n")
			for i, l := range lines {
				if i < len(got) && got[i] != l && !(strings.HasSuffix(l, "…") && strings.HasPrefix(got[i], strings.TrimSuffix(l, "…"))) {
					t.Errorf("got  %s\nwant %s", got[i], l)
				}
			}
			if len(got) != len(lines) {
				t.Errorf("got %d mismatches, want %d:\n%s", len(got), len(lines), strings.Join(got, "\n"))
			}
		})
	}
}
