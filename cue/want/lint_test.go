package want_test

import (
	"strings"
	"testing"

	"podlab.dev/podlab/cue/view"
	"podlab.dev/podlab/cue/want"
)

var findings = []struct {
	kind, want, lines string // a line is "path: message"
}{
	{"Pod", `spec: container: web: image: "x"`, `spec.container: PodSpec has no field container; did you mean containers?`},
	{"Pod", `spec: containers: web: resources: limits: memory: "256Mi"`, `spec.containers.web.resources.limits.memory: is a number, not a string; write 256Mi`},
	{"Pod", `spec: containers: web: resources: limits: cpu: "100m"`, `spec.containers.web.resources.limits.cpu: is a number, not a string; write 0.1`},
	{"Pod", `spec: containers: web: resources: limits: cpu: "2"`, `spec.containers.web.resources.limits.cpu: is a number, not a string; write 2`},
	{"Pod", `spec: containers: [{name: "web"}]`, `spec.containers: is a struct here, keyed by name, and not a list`},
	{"Pod", `spec: tolerations: gpu: _`, `spec.tolerations: is a list; write list.MatchN(>0, {…}) for some element of it`},
	{"Pod", `spec: tolerations: list.MatchN(>0, {efect: "NoSchedule"})`, `spec.tolerations.efect: Toleration has no field efect; did you mean effect?`},
	{"Pod", `spec: tolerations: [...{keys: "x"}]`, `spec.tolerations.keys: Toleration has no field keys; did you mean key?`},
	{"Pod", `status: containerStatuses: web: state: terminatd: _`, `status.containerStatuses.web.state.terminatd: ContainerState has no field terminatd; did you mean terminated?`},
	{"Pod", `status: containerStatuses: web: state: {runing: _} | {waiting: _}`, `status.containerStatuses.web.state.runing: ContainerState has no field runing; did you mean running?`},
	{"Pod", `spec: matchN(0, [{hostNetwrk: true}])`, `spec.hostNetwrk: PodSpec has no field hostNetwrk; did you mean hostNetwork?`},
	{"Pod", `spec: containers: [=~"^web"]: imag: string`, `spec.containers.imag: Container has no field imag; did you mean image?`},
	{"Pod", `spec: containers: [string]: imag: string`, `spec.containers.imag: Container has no field imag; did you mean image?`},
	{"Pod", `status: phase: "Runing"`, `status.phase: is never "Runing"; did you mean "Running"?`},
	{"Pod", `status: phase: "Runing" | "Failed"`, `status.phase: is never "Runing"; did you mean "Running"?`},
	{"Pod", `status: phase: "Ready"`, `status.phase: is never "Ready", only Pending, Running, Succeeded, Failed, Unknown`},
	{"Pod", `status: conditions: Ready: status: true`, `status.conditions.Ready.status: is a string; write "true"`},
	{"Pod", `status: conditions: Ready: status: "true"`, `status.conditions.Ready.status: is never "true"; did you mean "True"?`},
	{"Pod", `spec: hostNetwork?: _|_`, `spec.hostNetwork: is never absent; where an object does not set it, it is false`},
	{"Pod", `status: containerStatuses: web: restartCount?: _|_`, `status.containerStatuses.web.restartCount: is never absent; where an object does not set it, it is 0`},
	{"Pod", `spec: hostNetwork: "true"`, `spec.hostNetwork: is a bool, not a string; write true`},
	{"Pod", `spec: nodeName: null`, `spec.nodeName: is never null; to want it absent, write a field ?: _|_`},
	{"Pod", `spec: containers: web: ports: http: _`, `spec.containers.web.ports.http: ports have their number as the key, "8080", and for UDP "53/UDP"; "http" is neither`},
	{"Pod", `spec: containers: web: ports: "80/TCP": _`, `spec.containers.web.ports."80/TCP": a TCP port has the number alone as the key: "80"`},
	{"Pod", `spec: containers: web: name: "api"`, `spec.containers.web.name: is "web", the key of its element, and so never "api"`},
	{"Pod", `spec: terminationGracePeriodSeconds: "30"`, `spec.terminationGracePeriodSeconds: is an integer, not a string; write 30`},
	{"Pod", `spec: terminationGracePeriodSeconds: 0.5`, `spec.terminationGracePeriodSeconds: is int, not float`},
	{"Pod", `metadata: labels: app: 1`, `metadata.labels.app: is a string; write "1"`},
	{"Pod", `_apache`, `spec.containers.web.imagePullSecret: Container has no field imagePullSecret`},
	{"Deployment", `spec: replcas: 3`, `spec.replcas: DeploymentSpec has no field replcas; did you mean replicas?`},
	{"Deployment", `spec: template: spec: container?: _|_`, `spec.template.spec.container: PodSpec has no field container; did you mean containers?`},
	{"Deployment", `spec: {if !params.tls {replcas: 3}}`, `spec.replcas: DeploymentSpec has no field replcas; did you mean replicas?`},
	{"Event", `reson: "BackOff"`, `reson: Event has no field reson; did you mean reason?`},
	{"exec", `exitcode: 0`, `exitcode: Exec has no field exitcode; did you mean exitCode?`},
	{"exec", `exitCode: 0, stdout: =~"ok"`, ``},

	{"Pod", `spec: containers: web: {image: params.image, resources: limits: {memory: <=256Mi, cpu: 0.1}, ports: "53/UDP": _}`, ``},
	{"Pod", `spec: containers: sidecar?: _|_, spec: nodeSelector?: _|_, metadata: labels?: x?: _|_`, ``},
	{"Pod", `spec: tolerations: list.MatchN(>0, {key: "gpu", effect: "NoSchedule"})`, ``},
	{"Pod", `metadata: ownerReferences: list.MatchN(1, {kind: "ReplicaSet"})`, ``},
	{"Pod", `metadata: annotations: ip: status.podIP, status: podIP: string`, ``},
	{"Pod", `spec: containers: web: livenessProbe: httpGet: port: "http" | 8080`, ``},
	{"Pod", `spec: containers: struct.MinFields(2), spec: volumes: cache: emptyDir: {}`, ``},
	{"Pod", `status: phase: =~"^R", status: startTime: >"2026", metadata: labels: #App`, ``},
	{"Pod", `spec: securityContext: {runAsNonRoot?: _|_, fsGroup?: _|_}`, ``}, // pointers can be absent
	{"Service", `spec: ports: "53/UDP": targetPort: 5353`, ``},
	{"Node", `status: allocatable: {"nvidia.com/gpu": 2, memory: status.capacity.memory}, status: capacity: memory: _`, ``},
}

