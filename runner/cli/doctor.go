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
	// Optional says that podlab works without it, for labs that do not need it.
	Optional bool `json:"optional,omitempty"`
}

func newDoctor(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Look at what podlab needs on this machine", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			findings := a.examine(cmd.Context())
			code := statusError(exitPassed)
			for _, f := range findings {
				if !f.OK && !f.Optional {
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
					switch {
					case f.OK:
					case f.Optional:
						mark = "·"
					default:
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
	driver, at := a.examineCluster(ctx)
	return append([]finding{a.examineState(), a.examineImage(), at}, a.examineLadder(ctx, driver == cluster.Embedded)...)
}

// examineLadder looks at what the embedded cluster could use. The first two it
// cannot do without, where it is the one that is used.
func (a *app) examineLadder(ctx context.Context, used bool) []finding {
	rungs, err := cluster.Capabilities(ctx, a.options)
	if err != nil {
		what, do, _ := a.explain(err)
		return []finding{{What: "embedded cluster", Found: what, Do: do, Optional: true}}
	}
	var findings []finding
	for _, r := range rungs {
		findings = append(findings, finding{What: "embedded cluster, " + r.Name, OK: r.Has, Found: r.Found, Do: r.Do, Optional: r.Optional || !used})
	}
	return findings
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

// examineCluster also names the driver that would be used.
func (a *app) examineCluster(ctx context.Context) (driver string, f finding) {
	f = finding{What: "cluster", OK: true}
	st, err := cluster.StatusOf(ctx, a.options)
	if err != nil {
		f.OK = false
		f.Found, f.Do, _ = a.explain(err)
		return "", f
	}
	f.Found = fmt.Sprintf("driver %s (%s)", st.Driver, st.Why)
	if st.Engine != "" {
		f.Found += ", " + st.Engine
	}
	for _, c := range st.Clusters {
		f.Found += fmt.Sprintf(", cluster %s is %s", c.Name, c.State)
	}
	return st.Driver, f
}
