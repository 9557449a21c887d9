package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	basecli "k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	kubectlcmd "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"

	"podlab.dev/podlab/runner"
)

func newKubectl(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "kubectl ...", Short: "Run kubectl in the current lab", DisableFlagParsing: true,
		Long: "Kubectl is the real kubectl, built in. It talks to the current lab's cluster and namespace, never to ~/.kube/config.",
		RunE: func(_ *cobra.Command, args []string) error {
			if err := a.enter(); err != nil {
				return err
			}
			return statusError(kubectl(args))
		},
	}
}

// enter points the environment at the current lab, unless it already is that of
// a lab's shell.
func (a *app) enter() error {
	own := filepath.Join(a.store.Dir(), "sessions") + string(filepath.Separator)
	if strings.HasPrefix(os.Getenv("KUBECONFIG"), own) {
		return nil
	}
	x, err := a.session(nil)
	if err != nil {
		return err
	}
	if _, err := os.Stat(x.Kubeconfig()); err != nil {
		return &runner.NoSessionError{Key: x.Key}
	}
	podlab, err := program()
	if err != nil {
		return err
	}
	env, err := x.Environ(podlab)
	if err != nil {
		return err
	}
	for _, kv := range env {
		name, value, _ := strings.Cut(kv, "=")
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}

// notYet tells that kubectl was called in a lab's shell before its cluster is
// there: it would look for one on this machine.
func notYet(args []string) bool {
	if os.Getenv("PODLAB_LAB") == "" || len(args) == 0 || args[0] == "completion" || slices.Contains(args, "--help") {
		return false
	}
	_, err := os.Stat(os.Getenv("KUBECONFIG"))
	return errors.Is(err, fs.ErrNotExist)
}

// kubectl runs kubectl in this process, which it may end by itself.
func kubectl(args []string) int {
	if notYet(args) {
		fmt.Fprintln(os.Stderr, "podlab: the lab's cluster is not up yet; podlab start shows what it waits for")
		return exitEnvironment
	}
	os.Args = append([]string{"kubectl"}, args...) // kubectl reads them there
	_, _ = logs.GlogSetter(kubectlcmd.GetLogVerbosity(os.Args))
	if err := basecli.RunNoErrOutput(kubectlcmd.NewDefaultKubectlCommand()); err != nil {
		kubectlutil.CheckErr(err) // prints, and ends the process
		return exitNotPassed
	}
	return exitPassed
}
