package kind

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"podlab.dev/podlab/cluster/driver"
)

func TestFindEngine(t *testing.T) {
	exit := errors.New("exit status 1")
	dead := fakeAnswer{
		out:  `{"ServerVersion":"","CgroupVersion":""}`,
		says: "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n",
		err:  exit,
	}
	for _, tc := range []struct {
		name    string
		env     string
		answers map[string]fakeAnswer
		want    string // engine
		cgroup  int
		what    string // of the error
		do      string
	}{
		{name: "docker answers", answers: map[string]fakeAnswer{"docker info": {out: dockerInfo}, "podman info": {out: podmanInfo}}, want: "docker 28.1.0", cgroup: 2},
		{name: "docker is dead, podman answers", answers: map[string]fakeAnswer{"docker info": dead, "podman info": {out: podmanInfo}}, want: "podman 5.2.0", cgroup: 1},
		{name: "old docker says what is wrong in its description", answers: map[string]fakeAnswer{"docker info": {out: `{"ServerErrors":["Cannot connect to the Docker daemon at tcp://x."]}`}},
			what: "no container engine answers (docker: Cannot connect to the Docker daemon at tcp://x)"},
		{name: "podman behind the name docker", answers: map[string]fakeAnswer{"docker info": {out: podmanInfo}, "podman info": {out: podmanInfo}}, want: "podman 5.2.0", cgroup: 1},
		{name: "nothing installed", what: "no container engine is installed (looked for docker, podman, nerdctl, finch)", do: "install Docker"},
		{name: "nothing answers", answers: map[string]fakeAnswer{"docker info": dead},
			what: "no container engine answers (docker: Cannot connect to the Docker daemon at unix:///var/run/docker.sock)", do: "start Docker"},
		{name: "no right to the socket", answers: map[string]fakeAnswer{"docker info": {says: "permission denied while trying to connect", err: exit}},
			what: "permission denied", do: "usermod -aG docker"},
		{name: "asked for podman", env: "podman", answers: map[string]fakeAnswer{"docker info": {out: dockerInfo}, "podman info": {out: podmanInfo}}, want: "podman 5.2.0", cgroup: 1},
		{name: "asked for nonsense", env: "lxc", what: `"lxc"`, do: "unset it"},
		{name: "finch", answers: map[string]fakeAnswer{"finch info": {out: dockerInfo}}, want: "nerdctl 28.1.0", cgroup: 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv("KIND_EXPERIMENTAL_PROVIDER", tc.env)
			t.Setenv("DOCKER_HOST", "")
			e, err := findEngine(context.Background(), &fakeEngine{answers: tc.answers})
			if tc.want != "" {
				if err != nil || e.String() != tc.want || e.cgroup != tc.cgroup {
					t.Fatalf("got %v (cgroup %d), %v; want %s (cgroup %d)", e, e.cgroup, err, tc.want, tc.cgroup)
				}
				return
			}
			known, ok := errors.AsType[*driver.Error](err)
			if !ok || !errors.Is(err, driver.ErrNoEngine) {
				t.Fatalf("got %v, want an ErrNoEngine", err)
			}
			if !strings.Contains(known.Error(), tc.what) || !strings.Contains(known.Remedy(), tc.do) {
				t.Errorf("got %q → %q; want %q → %q", known.Error(), known.Remedy(), tc.what, tc.do)
			}
			if strings.Contains(known.Error(), "\n") {
				t.Errorf("more than one line: %q", known.Error())
			}
		})
	}
}

// hanging never answers.
type hanging struct{}

func (hanging) run(ctx context.Context, name string, args ...string) ([]byte, error) {
	<-ctx.Done()
	return nil, &commandError{name: name, args: args, err: ctx.Err()}
}

func TestFindEngineStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := findEngine(ctx, hanging{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("took %s", took)
	}
}
