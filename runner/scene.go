package runner

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"podlab.dev/podlab/grader/timeline"
)

// Scene is what a learner wants to see of the lab's namespace at a glance: its
// Pods and what they went through, the last events, and whether the cluster can
// be seen at all. It is a fold of [Recorded] entries; its zero value is ready.
type Scene struct {
	pods   map[string]*PodLife // by UID
	events []SceneEvent        // the last ones, by the time they were seen
	gaps   map[string]gap      // by kind
	origin timeline.Origin
	looked bool // all Pods that there are have been listed
}

type gap struct {
	since  time.Time
	reason string
}

// Phase is how a Pod is, in one letter that a strip can be made of.
type Phase byte

// Phases of a Pod.
const (
	Pending     Phase = 'P' // no node yet
	Creating    Phase = 'C' // containers are being made
	NotReady    Phase = 'r' // it runs and is not ready
	Running     Phase = 'R'
	Succeeded   Phase = 'S'
	Failing     Phase = '!'
	Terminating Phase = 'T'
	Absent      Phase = '.' // not there yet, or not any more
)

// PodLife is a Pod with its past. The strings are the cluster's: clean them.
type PodLife struct {
	Name, UID string
	// State is the last one in words: Running, CrashLoopBackOff.
	State    string
	Restarts int
	Born     time.Time
	// Past is how it was, and since when; the last one is now.
	Past []Moment
}

// Moment is a phase that began.
type Moment struct {
	Since time.Time
	Phase Phase
}

// SceneEvent is a Kubernetes event.
type SceneEvent struct {
	Seen                  time.Time
	Object, Kind          string // which the event is about
	Type, Reason, Message string
}

const (
	maxEvents = 200
	maxPast   = 256              // moments of a Pod that are kept
	afterlife = 10 * time.Minute // how long a Pod that is gone is kept
)

// Observe takes the next entries and reports whether anything is to be seen of
// them.
func (s *Scene) Observe(entries []timeline.Entry) (changed bool) {
	for _, e := range entries {
		changed = s.observe(e) || changed
	}
	return changed
}

func (s *Scene) observe(e timeline.Entry) bool {
	if s.pods == nil {
		s.pods, s.gaps = map[string]*PodLife{}, map[string]gap{}
	}
	switch e.Kind {
	case timeline.Start:
		if e.Origin != nil && *e.Origin != s.origin {
			clear(s.pods)
			s.events, s.origin = nil, *e.Origin
		}
		clear(s.gaps)
		s.looked = false
	case timeline.Reset:
		clear(s.pods)
		s.events = nil
	case timeline.Gap:
		s.gaps[e.Of] = gap{e.Time, e.Reason}
	case timeline.Synced, timeline.Resumed:
		s.looked = s.looked || e.Kind == timeline.Synced && e.Of == "Pod"
		if _, ok := s.gaps[e.Of]; !ok {
			return false
		}
		delete(s.gaps, e.Of)
	case timeline.Object, timeline.Deleted:
		return s.object(e)
	default:
		return false
	}
	return true
}

func (s *Scene) object(e timeline.Entry) bool {
	var head struct{ Kind string }
	if json.Unmarshal(e.Object, &head) != nil {
		return false
	}
	switch head.Kind {
	case "Pod":
		var pod corev1.Pod
		if json.Unmarshal(e.Object, &pod) != nil {
			return false
		}
		return s.pod(e, &pod)
	case "Event":
		var event corev1.Event
		if e.Kind == timeline.Deleted || json.Unmarshal(e.Object, &event) != nil {
			return false
		}
		about := event.InvolvedObject
		s.events = append(s.events, SceneEvent{Seen: e.Time, Object: about.Name, Kind: about.Kind, Type: event.Type, Reason: event.Reason, Message: event.Message})
		if n := len(s.events); n > maxEvents {
			s.events = slices.Clone(s.events[n-maxEvents/2:])
		}
		return true
	}
	return false
}

func (s *Scene) pod(e timeline.Entry, pod *corev1.Pod) bool {
	id := string(pod.UID)
	life := s.pods[id]
	if life == nil {
		if e.Kind == timeline.Deleted {
			return false // never seen alive: nothing to tell of
		}
		for _, old := range s.pods { // the dead are forgotten when others come
			if old.now() == Absent && e.Time.Sub(old.Past[len(old.Past)-1].Since) > afterlife {
				delete(s.pods, old.UID)
			}
		}
		life = &PodLife{Name: pod.Name, UID: id, Born: e.Time}
		s.pods[id] = life
	}
	phase, state := phaseOf(pod)
	if e.Kind == timeline.Deleted {
		phase, state = Absent, "gone"
	}
	restarts := 0
	for _, c := range pod.Status.ContainerStatuses {
		restarts += int(c.RestartCount)
	}
	changed := phase != life.now() || state != life.State || restarts != life.Restarts
	if phase != life.now() {
		life.Past = append(life.Past, Moment{e.Time, phase})
		if n := len(life.Past); n > maxPast {
			life.Past = slices.Clone(life.Past[n-maxPast/2:])
		}
	}
	life.State, life.Restarts = state, restarts
	return changed
}

