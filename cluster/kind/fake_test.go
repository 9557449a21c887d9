package kind

import (
	"context"
	"log/slog"
	"os/exec"
	"strings"
	"testing"

	"podlab.dev/podlab/cluster/driver"
)

// fakeEngine answers command lines from a table: the longest key that the command
// line begins with wins. A program that is in no key is not installed.
type fakeEngine struct {
	answers map[string]fakeAnswer
	asked   []string
}

type fakeAnswer struct {
	out  string
	says string // what it writes to stderr when it fails
	err  error
}

func (f *fakeEngine) run(ctx context.Context, name string, args ...string) ([]byte, error) {
	line := strings.Join(append([]string{name}, args...), " ")
	f.asked = append(f.asked, line)
	best, installed := "", false
	for key := range f.answers {
		installed = installed || strings.HasPrefix(key, name)
		if strings.HasPrefix(line, key) && len(key) > len(best) {
			best = key
		}
	}
	if !installed {
		return nil, &commandError{name: name, args: args, err: &exec.Error{Name: name, Err: exec.ErrNotFound}}
	}
	a := f.answers[best]
	if a.err != nil {
		return []byte(a.out), &commandError{name: name, args: args, output: a.says, err: a.err}
	}
	return []byte(a.out), ctx.Err()
}

const (
	dockerInfo = `{"ServerVersion":"28.1.0","CgroupVersion":"2","DockerRootDir":"/var/lib/docker","SecurityOptions":["name=seccomp,profile=builtin"]}`
	podmanInfo = `{"host":{"cgroupVersion":"v1","security":{"rootless":true}},"store":{"graphRoot":"/home/u/.local"},"version":{"Version":"5.2.0"}}`
)

// newSession is a session on a fake engine that answers as docker does.
func newSession(t *testing.T, config Config, answers map[string]fakeAnswer) (*session, *fakeEngine) {
	t.Helper()
	fake := &fakeEngine{answers: answers}
	config.StateDir = t.TempDir()
	config.Log = slog.New(slog.DiscardHandler)
	d := New(config)
	d.commands = fake
	home, err := driver.OpenHome(config.StateDir, d.config.Name)
	if err != nil {
		t.Fatal(err)
	}
	e := &engine{name: "docker", binary: "docker", version: "28.1.0", cgroup: 2, commands: fake}
	return &session{Driver: d, name: d.config.Name, nodes: 1, home: home, engine: e}, fake
}
