package want_test

import (
	"fmt"
	"strings"
	"testing"

	"cuelang.org/go/cue"

	"podlab.dev/podlab/cue/view"
	"podlab.dev/podlab/cue/want"
)

func TestLiterals(t *testing.T) {
	for _, tt := range []struct{ kind, want, lines string }{
		{"Pod", `spec: containers: web: image: "nginx:1.25"`, `spec.containers.web key; spec.containers.web.image "nginx:1.25"`},
		{"Pod", `spec: containers: [string]: image: params.image`, `spec.containers.*.image "nginx:1.27"`},
		{"Pod", `spec: containers: web: ports: "8080": containerPort: 8080`, `spec.containers.web key; spec.containers.web.ports.8080 key; spec.containers.web.ports.8080.containerPort 8080`},
		{"Pod", `spec: containers: web: resources: limits: {memory: <=256Mi, cpu: 0.1}`, `spec.containers.web key; spec.containers.web.resources.limits.memory key; spec.containers.web.resources.limits.memory <=256Mi; spec.containers.web.resources.limits.cpu key; spec.containers.web.resources.limits.cpu 0.1`},
		{"Pod", `metadata: labels: app: "a" | "b"`, `metadata.labels.app key; metadata.labels.app "a" either 1; metadata.labels.app "b" either 1`},
		{"Pod", `spec: restartPolicy: "Never"`, `spec.restartPolicy "Never" closed`},
		{"Pod", `spec: nodeName: !="a", spec: hostname: !~"b", spec: subdomain: =~"^c"`, `spec.subdomain =~"^c"`},
		{"Pod", `spec: nodeSelector?: _|_, metadata: labels: x: _`, `metadata.labels.x key`},
		{"Pod", `spec: tolerations: list.MatchN(>=1, {key: "gpu"})`, `spec.tolerations.*.key "gpu"`},
		{"Pod", `spec: tolerations: list.MatchN(0, {key: "gpu"})`, ``},
		{"Pod", `spec: containers: web: command: ["sh", "-c"]`, `spec.containers.web key; spec.containers.web.command.0 "sh"; spec.containers.web.command.1 "-c"`},
		{"Pod", `metadata: annotations: ip: status.podIP, status: podIP: string`, `metadata.annotations.ip key`},
		{"Pod", `metadata: labels: #App`, `metadata.labels.app key`},
		{"Deployment", `spec: replicas: >=2 & <=4`, `spec.replicas >=2; spec.replicas <=4`},
		{"", `spec: size: 3`, `spec.size 3`},
	} {
		t.Run(tt.want, func(t *testing.T) {
			var shape *view.Shape
			if tt.kind != "" {
				gvk, err := view.Kind("", tt.kind)
				if err != nil {
					t.Fatal(err)
				}
				shape = view.ShapeOf(gvk)
			}
			var got []string
			for _, l := range constraint(t, tt.want).Literals(shape) {
				if l.Pos.Filename() != "lab.cue" {
					t.Errorf("%v has no position in lab.cue: %v", l.Path, l.Pos)
				}
				got = append(got, line(l))
			}
			if text := strings.Join(got, "; "); text != tt.lines {
				t.Errorf("got  %s\nwant %s", text, tt.lines)
			}
		})
	}
}

func line(l want.Literal) string {
	s := strings.Join(l.Path, ".") + " "
	switch {
	case l.Key:
		return s + "key"
	case l.Op != cue.NoOp:
		s += l.Op.String()
	}
	s += l.String()
	if l.Closed {
		s += " closed"
	}
	if l.Either > 0 {
		s += fmt.Sprintf(" either %d", l.Either)
	}
	return s
}

func TestConstraintString(t *testing.T) {
	for src, text := range map[string]string{
		`spec: containers: web: image: params.image`:                                 `spec: containers: web: image: "nginx:1.27"`,
		`status: conditions: Ready: status: "True"`:                                  `status: conditions: Ready: status: "True"`,
		`spec: containers: [string]: resources: limits: {cpu: 0.1, memory: <=256Mi}`: "spec: containers: [string]: resources: limits: {\n\tcpu:    0.1\n\tmemory: <=256Mi\n}",
		`spec: tolerations: list.MatchN(>=1, {key: "gpu"})`:                          "spec: tolerations: list.MatchN(>=1, {\n\tkey: \"gpu\"\n})",
		`metadata: annotations: ip: status.podIP, status: podIP: string`:             "metadata: annotations: ip: status.podIP\nstatus: podIP: string",
		`spec: nodeSelector?: _|_`:                                                   "spec: nodeSelector?: _|_",
	} {
		if got := constraint(t, src).String(); got != text {
			t.Errorf("got  %q\nwant %q", got, text)
		}
	}
}
