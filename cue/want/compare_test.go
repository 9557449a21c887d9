package want_test

import (
	"fmt"
	"testing"
)

// verdicts are wants and whether the object is what they want. Each group is a
// way to pass or fail wrongly.
var verdicts = []struct {
	object, want string
	pass         bool
}{
	// Plain values.
	{"pod", `spec: containers: web: image: "nginx:1.27"`, true},
	{"pod", `spec: containers: web: image: "nginx:1.26"`, false},
	{"pod", `spec: containers: web: image: =~"^nginx:"`, true},
	{"pod", `spec: containers: web: image: !~"nginx"`, false},
	{"pod", `spec: containers: web: image: params.image`, true},
	{"pod", `spec: containers: web: image: strings.HasPrefix("nginx:")`, true},
	{"pod", `spec: containers: web: image: strings.HasPrefix("httpd:")`, false},
	{"pod", `metadata: labels: "app.kubernetes.io/name": "web"`, true},
	{"pod", `metadata: labels: "app.kubernetes.io/name": "db"`, false},
	{"pod", `metadata: creationTimestamp: "2026-01-02T03:04:05Z"`, true},
	{"pod", `metadata: creationTimestamp: >"2026-01-01"`, true},
	{"pod", `kind: "Pod", apiVersion: "v1"`, true},
	{"pod", ``, true},

	// Unification would supply these: nothing of it may pass.
	{"bare", `metadata: labels: app: "web"`, false},
	{"bare", `spec: nodeSelector: disk: "ssd"`, false},
	{"bare", `spec: containers: sidecar: image: "x"`, false},
	{"bare", `spec: containers: web: resources: limits: memory: 256Mi`, false},
	{"bare", `spec: containers: web: resources: limits: memory: <=256Mi`, false},
	{"bare", `spec: nodeName: string`, false},
	{"bare", `spec: nodeName: _`, false},
	{"bare", `spec: nodeName: *"x" | string`, false},
	{"bare", `spec: tolerations: [...]`, false},
	{"bare", `spec: tolerations: []`, false},
	{"bare", `spec: nodeSelector: {}`, false},
	{"bare", `spec: nodeSelector: {...}`, false},
	{"bare", `metadata: labels: (params.label): "web"`, false},
	{"bare", `metadata: labels: "\(params.label)": "web"`, false},
	{"bare", `spec: containers: {for n in params.names {(n): image: string}}`, false},
	{"bare", `if !params.tls {metadata: labels: app: "web"}`, false},
	{"bare", `status: conditions: Ready: status: "True"`, false},
	{"bare", `status: phase: "Pending", status: podIP: status.phase`, false},
	{"bare", `_x: "Always", spec: restartPolicy: _x`, false},
	{"bare", `let x = "Always", spec: restartPolicy: x`, false},
	{"bare", `_web`, false},
	{"bare", `metadata: labels: _labels`, false},
	{"bare", `metadata: labels: {_labels}`, false},
	{"bare", `metadata: labels: #App`, false},
	{"bare", `spec: {_web.spec, nodeName?: _}`, false},
	{"pod", `_web`, true},
	{"pod", `_apache`, false},
	{"pod", `_web & {status: phase: "Running"}`, true},
	{"pod", `_web & {status: phase: "Pending"}`, false},
	{"pod", `metadata: labels: _labels`, true},
	{"pod", `metadata: labels: _tier`, false},
	{"pod", `metadata: labels: {_labels, ...}`, true},
	{"pod", `metadata: labels: {tier: "x", ...}`, false},

	// Absent, present, optional.
	{"bare", `spec: nodeSelector?: _|_`, true},
	{"pod", `spec: nodeSelector?: _|_`, true},
	{"pod", `spec: tolerations?: _|_`, false},
	{"pod", `spec: containers: debug?: _|_`, true},
	{"pod", `spec: containers: sidecar?: _|_`, false},
	{"bare", `metadata: labels: old?: _|_`, false}, // the labels must be there
	{"bare", `metadata: labels?: old?: _|_`, true},
	{"pod", `metadata: labels?: app?: _|_`, false},
	{"pod", `metadata: labels?: app?: "web"`, true},
	{"pod", `metadata: labels?: app?: "db"`, false},
	{"pod", `metadata: managedFields?: _|_`, true},
	{"pod", `spec: containers: web: resources: limits: memory: _`, true},
	{"pod", `spec: volumes: cache: emptyDir: {}`, true},
	{"pod", `spec: volumes: cache: emptyDir: _`, true},
	{"pod", `spec: volumes: conf: emptyDir: {}`, false},
	{"pod", `spec: volumes: cache: configMap?: _|_`, true},
	{"pod", `spec: nodeName: null`, false},
	{"bare", `spec: nodeName: null`, false},
	{"bare", `spec: nodeName?: null`, true},

	// Zero values that JSON omits.
	{"bare", `spec: hostNetwork: false`, true},
	{"bare", `spec: hostNetwork: true`, false},
	{"pod", `spec: containers: sidecar: livenessProbe?: _|_`, true},
	{"pod", `status: containerStatuses: sidecar: restartCount: 0`, true},
	{"pod", `status: containerStatuses: web: restartCount: 0`, false},
	{"deployment", `status: readyReplicas: 0`, true},
	{"deployment", `status: readyReplicas: 3`, false},
	{"deployment", `status: readyReplicas: spec.replicas, spec: replicas: int`, false},
	{"fresh", `status: readyReplicas: 0`, true},
	{"fresh", `spec: replicas: 0`, true},
	{"fresh", `status: readyReplicas: >=1`, false},
	{"job", `status: failed: 0, status: succeeded: spec.completions, spec: completions: _`, true},
	{"job", `status: failed: >0`, false},
	{"node", `spec: unschedulable: true`, true},

	// Quantities and numbers in every spelling.
	{"pod", `spec: containers: web: resources: limits: cpu: 0.1`, true},
	{"pod", `spec: containers: web: resources: limits: cpu: 0.10`, true},
	{"pod", `spec: containers: web: resources: limits: cpu: 1/10`, true},
	{"pod", `spec: containers: web: resources: limits: cpu: <=0.1`, true},
	{"pod", `spec: containers: web: resources: limits: cpu: <0.1`, false},
	{"pod", `spec: containers: web: resources: limits: cpu: 100`, false},
	{"pod", `spec: containers: web: resources: limits: memory: 256Mi`, true},
	{"pod", `spec: containers: web: resources: limits: memory: 0.25Gi`, true},
	{"pod", `spec: containers: web: resources: limits: memory: 268435456`, true},
	{"pod", `spec: containers: web: resources: limits: memory: 256M`, false},
	{"pod", `spec: containers: web: resources: limits: memory: "256Mi"`, false},
	{"pod", `spec: containers: web: resources: limits: memory: >=64Mi & <=512Mi`, true},
	{"pod", `spec: containers: web: resources: requests: memory: 1Gi`, true},
	{"pod", `spec: containers: web: resources: requests: memory: 1024Mi`, true},
	{"pod", `spec: containers: web: resources: requests: cpu: 2`, true},
	{"pod", `spec: containers: web: resources: requests: cpu: 2.0`, true},
	{"pod", `spec: containers: web: resources: requests: cpu: 2e0`, true},
	{"pod", `spec: containers: web: resources: requests: cpu: int`, true},
	{"pod", `spec: containers: web: resources: requests: cpu: >=1.5`, true},
	{"pod", `spec: containers: web: resources: {requests: memory: >=limits.memory, limits: memory: _}`, true},
	{"pod", `spec: containers: web: resources: {requests: memory: limits.memory, limits: memory: _}`, false},
	{"claim", `spec: resources: requests: storage: 512Mi`, true},
	{"claim", `spec: resources: requests: storage: 0.5Gi`, true},
	{"node", `status: allocatable: cpu: 7.5, status: capacity: memory: 16Gi`, true},
	{"node", `status: allocatable: memory: status.capacity.memory, status: capacity: memory: _`, true},
	{"node", `status: allocatable: "nvidia.com/gpu": 2`, true},
	{"node", `status: allocatable: "nvidia.com/gpu": >2`, false},

	// Int-or-string as the object has it, ports by number and protocol.
	{"pod", `spec: containers: web: livenessProbe: httpGet: port: "http"`, true},
	{"pod", `spec: containers: web: livenessProbe: httpGet: port: 8080`, false},
	{"pod", `spec: containers: web: readinessProbe: httpGet: port: 8080`, true},
	{"pod", `spec: containers: web: readinessProbe: httpGet: port: "8080"`, false},
	{"pod", `spec: containers: web: ports: "53": protocol: "TCP"`, true},
	{"pod", `spec: containers: web: ports: "53/UDP": containerPort: 53`, true},
	{"pod", `spec: containers: web: ports: "53/TCP": containerPort: 53`, false},
	{"pod", `spec: containers: web: ports: "8080": name: "http"`, true},
	{"service", `spec: ports: "53": targetPort: "dns-tcp"`, true},
	{"service", `spec: ports: "53/UDP": targetPort: 5353`, true},
	{"service", `spec: ports: "53/UDP": targetPort: "5353"`, false},
	{"service", `spec: ports: "5353": _`, false},
	{"deployment", `spec: strategy: rollingUpdate: {maxSurge: "25%", maxUnavailable: 1}`, true},
	{"deployment", `spec: strategy: rollingUpdate: maxUnavailable: "1"`, false},

	// Keyed lists, also those that the API calls atomic.
	{"pod", `status: containerStatuses: web: state: waiting: reason: "CrashLoopBackOff"`, true},
	{"pod", `status: containerStatuses: web: lastState: terminated: {exitCode: 137, reason: "OOMKilled"}`, true},
	{"pod", `status: containerStatuses: web: lastState: terminated: reason: "Error"`, false},
	{"pod", `status: conditions: Ready: status: "False"`, true},
	{"pod", `status: conditions: Ready: status: "True"`, false},
	{"pod", `status: conditions: Ready: lastProbeTime?: _|_`, true},
	{"pod", `spec: containers: web: env: MODE: value: "prod"`, true}, // the last one wins
	{"pod", `spec: containers: web: env: MODE: value: "dev"`, false},
	{"pod", `spec: containers: web: env: NODE: valueFrom: fieldRef: fieldPath: "spec.nodeName"`, true},
	{"pod", `spec: containers: web: volumeMounts: "/cache": name: "cache"`, true},
	{"deployment", `status: conditions: Available: status: "False"`, true},
	{"node", `status: conditions: Ready: status: "True"`, true},

	// Lists.
	{"pod", `spec: tolerations: list.MatchN(>=1, {key: "gpu", effect: "NoExecute"})`, true},
	{"pod", `spec: tolerations: list.MatchN(2, {key: "gpu"})`, true},
	{"pod", `spec: tolerations: list.MatchN(1, {tolerationSeconds: 300})`, true},
	{"pod", `spec: tolerations: list.MatchN(2, {tolerationSeconds: 300})`, false}, // one of them lacks it
	{"pod", `spec: tolerations: list.MatchN(0, {key: "cpu"})`, true},
	{"pod", `spec: tolerations: list.MatchN(0, {value: "x"})`, true}, // none has a value
	{"pod", `spec: tolerations: list.MatchN(>=1, {value: "x"})`, false},
	{"pod", `spec: tolerations: list.MatchN(>=1, {(params.label): "x"})`, false},
	{"pod", `spec: tolerations: [...{key: "gpu"}]`, true},
	{"pod", `spec: tolerations: [...{tolerationSeconds: 300}]`, false},
	{"pod", `spec: tolerations: [{effect: "NoSchedule"}, ...]`, true},
	{"pod", `spec: tolerations: [{effect: "NoSchedule"}]`, false},
	{"pod", `spec: tolerations: [_, {effect: "NoSchedule"}]`, false},
	{"pod", `spec: tolerations: list.MaxItems(1)`, false},
	{"pod", `spec: initContainers: init: command: ["sh", ...]`, true},
	{"pod", `spec: initContainers: init: command: list.Contains("exit 0")`, true},
	{"pod", `spec: initContainers: init: command: list.Contains("exit 1")`, false},
	{"pod", `metadata: ownerReferences: list.MatchN(1, {kind: "ReplicaSet", controller: true})`, true},
	{"pod", `metadata: ownerReferences: list.MatchN(1, {kind: "Job"})`, false},
	{"pod", `spec: topologySpreadConstraints: list.MatchN(1, {whenUnsatisfiable: "DoNotSchedule", maxSkew: 1})`, true},
	{"pod", `status: podIPs: list.MatchN(1, {ip: =~"^fd00"})`, true},
	{"node", `status: addresses: list.MatchN(2, {type: "InternalIP"})`, true},
	{"node", `spec: taints: list.MatchN(>0, {key: "gpu", effect: "NoSchedule"})`, true},
	{"node", `spec: taints: list.MatchN(>0, {key: "gpu", value: "a100"})`, false},
	{"claim", `spec: accessModes: ["ReadWriteOnce"]`, true},

	// Patterns, closed structs, validators.
	{"pod", `spec: containers: [string]: image: !~":latest$"`, false},
	{"pod", `spec: containers: [=~"^w"]: image: !~":latest$"`, true},
	{"pod", `spec: containers: [=~"^s"]: image: !~":latest$"`, false},
	{"pod", `spec: containers: [string]: resources: limits: memory: _`, false},
	{"pod", `spec: containers: {[string]: image: string, web: ports: "8080": _}`, true},
	{"bare", `spec: containers: [N=string]: name: N`, true},
	{"pod", `spec: containers: close({web: _, sidecar: _})`, true},
	{"pod", `spec: containers: close({web: _})`, false},
	{"pod", `metadata: labels: #Labels`, true},
	{"pod", `metadata: labels: #App`, false},
	{"pod", `spec: containers: struct.MinFields(2)`, true},
	{"pod", `spec: containers: struct.MinFields(3)`, false},
	{"pod", `spec: containers: struct.MaxFields(1)`, false},
	{"pod", `spec: matchN(0, [{hostNetwork: true}])`, true},
	{"node", `spec: matchN(0, [{unschedulable: true}])`, false},
	{"pod", `spec: matchN(0, [{nodeSelector: disk: "ssd"}])`, true}, // it has no nodeSelector
	{"bare", `spec: matchN(1, [{nodeSelector: disk: "ssd"}])`, false},
	{"bare", `matchN(1, [{metadata: labels: app: "web"}, {status: phase: "Running"}])`, false},
	{"bare", `matchN(1, [{metadata: labels: app: "web"}, {status: phase: "Pending"}])`, true},
	{"bare", `matchIf({status: phase: "Pending"}, {spec: nodeName: string}, _)`, false},

	// Alternatives.
	{"pod", `status: containerStatuses: web: state: {running: _} | {waiting: reason: "CrashLoopBackOff"}`, true},
	{"pod", `status: containerStatuses: web: state: {running: _} | {terminated: exitCode: 0}`, false},
	{"pod", `status: containerStatuses: [string]: state: {running: _} | {waiting: _}`, true},
	{"pod", `status: phase: "Running" | "Succeeded"`, true},
	{"pod", `status: phase: "Failed" | "Succeeded"`, false},
	{"bare", `{status: phase: "Running"} | {spec: nodeName: "x"}`, false},
	{"bare", `{status: phase: "Pending"} | {spec: nodeName: "x"}`, true},
	{"bare", `*{spec: nodeName: "x"} | {status: phase: "Pending"}`, true},
	{"bare", `*{spec: nodeName: "x"} | {status: phase: "Running"}`, false},
	{"pod", `{spec: nodeName: string} | {status: phase: "Running"}`, true}, // both fit
	{"pod", `spec: {nodeName: string, nodeSelector?: a?: string} | {restartPolicy: string, hostAliases?: _}`, true},
	{"pod", `spec: {nodeName: string, nodeSelector?: a?: string} | {restartPolicy: string, hostAliases?: _}, status: phase: "Failed"`, false},
	{"pod", `spec: {nodeName: string, nodeSelector?: a?: string} | {restartPolicy: string, hostAliases?: _}, status: foo: _`, false},
	{"pod", `spec: containers: {web: {image: string, stdin?: true} | {name: string, tty?: true}, struct.MinFields(3)}`, false},
	{"pod", `spec: containers: web: {image: string, stdinn?: true} | {name: string, ttyy?: true}`, true},
	{"pod", `spec: containers: web: ports: "8080": {name: string, x?: "a"} | {protocol: string, y?: string}`, true},
	{"pod", `spec: containers: web: ports: "53/UDP": {containerPort: 53, x?: "a"} | {protocol: string, y?: string}`, true},
	{"pod", `spec: tolerations: [...({key: string, value?: "x"} | {operator: string, tolerationSeconds?: int})]`, true},
	{"pod", `spec: tolerations: [...({key: string, value?: "x"} | {operator: string, tolerationSeconds?: int})], spec: nodeName: "x"`, false},
	{"pod", `spec: containers: {web: ({image: string, x?: _} | {name: string, y?: _}), sidecar: ({image: string, x?: _} | {name: string, y?: _})}`, true},
	{"pod", `spec: {containers: web: {image: string, x?: _} | {name: string, y?: _}} | {nodeName: string, z?: _}`, true},
	{"pod", `spec: containers: web: {image: "x", stdinn?: true} | {name: "y", ttyy?: true}`, false},

	// References within a want.
	{"pod", `metadata: annotations: ip: status.podIP, status: podIP: string`, true},
	{"pod", `metadata: annotations: ip: status.podIP, status: podIP: "10.0.0.6"`, false},
	{"pod", `metadata: annotations: other: status.podIP, status: podIP: string`, false},
	{"pod", `metadata: name: spec.nodeName, spec: nodeName: string`, false},
	{"pod", `M=metadata: name: string, metadata: labels: app: M.name`, true},
	{"pod", `let here = status.podIP, metadata: annotations: ip: here, status: podIP: _`, true},
	{"pod", `spec: containers: web: image: "nginx:\(_v)", _v: "1.27"`, true},
	{"deployment", `spec: selector: matchLabels: app: string, spec: template: metadata: labels: app: spec.selector.matchLabels.app`, true},
	{"deployment", `status: replicas: spec.replicas, spec: replicas: params.replicas`, true},
	{"deployment", `status: availableReplicas: spec.replicas, spec: replicas: 3`, false},
	{"deployment", `metadata: generation: status.observedGeneration, status: observedGeneration: int`, true},

	// Events, maps and custom resources.
	{"event", `reason: "BackOff", involvedObject: {kind: "Pod", name: "web"}, count: >=5`, true},
	{"event", `reason: "BackOff", count: >=8`, false},
	{"event", `type: "Warning", message: =~"restarting failed container"`, true},
	{"event", `eventTime?: _|_`, true},
	{"config", `data: {mode: "prod", replicas: "3"}`, true},
	{"config", `data: replicas: 3`, false},
	{"config", `data: "nginx.conf": =~"listen 80"`, true},
	{"config", `data: "nginx.conf": "listen 80;\nroot /;\n"`, true},
	{"custom", `spec: {size: 3, ratio: 1.5, whole: 2}`, true},
	{"custom", `spec: whole: 2.0`, true},
	{"custom", `spec: memory: "1Gi"`, true},
	{"custom", `spec: parts: list.MatchN(1, {name: "a"})`, true},
	{"custom", `spec: parts: list.MatchN(1, {name: "c"})`, false},
	{"custom", `spec: colour: "red"`, false},
	{"custom", `metadata: managedFields?: _|_, spec: nothing?: _|_`, true},

	// The wrong shape altogether.
	{"pod", `spec: "x"`, false},
	{"pod", `spec: []`, false},
	{"pod", `spec: containers: [{name: "web"}, ...]`, false},
	{"pod", `spec: tolerations: gpu: _`, false},
	{"pod", `status: phase: name: "Running"`, false},
	{"pod", `metadata: labels: !="x"`, false},
}

func TestCompare(t *testing.T) {
	for _, tt := range verdicts {
		t.Run(tt.object+"/"+tt.want, func(t *testing.T) {
			c := constraint(t, tt.want)
			got, whole := c.Compare(viewOf(t, tt.object)), c.Whole().Compare(viewOf(t, tt.object))
			if met := c.Met(viewOf(t, tt.object)); met != tt.pass {
				t.Errorf("met is %v", met)
			}
			if fmt.Sprint(got) != fmt.Sprint(whole) {
				t.Errorf("with the fields that it names %v, with all %v", got, whole)
			}
			if pass := len(got) == 0; pass != tt.pass {
				t.Errorf("want {%s} of %s: pass is %v: %v", tt.want, tt.object, pass, got)
			}
		})
	}
}
