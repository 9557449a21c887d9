package kind

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"podlab.dev/podlab/cluster/driver"
)

// answerWithin bounds the wait for a daemon: one that exists but hangs must not
// hang podlab.
const answerWithin = 8 * time.Second

// candidates are the engines that kind knows, in the order in which podlab asks.
func candidates() []engine {
	return []engine{
		{name: "docker", binary: "docker"},
		{name: "podman", binary: "podman"},
		{name: "nerdctl", binary: "nerdctl"},
		{name: "nerdctl", binary: "finch"},
	}
}

// findEngine gives the first engine that answers; $KIND_EXPERIMENTAL_PROVIDER
// leaves only the one that it names, as it does for kind, and $DOCKER_HOST is
// docker's own affair.
func findEngine(ctx context.Context, commands commander) (*engine, error) {
	asked := candidates()
	if named := os.Getenv("KIND_EXPERIMENTAL_PROVIDER"); named != "" {
		asked = nil
		for _, c := range candidates() {
			if c.binary == named {
				asked = append(asked, c)
			}
		}
		if len(asked) == 0 {
			return nil, &driver.Error{
				Kind: driver.ErrNoEngine,
				What: fmt.Sprintf("KIND_EXPERIMENTAL_PROVIDER names %q, which is no engine that kind knows", named),
				Do:   "unset it, or set it to docker, podman or nerdctl",
			}
		}
	}
	var said []string
	var causes []error
	var names []string
	for _, e := range asked {
		e.commands = commands
		names = append(names, e.binary)
		err := e.ask(ctx)
		if err == nil {
			return &e, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("look for a container engine: %w", ctx.Err())
		}
		if errors.Is(err, exec.ErrNotFound) {
			continue
		}
		said = append(said, fmt.Sprintf("%s: %s", e.binary, answer(err)))
		causes = append(causes, err)
	}
	if len(said) == 0 {
		return nil, &driver.Error{
			Kind: driver.ErrNoEngine,
			What: "no container engine is installed (looked for " + strings.Join(names, ", ") + ")",
			Do:   installRemedy(),
		}
	}
	cause := errors.Join(causes...)
	return nil, &driver.Error{
		Kind:   driver.ErrNoEngine,
		What:   "no container engine answers (" + strings.Join(said, "; ") + ")",
		Do:     startRemedy(cause),
		Output: outputOf(cause),
		Err:    cause,
	}
}

// ask asks the engine for its description. Only a daemon that is there gives one;
// the program alone does not count.
func (e *engine) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	format := "{{json .}}"
	if e.name == "podman" {
		format = "json"
	}
	out, err := e.commands.run(ctx, e.binary, "info", "--format", format)
	if errors.Is(err, exec.ErrNotFound) {
		return err
	}
	// docker writes its description even when the daemon does not answer, so the
	// description is looked at before the exit status.
	var info struct {
		ServerVersion   string
		ServerErrors    []string
		CgroupVersion   string
		DockerRootDir   string
		SecurityOptions []string
		Host            *struct {
			CgroupVersion string
			Security      struct{ Rootless bool }
		}
		Store   struct{ GraphRoot string }
		Version struct{ Version string }
	}
	if jsonErr := json.Unmarshal(out, &info); jsonErr != nil && err == nil {
		return fmt.Errorf("its answer makes no sense: %w", jsonErr)
	}
	switch {
	case len(info.ServerErrors) > 0:
		return errors.New(info.ServerErrors[0])
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer within %s: %w", answerWithin, err)
	case err != nil:
		return err
	case e.name == "podman":
		if info.Host == nil {
			return errors.New("it does not describe itself as podman does")
		}
		e.version, e.dataRoot, e.rootless = info.Version.Version, info.Store.GraphRoot, info.Host.Security.Rootless
		e.cgroup = cgroupVersion(info.Host.CgroupVersion)
	case info.Host != nil:
		return errors.New("it is podman under another name")
	case info.ServerVersion == "":
		return errors.New("it gives no version")
	default:
		e.version, e.dataRoot = info.ServerVersion, info.DockerRootDir
		e.cgroup = cgroupVersion(info.CgroupVersion)
		for _, o := range info.SecurityOptions {
			e.rootless = e.rootless || strings.Contains(o, "name=rootless")
		}
	}
	return nil
}

// cgroupVersion reads "1", "v1", "2" and "v2".
func cgroupVersion(s string) int {
	if strings.TrimPrefix(s, "v") == "1" {
		return 1
	}
	return 2
}

// answer is what the engine said, in one line.
func answer(err error) string {
	text := err.Error()
	var failed *commandError
	if errors.As(err, &failed) {
		text = strings.TrimPrefix(text, failed.name+": ")
	}
	text, _, _ = strings.Cut(text, "\n")
	for _, prefix := range []string{"ERROR: ", "Error: ", "errors pretty printing info"} {
		text = strings.TrimPrefix(text, prefix)
	}
	text = strings.TrimSuffix(text, " Is the docker daemon running?")
	return strings.TrimSuffix(strings.TrimSpace(text), ".")
}

func startRemedy(cause error) string {
	if strings.Contains(strings.ToLower(cause.Error()), "permission denied") {
		return "let your user talk to it: `sudo usermod -aG docker $USER`, then log in again"
	}
	if host := os.Getenv("DOCKER_HOST"); host != "" {
		return "check DOCKER_HOST (" + host + "), or unset it"
	}
	switch runtime.GOOS {
	case "darwin", "windows":
		return "start Docker Desktop, or podman machine start"
	default:
		return "start Docker (`sudo systemctl start docker`), or on Debian run scripts/engine as root"
	}
}

func installRemedy() string {
	switch runtime.GOOS {
	case "darwin", "windows":
		return "install Docker Desktop or podman, or use a cluster that you have: --kubeconfig FILE"
	default:
		return "install Docker or podman (on Debian, scripts/engine as root does), or use a cluster that you have: --kubeconfig FILE"
	}
}
