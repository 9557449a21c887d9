package runner

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// bashrc prepares bash after the user's own settings: the lab in the prompt, and
// kubectl's completion, which is loaded when it is first asked for. What it needs
// of bash-completion is there also where that is not installed.
const bashrc = `[ -f ~/.bashrc ] && . ~/.bashrc
export PATH=%q:"$PATH" KUBECONFIG=%q
PS1='(%s) \W\$ '
alias k=kubectl
_podlab_complete() {
	if ! type _get_comp_words_by_ref >/dev/null 2>&1; then
		COMP_WORDBREAKS=${COMP_WORDBREAKS//[=:]/}
		_get_comp_words_by_ref() { cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=("${COMP_WORDS[@]}") cword=$COMP_CWORD; }
		__ltrim_colon_completions() { :; }
	fi
	. <(kubectl completion bash) && complete -o default -F __start_kubectl k && return 124
}
complete -F _podlab_complete kubectl k
`

// Command returns the user's shell in the session's work folder, connected to
// this process's terminal. shell is its path; empty means the system's. podlab
// is the path of this program. The error is a [NoSessionError] when the lab is
// not on a cluster.
func (x *Session) Command(podlab, shell string) (*exec.Cmd, error) {
	if _, err := os.Stat(x.Kubeconfig()); err != nil {
		return nil, &NoSessionError{Key: x.Key}
	}
	cmd, err := x.Interactive(podlab, shell)
	if err != nil {
		return nil, err
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd, nil
}

// Interactive returns the same shell, connected to nothing. The lab need not be
// on a cluster yet: kubectl works as soon as it is.
func (x *Session) Interactive(podlab, shell string) (*exec.Cmd, error) {
	if err := x.fillWork(); err != nil {
		return nil, err
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
	return cmd, nil
}
