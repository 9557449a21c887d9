package kind

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/version"
	kindcluster "sigs.k8s.io/kind/pkg/cluster"

	"podlab.dev/podlab/cluster/driver"
)

// commander runs a program to its end and returns what it wrote. It is the whole
// of what podlab wants from a container engine's command line.
type commander interface {
	run(ctx context.Context, name string, args ...string) (stdout []byte, err error)
}

// commandError is a program that ended badly, with what it said.
type commandError struct {
	name   string
	args   []string
	output string
	err    error
}

func (e *commandError) Error() string {
	last := driver.LastLines(e.output, 1)
	if last == "" {
		last = e.err.Error()
	}
	return fmt.Sprintf("%s: %s", e.name, last)
}

func (e *commandError) Unwrap() error { return e.err }

// execCommander runs real programs.
type execCommander struct{}

func (execCommander) run(ctx context.Context, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	// A grandchild that keeps the pipe open must not outlast the context.
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return stdout.Bytes(), &commandError{name: name, args: args, output: stderr.String(), err: err}
	}
	return stdout.Bytes(), nil
}

// engine is a container engine that answers.
type engine struct {
	name     string // docker, podman or nerdctl: what kind calls it
	binary   string // what to run; differs for nerdctl's cousin finch
	version  string
	cgroup   int    // 1 or 2
	rootless bool   // the daemon runs without root
	dataRoot string // where it keeps its data; may be empty
	commands commander
}

// String is "docker 28.1.0".
func (e *engine) String() string { return strings.TrimSpace(e.name + " " + e.version) }

func (e *engine) providerOption() kindcluster.ProviderOption {
	switch e.name {
	case "podman":
		return kindcluster.ProviderWithPodman()
	case "nerdctl":
		return kindcluster.ProviderWithNerdctl(e.binary)
	default:
		return kindcluster.ProviderWithDocker()
	}
}

// run runs the engine's command line; errors are [*driver.Error] of kind ErrEngine.
func (e *engine) run(ctx context.Context, args ...string) ([]byte, error) {
	out, err := e.commands.run(ctx, e.binary, args...)
	if err != nil {
		return out, e.explain(fmt.Sprintf("`%s %s`", e.binary, strings.Join(args[:min(len(args), 2)], " ")), err)
	}
	return out, nil
}

// clusterLabel is the label by which kind knows the containers of a cluster.
const clusterLabel = "io.x-k8s.kind.cluster"

// container is a node, as the engine sees it.
type container struct {
	Name    string
	ID      string
	Status  string // running, exited, paused, …
	ImageID string
	Image   string // the reference it was made from
	Created time.Time
	Started time.Time
	Cluster string
}

func (c container) image() string {
	if c.Image != "" {
		return c.Image
	}
	return c.ImageID
}

// containers lists the nodes of a cluster, running or not, by name; an empty name
// lists those of every kind cluster.
func (e *engine) containers(ctx context.Context, cluster string) ([]container, error) {
	filter := "label=" + clusterLabel
	if cluster != "" {
		filter += "=" + cluster
	}
	out, err := e.run(ctx, "ps", "-a", "-q", "--no-trunc", "--filter", filter)
	if err != nil {
		return nil, err
	}
	ids := strings.Fields(string(out))
	if len(ids) == 0 {
		return nil, nil
	}
	out, err = e.run(ctx, append([]string{"container", "inspect"}, ids...)...)
	if err != nil {
		return nil, err
	}
	return parseContainers(out)
}

func parseContainers(inspected []byte) ([]container, error) {
	var raw []struct {
		ID      string `json:"Id"`
		Name    string
		Created time.Time
		Image   string
		// ImageName is podman's; docker has it in Config.
		ImageName string
		State     struct {
			Status    string
			StartedAt time.Time
		}
		Config struct {
			Image  string
			Labels map[string]string
		}
	}
	if err := json.Unmarshal(inspected, &raw); err != nil {
		return nil, fmt.Errorf("read the engine's containers: %w", err)
	}
	var found []container
	for _, r := range raw {
		c := container{
			Name:    strings.TrimPrefix(r.Name, "/"),
			ID:      r.ID,
			Status:  r.State.Status,
			ImageID: r.Image,
			Image:   r.Config.Image,
			Created: r.Created,
			Started: r.State.StartedAt,
			Cluster: r.Config.Labels[clusterLabel],
		}
		if r.ImageName != "" {
			c.Image = r.ImageName
		}
		found = append(found, c)
	}
	slices.SortFunc(found, func(a, b container) int { return strings.Compare(a.Name, b.Name) })
	return found, nil
}

