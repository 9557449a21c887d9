package html

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"podlab.dev/podlab/grader/class"
	"podlab.dev/podlab/grader/report"
)

// picture is what a student's Pods did, as bars on an axis of time. X and Wide are
// percentages of its width, the rest pixels.
type picture struct {
	High   int
	Ticks  []tick
	Pods   []pod
	Phases []phase // those that occur
	Again  bool    // something was restarted
	More   int     // Pods that are not drawn
	Bottom int     // where the axis is
}

type tick struct {
	X     float64
	Label string
	Side  string // how the label is anchored
}

type pod struct {
	Name     string
	X        float64 // where the name is, and how it is anchored
	Side     string
	NameY, Y int // of the name's line, of the bar's upper edge
	MarkY    int // of the restarts' line
	Spans    []span
	Restarts []restart
	Words    []string
}

// span is a bar.
type span struct {
	phase
	Name    string
	X, Wide float64
	Shown   bool // the bar has room for its name
}

// restart marks where containers were started again, with how often by then.
type restart struct {
	X    float64
	N    int32
	Side string
}

// phase is how a phase is drawn: a colour and a pattern.
type phase struct{ Kind, Word string }

func phases() []phase {
	return []phase{{"waiting", "waiting"}, {"running", "running, not ready"}, {"ready", "ready"}, {"done", "succeeded"}, {"trouble", "in trouble"}, {"going", "terminating"}}
}

func phaseOf(name string) phase {
	all := phases()
	switch name {
	case "Pending":
		return all[0]
	case "Running":
		return all[1]
	case "Ready":
		return all[2]
	case "Succeeded", "Completed":
		return all[3]
	case "Terminating":
		return all[5]
	}
	return all[4]
}

const (
	// podHigh is the pixels that a Pod takes: its name, its bar, its restarts.
	podHigh = 54
	barTop  = 18
	barHigh = 20
	// maxDrawn and maxBars bound the picture of a Pod that is made and broken all
	// the time, in Pods and in bars of one.
	maxDrawn = 24
	maxBars  = 60
	// apart is how many percent there are at least from a mark of a restart to the
	// next. The words have all of them.
	apart = 4
)

func newPicture(pods []class.Pod, o report.Options) *picture {
	end := 0.0
	for _, p := range pods {
		for _, s := range p.Spans {
			end = math.Max(end, s.To)
		}
	}
	if len(pods) == 0 || end <= 0 || math.IsInf(end, 0) {
		return nil
	}
	pic := &picture{More: max(0, len(pods)-maxDrawn)}
	pods = pods[:min(len(pods), maxDrawn)]
	for i, p := range pods {
		pic.Pods = append(pic.Pods, newPod(p, i*podHigh, end, o))
		pic.Again = pic.Again || len(pic.Pods[i].Restarts) > 0
	}
	for _, ph := range phases() {
		if slices.ContainsFunc(pic.Pods, func(p pod) bool { return slices.ContainsFunc(p.Spans, func(s span) bool { return s.phase == ph }) }) {
			pic.Phases = append(pic.Phases, ph)
		}
	}
	pic.Bottom = len(pods) * podHigh
	pic.High = pic.Bottom + 20
	each := nice(end)
	for at := 0.0; at <= end; at += each {
		t := tick{Label: seconds(at)}
		if t.X, t.Side = side(100 * at / end); at > 0 && t.X <= 95 {
			t.Side = "middle"
		}
		pic.Ticks = append(pic.Ticks, t)
	}
	return pic
}

func newPod(p class.Pod, top int, end float64, o report.Options) pod {
	out := pod{Name: o.Clean(p.Name), NameY: top + 13, Y: top + barTop, MarkY: top + barTop + barHigh + 11}
	if len(p.Spans) > 0 {
		out.X, out.Side = side(100 * p.Spans[0].From / end)
	}
	before := int32(0)
	for i, s := range p.Spans {
		name := o.Clean(s.Phase)
		said := fmt.Sprintf("%s from %s to %s", name, seconds(s.From), seconds(s.To))
		if s.Restarts > before {
			said += fmt.Sprintf(", restarted %s by then", times(s.Restarts))
		}
		if i < maxBars {
			x, wide := 100*s.From/end, 100*(s.To-s.From)/end
			// A phase of a moment is still seen.
			x, wide = round(math.Min(x, 99.6)), round(math.Max(wide, 0.4))
			// Names are about 0.75 percent a letter on a screen of 1000 pixels.
			out.Spans = append(out.Spans, span{phase: phaseOf(s.Phase), Name: name, X: x, Wide: wide, Shown: wide > 0.8*float64(len([]rune(name)))})
			if n := len(out.Restarts); s.Restarts > before && (n == 0 || x-out.Restarts[n-1].X > apart) {
				r := restart{N: s.Restarts}
				r.X, r.Side = side(x)
				out.Restarts = append(out.Restarts, r)
			}
			out.Words = append(out.Words, said)
		} else if i == maxBars {
			out.Words = append(out.Words, fmt.Sprintf("and %d more phases that are not drawn", len(p.Spans)-i))
		}
		before = max(before, s.Restarts)
	}
	return out
}

// side is where words stand that begin at a place, in percent: left of it where the
// picture ends soon.
func side(x float64) (float64, string) {
	if x > 80 {
		return round(x), "end"
	}
	return round(x), "start"
}

// nice is the distance of the ticks of an axis: at most seven of them, at even
// numbers of seconds, minutes or hours.
func nice(end float64) float64 {
	for _, each := range []float64{0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400} {
		if end/each <= 7 {
			return each
		}
	}
	return end / 7
}

// seconds is a time since the recording began.
func seconds(at float64) string {
	switch {
	case at < 60:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", at), ".0") + " s"
	case at < 3600:
		return fmt.Sprintf("%d:%02d min", int(at)/60, int(at)%60)
	}
	return fmt.Sprintf("%d:%02d h", int(at)/3600, int(at)/60%60)
}

func times(n int32) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// Alt is the picture in a sentence.
func (p *picture) Alt() string {
	return fmt.Sprintf("Timeline of %d Pods; in words below", len(p.Pods)+p.More)
}
