package cli

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"podlab.dev/podlab/content"
)

type labRow struct {
	Name    string `json:"name"`
	Title   string `json:"title"`
	Level   string `json:"level"`
	Minutes int    `json:"minutes"`
	Summary string `json:"summary"`
	// Started tells whether there is a session; Earned and Points are its score.
	Started bool `json:"started"`
	Earned  int  `json:"earned"`
	Points  int  `json:"points"`
}

func newList(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List the labs and how far you are", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			rows, err := a.labRows()
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(rows)
			}
			w := tabwriter.NewWriter(a.Out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "LAB\tLEVEL\tMINUTES\tPROGRESS\tTITLE")
			for _, r := range rows {
				progress := "-"
				if r.Started {
					progress = fmt.Sprintf("%d/%d", r.Earned, r.Points)
				}
				fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", content.Line(r.Name, 60), r.Level, r.Minutes, progress, content.Line(r.Title, 200))
			}
			return w.Flush()
		},
	}
}

func (a *app) labRows() ([]labRow, error) {
	states, err := a.store.States()
	if err != nil {
		return nil, err
	}
	names, err := a.catalog.Names()
	if err != nil {
		return nil, err
	}
	rows := []labRow{}
	for _, name := range names {
		l, key, err := a.catalog.Load(name)
		if err != nil {
			return nil, err
		}
		r := labRow{Name: name, Title: l.Title, Level: l.Level, Minutes: l.Minutes, Summary: l.Summary, Points: l.Points()}
		for _, st := range states {
			if st.Key == key {
				r.Started, r.Earned = true, st.Earned
			}
		}
		rows = append(rows, r)
	}
	return rows, nil
}
