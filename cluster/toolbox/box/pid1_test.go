//go:build linux

package main

import (
	"bufio"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// asPID1 starts an applet as the first process of a new PID namespace, as a
// container runtime does.
func asPID1(t *testing.T, args ...string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root makes a PID namespace")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Args = args
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skipf("no PID namespace here: %v", err)
	}
	return cmd, bufio.NewReader(out)
}

func TestSleepAsPID1IgnoresTERM(t *testing.T) {
	cmd, _ := asPID1(t, "sleep", "infinity")
	time.Sleep(300 * time.Millisecond)
	if err := cmd.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		t.Fatalf("SIGTERM ended it: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil || err.Error() != "signal: killed" {
		t.Errorf("ended with %v", err)
	}
}

func TestTrapAsPID1(t *testing.T) {
	cmd, out := asPID1(t, "sh", "-c", `trap 'echo bye; exit 3' TERM; echo $$; while true; do read x || true; done`)
	if line, err := out.ReadString('\n'); err != nil || line != "1\n" {
		t.Fatalf("it is process %q, %v", line, err)
	}
	if err := cmd.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	line, err := out.ReadString('\n')
	if err != nil || line != "bye\n" {
		t.Errorf("it says %q, %v", line, err)
	}
	if cmd.Wait(); cmd.ProcessState.ExitCode() != 3 {
		t.Errorf("exit code %d", cmd.ProcessState.ExitCode())
	}
}
