package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/cluster/fault"
	"podlab.dev/podlab/cluster/workload"
	"podlab.dev/podlab/content"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/runner"
)

func newFault(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "fault", Short: "Break things in a lab's cluster on purpose, and mend them", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(
		&cobra.Command{
			Use: "inject KIND FIELD=VALUE...", Short: "Break something now", Args: cobra.ArbitraryArgs,
			Long: `Inject breaks something of the current lab, as a fault of a check could: the kinds and their fields are those of #Fault in docs/reference.md. What
lasts ends by itself (for=30s says when; ten minutes where nothing is said), when the lab is reset or stopped, or with podlab fault heal, also when podlab is
killed meanwhile. It stands in the record of what happened.`,
			Example: "  podlab fault inject kill pod=web signal=TERM\n  podlab fault inject network pod=web do=cut for=30s\n  podlab fault inject network pod=web do=slow rate=2Ki\n" +
				"  podlab fault inject node pod=web do=stop-kubelet for=2m\n  podlab fault inject data kind=Secret name=db key=password value=wrong",
			RunE: func(cmd *cobra.Command, args []string) error { return a.injectFault(cmd.Context(), args) },
		},
		&cobra.Command{
			Use: "list", Short: "Show what is broken now, and until when", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return a.listFaults(cmd.Context()) },
		},
		&cobra.Command{
			Use: "heal [ID]...", Short: "Mend what is broken: the faults with these ids, or all",
			RunE: func(cmd *cobra.Command, args []string) error { return a.healFaults(cmd.Context(), args) },
		},
	)
	return cmd
}

func (a *app) injectFault(ctx context.Context, words []string) error {
	if len(words) == 0 {
		return usage("say what is to be broken: a kind of fault, and its fields")("podlab fault inject --help has examples; docs/reference.md#fault lists the kinds")
	}
	f, err := lab.ReadFault(words)
	if err != nil {
		return usage("%v", err)("docs/reference.md#fault lists the kinds and their fields; podlab fault inject --help has examples")
	}
	if f.Exec != nil || f.Apply != "" || f.GPU != nil {
		return usage("this fault is one of a lab's checks only")("by hand: kubectl exec, kubectl apply, podlab gpu fault")
	}
	return a.onFaults(ctx, f.OnNode(), func(config *rest.Config, namespace string) (string, error) {
		if err := a.delay(ctx, f); err != nil {
			return "", err
		}
		what := "podlab " + f.String()
		if !f.OnNode() {
			w, err := workload.New(config, namespace)
			if err != nil {
				return "", err
			}
			return what, w.Break(ctx, nil, "", f, nil)
		}
		done, err := fault.Inject(ctx, config, fault.Target{Namespace: namespace}, f, nil)
		if err != nil {
			return "", err
		}
		if f.Lasts() {
			what += fmt.Sprintf(", for %s; podlab fault heal %s ends it", f.For, done.ID)
		}
		return what, nil
	})
}

// delay waits for as long as a fault says, and says so.
func (a *app) delay(ctx context.Context, f *lab.Fault) error {
	if f.Delay == 0 {
		return nil
	}
	progress, done := a.Waits()
	defer done()
	wait := cluster.Event{Phase: "fault", Message: fmt.Sprintf("in %s podlab %s", f.Delay, f)}
	began := time.Now()
	progress(wait)
	select {
	case <-time.After(f.Delay):
	case <-ctx.Done():
		return ctx.Err()
	}
	wait.Elapsed, wait.Done = time.Since(began), true
	progress(wait)
	return nil
}

func (a *app) listFaults(ctx context.Context) error {
	config, _, err := a.labCluster(ctx)
	if err != nil {
		return err
	}
	all, err := fault.List(ctx, config, fault.Target{})
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(all)
	}
	if len(all) == 0 {
		fmt.Fprintln(a.Out, "nothing is broken on purpose")
		return nil
	}
	w := tabwriter.NewWriter(a.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tLAB\tNODE\tSINCE\tENDS IN\tPODLAB")
	for _, f := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", content.Line(f.ID, 40), content.Line(f.Lab, 60), content.Line(f.Node, 60), time.Since(f.Since).Round(time.Second),
			max(time.Until(f.Until), 0).Round(time.Second), content.Line(f.What, 200))
	}
	return w.Flush()
}

func (a *app) healFaults(ctx context.Context, ids []string) error {
	return a.onFaults(ctx, false, func(config *rest.Config, _ string) (string, error) {
		all, err := fault.List(ctx, config, fault.Target{})
		if err != nil {
			return "", err
		}
		some := all
		if len(ids) > 0 {
			some = slices.DeleteFunc(slices.Clone(all), func(f fault.Fault) bool { return !slices.Contains(ids, f.ID) })
		}
		for _, id := range ids {
			if !slices.ContainsFunc(all, func(f fault.Fault) bool { return f.ID == id }) {
				return "", usage("there is no fault %s now", id)("podlab fault list shows those that there are")
			}
		}
		if len(some) == 0 {
			fmt.Fprintln(a.Out, "nothing is broken on purpose")
			return "", nil // nothing to record
		}
		var what []string
		for _, f := range some {
			what = append(what, f.What)
		}
		return "mended: podlab no longer " + strings.Join(what, "; "), fault.Heal(ctx, config, some)
	})
}

// onFaults breaks or mends something, says it, and records it where a lab is open. With
// agent the nodes get the image that breaks things.
func (a *app) onFaults(ctx context.Context, agent bool, do func(config *rest.Config, namespace string) (string, error)) error {
	config, x, err := a.labCluster(ctx)
	if err != nil {
		return err
	}
	if x != nil {
		if err := x.Reach(ctx); err != nil {
			return err
		}
	}
	if agent {
		if err := a.faultImage(ctx, x); err != nil {
			return err
		}
	}
	return a.recorded(x, func(namespace string) (string, error) { return do(config, namespace) })
}

// faultImage gives the nodes the image that breaks things, where they may not have it:
// those of a lab that breaks things itself do, and those of a cluster that podlab was lent
// have what they were given.
func (a *app) faultImage(ctx context.Context, x *runner.Session) error {
	options, needs := a.options, lab.Needs{}
	if x != nil {
		own, _, _ := strings.Cut(x.State.Cluster, "/")
		if needs = x.Lab.Needs; needs.Faults || own == cluster.Existing {
			return nil
		}
		options.Driver = own
	}
	needs.Faults = true
	progress, done := a.Waits()
	defer done()
	_, err := cluster.Up(ctx, options, needs, progress)
	return err
}

// recorded does something in the namespace of a session, or, without one, in the default
// one, says it, and records it with the session. What is "" has been said.
func (a *app) recorded(x *runner.Session, do func(namespace string) (string, error)) error {
	namespace := "default"
	if x != nil {
		namespace = x.State.Namespace
	}
	what, err := do(namespace)
	if err != nil || what == "" {
		return err
	}
	fmt.Fprintln(a.Out, what)
	if x == nil {
		return nil
	}
	return x.Broke(what)
}
