package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/spf13/cobra"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/cluster/toolbox"
)

// finding is one thing that doctor looked at.
type finding struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	// Found is what is there; Do is what to do when it is not OK.
	Found string `json:"found"`
	Do    string `json:"do,omitempty"`
}

func newDoctor(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Look at what podlab needs on this machine", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			findings := a.examine(cmd.Context())
			code := statusError(exitPassed)
			for _, f := range findings {
				if !f.OK {
					code = exitEnvironment
				}
			}
			if a.json {
				if err := a.printJSON(findings); err != nil {
					return err
				}
			} else {
				for _, f := range findings {
					mark := "✓"
					if !f.OK {
						mark = "✗"
					}
					fmt.Fprintf(a.Out, "%s %s: %s\n", mark, f.What, f.Found)
					if f.Do != "" {
						fmt.Fprintf(a.Out, "    %s\n", f.Do)
					}
				}
			}
			if code == exitPassed {
				return nil
			}
			return code
		},
	}
}

func (a *app) examine(ctx context.Context) []finding {
	return []finding{a.examineState(), a.examineImage(), a.examineCluster(ctx)}
}

func (a *app) examineState() finding {
	f := finding{What: "podlab's folder", OK: true, Found: a.store.Dir()}
	err := os.MkdirAll(a.store.Dir(), 0o700)
	if err == nil {
		var probe *os.File
		if probe, err = os.CreateTemp(a.store.Dir(), "doctor-"); err == nil {
			_, err = probe.Write(make([]byte, 1<<20)) // so that a full disk shows
			probe.Close()
			os.Remove(probe.Name())
		}
	}
	if err != nil {
		f.OK = false
		f.Found, f.Do, _ = a.explain(err)
	}
	return f
}

func (a *app) examineImage() finding {
	f := finding{What: "workload image", OK: true, Found: toolbox.Ref + " is built in"}
	if err := toolbox.Tar(io.Discard, runtime.GOARCH); err != nil {
		f.OK = false
		f.Found, f.Do, _ = a.explain(err)
	}
	return f
}

func (a *app) examineCluster(ctx context.Context) finding {
	f := finding{What: "cluster", OK: true}
	st, err := cluster.StatusOf(ctx, a.options)
	if err != nil {
		f.OK = false
		f.Found, f.Do, _ = a.explain(err)
		return f
	}
	f.Found = fmt.Sprintf("driver %s (%s)", st.Driver, st.Why)
	if st.Engine != "" {
		f.Found += ", " + st.Engine
	}
	for _, c := range st.Clusters {
		f.Found += fmt.Sprintf(", cluster %s is %s", c.Name, c.State)
	}
	return f
}
