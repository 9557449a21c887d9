package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/content"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/report"
	"podlab.dev/podlab/runner"
	"podlab.dev/podlab/runner/tui"
)

func newStart(a *app) *cobra.Command {
	var detach, plainly, mouse bool
	var seed, theme, prefix, record string
	cmd := a.labName(&cobra.Command{
		Use: "start [LAB]", Short: "Start a lab, or go on with it",
		Long: "Start fills the terminal with the lesson, a shell, the checks as they change and the Pods, and brings the cluster up meanwhile.\nWith --plain it writes line by line instead, as it does without a terminal, with TERM=dumb or with ACCESSIBLE=1. LAB is a built-in lab, one of --pack, or a folder like ./my-lab; without it the last one goes on.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(tui.Themes, theme) {
				return usage("there is no theme %q", theme)("use --theme auto, dark or light; NO_COLOR=1 does without colours")
			}
			a.Theme(theme)
			if prefix == "" {
				prefix = os.Getenv("PODLAB_PREFIX")
			}
			if _, err := tui.ParsePrefix(prefix); err != nil {
				return err
			}
			name := a.store.Current()
			if len(args) == 1 {
				name = args[0]
			}
			if name == "" {
				return usage("which lab?")("podlab list shows them; the first is: podlab start first-pod")
			}
			if len(args) == 0 { // the current session knows where its lab is
				x, err := a.session(nil)
				if err != nil {
					return err
				}
				name, a.catalog = x.State.Lab, a.catalog.From("")
			}
			l, key, err := a.catalog.Load(name)
			if err != nil {
				return err
			}
			ref, err := a.catalog.Ref(name)
			if err != nil {
				return err
			}
			x, err := a.store.OpenSeeded(key, ref, l, seed)
			if err != nil {
				return err
			}
			if err := x.MakeCurrent(); err != nil {
				return err
			}
			if !detach {
				if err := x.Free(); err != nil {
					return err
				}
				if plainly || !fillable() {
					if record != "" {
						return usage("only the full screen is recorded")("podlab start --record FILE on a terminal, without --plain")
					}
					leaving, err := a.Start(cmd.Context(), x, os.Stdin, a.up, func(command string) error {
						_, err := shell(x, command)
						return err
					})
					return a.left(cmd.Context(), x, leaving, err)
				}
				podlab, err := program()
				if err != nil {
					return err
				}
				o := tui.Options{Podlab: podlab, Shell: os.Getenv("SHELL"), Theme: theme, Prefix: prefix, Mouse: mouse, Charset: a.Charset, Program: a.Program, In: os.Stdin, Out: os.Stdout}
				if record != "" {
					f, err := os.OpenFile(record, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
					if errors.Is(err, fs.ErrExist) {
						return usage("%s is there already", record)("name another file, or remove it first")
					}
					if err != nil {
						return err
					}
					defer f.Close()
					o.Record = f
				}
				leaving, err := tui.Run(cmd.Context(), x, a.up, o)
				if err == nil && x.Examined() {
					var r grader.Report
					if r, err = x.Judge(); err == nil {
						err = report.Text(a.Out, r, a.Options())
					}
				}
				return a.left(cmd.Context(), x, leaving, err)
			}
			progress, done := a.Waits()
			fresh, err := a.up(cmd.Context(), x, func(e cluster.Event) { progress(e) })
			done()
			if err != nil {
				return err
			}
			if err := x.Sit(); err != nil {
				return err
			}
			r, err := x.Recorded()
			if err != nil {
				return err
			}
			if err := a.Page(x, r); err != nil {
				return err
			}
			if fresh {
				lost, err := x.Remains(true)
				if err != nil {
					return err
				}
				if names := lost.Names(); len(names) > 0 {
					fmt.Fprintf(a.Out, "The lab's namespace is new. %s rebuild brings back what you had made: %s.\n", a.Program, content.Line(strings.Join(names, ", "), 300))
				}
			}
			ready, err := a.prepare(cmd.Context(), x)
			if err == nil && ready {
				fmt.Fprintf(a.Out, "The lab is ready: %s shell, then %s check.\n", a.Program, a.Program)
			}
			return err
		},
	})
	cmd.Flags().BoolVar(&detach, "detach", false, "prepare the lab, show the page and return")
	cmd.Flags().BoolVar(&plainly, "plain", false, "write line by line, for screen readers and logs")
	cmd.Flags().StringVar(&theme, "theme", "auto", "auto, dark or light, as the terminal's background is")
	cmd.Flags().BoolVar(&mouse, "mouse", false, "click and scroll in the screen's panes")
	cmd.Flags().StringVar(&prefix, "prefix", "", "the key before podlab's own, like ctrl-b (or set PODLAB_PREFIX; default ctrl-g)")
	cmd.Flags().StringVar(&record, "record", "", "record what is to be seen into this file, for podlab replay")
	cmd.Flags().StringVar(&seed, "seed", "", "pick the lab's values by this, such as a student's number (default: by chance)")
	return cmd
}

// left removes what the learner who left does not want to stay. Nothing records
// any more, so that nothing of it is a deletion by the learner.
func (a *app) left(ctx context.Context, x *runner.Session, leaving runner.Leaving, err error) error {
	switch {
	case err != nil:
		return err
	case leaving == runner.RemoveCluster:
		return a.clusterDown(ctx)
	case leaving == runner.DeleteNamespace && x.Attached() == nil:
		return a.wait("removing namespace "+x.State.Namespace, func() error { return x.Stop(ctx, true) })
	}
	return nil
}

// fillable tells whether there is a terminal to fill, and nobody asked for lines.
func fillable() bool {
	accessible := os.Getenv("ACCESSIBLE")
	return term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd())) &&
		os.Getenv("TERM") != "dumb" && (accessible == "" || accessible == "0") && runtime.GOOS != "windows"
}