// now is the phase that the Pod is in.
func (p *PodLife) now() Phase {
	if len(p.Past) == 0 {
		return 0
	}
	return p.Past[len(p.Past)-1].Phase
}

// Now is the phase that the Pod is in.
func (p PodLife) Now() Phase { return p.now() }

// During is the phase that tells most about a stretch of time: that the Pod
// failed, if only for a moment, or the last one.
func (p PodLife) During(from, to time.Time) Phase {
	phase := Absent
	for _, m := range p.Past {
		if !m.Since.Before(to) {
			break
		}
		if phase == Failing && m.Since.After(from) {
			continue
		}
		phase = m.Phase
	}
	return phase
}

// phaseOf says how a Pod is, as kubectl get does in its STATUS.
func phaseOf(pod *corev1.Pod) (phase Phase, state string) {
	status := pod.Status
	switch {
	case pod.DeletionTimestamp != nil:
		return Terminating, "Terminating"
	case status.Phase == corev1.PodSucceeded:
		return Succeeded, "Completed"
	case status.Phase == corev1.PodFailed:
		return Failing, cmp.Or(status.Reason, ended(status.ContainerStatuses), "Failed")
	}
	if phase, state := initializing(pod); state != "" {
		return phase, state
	}
	for _, c := range status.ContainerStatuses {
		switch w, t := c.State.Waiting, c.State.Terminated; {
		case w != nil && w.Reason != "" && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing":
			return Failing, w.Reason
		case t != nil && t.ExitCode != 0:
			return Failing, cmp.Or(t.Reason, "Error")
		}
	}
	switch {
	case status.Phase == corev1.PodRunning:
		for _, c := range status.Conditions {
			if c.Type == corev1.PodReady && c.Status != corev1.ConditionTrue {
				return NotReady, "Running, not ready"
			}
		}
		return Running, "Running"
	case pod.Spec.NodeName == "":
		return Pending, "Pending"
	}
	return Creating, "ContainerCreating"
}

// initializing says which init container is at work or stuck: Init:0/1,
// Init:Error; "" if all have ended, and all sidecars are started.
func initializing(pod *corev1.Pod) (Phase, string) {
	stays := map[string]bool{}
	for _, c := range pod.Spec.InitContainers {
		stays[c.Name] = c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
	}
	for i, c := range pod.Status.InitContainerStatuses {
		switch w, t := c.State.Waiting, c.State.Terminated; {
		case t != nil && t.ExitCode == 0, stays[c.Name] && c.Started != nil && *c.Started:
		case t != nil:
			return Failing, "Init:" + cmp.Or(t.Reason, "Error")
		case w != nil && w.Reason != "" && w.Reason != "PodInitializing":
			return Failing, "Init:" + w.Reason
		default:
			return Creating, fmt.Sprintf("Init:%d/%d", i, len(pod.Spec.InitContainers))
		}
	}
	return 0, ""
}

// ended is why the first container that ended badly did so.
func ended(statuses []corev1.ContainerStatus) string {
	for _, c := range statuses {
		if t := c.State.Terminated; t != nil && t.ExitCode != 0 {
			return t.Reason
		}
	}
	return ""
}

// Pods are the Pods that there are, and those that are gone since then, the
// oldest first.
func (s *Scene) Pods(since time.Time) []PodLife {
	var out []PodLife
	for _, p := range s.pods {
		if p.now() != Absent || p.Past[len(p.Past)-1].Since.After(since) {
			out = append(out, *p)
		}
	}
	slices.SortFunc(out, func(a, b PodLife) int {
		return cmp.Or(a.Born.Compare(b.Born), cmp.Compare(a.Name, b.Name), cmp.Compare(a.UID, b.UID))
	})
	return out
}

// Looked tells whether all Pods have been listed: before, none means nothing.
func (s *Scene) Looked() bool { return s.looked }

// Events are the last n events, the youngest last.
func (s *Scene) Events(n int) []SceneEvent { return s.events[max(len(s.events)-n, 0):] }

// Blind says since when something cannot be seen, and why; reason is empty when
// all can.
func (s *Scene) Blind() (since time.Time, reason string) {
	for _, g := range s.gaps {
		if reason == "" || g.since.Before(since) {
			since, reason = g.since, cmp.Or(g.reason, "the cluster does not answer")
		}
	}
	return since, reason
}
