package cluster

import (
	"errors"
	"strings"
	"testing"

	"podlab.dev/podlab/cluster/embedded"
	"podlab.dev/podlab/cluster/existing"
	"podlab.dev/podlab/cluster/kind"
)

func TestChoose(t *testing.T) {
	for _, tc := range []struct {
		name string
		opts Options
		want string
		err  error
		do   string
	}{
		{"nothing said", Options{}, Auto, nil, ""},
		{"auto", Options{Driver: Auto}, Auto, nil, ""},
		{"embedded", Options{Driver: Embedded}, Embedded, nil, ""},
		{"a kubeconfig", Options{Kubeconfig: "x"}, Existing, nil, ""},
		{"a kubeconfig and a context", Options{Kubeconfig: "x", Context: "y"}, Existing, nil, ""},
		{"existing", Options{Driver: Existing}, Existing, nil, ""},
		{"kind in spite of a kubeconfig", Options{Driver: Kind, Kubeconfig: "x"}, Kind, nil, ""},
		{"a context alone", Options{Context: "y"}, "", ErrKubeconfig, "--cluster existing"},
		{"an unknown one", Options{Driver: "minikube"}, "", ErrNeeds, "auto, kind, embedded or existing"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv("KUBECONFIG", "/nowhere")
			d, err := choose(tc.opts)
			if tc.err != nil {
				known, ok := errors.AsType[*Error](err)
				if !ok || !errors.Is(err, tc.err) || !strings.Contains(known.Remedy(), tc.do) {
					t.Fatalf("got %v, want %v", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatalf("got %v; want %s", err, tc.want)
			}
			name := Auto
			switch d.(type) {
			case *kind.Driver:
				name = Kind
			case *embedded.Driver:
				name = Embedded
			case *existing.Driver:
				name = Existing
			}
			if name != tc.want {
				t.Errorf("the driver is %T, want %s", d, tc.want)
			}
		})
	}
}
