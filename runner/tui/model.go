package tui

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/content"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/runner"
	"podlab.dev/podlab/runner/tui/vt"
)

// focus is who gets the keys.
type focus int

const (
	onShell focus = iota
	onLesson
)

// side is what the lesson's pane shows.
type side int

const (
	lessonSide side = iota
	detailsSide
	podsSide
	helpSide
)

// model is the screen.
type model struct {
	session  *runner.Session
	work     *runner.Work
	options  Options
	theme    theme
	light    bool
	bindings []binding
	prefix   Prefix
	crashed  func(any)
	retry    chan struct{}
	now      func() time.Time
	recorder *recorder // nil: nobody records
	player   *player   // nil: this is no recording

	report  grader.Report
	scene   runner.Scene
	green   map[string]time.Time // when checks turned so
	cluster clusterLine
	began   time.Time

	leaving runner.Leaving

	shell    *shell
	shellErr error
	woken    bool // a command waits for the shell to write
	back     int  // rows scrolled back in the shell

	page   *content.Page // nil when it cannot be read; pageErr says why
	pageOf int
	side   side
	top    int // the first row of the side that is seen
	lines  []string
	starts []int // rows of lines where the commands begin
	picked int   // command, from 1; 0 is none
	note   *note
	search search

	focus    focus
	zoom     bool
	mouse    bool // is ours
	armed    bool // the prefix was pressed
	menu     bool // and its keys are listed
	seq      int
	question *question
	saying   string // in the line of keys, until sayEnd
	sayEnd   time.Time

	width, height int
	layout        layout

	chrome []string // all rows, those of the shell without it
	stale  bool     // chrome is
	view   tea.View
	fresh  bool // view is
}

// note is what stands below the lesson until it is put away, or the check that
// it is about passes.
type note struct{ title, text, check string }

func newModel(x *runner.Session, o Options) (*model, error) {
	r, err := x.Recorded()
	if err != nil {
		return nil, err
	}
	prefix, err := ParsePrefix(o.Prefix)
	if err != nil {
		return nil, err
	}
	m := &model{
		session: x, options: o, prefix: prefix, mouse: o.Mouse, light: o.Theme == "light", theme: themeOf(o.Theme == "light"), bindings: bindings(),
		retry: make(chan struct{}, 1), now: time.Now, report: r, green: map[string]time.Time{}, pageOf: -1,
	}
	m.began = m.now()
	m.cluster.began = m.began
	m.open()
	return m, nil
}

// Init begins what goes on by itself.
func (m *model) Init() tea.Cmd {
	commands := []tea.Cmd{tick()}
	if m.player != nil {
		commands = append(commands, m.player.plays())
	}
	return tea.Batch(commands...)
}

// asksBackground tells that the terminal has to say which background it has.
func (m *model) asksBackground() bool {
	return m.options.Theme == "auto" || m.options.Theme == ""
}

type ticked time.Time

// tick comes every second, for what is told in seconds.
func tick() tea.Cmd {
	return tea.Every(time.Second, func(t time.Time) tea.Msg { return ticked(t) })
}

// wrote says that the shell's screen is another one.
type wrote struct{ shell *shell }

// await waits for the shell to write, after a pause that a key ends: a program that
// writes without end is not drawn more often than it can be seen.
func (m *model) await(pause time.Duration) tea.Cmd {
	s := m.shell
	return func() tea.Msg {
		if pause > 0 {
			t := time.NewTimer(pause)
			defer t.Stop()
			select {
			case <-t.C:
			case <-s.hurry:
			}
		}
		<-s.wake
		return wrote{s}
	}
}

