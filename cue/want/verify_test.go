package want_test

import (
	"strings"
	"testing"

	"cuelang.org/go/cue/errors"

	"podlab.dev/podlab/cue/want"
)

// refused are wants that Check or New must not let through. The position is of
// the author's file.
var refused = []struct{ want, msg string }{
	// A validator would supply the plain fields of these.
	{`metadata: labels: matchN(1, [_tier])`, "would be supplied"},
	{`metadata: labels: matchN(1, [{app: "web"}, _tier])`, "would be supplied"},
	{`metadata: labels: matchN(1, [{_tier, app: "web"}])`, "would be supplied"},
	{`metadata: labels: matchN(1, [{_tier}])`, "would be supplied"},
	{`metadata: labels: matchN(1, [_tier & {app: "web"}])`, "would be supplied"},
	{`metadata: labels: matchN(1, [_tier | {app: "web"}])`, "would be supplied"},
	{`metadata: labels: matchN(1, [close(_tier)])`, "would be supplied"},
	{`metadata: labels: matchN(0, [{x?: _tier}])`, "would be supplied"},
	{`metadata: labels: matchN(0, [{[string]: _tier}])`, "would be supplied"},
	{`metadata: labels: matchN(0, [{[=~"x"]: _tier}])`, "would be supplied"},
	{`metadata: labels: matchN(0, [#App])`, "would be supplied"},
	{`metadata: labels: matchIf(_tier, _, _)`, "would be supplied"},
	{`spec: tolerations: list.MatchN(>0, _tier)`, "would be supplied"},
	{`spec: tolerations: list.MatchN(>0, matchN(1, [_tier]))`, "would be supplied"},
	{`spec: tolerations: [...matchN(1, [_tier])]`, "would be supplied"},
	{`metadata: labels: _some`, "would be supplied"},
	{`metadata: labels: (_some)`, "would be supplied"},
	{`metadata: labels: {_some}`, "would be supplied"},
	{`metadata: labels?: _some`, "would be supplied"},
	{`metadata: labels: _some & {app: "web"}`, "would be supplied"},
	{`metadata: labels: {_some, app: "web"}`, "would be supplied"},
	{`metadata: labels: *_some | {app: "web"}`, "would be supplied"},
	{`metadata: labels: and([_some])`, "would be supplied"},
	{`metadata: labels: [_some][0]`, "would be supplied"},
	{`metadata: [string]: _some`, "would be supplied"},
	{`metadata: [=~"^labels"]: _some`, "would be supplied"},
	{`metadata: _someHere`, "would be supplied"},
	{`metadata: {_someHere}`, "would be supplied"},
	{`let x = _some, metadata: labels: x`, "would be supplied"},
	{`let x = matchN(1, [_tier]), metadata: labels: x`, "would be supplied"},
	{`_x: _some, metadata: labels: _x`, "would be supplied"},
	{`metadata: {if !params.tls {labels: _some}}`, "would be supplied"},
	{`metadata: {for n in params.names {(n): _some}}`, "would be supplied"},
	{`{metadata: labels: _some} | {status: phase: "Running"}`, "would be supplied"},

	{`if spec.hostNetwork {spec: dnsPolicy: "None"}, spec: hostNetwork: bool`, "depends on the observed object"},
	{`spec: {if spec.hostNetwork {dnsPolicy: "None"}, hostNetwork: bool}`, "depends on the observed object"},
	{`spec: containers: {for t in spec.tolerations {(t.key): _}}, spec: tolerations: [...]`, "depends on the observed object"},
	{`_closedIf`, "depends on the observed object"},
	{`{_closedIf}`, "depends on the observed object"},

	{`spec: containers: web: resources: limits: cpu: params.cpu`, "which in CUE is not 2 as an integer"},
	{`spec: containers: web: resources: limits: cpu: 4/2`, "which in CUE is not 2 as an integer"},
	{`spec: containers: web: resources: limits: cpu: 1 | params.cpu`, "which in CUE is not 2 as an integer"},

	{`spec: nodeSelector: _|_`, "write nodeSelector?: _|_"},
	{`spec: nodeSelector!: _|_`, "write nodeSelector?: _|_"},
	{`spec: tolerations: list.Contains({key: "gpu"})`, "list.MatchN"},
	{`spec: nodeName: "a" & "b"`, "conflicting values"},
	{`spec: nodeName: "a", spec: nodeName: "b"`, "conflicting values"},
}

func TestRefused(t *testing.T) {
	for _, tt := range refused {
		t.Run(tt.want, func(t *testing.T) {
			v, err := value(t, tt.want)
			if err == nil {
				_, err = want.New(v)
			}
			if err == nil || !strings.Contains(err.Error(), tt.msg) {
				t.Fatalf("got error %v, want %q", err, tt.msg)
			}
			for _, p := range errors.Positions(err) {
				if p.Filename() == "lab.cue" {
					return
				}
			}
			t.Errorf("no position in lab.cue: %v", err)
		})
	}
}

// What only looks like the above must go through.
func TestAllowed(t *testing.T) {
	for _, src := range []string{
		`metadata: labels: matchN(1, [{app: "web"}, {(params.label): "x"}])`,
		`metadata: labels: #App`,
		`metadata: labels: close({app: _})`,
		`metadata: labels: close(_tier)`,
		`spec: {if params.tls {nodeName: "a"}}`,
		`spec: containers: {for n in params.names {(n): image: string}}`,
		`spec: containers: web: resources: limits: cpu: params.replicas`,
		`spec: containers: web: resources: limits: cpu: >=params.cpu`,
		`metadata: annotations: ip: status.podIP, status: podIP: string`,
		`_x: {a: 1, b: 2}, metadata: labels: n: "\(_x.a)"`,
	} {
		v, err := value(t, src)
		if err == nil {
			_, err = want.New(v)
		}
		if err != nil {
			t.Errorf("want {%s}: %v", src, err)
		}
	}
}
