package tui

import (
	"fmt"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/report"
)

// examText is how much time is left in an exam, or "" where there is none.
func (m *model) examText() string {
	sitting := m.session.State.Sitting
	switch {
	case m.session.Lab.Exam == nil:
		return ""
	case sitting == nil:
		return fmt.Sprintf("EXAM %d minutes, from when the cluster is ready", m.session.Lab.Exam.Minutes)
	case sitting.Over(m.now()):
		return "EXAM over"
	}
	return "EXAM " + clock(sitting.Left(m.now())) + " left"
}

// flagged tells whether the learner wants to come back to a step.
func (m *model) flagged(step string) bool {
	sitting := m.session.State.Sitting
	return sitting != nil && slices.Contains(sitting.Flags, step)
}

func (m *model) flag() tea.Cmd {
	if !m.session.InExam() {
		m.say("only pages of an exam are flagged")
		return nil
	}
	flagged, err := m.session.Flag()
	if flagged {
		m.say("this page is flagged, as one to come back to")
	} else {
		m.say("this page is not flagged any more")
	}
	m.went(err)
	return nil
}

func (m *model) submit() tea.Cmd {
	if !m.session.InExam() {
		m.say("there is no exam to submit")
		return nil
	}
	m.confirm("End the exam? "+m.session.Flagged()+"Nothing counts afterwards.", func(m *model) tea.Cmd {
		m.work.Submit()
		m.say("podlab looks at your work once more: the exam is about to end")
		return nil
	})
	return nil
}

// over shows the report of an exam that has ended.
func (m *model) over(r grader.Report) {
	m.report, m.green = r, map[string]time.Time{}
	m.note = &note{title: "The exam is over", text: report.Score(r) + ". The report comes when you leave, and with " + m.options.Program + " check."}
	if m.layout.form != beside {
		m.focus = onLesson // the score would not be seen
	}
	m.say("the exam is over")
	m.layOut()
}