// Update takes what happens.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	m.fresh = false
	if w, ok := msg.(wrote); ok { // often, and only the shell's rows are others
		return m, m.wrote(w)
	}
	if k, ok := msg.(tea.KeyPressMsg); ok && m.plainKey(k) {
		m.inShell(k)
		return m, nil
	}
	m.stale = true
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		cmd = m.arrange()
	case tea.BackgroundColorMsg:
		m.light = !msg.IsDark()
		m.paintAnew()
	case playing:
		cmd = m.player.plays()
	case tea.KeyPressMsg:
		if m.player != nil {
			cmd = m.player.key(msg)
			break
		}
		cmd = m.key(msg)
	case tea.MouseMsg:
		if m.player == nil {
			cmd = m.pointed(msg)
		}
	case tea.PasteMsg:
		cmd = m.paste(msg.Content)
	case menuDue:
		m.menu = m.armed && int(msg) == m.seq
	case ticked:
		cmd = tick()
		if !m.ticks() {
			m.fresh, m.stale = true, false
		}
	case begun:
		m.cluster = clusterLine{began: m.now()}
		m.layOut()
	case failed:
		m.cluster.fail(msg.err)
		m.layOut()
	case runner.Event:
		m.event(msg)
		m.recorder.event(msg)
	default:
		m.fresh, m.stale = true, false
	}
	m.recorder.watch(m)
	return m, cmd
}

// plainKey tells that a key goes to the shell and changes nothing else.
func (m *model) plainKey(k tea.KeyPressMsg) bool {
	if m.player != nil || m.question != nil || m.armed || m.back > 0 || m.focus != onShell || m.shell == nil || k.String() == m.prefix.key {
		return false
	}
	return !m.shell.keys.ended.Load()
}

func (m *model) wrote(w wrote) tea.Cmd {
	if w.shell != m.shell {
		return nil // one that was closed
	}
	if m.shell.keys.ended.Load() {
		m.stale = true
	}
	if m.shell.awaited() {
		return m.await(soonest)
	}
	return m.await(apart)
}

// ticks tells whether time alone changes what is seen.
func (m *model) ticks() bool {
	if m.saying != "" && m.now().After(m.sayEnd) {
		m.saying = ""
	}
	return true
}

// event takes what happens to the session.
func (m *model) event(e runner.Event) {
	switch e := e.(type) {
	case runner.Progress:
		m.cluster.event(e.Event, m.now())
	case runner.Ready:
		m.cluster.ready = true
		switch {
		case e.Again:
			m.report, m.green, m.note = grader.Report{}, map[string]time.Time{}, nil
			m.say("the lab begins anew")
		case e.Fresh && m.report.Entries > 0:
			m.note = &note{title: "New", text: "The lab's namespace is new: what you had made in it is gone, what you had passed still counts."}
			if len(e.Lost) > 0 {
				m.note.text += "\n\n" + m.prefix.name + " B brings back: " + content.Line(strings.Join(e.Lost, ", "), 300)
				m.say("the namespace is new; " + m.prefix.name + " B brings back what you had made")
			}
			m.layOut()
		}
	case runner.Reworked:
		m.note = &note{title: e.Title, text: content.Text(e.Text)}
		if e.Ended && e.Step != "" {
			m.say("the page begins anew")
		}
		m.layOut()
	case runner.Warned:
		m.say(fmt.Sprintf("%d minutes left in the exam", int(e.Left.Minutes())))
		m.sayEnd = m.now().Add(time.Minute)
	case runner.Over:
		m.over(e.Report)
	case runner.Graded:
		m.graded(e.Report)
	case runner.Turned:
		m.session.State = e.State
		m.open()
	case runner.Recorded:
		m.scene.Observe(e.Entries)
		if m.side == podsSide || m.side == detailsSide {
			m.layOut()
		}
	}
}

// graded takes a report, and says when a page or the lab is done.
func (m *model) graded(r grader.Report) {
	was := map[string]grader.Verdict{}
	for _, x := range m.report.Results {
		was[x.Check] = x.Verdict
	}
	done := m.pageDone()
	for _, x := range r.Results {
		if x.Verdict == grader.Passed && was[x.Check] != grader.Passed && m.report.Entries > 0 {
			m.green[x.Check] = m.now()
		}
		if x.Verdict == grader.Passed && m.note != nil && m.note.check == x.Check {
			m.note = nil
		}
	}
	wasDone := m.report.Passed
	m.report = r
	switch {
	case r.Passed && !wasDone:
		m.note = &note{title: "Done", text: m.summary()}
		m.say("the lab is done")
	case !done && m.pageDone() && len(m.green) > 0:
		m.say("this page is done; " + m.prefix.name + " n goes on")
	}
	m.layOut()
}

