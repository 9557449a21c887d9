package cli

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"

	"github.com/spf13/cobra"

	"podlab.dev/podlab/runner"
)

func newShell(a *app) *cobra.Command {
	return a.labName(&cobra.Command{
		Use: "shell [LAB]", Short: "Open a shell in the lab, with kubectl ready",
		Long: "Shell opens your own shell in the lab's work folder. kubectl there is podlab's, talks to the lab's cluster, and has the lab's namespace as default.",
		RunE: func(_ *cobra.Command, args []string) error {
			x, err := a.session(args)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.Err, "Shell of lab %s, namespace %s. kubectl is ready; exit leaves.\n", x.Key, x.State.Namespace)
			// Ctrl-C belongs to what runs in the shell.
			signal.Reset(os.Interrupt)
			signal.Ignore(os.Interrupt)
			status, err := shell(x, "")
			if err == nil && status != 0 {
				return statusError(status)
			}
			return err
		},
	})
}

// shell lends the terminal to a shell in the lab until it ends; one with a command
// ends with that.
func shell(x *runner.Session, command string) (status int, err error) {
	podlab, err := program()
	if err != nil {
		return 0, err
	}
	cmd, err := x.Command(podlab, os.Getenv("SHELL"))
	if err != nil {
		return 0, err
	}
	if command != "" {
		cmd.Args = []string{cmd.Args[0], "-c", command}
	}
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	if err != nil {
		return 0, fmt.Errorf("open a shell: %w", err)
	}
	return 0, nil
}

func isNoSession(err error) bool {
	var none *runner.NoSessionError
	return errors.As(err, &none)
}
