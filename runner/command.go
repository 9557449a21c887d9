package runner

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// bashrc prepares bash after the user's own settings: the lab in the prompt, and
// kubectl's completion where bash-completion is there.
const bashrc = `[ -f ~/.bashrc ] && . ~/.bashrc
export PATH=%q:"$PATH" KUBECONFIG=%q
PS1='(%s) \W\$ '
type _init_completion >/dev/null 2>&1 && . <(kubectl completion bash)
alias k=kubectl
`

// Command returns the user's shell in the session's work folder, connected to
// this process's terminal. shell is its path; empty means the system's. podlab
// is the path of this program.
func (x *Session) Command(podlab, shell string) (*exec.Cmd, error) {
	if _, err := os.Stat(x.Kubeconfig()); err != nil {
		return nil, &NoSessionError{Key: x.Key}
	}
	env, err := x.Environ(podlab)
	if err != nil {
		return nil, err
	}
	var args []string
	switch {
	case shell == "" && runtime.GOOS == "windows":
		shell = "cmd.exe"
	case shell == "":
		shell = "/bin/sh"
	case filepath.Base(shell) == "bash":
		rc := filepath.Join(x.dir, "bashrc")
		text := fmt.Sprintf(bashrc, x.bin(), x.Kubeconfig(), x.Key)
		if err := os.WriteFile(rc, []byte(text), 0o600); err != nil {
			return nil, fmt.Errorf("prepare the shell: %w", err)
		}
		args = []string{"--rcfile", rc, "-i"}
	}
	cmd := exec.Command(shell, args...)
	cmd.Dir, cmd.Env = x.Work(), env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd, nil
}
