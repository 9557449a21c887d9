package kind

import (
	"context"
	"errors"
	"strings"
	"testing"

	"podlab.dev/podlab/cluster/driver"
)

func TestChooseImage(t *testing.T) {
	missing := fakeAnswer{out: "[]\n", says: "Error: No such image: x", err: errors.New("exit status 1")}
	const (
		kinds = `[{"Id":"sha256:aa","RepoTags":[],"Architecture":"amd64","Created":"2026-01-01T00:00:00Z"}]`
		built = `[{"Id":"sha256:01","RepoTags":["podlab.dev/node:old"],"Architecture":"amd64","Created":"2026-02-01T00:00:00Z","Config":{"Labels":{"dev.podlab.node":"v1.37.1"}}},
			{"Id":"sha256:02","RepoTags":["podlab.dev/node:v1.37.2"],"Architecture":"amd64","Created":"2026-03-01T00:00:00Z","Config":{"Labels":{"dev.podlab.node":"v1.37.2"}}}]`
	)
	list := "docker image ls -q --no-trunc --filter label=dev.podlab.node"
	for _, tc := range []struct {
		name    string
		asked   string
		answers map[string]fakeAnswer
		want    string
		origin  string
		why     string
	}{
		{"asked for and present", "mine:1", map[string]fakeAnswer{"docker image inspect mine:1": {out: kinds}}, "mine:1", originAsked, "mine:1, asked for"},
		{"kind's own is present", "", map[string]fakeAnswer{
			"docker image inspect kindest/node": {out: kinds}, list: {out: "sha256:01\n"}, "docker image inspect sha256:01": {out: built},
		}, pinned(), originPinned, "kindest/node:v1.37.0, kind's own, present in the engine"},
		{"the newest of those built here", "", map[string]fakeAnswer{
			"docker image inspect kindest/node": missing, list: {out: "sha256:02\nsha256:01\nsha256:02\n"},
			"docker image inspect sha256:01 sha256:02": {out: built},
		}, "podlab.dev/node:v1.37.2", originBuilt, "podlab.dev/node:v1.37.2, built from source on this machine"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, _ := newSession(t, Config{NodeImage: tc.asked}, tc.answers)
			got, err := s.chooseImage(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if got.name != tc.want || got.origin != tc.origin {
				t.Errorf("got %s (%s), want %s (%s)", got.name, got.origin, tc.want, tc.origin)
			}
			if why := describeImage(driver.State{Image: got.name, Origin: got.origin}); why != tc.why {
				t.Errorf("why: got %q, want %q", why, tc.why)
			}
		})
	}
}

func TestNoNodeImage(t *testing.T) {
	missing := fakeAnswer{says: "Error: No such image: x", err: errors.New("exit status 1")}
	s, _ := newSession(t, Config{}, map[string]fakeAnswer{"docker image inspect": missing, "docker image ls": {}})
	s.engine.binary = "false" // the program that pulls, and always fails
	s.commands.(*fakeEngine).answers["false image inspect"] = missing
	s.commands.(*fakeEngine).answers["false image ls"] = fakeAnswer{}
	_, err := s.chooseImage(context.Background())
	known, ok := errors.AsType[*driver.Error](err)
	if !ok || !errors.Is(err, driver.ErrNodeImage) {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(known.Remedy(), "scripts/node-image") {
		t.Errorf("remedy %q", known.Remedy())
	}
}

func TestAnotherImageThanTheWarmOneIsRefused(t *testing.T) {
	s, _ := newSession(t, Config{NodeImage: "mine:2"}, nil)
	warm := []container{{Name: "podlab-control-plane", Image: "mine:1"}}
	if err := s.sameImage(driver.State{Image: "mine:1"}, warm); !errors.Is(err, driver.ErrNodeImage) {
		t.Errorf("got %v", err)
	}
	s.config.NodeImage = "mine:1"
	if err := s.sameImage(driver.State{Image: "mine:1"}, warm); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestNewestBuiltImageWithoutDates(t *testing.T) {
	list := "docker image ls -q --no-trunc --filter label=dev.podlab.node"
	s, _ := newSession(t, Config{}, map[string]fakeAnswer{
		list: {out: "sha256:01\nsha256:02\n"},
		"docker image inspect sha256:01 sha256:02": {out: `[
			{"Id":"sha256:01","RepoTags":["node:a"],"Created":"1970-01-01T00:00:00Z","Config":{"Labels":{"dev.podlab.node":"v1.9.9"}}},
			{"Id":"sha256:02","RepoTags":["node:b"],"Created":"1970-01-01T00:00:00Z","Config":{"Labels":{"dev.podlab.node":"v1.37.2"}}}]`},
	})
	images, err := s.engine.imagesLabelled(context.Background(), builtLabel)
	if err != nil || len(images) != 2 || images[0].ref() != "node:b" {
		t.Errorf("got %+v, %v", images, err)
	}
}
