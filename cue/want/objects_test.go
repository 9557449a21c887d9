package want_test

import (
	"fmt"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/parser"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"podlab.dev/podlab/cue/view"
	"podlab.dev/podlab/cue/want"
)

// objects are as an API server serves them: defaulted, with a status.
var objects = map[string]string{
	"pod": `
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: default
  uid: 2f1c
  creationTimestamp: "2026-01-02T03:04:05Z"
  labels: {app: web, app.kubernetes.io/name: web}
  annotations: {ip: 10.0.0.5}
  managedFields: [{manager: kubectl}]
  ownerReferences:
  - {apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: aaa, controller: true}
spec:
  restartPolicy: Always
  terminationGracePeriodSeconds: 30
  nodeName: node-1
  serviceAccountName: default
  tolerations:
  - {key: gpu, operator: Exists, effect: NoSchedule}
  - {key: gpu, operator: Exists, effect: NoExecute, tolerationSeconds: 300}
  topologySpreadConstraints:
  - {topologyKey: zone, whenUnsatisfiable: DoNotSchedule, maxSkew: 1}
  - {topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, maxSkew: 2}
  volumes:
  - name: cache
    emptyDir: {}
  - name: conf
    configMap: {name: web, defaultMode: 420}
  initContainers:
  - {name: init, image: busybox, command: [sh, -c, "exit 0"]}
  containers:
  - name: web
    image: nginx:1.27
    imagePullPolicy: IfNotPresent
    ports:
    - {containerPort: 53, protocol: TCP}
    - {containerPort: 53, protocol: UDP}
    - {containerPort: 8080, name: http, protocol: TCP}
    env:
    - {name: MODE, value: dev}
    - {name: MODE, value: prod}
    - name: NODE
      valueFrom: {fieldRef: {fieldPath: spec.nodeName}}
    resources:
      limits: {memory: 256Mi, cpu: 100m}
      requests: {memory: "1073741824", cpu: "2"}
    livenessProbe: {httpGet: {path: /healthz, port: http}, periodSeconds: 10}
    readinessProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 5}
    volumeMounts:
    - {name: cache, mountPath: /cache}
  - name: sidecar
    image: fluent:latest
status:
  phase: Running
  podIP: 10.0.0.5
  podIPs: [{ip: 10.0.0.5}, {ip: "fd00::5"}]
  conditions:
  - {type: Ready, status: "False", reason: ContainersNotReady, lastProbeTime: null}
  - {type: PodScheduled, status: "True"}
  containerStatuses:
  - name: web
    image: nginx:1.27
    ready: false
    restartCount: 4
    started: false
    state: {waiting: {reason: CrashLoopBackOff, message: back-off 40s}}
    lastState: {terminated: {exitCode: 137, reason: OOMKilled}}
  - name: sidecar
    image: fluent:latest
    ready: true
    restartCount: 0
    state: {running: {startedAt: "2026-01-02T03:04:09Z"}}
`,
	"bare": `
apiVersion: v1
kind: Pod
metadata: {name: bare}
spec:
  containers: [{name: web, image: nginx}]
status: {phase: Pending}
`,
	"deployment": `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, generation: 3}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 25%, maxUnavailable: 1}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "nginx:1.27"}]
status:
  observedGeneration: 3
  replicas: 3
  unavailableReplicas: 3
  conditions:
  - {type: Available, status: "False", reason: MinimumReplicasUnavailable}
  - {type: Progressing, status: "True"}
`,
	"fresh": `
apiVersion: apps/v1
kind: Deployment
metadata: {name: fresh}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: nginx}]}}
`,
	"service": `
apiVersion: v1
kind: Service
metadata: {name: dns}
spec:
  type: ClusterIP
  clusterIP: 10.96.0.10
  selector: {app: dns}
  ports:
  - {name: dns, port: 53, protocol: UDP, targetPort: 5353}
  - {name: dns-tcp, port: 53, protocol: TCP, targetPort: dns-tcp}
`,
	"node": `
apiVersion: v1
kind: Node
metadata: {name: node-1, labels: {kubernetes.io/hostname: node-1}}
spec:
  taints: [{key: gpu, effect: NoSchedule}]
  unschedulable: true
status:
  capacity: {cpu: "8", memory: 16Gi, nvidia.com/gpu: "2"}
  allocatable: {cpu: 7500m, memory: "16777216Ki", nvidia.com/gpu: "2"}
  addresses:
  - {type: InternalIP, address: 10.0.0.1}
  - {type: InternalIP, address: "fd00::1"}
  conditions: [{type: Ready, status: "True"}]
`,
	"event": `
apiVersion: v1
kind: Event
metadata: {name: web.1}
involvedObject: {kind: Pod, name: web, fieldPath: "spec.containers{web}"}
reason: BackOff
type: Warning
count: 7
message: Back-off restarting failed container web
firstTimestamp: "2026-01-02T03:04:05Z"
eventTime: null
reportingComponent: kubelet
`,
	"job": `
apiVersion: batch/v1
kind: Job
metadata: {name: sum}
spec:
  completions: 3
  template: {spec: {restartPolicy: Never, containers: [{name: sum, image: busybox}]}}
status: {succeeded: 3}
`,
	"claim": `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 0.5Gi}}}
`,
	"config": `
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data: {mode: prod, replicas: "3", nginx.conf: "listen 80;\nroot /;\n"}
`,
	"custom": `
apiVersion: example.com/v1
kind: Widget
metadata: {name: w, managedFields: [{manager: kubectl}]}
spec: {size: 3, ratio: 1.5, whole: 2.0, parts: [{name: a}, {name: b}], memory: 1Gi, nothing: null}
`,
}

