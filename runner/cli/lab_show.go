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
	Languages []string       `json:"languages,omitempty"`
	Params    []string       `json:"params,omitempty"`
	Steps     []shownStep    `json:"steps"`
	Solutions []string       `json:"solutions"`
	Mistakes  []shownMistake `json:"mistakes"`
}

type shownStep struct {
	ID     string `json:"id"`
	Lesson string `json:"lesson"`
	// Setup are the files that are applied, Symptoms what is waited for then.
	Setup    []string     `json:"setup,omitempty"`
	Faults   []string     `json:"faults,omitempty"`
	Symptoms []shownCheck `json:"symptoms,omitempty"`
	Checks   []shownCheck `json:"checks"`
}

type shownCheck struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Points int    `json:"points"`
	// Kind is that of [lab.Check.Kind]; About is what it looks at.
	Kind    string   `json:"kind"`
	About   string   `json:"about"`
	Choices []string `json:"choices,omitempty"`
	Needs   []string `json:"needs,omitempty"`
	// Want has the constraints in CUE, several of a history; of logs it is the
	// regular expression, of a question the right answers.
	Want  []string `json:"want,omitempty"`
	Never string   `json:"never,omitempty"`
	// AsFound tells that it counts at the moment only at which the needs are met.
	AsFound bool   `json:"asFound,omitempty"`
	Holds   string `json:"holds,omitempty"`
	Fault   string `json:"fault,omitempty"`
	After   string `json:"after,omitempty"`
	// Throughout says who must go on answering meanwhile.
	Throughout string      `json:"throughout,omitempty"`
	Within     string      `json:"within,omitempty"`
	Why        string      `json:"why"`
	Next       string      `json:"next,omitempty"`
	Hints      []shownHint `json:"hints,omitempty"`
}

type shownHint struct {
	Text string `json:"text"`
	// When is for whom it is, in CUE; empty for all.
	When string `json:"when,omitempty"`
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
		Languages: l.Languages,
	}
	for _, p := range l.Params {
		out.Params = append(out.Params, p.Name)
	}
	for _, s := range l.Steps {
		step := shownStep{ID: s.ID, Lesson: s.File, Checks: []shownCheck{}}
		if s.Setup != nil {
			step.Setup = s.Setup.Manifests
			for _, f := range s.Setup.Faults {
				step.Faults = append(step.Faults, f.String())
			}
			for _, c := range s.Setup.Symptoms {
				step.Symptoms = append(step.Symptoms, showCheck(c))
			}
		}
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
	out := shownCheck{ID: c.ID, Title: c.Title, Points: c.Points, Kind: c.Kind(), About: c.About(), Needs: c.Needs, Why: c.Why, Next: c.Next}
	if c.Holds > 0 {
		out.Holds = c.Holds.String()
	}
	if c.Within > 0 {
		out.Within = c.Within.String()
	}
	if c.Logs != nil {
		out.Want = []string{c.Logs.Match.String()}
	}
	for _, x := range c.Criteria {
		out.Want = append(out.Want, fmt.Sprintf("// %s: %d\n%s", x.Title, x.Points, x.Want))
	}
	if c.Want != nil && len(c.Criteria) == 0 {
		out.Want = []string{c.Want.String()}
	}
	for _, w := range c.Seen {
		out.Want = append(out.Want, w.String())
	}
	out.AsFound = c.AsFound
	if c.Never != nil {
		out.Never = c.Never.String()
	}
	if c.Fault != nil {
		out.Fault, out.After = c.Fault.String(), c.After.String()
	}
	if c.Throughout != nil {
		out.Throughout = c.Throughout.String()
	}
	if q := c.Quiz; q != nil {
		for i, choice := range q.Choices {
			out.Choices = append(out.Choices, lab.Letter(i)+"  "+choice)
		}
		out.Want = q.Answers
		if q.Field != nil {
			out.Want = []string{strings.Join(q.Field.Path, ".") + " of " + q.Field.String()}
		}
	}
	for _, h := range c.Hints {
		out.Hints = append(out.Hints, showHint(h))
	}
	return out
}

func showHint(h lab.Hint) shownHint {
	out := shownHint{Text: h.Text}
	switch {
	case h.Missing:
		out.When = "it does not exist"
	case h.When != nil:
		out.When = h.When.String()
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
	if len(l.Params) > 0 {
		fmt.Fprintf(&b, "different for each learner: %s\n", strings.Join(l.Params, ", "))
	}
	if len(l.Languages) > 0 {
		fmt.Fprintf(&b, "also in: %s\n", strings.Join(l.Languages, ", "))
	}
	for i, s := range l.Steps {
		fmt.Fprintf(&b, "\n%d. %s (%s)\n", i+1, s.ID, s.Lesson)
		if len(s.Setup) > 0 || len(s.Faults) > 0 {
			did := slices.Clone(s.Faults)
			if len(s.Setup) > 0 {
				did = slices.Insert(did, 0, "applies "+strings.Join(s.Setup, ", "))
			}
			fmt.Fprintf(&b, "\n   before it: podlab %s\n", strings.Join(did, ", and then "))
			for _, c := range s.Symptoms {
				fmt.Fprintf(&b, "\n   and waits for: %s\n", c.Title)
				c.condition(&b)
			}
		}
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
	c.condition(b)
	line(b, "needs", strings.Join(c.Needs, ", "))
	line(b, "why", c.Why)
	line(b, "next", c.Next)
	for i, hint := range c.Hints {
		label := fmt.Sprintf("hint %d", i+1)
		line(b, label, hint.Text)
		if hint.When != "" {
			line(b, "", "when "+hint.When)
		}
	}
}

// condition writes what is observed, and what for.
func (c shownCheck) condition(b *strings.Builder) {
	line(b, c.Kind, c.About)
	for _, choice := range c.Choices {
		line(b, "", choice)
	}
	for i, want := range c.Want {
		if len(c.Want) > 1 {
			line(b, fmt.Sprintf("want %d", i+1), want)
		} else {
			line(b, "want", want)
		}
	}
	line(b, "never", c.Never)
	if c.AsFound {
		line(b, "as", "found when its needs are met")
	}
	if c.Fault != "" {
		line(b, "fault", "podlab "+c.Fault)
		line(b, "after", c.After)
		line(b, "while", c.Throughout)
	}
	line(b, "within", c.Within)
	line(b, "holds", c.Holds)
}

func line(b *strings.Builder, label, text string) {
	if text != "" {
		fmt.Fprintf(b, "      %-7s %s\n", label, strings.ReplaceAll(text, "\n", "\n              "))
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
	if n.Metrics {
		out = append(out, "figures of what Pods use (kubectl top)")
	}
	if n.Kubernetes != "" {
		out = append(out, "Kubernetes "+n.Kubernetes+" or newer")
	}
	if n.GPUs != nil {
		out = append(out, "simulated GPUs ("+n.GPUs.String()+")")
	}
	if here := n.Times.Say(); here != nil {
		out = append(out, "shorter waits ("+strings.Join(here, "; ")+")")
	}
	for _, image := range n.Images {
		out = append(out, "image "+image)
	}
	return strings.Join(out, ", ")
}