// start starts the containers that do not run.
func (e *engine) start(ctx context.Context, containers []container) error {
	for _, c := range containers {
		var err error
		switch c.Status {
		case "running":
			continue
		case "paused":
			_, err = e.run(ctx, "unpause", c.Name)
		default:
			_, err = e.run(ctx, "start", c.Name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// stop stops the containers that run, last made first.
func (e *engine) stop(ctx context.Context, containers []container) error {
	for _, c := range slices.Backward(containers) {
		if c.Status != "running" {
			continue
		}
		if _, err := e.run(ctx, "stop", c.Name); err != nil {
			return err
		}
	}
	return nil
}

// image is an image that the engine has.
type image struct {
	ID      string
	Tags    []string
	Arch    string // as in GOARCH
	Created time.Time
	Labels  map[string]string
}

// ref is the name to call the image by.
func (i image) ref() string {
	if len(i.Tags) > 0 {
		return i.Tags[0]
	}
	return i.ID
}

// image looks for an image in the engine; nil when it is not there.
func (e *engine) image(ctx context.Context, ref string) (*image, error) {
	out, err := e.commands.run(ctx, e.binary, "image", "inspect", ref)
	if err != nil {
		var failed *commandError
		if errors.As(err, &failed) && noSuchImage(failed.output) {
			return nil, nil
		}
		return nil, e.explain("`"+e.binary+" image inspect`", err)
	}
	images, err := parseImages(out)
	if err != nil || len(images) == 0 {
		return nil, err
	}
	return &images[0], nil
}

// save writes an image that the engine has, as a docker archive.
func (e *engine) save(ctx context.Context, w io.Writer, ref string) error {
	cmd := exec.CommandContext(ctx, e.binary, "save", ref)
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = w, &stderr
	if err := cmd.Run(); err != nil {
		return e.explain("save "+ref, &commandError{name: e.binary, output: stderr.String(), err: err})
	}
	return nil
}

// noSuchImage knows the words of docker and nerdctl, of podman, and of finch.
func noSuchImage(output string) bool {
	output = strings.ToLower(output)
	for _, words := range []string{"no such image", "image not known", "not found"} {
		if strings.Contains(output, words) {
			return true
		}
	}
	return false
}

// imagesLabelled lists the images with a label, newest first.
func (e *engine) imagesLabelled(ctx context.Context, label string) ([]image, error) {
	out, err := e.run(ctx, "image", "ls", "-q", "--no-trunc", "--filter", "label="+label)
	if err != nil {
		return nil, err
	}
	ids := strings.Fields(string(out))
	slices.Sort(ids)
	ids = slices.Compact(ids) // one line a tag
	if len(ids) == 0 {
		return nil, nil
	}
	if out, err = e.run(ctx, append([]string{"image", "inspect"}, ids...)...); err != nil {
		return nil, err
	}
	images, err := parseImages(out)
	slices.SortStableFunc(images, func(a, b image) int {
		// A reproducible build has no date; then its label, the Kubernetes version,
		// must do.
		return cmp.Or(b.Created.Compare(a.Created), compareVersions(b.Labels[label], a.Labels[label]))
	})
	return images, err
}

// compareVersions orders "v1.9.0" before "v1.37.2"; what is no version comes first.
func compareVersions(a, b string) int {
	x, _ := version.ParseGeneric(a)
	y, _ := version.ParseGeneric(b)
	switch {
	case x == nil && y == nil:
		return 0
	case x == nil:
		return -1
	case y == nil:
		return 1
	case x.LessThan(y):
		return -1
	case y.LessThan(x):
		return 1
	}
	return 0
}

func parseImages(inspected []byte) ([]image, error) {
	var raw []struct {
		ID           string `json:"Id"`
		RepoTags     []string
		Architecture string
		Created      time.Time
		Config       struct{ Labels map[string]string }
	}
	if err := json.Unmarshal(inspected, &raw); err != nil {
		return nil, fmt.Errorf("read the engine's images: %w", err)
	}
	var images []image
	for _, r := range raw {
		images = append(images, image{ID: r.ID, Tags: r.RepoTags, Arch: r.Architecture, Created: r.Created, Labels: r.Config.Labels})
	}
	return images, nil
}