func object(t testing.TB, src string) *unstructured.Unstructured {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	obj := &unstructured.Unstructured{}
	if err := obj.UnmarshalJSON(data); err != nil {
		t.Fatal(err)
	}
	return obj
}

func viewOf(t testing.TB, name string) map[string]any {
	t.Helper()
	src, ok := objects[name]
	if !ok {
		t.Fatalf("no object %q", name)
	}
	v, err := view.Of(object(t, src))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// prelude is the rest of a lab, which a want can refer to and Require does not
// see.
const prelude = `
import "list"
import "strings"
import "struct"

_used: [list.MaxItems, strings.MinRunes, struct.MaxFields]
params: {image: "nginx:1.27", replicas: 3, cpu: 2.0, label: "app", names: ["web", "sidecar"], tls: false}
_labels: {app: "web"}
_tier: {tier: "front"}
_some: matchN(1, [_tier])
_someHere: {labels: matchN(1, [_tier])}
_web: {spec: containers: web: image: "nginx:1.27"}
_apache: {spec: containers: web: {image: "nginx:1.27", imagePullSecret: "x"}}
_closedIf: {spec: hostNetwork: bool, if spec.hostNetwork {spec: dnsPolicy: "None"}}
#Labels: {app: string, "app.kubernetes.io/name": string}
#App: {app: string}
`

// value is what a loader of labs makes of a want.
func value(t testing.TB, src string) (cue.Value, error) {
	t.Helper()
	f, err := parser.ParseFile("lab.cue", prelude+"\nwant: {"+src+"\n}\n", parser.ParseComments)
	if err != nil {
		return cue.Value{}, fmt.Errorf("parse: %w", err)
	}
	n := f.Decls[len(f.Decls)-1].(*ast.Field).Value
	if err := want.Check(n); err != nil {
		return cue.Value{}, err
	}
	want.Require(n)
	v := cuecontext.New().BuildFile(f)
	if err := v.Err(); err != nil {
		return cue.Value{}, fmt.Errorf("build: %w", err)
	}
	return v.LookupPath(cue.ParsePath("want")), nil
}

func constraint(t testing.TB, src string) want.Constraint {
	t.Helper()
	v, err := value(t, src)
	if err == nil {
		var c want.Constraint
		if c, err = want.New(v); err == nil {
			return c
		}
	}
	t.Fatalf("want %s: %v", src, err)
	return want.Constraint{}
}
