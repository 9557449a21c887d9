package tui

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"podlab.dev/podlab/content"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/runner"
	"podlab.dev/podlab/runner/tui/vt"
)

// player plays a recording on a screen. It drives the same model that a session
// does, with what was recorded.
type player struct {
	*model
	recording *Recording
	next      int // frame
	at        time.Duration
	speed     float64
	paused    bool
	real      time.Time // when at was moved last
}

// step is how often a player moves on, idle how long nothing may happen: a wait
// for a cluster is no spectacle.
const (
	step = 33 * time.Millisecond
	idle = 3 * time.Second
)

type playing time.Time

// Play plays a recording on the terminal until its viewer leaves or ctx ends.
func Play(ctx context.Context, rec *Recording, o Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := newPlayer(rec, o)
	d := program(ctx, p.model, o.In, o.Out, os.Environ())
	var crash crash
	p.crashed = func(r any) {
		crash.set(r)
		end(d.program)
	}
	return crash.or(d.Run())
}

func newPlayer(rec *Recording, o Options) *player {
	p := &player{recording: rec, speed: 1, real: time.Now()}
	prefix, _ := ParsePrefix("") // as who recorded it saw it, most likely
	p.model = &model{session: rec.session(), options: o, prefix: prefix, retry: make(chan struct{}, 1), player: p}
	p.light = o.Theme == "light"
	p.theme = themeOf(p.light)
	p.rewind()
	return p
}

// rewind goes back to the beginning.
func (p *player) rewind() {
	p.next, p.at = 0, 0
	began := p.recording.header.Began
	p.now = func() time.Time { return began.Add(p.at) }
	p.began, p.cluster = began, clusterLine{began: began}
	p.session.State = p.recording.header.State
	p.report, p.scene, p.green, p.note = grader.Report{}, runner.Scene{}, map[string]time.Time{}, nil
	p.focus, p.zoom, p.side, p.saying, p.pageOf = onShell, false, lessonSide, "", -1
	p.shell = &shell{wake: make(chan struct{}, 1), term: vt.New(80, 24)}
	p.open()
}

// seek goes to a time of the recording.
func (p *player) seek(to time.Duration) {
	to = min(max(to, 0), p.recording.Length())
	if to < p.at {
		p.rewind()
	}
	frames := p.recording.frames
	for p.next < len(frames) && frames[p.next].at() <= to {
		p.at = frames[p.next].at()
		p.apply(frames[p.next])
		p.next++
	}
	p.at = to
	p.stale, p.fresh = true, false
}

// resized lays the screen out for a size, once there is one.
func (p *player) resized(width, height int) {
	if p.width, p.height = width, height; width > 0 && height > 0 {
		p.layout = arrange(width, height, p.zoom)
		top := p.top
		p.layOut()
		p.top = top
		p.scroll(0)
	}
}

// apply has a frame happen.
func (p *player) apply(f frame) {
	if len(f.Size) == 2 {
		p.shell.term.Resize(f.Size[0], f.Size[1])
	}
	_, _ = p.shell.term.Write(f.Out) // it never fails
	p.shell.term.Replies()           // nobody asks any more
	if f.Progress != nil {
		p.event(runner.Progress{Event: *f.Progress})
	}
	if f.Ready != nil {
		p.event(*f.Ready)
	}
	if f.Report != nil {
		p.event(runner.Graded{Report: *f.Report})
	}
	if f.State != nil {
		p.event(runner.Turned{State: *f.State})
	}
	if f.Entries != nil {
		p.event(runner.Recorded{Entries: f.Entries})
	}
	if l := f.Look; l != nil {
		p.focus, p.zoom, p.side, p.top, p.saying, p.note = onShell, l.Zoom, side(l.Side), max(l.Top, 0), clean(l.Saying), nil
		if l.Lesson {
			p.focus = onLesson
		}
		if l.Title != "" {
			p.note = &note{title: clean(l.Title), text: content.Text(l.Text)}
		}
		p.sayEnd = p.now().Add(time.Hour) // until the next look
		p.resized(p.width, p.height)
	}
}

// plays moves on with the time.
func (p *player) plays() tea.Cmd {
	now := time.Now()
	if !p.paused {
		to := p.at + time.Duration(float64(now.Sub(p.real))*p.speed)
		if frames := p.recording.frames; p.next < len(frames) && frames[p.next].at()-p.at > idle {
			to = frames[p.next].at() - idle/2
		}
		p.seek(to)
	}
	p.real = now
	return tea.Tick(step, func(t time.Time) tea.Msg { return playing(t) })
}

// key does a key of the player's.
func (p *player) key(k tea.KeyPressMsg) tea.Cmd {
	switch k.String() {
	case "space":
		if p.at >= p.recording.Length() {
			p.seek(0)
			p.paused = false
			return nil
		}
		p.paused = !p.paused
	case "left":
		p.seek(p.at - 5*time.Second)
	case "right":
		p.seek(p.at + 5*time.Second)
	case "home":
		p.seek(0)
	case "<":
		p.speed = max(p.speed/2, 0.25)
	case ">":
		p.speed = min(p.speed*2, 16)
	case "n": // to the next page
		for _, f := range p.recording.frames[p.next:] {
			if f.State != nil && f.State.Page != p.session.State.Page {
				p.seek(f.at())
				break
			}
		}
	case "t":
		return p.toggleTheme()
	case "q", "esc", "ctrl+c":
		return tea.Quit
	}
	return nil
}

// keyLine is the player's.
func (p *player) keyLine() string {
	state := "▶"
	switch {
	case p.at >= p.recording.Length():
		state = "■"
	case p.paused:
		state = "‖"
	}
	line := " " + paint(p.theme.on, " RECORDING ") + fmt.Sprintf(" %s %s / %s ×%g   ", state, clock(p.at)[3:], clock(p.recording.Length())[3:], p.speed)
	for _, k := range [][2]string{{"space", "pause"}, {"arrows", "5 s"}, {"< >", "speed"}, {"n", "next page"}, {"q", "quit"}, {"Home", "begin"}, {"t", "theme"}} {
		if part := paint(p.theme.accent, k[0]) + " " + k[1]; ansi.StringWidth(line)+ansi.StringWidth(part) <= p.width {
			line += part + "  "
		}
	}
	return fit(strings.TrimRight(line, " "), p.width)
}
