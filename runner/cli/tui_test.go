package cli_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/creack/pty"

	"podlab.dev/podlab/cluster"
	"podlab.dev/podlab/cluster/clustertest"
	"podlab.dev/podlab/runner/tui/vt"
)

// person is somebody at a terminal with podlab on it.
type person struct {
	*testing.T
	dir    string
	env    []string
	silent bool // the terminal answers nothing that it is asked

	cmd *exec.Cmd
	tty *os.File

	mu     sync.Mutex
	screen *vt.Terminal
	last   []byte // what was written last
}

// start starts podlab on a new terminal.
func (p *person) start(width, height int, args ...string) {
	p.Helper()
	p.cmd = exec.Command("podlab", args...)
	p.cmd.Dir, p.cmd.Env = p.dir, p.env
	tty, err := pty.StartWithSize(p.cmd, &pty.Winsize{Rows: uint16(height), Cols: uint16(width)})
	if err != nil {
		p.Fatal(err)
	}
	screen := vt.New(width, height)
	p.mu.Lock()
	p.tty, p.screen, p.last = tty, screen, nil
	p.mu.Unlock()
	go func() {
		b := make([]byte, 32<<10)
		for {
			n, err := tty.Read(b)
			p.mu.Lock()
			screen.Write(b[:n])
			p.last = append(p.last, b[:n]...)
			p.last = p.last[max(len(p.last)-4096, 0):]
			replies := screen.Replies()
			p.mu.Unlock()
			if err != nil {
				return
			}
			if !p.silent {
				tty.Write(replies)
			}
		}
	}()
}

func (p *person) press(keys string) {
	p.Helper()
	if _, err := p.tty.WriteString(keys); err != nil {
		p.Fatal(err)
	}
}

func (p *person) resize(width, height int) {
	p.Helper()
	p.mu.Lock()
	p.screen.Resize(width, height)
	p.mu.Unlock()
	if err := pty.Setsize(p.tty, &pty.Winsize{Rows: uint16(height), Cols: uint16(width)}); err != nil {
		p.Fatal(err)
	}
}

func (p *person) looks() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var b strings.Builder
	_, height := p.screen.Size()
	for y := range height {
		fmt.Fprintln(&b, ansi.Strip(p.screen.Row(y, 0)))
	}
	return b.String()
}

