package tui

import (
	"errors"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"podlab.dev/podlab/content"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/runner"
	"podlab.dev/podlab/runner/tui/vt"
)

func (m *model) toShell() tea.Cmd {
	m.focus = onShell
	return nil
}

func (m *model) toLesson() tea.Cmd {
	if m.side != lessonSide && (m.focus == onLesson || m.layout.form != beside) {
		m.showLesson() // what is shown in its place has the keys anyhow, or a key that gives it them
	}
	m.focus = onLesson
	return nil
}

// show has the lesson's pane show something else, or the lesson again.
func (m *model) show(s side) tea.Cmd {
	if hidden := m.layout.form != beside && m.focus == onShell; m.side == s && !hidden {
		m.showLesson()
		return nil
	}
	m.side, m.top, m.search = s, 0, search{}
	if m.layout.form != beside {
		m.focus = onLesson // it would not be seen
	}
	m.layOut()
	return nil
}

func (m *model) closeSide() tea.Cmd {
	m.showLesson()
	return nil
}

func (m *model) details() tea.Cmd       { return m.show(detailsSide) }
func (m *model) podsAndEvents() tea.Cmd { return m.show(podsSide) }
func (m *model) help() tea.Cmd          { return m.show(helpSide) }

// showLesson puts everything away that is not the lesson.
func (m *model) showLesson() {
	if m.side != lessonSide {
		m.top, m.search = 0, search{}
	}
	m.side, m.note = lessonSide, nil
	m.layOut()
}

// went says what went wrong with something that the learner asked for.
func (m *model) went(err error) {
	if err != nil {
		m.say(content.Line(err.Error(), 300))
	}
}

func (m *model) turn(by int) tea.Cmd {
	moved, err := m.session.Turn(by)
	switch {
	case err != nil:
		m.went(err)
	case !moved && by > 0:
		m.say("this is the last page")
	case !moved:
		m.say("this is the first page")
	default:
		m.saying = "" // that the page is done was said of the other one
		if m.layout.form != beside {
			m.focus = onLesson // the new page would not be seen
		}
	}
	m.open()
	return nil
}

func (m *model) hint() tea.Cmd {
	if m.session.InExam() {
		m.say("this is an exam: there are no hints")
		return nil
	}
	h, ok, err := m.session.Hint(m.report)
	switch {
	case err != nil:
		m.went(err)
	case !ok:
		m.say("there is no hint to give: nothing here waits that has one")
	default:
		m.side = lessonSide
		m.note = &note{fmt.Sprintf("Hint %d of %d", h.Number, h.Of), content.Line(h.Title, 200) + "\n\n" + content.Text(h.Text), h.Check}
		if m.layout.form != beside {
			m.focus = onLesson
		}
		m.layOut()
	}
	return nil
}

// answer asks for the answer to the page's first open question.
func (m *model) answer() tea.Cmd {
	c := m.openQuestion()
	if c == nil {
		m.say("this page has no open question")
		return nil
	}
	// The question stands at the end of the page, which may be far from what is seen.
	m.side = lessonSide
	m.note = &note{title: "Question " + c.ID, text: asked(c), check: c.ID}
	if m.layout.form != beside {
		m.focus = onLesson
	}
	m.layOut()
	m.ask("Answer to "+c.ID+":", func(m *model, said string) tea.Cmd {
		return m.give(c.ID, said)
	})
	return nil
}

func (m *model) give(check, said string) tea.Cmd {
	_, err := m.session.Answer(check, said)
	var unknown *runner.NoQuestionError
	if errors.As(err, &unknown) {
		m.say(content.Line(unknown.Error()+"; "+unknown.Remedy(), 300))
		return nil
	}
	m.went(err)
	return nil
}

// openQuestion is the first check of the page that asks something and has not
// passed.
func (m *model) openQuestion() *lab.Check {
	passed := map[string]bool{}
	for _, x := range m.report.Results {
		passed[x.Check] = x.Verdict == grader.Passed
	}
	step := m.session.Step()
	for i := range step.Checks {
		if c := &step.Checks[i]; c.Quiz != nil && !passed[c.ID] {
			return c
		}
	}
	return nil
}

func (m *model) toggleZoom() tea.Cmd {
	m.zoom = !m.zoom
	return m.arrange()
}

func (m *model) toggleTheme() tea.Cmd {
	m.light = !m.light
	m.paintAnew()
	return nil
}

func (m *model) paintAnew() {
	m.theme = themeOf(m.light)
	if m.shell != nil {
		m.shell.look(func(t *vt.Terminal) { t.SetLight(m.light) })
	}
	m.layOut()
}

// insert puts a command of the lesson into the shell. Enter is the learner's.
func (m *model) insert(n int) tea.Cmd {
	text, ok := m.lessonCommand(n)
	if !ok || m.shell == nil {
		return nil
	}
	var bracketed bool
	m.shell.look(func(t *vt.Terminal) { bracketed = t.Bracketed() })
	if strings.Contains(text, "\n") && !bracketed {
		// The shell would run every line but the last.
		m.say("the shell is busy, and would run several lines at once: " + m.prefix.name + " y copies them")
		return nil
	}
	m.back, m.focus = 0, onShell
	m.type_(m.shell.pasted(text))
	return nil
}

