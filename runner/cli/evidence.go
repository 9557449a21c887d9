package cli

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/natefinch/atomic"
	"github.com/spf13/cobra"

	"podlab.dev/podlab/content"
	"podlab.dev/podlab/grader/timeline"
	"podlab.dev/podlab/runner"
)

func newEvidence(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "evidence", Short: "Save, show and verify what was recorded of a lab", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(newEvidenceSave(a), newEvidenceShow(a), newEvidenceVerify(a))
	return cmd
}

func newEvidenceSave(a *app) *cobra.Command {
	var file string
	cmd := a.labName(&cobra.Command{
		Use: "save [LAB]", Short: "Save what was recorded of a lab in one file",
		Long: "Save writes the timeline of your work, from which podlab regrade gives the same report without a cluster. The file says how it can be told\nthat it was changed; it is not encrypted, and shows what your namespace held.",
		RunE: func(_ *cobra.Command, args []string) error {
			x, err := a.session(args)
			if err != nil {
				return err
			}
			b, err := x.Evidence(version())
			if err != nil {
				return err
			}
			path := cmp.Or(file, x.Lab.ID+".evidence")
			if _, err := os.Lstat(path); err == nil && file == "" {
				return usage("%s is there already", path)("name another file with --file, or that one to write over it")
			}
			var data bytes.Buffer
			if err := timeline.WriteBundle(&data, b.Header, b.Timeline); err != nil {
				return err
			}
			size := data.Len()
			if err := atomic.WriteFile(path, &data); err != nil {
				return fmt.Errorf("write %s: %w", path, err)
			}
			fmt.Fprintf(a.Out, "%s: %d entries, %.1f KiB\n", path, len(b.Timeline), float64(size)/1024)
			return nil
		},
	})
	cmd.Flags().StringVarP(&file, "file", "f", "", "where to (default: LAB.evidence in this folder)")
	return cmd
}

// readEvidence reads a bundle that the user named.
func readEvidence(path string) (*timeline.Bundle, error) {
	b, err := runner.ReadEvidence(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usage("there is no file %s", path)("podlab evidence save makes one")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return b, nil
}

func newEvidenceShow(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "show FILE", Short: "Print a file of evidence", Args: oneFile,
		RunE: func(_ *cobra.Command, args []string) error {
			b, err := readEvidence(args[0])
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(b)
			}
			fmt.Fprintf(a.Out, "%s\n\n", content.Line(about(b), 1000))
			w := tabwriter.NewWriter(a.Out, 0, 0, 2, ' ', 0)
			for _, e := range b.Timeline {
				fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", e.Seq, e.Time.Format("15:04:05.000"), e.Kind, content.Line(summary(e), 150))
			}
			return w.Flush()
		},
	}
}

func newEvidenceVerify(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "verify FILE...", Short: "Tell whether files of evidence are whole and unchanged",
		Long: "Verify reads files of evidence and tells whether each is whole and as it was saved. It exits 1 when one is not. Whoever changes a file can\nalso give it a new digest: it tells accidents, not forgers.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			whole := true
			for _, path := range args {
				b, err := readEvidence(path)
				var damaged *timeline.DamagedError
				switch {
				case errors.As(err, &damaged):
					whole = false
					fmt.Fprintf(a.Out, "✗ %s: %s\n", path, content.Line(damaged.Error(), 300))
				case err != nil:
					return err
				default:
					fmt.Fprintf(a.Out, "✓ %s: %s\n", path, content.Line(about(b), 300))
				}
			}
			if !whole {
				return statusError(exitNotPassed)
			}
			return nil
		},
	}
}

func oneFile(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usage("%s takes one file", cmd.CommandPath())("podlab evidence save makes one")
	}
	return nil
}

// about is what a bundle is, in a line.
func about(b *timeline.Bundle) string {
	s := fmt.Sprintf("lab %s (%.19s…), %d entries, saved %s by podlab %s", b.Lab, b.LabDigest, b.Entries, b.Saved.Format("2006-01-02 15:04:05 MST"), b.Program)
	for kind, n := range b.LeftOut {
		s += fmt.Sprintf("; %d of kind %s were too many and are left out", n, kind)
	}
	return s
}

// summary is what an entry shows, in a line.
func summary(e timeline.Entry) string {
	switch e.Kind {
	case timeline.Start:
		return fmt.Sprintf("namespace %s, Kubernetes %s", e.Origin.Name, e.Origin.Version)
	case timeline.Object, timeline.Deleted:
		var o struct {
			Kind     string
			Metadata struct{ Name, ResourceVersion string }
			Reason   string // of an Event
			Status   struct{ Phase string }
		}
		if json.Unmarshal(e.Object, &o) != nil {
			return ""
		}
		return strings.Join(strings.Fields(o.Kind+" "+o.Metadata.Name+" "+cmp.Or(o.Reason, o.Status.Phase)), " ")
	case timeline.Log:
		return fmt.Sprintf("%s/%s: %s", e.Log.Pod, e.Log.Container, e.Log.Line)
	case timeline.Exec:
		return fmt.Sprintf("%s: exit code %d %s%s", e.Exec.Check, e.Exec.ExitCode, e.Exec.Stdout, e.Exec.Error)
	case timeline.HTTP:
		return fmt.Sprintf("%s: status %d %s%s", e.HTTP.Check, e.HTTP.Status, e.HTTP.Unanswered, e.HTTP.Error)
	case timeline.Answer:
		return e.Answer.Check + ": " + e.Answer.Text
	case timeline.Setup:
		if e.Setup.Mended {
			return strings.TrimSpace(e.Setup.For + " mended " + e.Setup.Error)
		}
		return strings.TrimSpace(e.Setup.For + " " + e.Setup.Error)
	case timeline.Served:
		busy := ""
		if e.Served.Starved > 0 {
			busy = fmt.Sprintf("(%d while the node was too busy) ", e.Served.Starved)
		}
		return strings.TrimSpace(fmt.Sprintf("%s: %d of %d answered %s%s%s", e.Served.Check, e.Served.Answered, e.Served.Asked, busy, e.Served.Why, e.Served.Error))
	case timeline.Fault:
		if e.Fault.Mended {
			return strings.TrimSpace(e.Fault.For + " mended " + e.Fault.Error)
		}
		return strings.TrimSpace(e.Fault.For + e.Fault.What + " " + e.Fault.Error)
	}
	if w := e.Rework; w != nil {
		how := map[bool]string{false: "begun", true: "done"}[w.Ended]
		return strings.Join(strings.Fields(w.Step+" "+how+" "+w.Error), " ")
	}
	return strings.TrimSpace(e.Of + " " + e.Reason)
}
