package kind

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"sigs.k8s.io/kind/pkg/apis/config/defaults"

	"podlab.dev/podlab/cluster/driver"
)

// builtLabel marks a node image that scripts/node-image built from source.
const builtLabel = "dev.podlab.node"

// Where a node image comes from, as [driver.State] keeps it.
const (
	originAsked  = "asked"  // option or PODLAB_NODE_IMAGE
	originPinned = "pinned" // kind's own, already in the engine
	originPulled = "pulled" // kind's own, pulled now
	originBuilt  = "built"  // built from source on this machine
	originFound  = "found"  // of a cluster that podlab did not make
)

// nodeImage is the image that nodes are made from.
type nodeImage struct {
	image
	name   string // what kind is told, and what people are shown
	origin string
}

// pinned is the node image that this version of kind was tested with, by digest.
func pinned() string { return defaults.Image }

// chooseImage finds the node image: the one asked for, else kind's pinned one if
// the engine has it, else the newest one built from source here, else the pinned
// one pulled from its registry.
func (s *session) chooseImage(ctx context.Context) (*nodeImage, error) {
	if asked := s.config.NodeImage; asked != "" {
		return s.getImage(ctx, asked, originAsked, originAsked)
	}
	have, err := s.engine.image(ctx, pinned())
	if err != nil {
		return nil, err
	}
	if have != nil {
		return &nodeImage{image: *have, name: pinned(), origin: originPinned}, nil
	}
	built, err := s.engine.imagesLabelled(ctx, builtLabel)
	if err != nil {
		return nil, err
	}
	if len(built) > 0 {
		return &nodeImage{image: built[0], name: built[0].ref(), origin: originBuilt}, nil
	}
	return s.getImage(ctx, pinned(), originPinned, originPulled)
}

// getImage finds an image in the engine or pulls it.
func (s *session) getImage(ctx context.Context, ref, present, pulled string) (*nodeImage, error) {
	have, err := s.engine.image(ctx, ref)
	if err != nil {
		return nil, err
	}
	origin := present
	if have == nil {
		if err := s.pull(ctx, ref); err != nil {
			return nil, err
		}
		origin = pulled
		if have, err = s.engine.image(ctx, ref); err != nil {
			return nil, err
		}
		if have == nil {
			return nil, s.noImage(ref, errors.New("it is not there after pulling it"), "")
		}
	}
	return &nodeImage{image: *have, name: ref, origin: origin}, nil
}

const (
	// firstWord bounds how long a registry may stay silent: offline machines with
	// a black-holed route would otherwise wait for minutes.
	firstWord = 20 * time.Second
	// silence bounds how long a pull that has begun may stand still.
	silence = 3 * time.Minute
)

// pull pulls ref with the engine's own command and passes on what it says.
func (s *session) pull(ctx context.Context, ref string) error {
	step := s.report.Begin(driver.PhaseImage, "pulling node image %s", shortRef(ref))
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	reader, writer := io.Pipe()
	cmd := exec.CommandContext(ctx, s.engine.binary, "pull", ref)
	cmd.Stdout, cmd.Stderr = writer, writer
	cmd.WaitDelay = time.Second
	go func() {
		_ = writer.CloseWithError(cmd.Run())
	}()
	watchdog := time.AfterFunc(firstWord, func() {
		cancel(fmt.Errorf("the registry did not answer within %s", firstWord))
	})
	defer watchdog.Stop()
	var said strings.Builder
	lines := bufio.NewScanner(reader)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		said.WriteString(line + "\n")
		if line == "" || strings.HasPrefix(line, "Trying to pull") {
			continue // podman says so before it has asked anybody
		}
		watchdog.Reset(silence)
		s.report.Say(driver.PhaseImage, "%s", line)
	}
	err := lines.Err()
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		err = s.noImage(ref, err, said.String())
	}
	return step.End(err)
}

func (s *session) noImage(ref string, cause error, output string) error {
	if full := s.engine.explainOutput(output, cause); errors.Is(full, driver.ErrNoSpace) {
		return full
	}
	why := driver.LastLines(output, 1)
	if _, exited := errors.AsType[*exec.ExitError](cause); !exited || why == "" {
		why = cause.Error()
	}
	return &driver.Error{
		Kind:   driver.ErrNodeImage,
		What:   fmt.Sprintf("there is no node image here, and %s cannot be pulled: %s", shortRef(ref), why),
		Do:     "run scripts/node-image (builds it from source), or connect to a registry",
		Output: driver.LastLines(output, 20),
		Err:    cause,
	}
}

// shortRef drops the digest, which is right and long.
func shortRef(ref string) string {
	name, _, _ := strings.Cut(ref, "@sha256:")
	return name
}

// describeImage says which node image runs and how podlab came by it.
func describeImage(state driver.State) string {
	name := shortRef(state.Image)
	switch state.Origin {
	case originAsked:
		if state.Built {
			return name + ", asked for, built from source on this machine"
		}
		return name + ", asked for"
	case originPinned:
		return name + ", kind's own, present in the engine"
	case originPulled:
		return name + ", kind's own, pulled"
	case originBuilt:
		return name + ", built from source on this machine"
	default:
		return name + ", of a cluster that was already there"
	}
}
