package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/report"
	"podlab.dev/podlab/runner"
)

func newAnswer(a *app) *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use: "answer QUESTION [ANSWER...]", Short: "Answer a question of the page",
		Long: "Answer gives your answer to a question, by the question's name as the page shows it. A choice is answered by its letter or its text.\nIt exits 0 when the answer is right, 1 when it is not. You may try again.\nWithout an answer it shows the question.",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("%s takes a question and an answer", cmd.CommandPath())("podlab page shows the questions of your page")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			x, err := a.session([]string{name})
			if err != nil {
				return err
			}
			if done, err := answered(x, args[0]); done || err != nil {
				if done {
					fmt.Fprintln(a.Out, "That question is answered already.")
				}
				return err
			}
			if len(args) == 1 { // as the pages name a question
				c, err := x.Question(args[0])
				if err == nil {
					a.Question(*c)
				}
				return err
			}
			c, err := x.Answer(args[0], strings.Join(args[1:], " "))
			if err != nil {
				return err
			}
			busy := (*runner.BusyError)(nil)
			if err := x.Free(); errors.As(err, &busy) {
				fmt.Fprintln(a.Out, "Noted; podlab start shows whether it is right.")
				return nil
			}
			r, err := x.Check(cmd.Context(), x.Step().ID, 0)
			if err != nil {
				return err
			}
			for _, res := range r.Results {
				if res.Check == c.ID {
					if a.json {
						if err := report.JSON(a.Out, r); err != nil {
							return err
						}
					} else {
						a.Results([]grader.Result{res})
					}
					return verdict([]grader.Result{res})
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "lab", "", "the lab, if it is not the current one")
	return cmd
}

// answered tells whether a question has been answered rightly.
func answered(x *runner.Session, check string) (bool, error) {
	r, err := x.Recorded()
	for _, res := range r.Results {
		if res.Check == check && res.Verdict == grader.Passed {
			return true, err
		}
	}
	return false, err
}
