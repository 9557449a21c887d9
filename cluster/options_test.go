package cluster

import (
	"errors"
	"strings"
	"testing"

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
		{"nothing said", Options{}, Kind, nil, ""},
		{"auto", Options{Driver: Auto}, Kind, nil, ""},
		{"a kubeconfig", Options{Kubeconfig: "x"}, Existing, nil, ""},
		{"a kubeconfig and a context", Options{Kubeconfig: "x", Context: "y"}, Existing, nil, ""},
		{"existing", Options{Driver: Existing}, Existing, nil, ""},
		{"kind in spite of a kubeconfig", Options{Driver: Kind, Kubeconfig: "x"}, Kind, nil, ""},
		{"a context alone", Options{Context: "y"}, "", ErrKubeconfig, "--cluster existing"},
		{"an unknown one", Options{Driver: "minikube"}, "", ErrNeeds, "auto, kind or existing"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv("KUBECONFIG", "/nowhere")
			name, d, err := choose(tc.opts)
			if tc.err != nil {
				known, ok := errors.AsType[*Error](err)
				if !ok || !errors.Is(err, tc.err) || !strings.Contains(known.Remedy(), tc.do) {
					t.Fatalf("got %v, want %v", err, tc.err)
				}
				return
			}
			if err != nil || name != tc.want {
				t.Fatalf("got %s, %v; want %s", name, err, tc.want)
			}
			switch d.(type) {
			case *kind.Driver:
				name = Kind
			case *existing.Driver:
				name = Existing
			}
			if name != tc.want {
				t.Errorf("the driver is %T, want %s", d, tc.want)
			}
		})
	}
}
