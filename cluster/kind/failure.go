package kind

import (
	"context"
	"errors"
	"fmt"
	"strings"

	kindexec "sigs.k8s.io/kind/pkg/exec"

	"podlab.dev/podlab/cluster/driver"
)

// keptLines is how much of a tool's output an error keeps.
const keptLines = 40

// explain turns a command of the engine that failed into an [*driver.Error].
func (e *engine) explain(doing string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	output := outputOf(err)
	if known := e.explainOutput(output, err); known != nil {
		return known
	}
	last := driver.LastLines(output, 1)
	if last == "" {
		last = strings.ReplaceAll(err.Error(), "\n", " ")
	}
	return &driver.Error{
		Kind:   driver.ErrEngine,
		What:   fmt.Sprintf("%s: %s", doing, last),
		Do:     fmt.Sprintf("check `%s info`; see the tool's output with -v", e.binary),
		Output: driver.LastLines(output, keptLines),
		Err:    err,
	}
}

// explainCreate explains why kind could not make a cluster.
func (e *engine) explainCreate(name string, err error) error {
	output := outputOf(err)
	if known := e.explainOutput(output, err); known != nil {
		return known
	}
	what := strings.ReplaceAll(err.Error(), "\n", " ")
	// kind's own words end in the whole command line; what matters comes before.
	if head, _, cut := strings.Cut(what, `: command "`); cut {
		what = head
	}
	if reason := reasonIn(output); reason != "" {
		what += ": " + reason
	}
	return &driver.Error{
		Kind:   driver.ErrCreate,
		What:   fmt.Sprintf("cluster %q could not be made: %s", name, what),
		Do:     "run it again with -v to see what the tools said; `podlab cluster down` removes what is left",
		Output: driver.LastLines(output, keptLines),
		Err:    err,
	}
}

// explainOutput knows the failures that have one cause and one cure; nil for any
// other.
func (e *engine) explainOutput(output string, err error) error {
	all := strings.ToLower(output + "\n" + err.Error())
	known := &driver.Error{Output: driver.LastLines(output, keptLines), Err: err}
	switch {
	case strings.Contains(all, "no space left on device"), strings.Contains(all, "disk quota exceeded"):
		where := ""
		if e.dataRoot != "" {
			where = " (" + e.dataRoot + ")"
		}
		known.Kind = driver.ErrNoSpace
		known.What = fmt.Sprintf("the disk of %s is full%s", e.name, where)
		known.Do = fmt.Sprintf("free some space there: `%s system df` shows what it keeps, `%s system prune` removes what is unused", e.binary, e.binary)
	case strings.Contains(all, "port is already allocated"), strings.Contains(all, "address already in use"),
		strings.Contains(all, "ports are not available"):
		known.Kind = driver.ErrPort
		known.What = "a port of the cluster is taken by another program: " + lineWith(output+"\n"+err.Error(), "port", "address already in use")
		known.Do = "run it again, which takes another port; `podlab cluster down` first if that does not help"
	case strings.Contains(all, "cannot connect to the docker daemon"), strings.Contains(all, "is the docker daemon running"),
		strings.Contains(all, "connection refused") && strings.Contains(all, "docker.sock"),
		strings.Contains(all, "cannot connect to podman"):
		known.Kind = driver.ErrEngine
		known.What = fmt.Sprintf("%s stopped answering", e.name)
		known.Do = startRemedy(err) + "; then run it again, and what was half-made is repaired"
	case strings.Contains(all, "unable to apply caps"), strings.Contains(all, "operation not permitted") && strings.Contains(all, "oci runtime"):
		known.Kind = driver.ErrEngine
		known.What = fmt.Sprintf("%s cannot start privileged containers on this host: %s", e.name, lineWith(output, "not permitted"))
		known.Do = "use an engine that can (on Debian scripts/engine as root starts one), or a cluster that you have: --kubeconfig FILE"
	case strings.Contains(all, "requires cgroup v2"), strings.Contains(all, "delegate=yes"):
		known.Kind = driver.ErrEngine
		known.What = strings.TrimSpace(lineWith(err.Error(), "requires", "delegate"))
		known.Do = "run the engine as root, or see https://kind.sigs.k8s.io/docs/user/rootless/"
	default:
		return nil
	}
	return known
}

// outputOf finds what the failed program said, whoever ran it.
func outputOf(err error) string {
	var failed *commandError
	if errors.As(err, &failed) {
		return failed.output
	}
	if run := kindexec.RunErrorForError(err); run != nil {
		return string(run.Output)
	}
	return ""
}

// reasonIn picks the line of a long output that is most likely the reason:
// kubeadm's "error: …", or the engine's.
func reasonIn(output string) string {
	reason := ""
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		lower := strings.ToLower(line)
		if strings.HasPrefix(lower, "error") || strings.Contains(lower, "error response from daemon") {
			reason = line
		}
	}
	if reason == "" {
		reason = driver.LastLines(output, 1)
	}
	const most = 200 // characters: one line of a terminal or two
	if len(reason) > most {
		reason = reason[:most] + "…"
	}
	return reason
}

// lineWith is the first line of text with one of words, in any case.
func lineWith(text string, words ...string) string {
	for line := range strings.Lines(text) {
		for _, word := range words {
			if strings.Contains(strings.ToLower(line), word) {
				return strings.TrimSpace(line)
			}
		}
	}
	return driver.LastLines(text, 1)
}