// pageDone tells whether all checks of the page have passed.
func (m *model) pageDone() bool {
	results := m.report.Step(m.session.Step().ID)
	for _, x := range results {
		if x.Verdict != grader.Passed {
			return false
		}
	}
	return len(results) > 0
}

// open reads the page that the session is on.
func (m *model) open() {
	if m.pageOf == m.session.State.Page {
		return
	}
	m.pageOf = m.session.State.Page
	page, err := content.Parse(m.session.Step().Lesson)
	if err != nil {
		page, _ = content.Parse([]byte("This page cannot be read: " + content.Line(err.Error(), 500))) // it is Markdown
	}
	m.page, m.side, m.top, m.picked, m.note, m.search = page, lessonSide, 0, 0, nil, search{}
	m.layOut()
}

// arrange lays the screen out anew, and opens the shell once its size is known.
func (m *model) arrange() tea.Cmd {
	if m.width == 0 || m.height == 0 {
		return nil
	}
	first := m.layout.body == 0
	m.layout = arrange(m.width, m.height, m.zoom)
	if first && m.layout.form != beside {
		m.focus = onLesson // where there is room for one, reading comes first
	}
	m.layOut()
	if m.shell == nil {
		return m.openShell()
	}
	if m.player == nil {
		m.shell.resize(m.layout.shell, m.layout.body)
		m.recorder.put(frame{Size: []int{m.layout.shell, m.layout.body}})
	}
	m.back = 0
	return nil
}

// openShell opens the learner's shell in the pane.
func (m *model) openShell() tea.Cmd {
	m.shell, m.shellErr, m.back = nil, nil, 0
	cmd, err := m.session.Interactive(m.options.Podlab, m.options.Shell)
	if err == nil {
		m.recorder.put(frame{Size: []int{m.layout.shell, m.layout.body}})
		m.shell, err = openShell(cmd, m.layout.shell, m.layout.body, m.light, m.recorder, m.crashed)
	}
	if err != nil {
		m.shellErr = err
		return nil
	}
	return m.await(0)
}

// leave hangs up the shell.
func (m *model) leave() {
	if m.shell != nil {
		m.shell.close()
	}
}

// cursor is where the shell's cursor is on the screen, or nil.
func (m *model) cursor(x, y int) (c *tea.Cursor) {
	if m.shell == nil || m.focus != onShell || m.back > 0 {
		return nil
	}
	m.shell.look(func(t *vt.Terminal) {
		if cx, cy, visible := t.Cursor(); visible {
			if m.player != nil {
				cx, cy = min(cx, m.layout.shell-1), cy-m.below(t)
			}
			c = tea.NewCursor(x+cx, y+cy)
		}
	})
	return c
}

// say tells something in the line of keys for a while.
func (m *model) say(text string) {
	m.saying, m.sayEnd = text, m.now().Add(5*time.Second)
}

// clusterLine is what is known of the cluster: what is waited for and for how
// long, and what was done.
type clusterLine struct {
	what         string // is done; empty is that it comes up
	began, since time.Time
	open         string
	done         []doneStep
	ready        bool
	err          error
}

type doneStep struct {
	message string
	took    time.Duration
	err     error
}

func (c *clusterLine) event(e cluster.Event, now time.Time) {
	message := content.Line(e.Message, 200)
	if !e.Done {
		c.open, c.since = message, now
		return
	}
	if c.open == message {
		c.open = ""
	}
	c.done = append(c.done, doneStep{message, e.Elapsed, e.Err})
}

func (c *clusterLine) fail(err error) {
	c.ready, c.open, c.err = false, "", err
}
