package record

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/util/exec"

	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader/timeline"
)

// runCommand runs the command of a check, if it can be run by now.
func (r *Recorder) runCommand(ctx context.Context, c *lab.Check) (timeline.Entry, bool) {
	r.mu.Lock()
	pod := r.pods[c.Exec.Pod]
	r.mu.Unlock()
	if pod == nil || !running(pod, c.Exec.Container) {
		return timeline.Entry{}, false
	}
	res := r.exec(ctx, c, pod)
	if ctx.Err() != nil || r.ended(ctx, res, c.Exec.Container) {
		return timeline.Entry{}, false
	}
	return timeline.Entry{Kind: timeline.Exec, Exec: &res}, true
}

// running tells whether a command can be run in the container. Where it cannot,
// that is the state of the learner's Pod and no trouble of ours.
func running(p *corev1.Pod, container string) bool {
	if p.DeletionTimestamp != nil {
		return false
	}
	for _, s := range p.Status.ContainerStatuses {
		if (container == "" || s.Name == container) && s.State.Running != nil {
			return true
		}
	}
	for _, s := range p.Status.InitContainerStatuses { // sidecars run on
		if s.Name == container && s.State.Running != nil {
			return true
		}
	}
	return false
}

// ended tells whether a command could not be run because its container had
// stopped meanwhile. The Pod's status, which may arrive later, is then what
// there is to say, and it is the learner's.
func (r *Recorder) ended(ctx context.Context, res timeline.ExecResult, container string) bool {
	if res.Error == "" {
		return false
	}
	late := time.NewTimer(probeEvery)
	defer late.Stop()
	for {
		r.mu.Lock()
		changed, pod := r.changed, r.pods[res.Pod]
		r.mu.Unlock()
		if pod == nil || string(pod.UID) != res.UID || !running(pod, container) {
			return true
		}
		select {
		case <-ctx.Done():
			return true
		case <-late.C:
			return strings.Contains(res.Error, "container not found")
		case <-changed:
		}
	}
}

// exec runs a check's command once. A result without any output is asked for
// again: client-go has been seen to discard what a very fast command printed
// ("Unknown stream id 1, discarding message").
func (r *Recorder) exec(ctx context.Context, c *lab.Check, pod *corev1.Pod) timeline.ExecResult {
	res := r.execOnce(ctx, c, pod)
	if res.Error == "" && res.Stdout == "" && res.Stderr == "" {
		res = r.execOnce(ctx, c, pod)
	}
	return res
}

func (r *Recorder) execOnce(ctx context.Context, c *lab.Check, pod *corev1.Pod) timeline.ExecResult {
	res := timeline.ExecResult{Check: c.ID, Pod: pod.Name, UID: string(pod.UID)}
	r.busy.Add(1)
	defer r.busy.Add(-1)
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	req := r.clients.CoreV1().RESTClient().Post().Resource("pods").Namespace(r.Namespace).Name(pod.Name).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{
			Container: c.Exec.Container, Command: c.Exec.Command, Stdout: true, Stderr: true,
		}, scheme.ParameterCodec)
	ws, err := remotecommand.NewWebSocketExecutor(r.REST, "GET", req.URL().String())
	if err != nil {
		res.Error = err.Error()
		return res
	}
	var stdout, stderr bounded
	err = ws.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: &stdout, Stderr: &stderr})
	var exit exec.CodeExitError
	switch {
	case errors.As(err, &exit):
		res.ExitCode = exit.Code
	case err != nil && ctx.Err() != nil:
		res.Error = "the command did not end within " + probeTimeout.String()
	case err != nil && strings.Contains(err.Error(), "OCI runtime exec failed"):
		// The runtime found no such program: the learner's image lacks it.
		res.ExitCode = 127
		stderr.Write([]byte(err.Error())) //nolint:errcheck // it never fails
	case err != nil:
		res.Error = err.Error()
	}
	if res.Error != "" {
		return res
	}
	res.Stdout, res.Stderr = stdout.String(), stderr.String()
	return res
}

// bounded keeps the first timeline.MaxOutput bytes and takes the rest for lost.
type bounded struct {
	buf bytes.Buffer
	cut bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if room := timeline.MaxOutput - b.buf.Len(); room < len(p) {
		b.cut = true
		b.buf.Write(p[:max(room, 0)])
	} else {
		b.buf.Write(p)
	}
	return len(p), nil
}

func (b *bounded) String() string {
	s := strings.ToValidUTF8(b.buf.String(), "\uFFFD")
	if b.cut {
		s += "\n[cut]"
	}
	return s
}