// sees waits until all texts are on the screen, and tells how long that took.
func (p *person) sees(texts ...string) time.Duration {
	p.Helper()
	began := time.Now()
	for {
		screen, missing := p.looks(), ""
		for _, s := range texts {
			if !strings.Contains(screen, s) {
				missing = s
			}
		}
		if missing == "" {
			return time.Since(began)
		}
		if time.Since(began) > 90*time.Second {
			p.Fatalf("%q is not on the screen:\n%s", missing, screen)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// prompted waits until the shell asks for the next command after a text: before that it
// takes no lines that are pasted.
func (p *person) prompted(after string) {
	p.Helper()
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		screen := p.looks()
		if i := strings.LastIndex(screen, after); i >= 0 && strings.Contains(screen[i:], ") work") {
			return
		}
		if time.Since(began) > 90*time.Second {
			p.Fatalf("no prompt after %q:\n%s", after, screen)
		}
	}
}

// ends waits until podlab has ended.
func (p *person) ends() {
	p.Helper()
	timeout := time.AfterFunc(30*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer timeout.Stop()
	_ = p.cmd.Wait() // how it ended is its ProcessState
	p.tty.Close()
}

// asking is how long it takes to give up a terminal that does not say which background
// it has.
const asking = 4 * time.Second

// The first page is there before anybody has answered: no cluster, and no terminal. A
// machine that is busy may be late, but not each time.
func TestTheFirstPageWaitsForNobody(t *testing.T) {
	var took time.Duration
	for range 3 {
		if took = firstPage(t); took < asking {
			return
		}
	}
	t.Errorf("the first page is there after %v", took)
}

// firstPage starts podlab without a cluster, on a terminal that answers nothing, and
// leaves it. It returns when the first page was there.
func firstPage(t *testing.T) time.Duration {
	dir := t.TempDir()
	p := &person{T: t, dir: dir, silent: true, env: append(os.Environ(),
		"KUBECONFIG="+filepath.Join(dir, "none"), "PODLAB_CLUSTER=existing", "XDG_STATE_HOME="+filepath.Join(dir, "state"), "HOME="+dir,
		"TERM=xterm-256color", "SHELL=/bin/sh", "PODLAB_LANG=en", "ACCESSIBLE=", "NO_COLOR=", "LC_ALL=C.UTF-8",
	)}
	p.start(160, 50, "start", "first-pod")
	took := p.sees("A Pod in one command", "page 1/4")
	t.Logf("the first page after %v", took.Round(time.Millisecond))
	p.sees("Cluster failed", "^G r tries again")
	p.press("\aq")
	p.sees("Leave?")
	p.press("y")
	p.ends()
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("it ended with %d:\n%s", code, p.looks())
	}
	return took
}

// A learner's way through first-pod, as a person would go it: on a terminal, with a
// cluster, through a resize and a kill -9, to the end.
func TestScreenOnACluster(t *testing.T) {
	kubeconfig := clustertest.Kubeconfig(t, cluster.Embedded, cluster.Kind)
	dir := t.TempDir()
	lab := "screen-" + strings.ToLower(filepath.Base(filepath.Dir(dir)))[max(0, len(filepath.Base(filepath.Dir(dir)))-8):]
	if out, err := exec.Command("cp", "-r", "../../labs/first-pod", filepath.Join(dir, lab)).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	p := &person{T: t, dir: dir, env: append(os.Environ(),
		"KUBECONFIG="+kubeconfig, "PODLAB_CLUSTER=existing",
		"XDG_STATE_HOME="+filepath.Join(dir, "state"), "HOME="+dir, "TERM=xterm-256color", "SHELL=/bin/bash", "PODLAB_LANG=en", "ACCESSIBLE=", "NO_COLOR=", "LC_ALL=C.UTF-8",
	)}
	stop := exec.Command("podlab", "stop", "./"+lab)
	stop.Dir, stop.Env = dir, p.env
	defer stop.Run() //nolint:errcheck // it may never have been started

	p.start(160, 50, "start", "./"+lab)
	t.Logf("the first page after %v", p.sees("A Pod in one command", "page 1/4").Round(time.Millisecond))
	p.sees("live", "Checks 0/2", ") work")
	p.press("\ah")
	p.sees("Hint 1 of")

	p.press("kubectl run hello --image=podlab.dev/toolbox:v1\r")
	p.sees("pod/hello created", "✓ PASS  There is a Pod hello")
	p.sees("All 2 checks pass", "R Running")
	if strings.Contains(p.looks(), "Hint 1 of") {
		t.Errorf("the hint is still there:\n%s", p.looks())
	}
	p.press("kubectl get po")
	p.press("\t") // completion asks the cluster
	p.sees("kubectl get pod ")
	p.press("\t\t")
	p.sees("podtemplates")
	p.press("\x03")

	p.resize(80, 24)
	p.sees("All 2 checks pass · ^G n next page", "pods: 1 running")
	p.press("\al")
	p.sees("A Pod in one command")
	p.press("\x1b")
	p.sees(") work") // Esc and a key right behind it would be that key with Alt
	p.resize(160, 50)
	p.sees("┌ Lesson")
	p.press("\an")
	p.sees("page 2/4", "The same, written down")

	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.ends()
	p.start(100, 30, "start", "./"+lab)
	p.sees("page 2/4", "pods: 1 running")
	p.press("\as")
	p.sees(") work")
	p.press("\ab")
	p.sees("page 1/4", "All 2 checks pass")

	p.resize(160, 50)
	p.sees("┌ Lesson")
	p.press("\an")
	p.sees("page 2/4")
	p.press("\a1") // as it stands in the lesson, all lines of it
	p.sees("kubectl wait --for=condition=Ready pod/web")
	p.press("\r")
	p.sees("pod/web created", "All 3 checks pass", "R Running")
	p.prompted("condition met")
	p.press("\an")
	p.sees("page 3/4", "Checks 0/3")
	p.press("\a2\r")
	p.sees("pod/web annotated", "✓ PASS  Pod web is annotated")
	p.prompted("pod/web annotated")
	p.press("\a4")
	p.sees("http://localhost:8080/from-inside") // in the lesson it is broken
	p.press("\r")
	p.sees("GET /from-inside 200", "✓ PASS  The log of Pod web")
	p.press("kubectl exec web -- sh -c 'echo was here > /tmp/note'\r")
	p.sees("All 3 checks pass")
	if _, err := exec.LookPath("less"); err == nil { // it fills the pane, and leaves it as it was
		p.press("less web.yaml\r")
		p.sees("web.yaml (END)")
		p.press("q")
	}
	p.press("echo back-$((40+2))\r")
	p.sees("back-42", "pod/web annotated")
	p.press("\an")
	p.sees("page 4/4", "Checks 0/2")
	p.press("\a1")
	p.sees("kubectl delete pod hello web")
	p.press("\r")
	p.sees("All checks of the lab pass", "the lab is done")
	p.press("\ab")
	p.sees("page 3/4", "All checks of the lab pass") // what has passed stays passed

	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.ends()
	p.mu.Lock()
	last := string(p.last)
	p.mu.Unlock()
	if i := strings.LastIndex(last, "\x1b[?1049l"); i < 0 || strings.Contains(last[i:], "\x1b[?25l") {
		t.Errorf("the terminal was not restored: %q", last)
	}

	p.start(160, 50, "start", "--plain", "./"+lab)
	p.sees("podlab> ", "The lab is done")
	p.press("check\r")
	p.sees("podlab> check", "✓ PASS  Pod web is annotated")
	p.press("shell\r")
	p.sees("Shell: started", ") work")
	p.press("kubectl run again --image=podlab.dev/toolbox:v1; kubectl wait --for=condition=Ready pod/again; exit\r")
	p.sees("pod/again created", "condition met", "Shell: ended")
	p.press("pods\r")
	p.sees("Pod again: ")
	p.press("quit\r")
	p.ends()
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("plain ended with %d:\n%s", code, p.looks())
	}
}