func TestLint(t *testing.T) {
	for _, tt := range findings {
		t.Run(tt.kind+"/"+tt.want, func(t *testing.T) {
			v, err := value(t, tt.want)
			if err != nil {
				t.Fatal(err)
			}
			shape := view.ShapeOfExec()
			if tt.kind != "exec" {
				gvk, err := view.Kind("", tt.kind)
				if err != nil {
					t.Fatal(err)
				}
				shape = view.ShapeOf(gvk)
			}
			var got []string
			for _, f := range want.Lint(v, shape) {
				got = append(got, f.Path+": "+f.Msg)
				if f.Pos.Filename() != "lab.cue" {
					t.Errorf("%s has no position in lab.cue: %v", f.Path, f.Pos)
				}
			}
			if text := strings.Join(got, "\n"); text != tt.lines {
				t.Errorf("got  %s\nwant %s", text, tt.lines)
			}
		})
	}
}

// A want that passes on a real object has nothing to lint.
func TestLintAgreesWithCompare(t *testing.T) {
	for _, tt := range verdicts {
		v, err := value(t, tt.want)
		if err != nil {
			t.Fatal(err)
		}
		obj := object(t, objects[tt.object])
		shape := view.ShapeOf(obj.GroupVersionKind())
		if shape == nil || !tt.pass || strings.Contains(tt.want, "?:") {
			continue // an optional field passes because it does not exist
		}
		for _, f := range want.Lint(v, shape) {
			t.Errorf("want {%s} passes on %s, yet %s %s", tt.want, tt.object, f.Path, f.Msg)
		}
	}
}
