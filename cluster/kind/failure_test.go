package kind

import (
	"errors"
	"strings"
	"testing"

	kinderrors "sigs.k8s.io/kind/pkg/errors"
	kindexec "sigs.k8s.io/kind/pkg/exec"

	"podlab.dev/podlab/cluster/driver"
)

func TestExplainCreate(t *testing.T) {
	e := &engine{name: "docker", binary: "docker", dataRoot: "/var/lib/docker"}
	long := strings.Repeat("I0101 kubeadm said something\n", 100)
	for _, tc := range []struct {
		name, output string
		kind         error
		what         string
	}{
		{"full disk", "docker: Error response from daemon: mkdir /var/lib/docker/x: no space left on device.", driver.ErrNoSpace, "the disk of docker is full (/var/lib/docker)"},
		{"taken port", "docker: Error response from daemon: Bind for 127.0.0.1:4711 failed: port is already allocated.", driver.ErrPort, "127.0.0.1:4711"},
		{"engine died", "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?", driver.ErrEngine, "docker stopped answering"},
		{"no privileges", "OCI runtime create failed: unable to apply caps: operation not permitted: unknown", driver.ErrEngine, "cannot start privileged containers"},
		{"kubeadm", long + "error: error execution phase wait-control-plane: the kubelet is not healthy\nTo see the stack trace of this error execute with --v=5 or higher\n", driver.ErrCreate, "the kubelet is not healthy"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := kinderrors.Wrap(&kindexec.RunError{
				Command: []string{"docker", "exec", "--privileged", "podlab-control-plane", "kubeadm", "init"},
				Output:  []byte(tc.output), Inner: errors.New("exit status 1"),
			}, "failed to init node with kubeadm")
			got := e.explainCreate("podlab", err)
			known, ok := errors.AsType[*driver.Error](got)
			if !ok || !errors.Is(got, tc.kind) {
				t.Fatalf("got %#v, want kind %v", got, tc.kind)
			}
			if !strings.Contains(known.Error(), tc.what) || strings.Contains(known.Error(), "\n") {
				t.Errorf("what: %q, want one line with %q", known.Error(), tc.what)
			}
			if known.Remedy() == "" {
				t.Error("no remedy")
			}
			if lines := strings.Count(known.Detail(), "\n") + 1; lines > keptLines || known.Detail() == "" {
				t.Errorf("detail has %d lines", lines)
			}
			if strings.Contains(known.Error(), "--privileged") {
				t.Errorf("the whole command line is in %q", known.Error())
			}
		})
	}
}
