package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"podlab.dev/podlab/content"
	"podlab.dev/podlab/cue/lab"
)

// shownLab is a lab as an instructor reads it.
type shownLab struct {
	Lab       string         `json:"lab"`
	Title     string         `json:"title"`
	Summary   string         `json:"summary"`
	Level     string         `json:"level"`
	Minutes   int            `json:"minutes"`
	Topics    []string       `json:"topics,omitempty"`
	Needs     lab.Needs      `json:"needs"`
	Points    int            `json:"points"`
	Steps     []shownStep    `json:"steps"`
	Solutions []string       `json:"solutions"`
	Mistakes  []shownMistake `json:"mistakes"`
}

type shownStep struct {
	ID     string       `json:"id"`
	Lesson string       `json:"lesson"`
	Checks []shownCheck `json:"checks"`
}

type shownCheck struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Points int    `json:"points"`
	// Kind is object, history, gone, logs or exec; About is what it looks at.
	Kind  string   `json:"kind"`
	About string   `json:"about"`
	Needs []string `json:"needs,omitempty"`
	// Want has the constraints in CUE, several of a history; of logs it is the
	// regular expression.
	Want  []string `json:"want,omitempty"`
	Holds string   `json:"holds,omitempty"`
	Why   string   `json:"why"`
	Next  string   `json:"next,omitempty"`
	Hints []string `json:"hints,omitempty"`
}

type shownMistake struct {
	Name   string `json:"name"`
	Fails  string `json:"fails"`
	Belief string `json:"belief"`
}

func newLabShow(a *app) *cobra.Command {
	return a.labName(&cobra.Command{
		Use: "show LAB", Short: "Print a lab as an instructor reads it",
		Long: "Show prints what a lab asks for and says: each check with its points, what it wants in CUE, why, and the hints. Learners should not read it.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("%s takes a lab", cmd.CommandPath())("podlab list shows the labs")
			}
			l, _, err := a.catalog.Load(args[0])
			if err != nil {
				return err
			}
			shown := showLab(l)
			if a.json {
				return a.printJSON(shown)
			}
			fmt.Fprint(a.Out, content.Text(shown.String())) // a lab may be anybody's
			return nil
		},
	})
}

func showLab(l *lab.Lab) shownLab {
	out := shownLab{
		Lab: l.ID, Title: l.Title, Summary: l.Summary, Level: l.Level, Minutes: l.Minutes, Topics: l.Topics,
		Needs: l.Needs, Points: l.Points(), Steps: []shownStep{}, Solutions: l.Solutions, Mistakes: []shownMistake{},
	}
	for _, s := range l.Steps {
		step := shownStep{ID: s.ID, Lesson: s.File, Checks: []shownCheck{}}
		for _, c := range s.Checks {
			step.Checks = append(step.Checks, showCheck(c))
		}
		out.Steps = append(out.Steps, step)
	}
	for _, name := range slices.Sorted(maps.Keys(l.Mistakes)) {
		m := l.Mistakes[name]
		out.Mistakes = append(out.Mistakes, shownMistake{name, m.Fails, m.Belief})
	}
	return out
}

func showCheck(c lab.Check) shownCheck {
	out := shownCheck{ID: c.ID, Title: c.Title, Points: c.Points, Needs: c.Needs, Why: c.Why, Next: c.Next, Hints: c.Hints}
	if c.Holds > 0 {
		out.Holds = c.Holds.String()
	}
	in := func(pod, container string) string {
		if container == "" {
			return "Pod " + pod
		}
		return fmt.Sprintf("Pod %s, container %s", pod, container)
	}
	switch {
	case c.Logs != nil:
		out.Kind, out.About, out.Want = "logs", "the log of "+in(c.Logs.Pod, c.Logs.Container), []string{c.Logs.Match.String()}
	case c.Exec != nil:
		out.Kind, out.About = "exec", fmt.Sprintf("%s in %s", strings.Join(c.Exec.Command, " "), in(c.Exec.Pod, c.Exec.Container))
	case c.Gone:
		out.Kind = "gone"
	case len(c.Seen) > 0:
		out.Kind = "history"
	default:
		out.Kind = "object"
	}
	if c.Object != nil {
		out.About = fmt.Sprintf("%s %s (%s)", c.Object.GVK.Kind, c.Object.Name, c.Object.GVK.GroupVersion())
	}
	if c.Want != nil {
		out.Want = []string{c.Want.String()}
	}
	for _, w := range c.Seen {
		out.Want = append(out.Want, w.String())
	}
	return out
}

// String is the lab as plain text.
func (l shownLab) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n%s\n\n", l.Lab, l.Title, l.Summary)
	fmt.Fprintf(&b, "%s, %s, %s\n", l.Level, plural(l.Minutes, "minute"), plural(l.Points, "point"))
	if len(l.Topics) > 0 {
		fmt.Fprintf(&b, "topics: %s\n", strings.Join(l.Topics, ", "))
	}
	fmt.Fprintf(&b, "needs: %s\n", needs(l.Needs))
	for i, s := range l.Steps {
		fmt.Fprintf(&b, "\n%d. %s (%s)\n", i+1, s.ID, s.Lesson)
		for _, c := range s.Checks {
			c.write(&b)
		}
	}
	fmt.Fprintf(&b, "\nsolutions: %s\n", cmp.Or(strings.Join(l.Solutions, ", "), "none"))
	for _, m := range l.Mistakes {
		fmt.Fprintf(&b, "mistake %s fails %s: %s\n", m.Name, m.Fails, m.Belief)
	}
	return b.String()
}

func (c shownCheck) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n   %s, %s: %s\n", c.ID, plural(c.Points, "point"), c.Title)
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(b, "      %-7s %s\n", label, strings.ReplaceAll(text, "\n", "\n              "))
		}
	}
	line(c.Kind, c.About)
	for i, want := range c.Want {
		if len(c.Want) > 1 {
			line(fmt.Sprintf("want %d", i+1), want)
		} else {
			line("want", want)
		}
	}
	line("holds", c.Holds)
	line("needs", strings.Join(c.Needs, ", "))
	line("why", c.Why)
	line("next", c.Next)
	for i, hint := range c.Hints {
		line(fmt.Sprintf("hint %d", i+1), hint)
	}
}

// needs says in words what a lab needs of a cluster.
func needs(n lab.Needs) string {
	out := []string{plural(max(n.Nodes, 1), "node")}
	if n.Limits {
		out = append(out, "limits that hold")
	}
	if n.Users {
		out = append(out, "users of their own")
	}
	for _, image := range n.Images {
		out = append(out, "image "+image)
	}
	return strings.Join(out, ", ")
}
