package record

import (
	"bufio"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"

	"podlab.dev/podlab/grader/timeline"
)

// maxLog is how much log of one run of a container is kept, in bytes. After that
// only lines that a check waits for are.
const maxLog = 256 << 10

// run is one run of one container: what has one log.
type run struct {
	uid, container string
	restart        int32
}

// follow reads the logs of the containers that checks are about, each run of a
// container once, as they are written.
func (r *Recorder) follow(ctx context.Context, g *errgroup.Group) {
	pods := map[string]bool{}
	for _, c := range r.Lab.Conditions() {
		if c.Logs != nil {
			pods[c.Logs.Pod] = true
		}
	}
	if len(pods) == 0 {
		return
	}
	read := map[run]time.Time{} // until when a log is recorded already
	for _, e := range r.Known {
		if e.Kind == timeline.Log {
			read[run{e.Log.UID, e.Log.Container, e.Log.Restart}] = e.Log.At
		}
	}
	g.Go(func() error {
		followed := map[run]bool{}
		r.eachChange(ctx, func(now map[string]*corev1.Pod) {
			for name := range pods {
				if now[name] == nil {
					continue
				}
				for _, id := range runs(now[name]) {
					if !followed[id] {
						followed[id] = true
						since := read[id]
						g.Go(func() error { r.readLog(ctx, name, id, since); return nil })
					}
				}
			}
		})
		return nil
	})
}

// runs lists the runs of a Pod's containers that have begun.
func runs(p *corev1.Pod) (out []run) {
	for _, s := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		if s.State.Running != nil || s.State.Terminated != nil {
			out = append(out, run{string(p.UID), s.Name, s.RestartCount})
		}
	}
	return out
}

// readLog follows one log to its end, or until its Pod is gone.
func (r *Recorder) readLog(ctx context.Context, pod string, id run, since time.Time) {
	var k kept
	for ctx.Err() == nil {
		// Asked before, because a stream may also end while the container runs on:
		// only what is read once the run is over is all of it.
		there, over := id.stands(r.pod(pod))
		if !there {
			return
		}
		stream, err := r.clients.CoreV1().Pods(r.Namespace).GetLogs(pod, &corev1.PodLogOptions{
			Container: id.container, Follow: true, Timestamps: true,
		}).Stream(ctx)
		if err == nil {
			since, err = r.copyLog(stream, pod, id, since, &k)
			stream.Close()
			if err == nil && over {
				return
			}
		}
		select { // the connection broke, or the kubelet was not ready yet, or not done
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// stands tells whether the log of a run can still be asked for, because its
// container has not been started again, and whether the run is over.
func (id run) stands(p *corev1.Pod) (there, over bool) {
	if p == nil || string(p.UID) != id.uid {
		return false, false
	}
	for _, s := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		if s.Name == id.container {
			return s.RestartCount == id.restart, s.State.Running == nil
		}
	}
	return false, false
}

// copyLog records the lines of a log that were written after since, and returns
// when the last one was. Lines of one stream may share a moment.
func (r *Recorder) copyLog(stream io.Reader, pod string, id run, since time.Time, k *kept) (last time.Time, err error) {
	last = since
	br := bufio.NewReaderSize(stream, timeline.MaxLine+64)
	for {
		line, err := br.ReadSlice('\n')
		cut := errors.Is(err, bufio.ErrBufferFull)
		text := strings.TrimSuffix(string(line), "\n")
		for errors.Is(err, bufio.ErrBufferFull) { // the rest of a line that is too long
			_, err = br.ReadSlice('\n')
		}
		if stamp, rest, ok := strings.Cut(text, " "); ok {
			if at, perr := time.Parse(time.RFC3339Nano, stamp); perr == nil && at.After(since) {
				last = at
				if len(rest) > timeline.MaxLine {
					rest, cut = rest[:timeline.MaxLine], true
				}
				r.keep(timeline.LogLine{
					Pod: pod, UID: id.uid, Container: id.container, Restart: id.restart,
					At: at, Line: strings.ToValidUTF8(rest, "\uFFFD"), Cut: cut,
				}, k)
			}
		}
		if errors.Is(err, io.EOF) {
			return last, nil
		}
		if err != nil {
			return last, err
		}
	}
}

// kept is how much of a log has been read, and of which checks it had a line, by id,
// once it was too long.
type kept struct {
	bytes int
	found map[string]bool
}

// keep appends a line unless the log has become too long for lines that nobody
// asked for.
func (r *Recorder) keep(l timeline.LogLine, k *kept) {
	k.bytes += len(l.Line)
	if k.bytes > maxLog && !r.wanted(l, k) {
		return
	}
	r.put(timeline.Entry{Kind: timeline.Log, Log: &l})
}

// wanted tells whether a check is about a line. One that does not wait for it yet
// may do so once others have passed: the first line will do for it then.
func (r *Recorder) wanted(l timeline.LogLine, k *kept) (yes bool) {
	for _, c := range r.Lab.Conditions() {
		if c.Logs == nil || c.Logs.Pod != l.Pod || c.Logs.Container != "" && c.Logs.Container != l.Container || !c.Logs.Match.MatchString(l.Line) {
			continue
		}
		yes = yes || !k.found[c.ID] || r.Waiting(c.ID)
		if k.found == nil {
			k.found = map[string]bool{}
		}
		k.found[c.ID] = true
	}
	return yes
}

func (r *Recorder) pod(name string) *corev1.Pod {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pods[name]
}

// eachChange calls fn with the Pods that exist, now and whenever one of them
// changes, until ctx ends.
func (r *Recorder) eachChange(ctx context.Context, fn func(map[string]*corev1.Pod)) {
	for {
		r.mu.Lock()
		changed, now := r.changed, make(map[string]*corev1.Pod, len(r.pods))
		for n, p := range r.pods {
			now[n] = p
		}
		r.mu.Unlock()
		fn(now)
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}