func (m *model) lessonCommand(n int) (string, bool) {
	commands := m.page.Commands()
	switch {
	case len(commands) == 0:
		m.say("this page has no command")
	case n < 1:
		m.say("Tab picks a command first")
	case n > len(commands):
		m.say(fmt.Sprintf("this page has %d commands", len(commands)))
	default:
		return strings.TrimRight(commands[n-1], "\n"), true
	}
	return "", false
}

// copy puts a command of the lesson into the clipboard of the terminal.
func (m *model) copy() tea.Cmd {
	put := func(n int) tea.Cmd {
		text, ok := m.lessonCommand(n)
		if !ok {
			return nil
		}
		m.say(fmt.Sprintf("command %d is copied, if your terminal allows it (OSC 52)", n))
		return tea.SetClipboard(text)
	}
	switch n := len(m.page.Commands()); {
	case m.focus == onLesson && m.picked > 0:
		return put(m.picked)
	case n <= 1:
		return put(1)
	default:
		m.ask(fmt.Sprintf("Copy which command, 1 to %d?", n), func(_ *model, said string) tea.Cmd {
			var n int
			_, _ = fmt.Sscan(said, &n) // 0 is refused
			return put(n)
		})
	}
	return nil
}

func (m *model) scrollBack() tea.Cmd {
	history := 0
	if m.shell != nil {
		m.shell.look(func(t *vt.Terminal) { history = t.History() })
	}
	if history == 0 {
		m.say("nothing has left the screen yet")
		return nil
	}
	m.focus, m.back = onShell, 1
	return nil
}

// reset begins the page or the lab anew.
func (m *model) reset() tea.Cmd {
	switch {
	case !m.cluster.ready:
		m.say("the cluster is not up yet")
		return nil
	case m.session.InExam():
		m.say("this is an exam: it cannot be begun anew before it is over")
		return nil
	}
	m.choose("Begin anew: [p] this page  [l] the whole lab  [n] neither", "pl", func(m *model, key string) tea.Cmd {
		if key == "p" {
			return m.resetPage()
		}
		return m.resetLab()
	})
	return nil
}

func (m *model) resetLab() tea.Cmd {
	m.confirm("Delete everything in the lab's namespace, and your progress in the lab?", func(m *model) tea.Cmd {
		m.cluster = clusterLine{what: "Beginning anew", began: m.now()}
		m.work.Reset()
		return nil
	})
	return nil
}

func (m *model) resetPage() tea.Cmd {
	step := m.session.Step().ID
	own, err := m.session.Belongings(step)
	if err != nil {
		m.went(err)
		return nil
	}
	what := "your progress in this page"
	if len(own) > 0 {
		what = clean(strings.Join(own, ", ")) + ", and " + what
	}
	m.confirm("Delete "+what+"?", func(m *model) tea.Cmd {
		m.went(m.session.Redo(step))
		return nil
	})
	return nil
}

// rebuild brings back what a namespace that is gone held.
func (m *model) rebuild() tea.Cmd {
	if !m.cluster.ready {
		m.say("the cluster is not up yet")
		return nil
	}
	r, err := m.session.Remains(false)
	switch names := r.Names(); {
	case err != nil:
		m.went(err)
	case len(names) == 0:
		m.say("there is nothing to bring back: no namespace was lost in which you had made something")
	default:
		m.confirm("Bring back "+content.Line(strings.Join(names, ", "), 200)+"?", func(m *model) tea.Cmd {
			m.went(m.session.Rebuild())
			return nil
		})
	}
	return nil
}

func (m *model) tryAgain() tea.Cmd {
	if _, blind := m.scene.Blind(); m.cluster.err == nil && (blind == "" || !m.cluster.ready) {
		m.say("nothing has failed")
		return nil
	}
	select {
	case m.retry <- struct{}{}:
	default:
	}
	return nil
}

func (m *model) quit() tea.Cmd {
	m.choose("Leave? [y] all stays  [d] delete the namespace  [c] remove the cluster  [n]o", "ydc", func(m *model, key string) tea.Cmd {
		switch key {
		case "d":
			m.leaving = runner.DeleteNamespace
		case "c":
			m.leaving = runner.RemoveCluster
		}
		return tea.Quit
	})
	return nil
}

// palette takes a command in words, those of the plain front end.
func (m *model) palette() tea.Cmd {
	m.ask(":", func(m *model, said string) tea.Cmd {
		words := strings.Fields(said)
		if words[0] == "answer" && len(words) > 2 {
			return m.give(words[1], strings.Join(words[2:], " "))
		}
		if len(words) == 1 {
			for _, b := range m.bindings {
				if b.word == words[0] {
					return b.do(m)
				}
			}
		}
		m.say(fmt.Sprintf("%q is not a command; %s ? lists them", content.Line(said, 40), m.prefix.name))
		return nil
	})
	return nil
}

// summary is what there is to say at the end of the lab.
func (m *model) summary() string {
	hints := 0
	for _, given := range m.session.State.Hints {
		hints += len(given)
	}
	took := m.now().Sub(m.session.State.Started).Round(time.Minute)
	return fmt.Sprintf("%d of %d points, %d hints, begun %s ago.\n\nThe cluster and what you made stay. %s stop removes the lab from the cluster; %s list shows more labs.",
		m.report.Earned, m.report.Points, hints, short(took), m.options.Program, m.options.Program)
}

// short is a duration in few characters: 41 s, 7 min, 3 h.
func short(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
