// Package cli is podlab's command line: one file a command, each of which parses
// flags, calls one function and prints. Results go to stdout, progress to stderr.
//
//	os.Exit(cli.Main())
package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/adrg/xdg"
	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"k8s.io/klog/v2"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/content"
	"podlab.dev/podlab/labs"
	"podlab.dev/podlab/runner"
	"podlab.dev/podlab/runner/plain"
)

// Main runs podlab with the process's arguments and returns its exit code. Called
// by the name kubectl, it is kubectl: podlab shell puts it into PATH that way.
func Main() int {
	if name := filepath.Base(os.Args[0]); name == "kubectl" {
		return kubectl(os.Args[1:])
	}
	klog.SetLogger(logr.Discard()) // where client-go grumbles about what podlab reports itself

	ctx, stop := interruptible(context.Background())
	defer stop()
	a := newApp(ctx)
	root := newRoot(a)
	err := root.ExecuteContext(ctx)
	return a.exit(ctx, err)
}

// interruptible ends the context at the first Ctrl-C, so that everything can be
// left in order, and the process at the second.
func interruptible(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(parent)
	c := make(chan os.Signal, 2)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		if _, ok := <-c; !ok {
			return
		}
		fmt.Fprintln(os.Stderr, "\npodlab: stopping; press Ctrl-C again to end at once")
		cancel()
		if _, ok := <-c; ok {
			os.Exit(exitInterrupted)
		}
	}()
	return ctx, func() { signal.Stop(c); close(c); cancel() }
}

// app is what the commands share.
type app struct {
	*plain.Front
	raw     io.Writer // Out, for what is no text to be read
	store   runner.Store
	catalog runner.Catalog
	options cluster.Options
	pack    string // the pack that names of labs are of; empty is the built-in one
	json    bool
	junit   bool // only of commands that say that they can
	verbose bool
}

func newApp(ctx context.Context) *app {
	dir := filepath.Join(xdg.StateHome, "podlab")
	a := &app{
		Front:   plain.New(os.Stdout, os.Stderr, plain.Look{}),
		raw:     os.Stdout,
		store:   runner.NewStore(dir),
		options: cluster.Options{StateDir: dir},
	}
	a.catalog = runner.NewCatalog(labs.FS, a.packs(ctx))
	return a
}

func newRoot(a *app) *cobra.Command {
	var output, lang string
	var ascii bool
	root := &cobra.Command{
		Use:           "podlab",
		Short:         "Kubernetes labs on a real cluster, in your terminal",
		Long:          "podlab plays Kubernetes labs on a real cluster and checks what the cluster really did.\n\nBegin with: podlab start first-pod",
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			switch output {
			case "text":
			case "json":
				a.json = true
			case "junit":
				if cmd.Annotations["junit"] == "" {
					return usage("%s has no output for JUnit", cmd.CommandPath())("podlab check and podlab lab test have one; use -o text or -o json here")
				}
				a.junit = true
			default:
				return usage("there is no output format %q", output)("use -o text or -o json; podlab check and podlab lab test also know -o junit")
			}
			a.Look = plain.Terminal()
			if ascii {
				a.Charset = max(a.Charset, content.Letters)
			}
			if !a.json && !a.junit { // those are UTF-8
				a.Fit()
			}
			if a.verbose {
				a.options.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
			}
			if a.options.Driver == "" {
				a.options.Driver = os.Getenv("PODLAB_CLUSTER")
			}
			if !cmd.Flags().Changed("pack") {
				a.pack = os.Getenv("PODLAB_PACK")
			}
			a.catalog = a.catalog.From(a.pack).In(language(lang))
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	f := root.PersistentFlags()
	f.StringVar(&a.options.Driver, "cluster", "", "where labs run: auto, kind, embedded or existing (or set PODLAB_CLUSTER)")
	f.StringVar(&a.options.Kubeconfig, "kubeconfig", "", "use the existing cluster of this kubeconfig")
	f.StringVar(&a.options.Context, "context", "", "the context in that kubeconfig")
	f.StringVar(&a.options.NodeImage, "node-image", "", "image of kind's nodes (or set PODLAB_NODE_IMAGE)")
	f.StringVar(&a.pack, "pack", "", "where labs are from: a folder of labs, or a module like example.com/team/pods@v0.1.0 (or set PODLAB_PACK)")
	f.StringVar(&lang, "lang", "", "the language of lessons, like zh (or set PODLAB_LANG; default: that of your system)")
	f.StringVarP(&output, "output", "o", "text", "text or json (check and lab test: or junit)")
	f.BoolVar(&ascii, "ascii", false, "no box drawing and no symbols (default where the locale is not UTF-8)")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "show what is done behind the scenes")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage("%v", err)("%s --help shows the flags", cmd.CommandPath())
	})
	root.AddCommand(
		newList(a), newStart(a), newPage(a), newNext(a), newCheck(a), newHint(a), newAnswer(a), newReset(a), newRebuild(a), newStop(a),
		newStatus(a), newDemo(a), newReplay(a), newEvidence(a), newRegrade(a), newGrade(a), newGradeShard(a), newShell(a), newKubectl(a), newCluster(a), newGPU(a), newFault(a), newLab(a), newDoctor(a), newVersion(a),
	)
	return root
}

// labName completes and counts an optional LAB.
func (a *app) labName(cmd *cobra.Command) *cobra.Command {
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usage("%s takes one lab, not %d", cmd.CommandPath(), len(args))("podlab list shows the labs")
		}
		return nil
	}
	cmd.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		if a.pack != "" { // flags are known later here than elsewhere
			a.catalog = a.catalog.From(a.pack)
		}
		names, err := a.catalog.Names()
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		return names, cobra.ShellCompDirectiveDefault
	}
	return cmd
}

// language is the one of the flag, or of the environment, as a BCP 47 tag; empty
// for none.
func language(flag string) string {
	for _, lang := range []string{flag, os.Getenv("PODLAB_LANG"), os.Getenv("LC_ALL"), os.Getenv("LC_MESSAGES"), os.Getenv("LANG")} {
		lang, _, _ = strings.Cut(lang, ".") // zh_CN.UTF-8
		if lang != "" {
			return strings.ReplaceAll(lang, "_", "-")
		}
	}
	return ""
}

// session is the one that a command is about: the named lab's, that of the shell
// it is typed in, or the current.
func (a *app) session(args []string) (*runner.Session, error) {
	name := strings.Join(args, "")
	if name == "" {
		name = os.Getenv("PODLAB_LAB")
	}
	return a.store.Find(name, a.catalog)
}

// up brings a session's cluster up.
func (a *app) up(ctx context.Context, x *runner.Session, progress func(cluster.Event)) (bool, error) {
	c, err := cluster.Up(ctx, a.options, x.Lab.Needs, progress)
	if err != nil {
		return false, err
	}
	progress(cluster.Event{Message: c.Why, Done: true})
	return x.Attach(ctx, c)
}

// program is the path of this very binary.
func program() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find podlab's own program: %w", err)
	}
	return path, nil
}
