package want_test

import (
	"strings"
	"testing"
)

func TestAbout(t *testing.T) {
	for _, c := range []struct {
		want, path string
		about      bool
	}{
		{`spec: containers: web: image: "a"`, "spec.containers.web.image", true},
		{`spec: containers: web: image: "a"`, "spec.containers.web", true},
		{`spec: containers: web: image: "a"`, "spec.containers.web.command", false},
		{`spec: containers: web: image: "a"`, "spec.containers.log.image", false},
		{`spec: containers: [string]: image: "a"`, "spec.containers.any.image", true},
		{`spec: containers: web: command: ["a", "b"]`, "spec.containers.web.command", true},
		{`spec: containers: web: command: [...string]`, "spec.containers.web.command.0", true},
		{`spec: replicas: >=2`, "spec.replicas", true},
		{`spec: {replicas: 2} | {paused: true}`, "spec.paused", true},
		{`spec: {replicas: 2} | {paused: true}`, "spec.selector", false},
		{`metadata: labels: app: string`, "metadata.labels.app", true},
		{`metadata: labels: app?: _|_`, "metadata.labels.app", true},
	} {
		if got := constraint(t, c.want).About(strings.Split(c.path, ".")); got != c.about {
			t.Errorf("%s about %s: %v", c.want, c.path, got)
		}
	}
}
