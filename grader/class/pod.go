package class

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"podlab.dev/podlab/grader/timeline"
)

// Pod is what one Pod did, for a picture.
type Pod struct {
	Name string `json:"name"`
	// Spans follow each other without holes, from the first entry about the Pod to
	// when it was gone or the recording ended.
	Spans []Span `json:"spans"`
}

// Span is a time in which a Pod was in one state.
type Span struct {
	// From and To are seconds since the recording began.
	From float64 `json:"from"`
	To   float64 `json:"to"`
	// Phase is the Pod's phase, "Ready" of one that runs and is ready, or the
	// reason why a container waits: "CrashLoopBackOff".
	Phase string `json:"phase"`
	// Restarts of its containers by then.
	Restarts int32 `json:"restarts,omitempty"`
}

const (
	// maxPods and maxSpans bound what a submission can make a picture of.
	maxPods  = 40
	maxSpans = 200
)

// Pods reads what Pods did from a record of entries.
func Pods(entries []timeline.Entry) []Pod {
	if len(entries) == 0 {
		return nil
	}
	began := entries[0].Time
	at := func(t time.Time) float64 { return t.Sub(began).Round(10 * time.Millisecond).Seconds() }
	type living struct {
		Pod
		uid  string
		gone bool
	}
	var pods []*living
	for _, e := range entries {
		if e.Kind != timeline.Object && e.Kind != timeline.Deleted {
			continue
		}
		var p corev1.Pod
		if err := json.Unmarshal(e.Object, &p); err != nil || p.Kind != "Pod" {
			continue
		}
		i := slices.IndexFunc(pods, func(l *living) bool { return l.uid == string(p.UID) })
		if i < 0 {
			if len(pods) == maxPods {
				continue
			}
			pods, i = append(pods, &living{Pod: Pod{Name: p.Name}, uid: string(p.UID)}), len(pods)
		}
		l := pods[i]
		if e.Kind == timeline.Deleted {
			if n := len(l.Spans); n > 0 {
				l.Spans[n-1].To = at(e.Time)
			}
			l.gone = true
			continue
		}
		next := Span{From: at(e.Time), To: at(e.Time), Phase: phase(&p)}
		for _, s := range p.Status.ContainerStatuses {
			next.Restarts += s.RestartCount
		}
		if n := len(l.Spans); n > 0 {
			last := &l.Spans[n-1]
			last.To = next.From
			if last.Phase == next.Phase && last.Restarts == next.Restarts || n == maxSpans {
				continue
			}
		}
		l.Spans = append(l.Spans, next)
	}
	end := at(entries[len(entries)-1].Time)
	out := make([]Pod, 0, len(pods))
	for _, l := range pods {
		n := len(l.Spans)
		if n == 0 {
			continue // it was gone before anything was seen of it
		}
		if !l.gone {
			l.Spans[n-1].To = end
		}
		out = append(out, l.Pod)
	}
	return out
}

// phase is how kubectl would put it, in a word.
func phase(p *corev1.Pod) string {
	if p.DeletionTimestamp != nil {
		return "Terminating"
	}
	for _, s := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		if w := s.State.Waiting; w != nil && w.Reason != "" && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing" {
			return strings.ToValidUTF8(w.Reason, "?")
		}
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
			return "Ready"
		}
	}
	if p.Status.Phase == "" {
		return string(corev1.PodPending)
	}
	return string(p.Status.Phase)
}
