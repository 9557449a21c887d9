package lab

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Times are how long a cluster waits. Zero is as Kubernetes has it: [Usual] says how long
// that is.
type Times struct {
	// BackOff is the longest pause before a container that ends again and again is started
	// once more.
	BackOff time.Duration
	// Unknown is how long nothing has to be heard of a node until it is Unknown.
	Unknown time.Duration
	// Evict is how long Pods stay on a node that is Unknown or not Ready.
	Evict time.Duration
}

// Usual are the times of a cluster of which nobody has said anything: the kubelet's
// MaxContainerBackOff, the controller manager's --node-monitor-grace-period (50s since
// Kubernetes 1.32), the API server's --default-unreachable-toleration-seconds.
var Usual = Times{BackOff: 5 * time.Minute, Unknown: 50 * time.Second, Evict: 5 * time.Minute}

// leastUnknown leaves a kubelet on a busy machine several tries to be heard.
const leastUnknown = 8 * time.Second

// rawTimes are times as lab.cue and JSON have them.
type rawTimes struct {
	BackOff string `json:"backOff,omitempty"`
	Unknown string `json:"unknown,omitempty"`
	Evict   string `json:"evict,omitempty"`
}

// UnmarshalJSON reads what has the shape #Times.
func (t *Times) UnmarshalJSON(b []byte) error {
	var in rawTimes
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	*t = Times{duration(in.BackOff), duration(in.Unknown), duration(in.Evict)}
	return nil
}

// MarshalJSON writes what UnmarshalJSON reads.
func (t Times) MarshalJSON() ([]byte, error) {
	return json.Marshal(rawTimes{seconds(t.BackOff), seconds(t.Unknown), seconds(t.Evict)})
}

func seconds(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf("%ds", d/time.Second)
}

// short is how people write it: 5m, 16s.
func short(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return seconds(d)
}

// ID tells clusters with these times from others, in letters that a name may have; ""
// where all is as usual.
func (t Times) ID() string {
	var parts []string
	for _, x := range []struct {
		letter string
		time   time.Duration
	}{{"b", t.BackOff}, {"u", t.Unknown}, {"e", t.Evict}} {
		if x.time != 0 {
			parts = append(parts, x.letter+seconds(x.time))
		}
	}
	return strings.Join(parts, "-")
}

// Say says to a learner what is otherwise here than elsewhere, a sentence for each.
func (t Times) Say() (out []string) {
	for _, x := range []struct {
		time, usual time.Duration
		what        string
	}{
		{t.BackOff, Usual.BackOff, "a container that ends again and again is started at least every %s (elsewhere %s)"},
		{t.Unknown, Usual.Unknown, "a node that is silent is Unknown after %s (elsewhere %s)"},
		{t.Evict, Usual.Evict, "Pods are evicted from a lost node after %s more (elsewhere %s), unless they say otherwise"},
	} {
		if x.time != 0 {
			out = append(out, fmt.Sprintf(x.what, short(x.time), short(x.usual)))
		}
	}
	return out
}

// times looks at what the shape #Times cannot say, and has the first page say what is
// otherwise here than elsewhere.
func (d *decoder) times(l *Lab) {
	t := l.Needs.Times
	if here := t.Say(); here != nil && len(l.Steps) > 0 {
		first := &l.Steps[0]
		first.Lesson = fmt.Appendf(slices.Clip(first.Lesson), "\n> This lab's cluster waits less than others: %s.\n", strings.Join(here, "; "))
	}
	for _, x := range []struct {
		field       string
		time, least time.Duration
		most        time.Duration
	}{
		{"backOff", t.BackOff, time.Second, Usual.BackOff},
		{"unknown", t.Unknown, leastUnknown, Usual.Unknown},
		{"evict", t.Evict, time.Second, Usual.Evict},
	} {
		p := "needs.times." + x.field
		switch {
		case !d.has(p):
		case x.time%time.Second != 0:
			d.add(d.pos(p), p, "a cluster counts in whole seconds")
		case x.time < x.least || x.time > x.most:
			d.add(d.pos(p), p, "a cluster can wait from %s to %s", short(x.least), short(x.most))
		}
	}
}
