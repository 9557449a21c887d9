//go:build linux

package cell

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// part is a program of a node that runs as long as the node does.
type part struct {
	name string
	argv []string
	env  []string
	// after is what must be so before the part is started, at first and again;
	// nil is nothing.
	after func(context.Context) error
	// patience is how long the part may take to end in order; then it is killed.
	patience time.Duration
	// clone and admit are for a part with namespaces of its own: it waits at its
	// gate until admit has done what only this side can.
	clone *syscall.SysProcAttr
	admit func(pid int) error
}

// PartStatus is how one part of a node is.
type PartStatus struct {
	Name string `json:"name"`
	// State is "waiting" (for another part), "running", "ended" (and about to be
	// started again) or "stopped".
	State string    `json:"state"`
	PID   int       `json:"pid,omitempty"` // in the cell
	Since time.Time `json:"since"`
	// Restarts counts the ends that nobody asked for; LastEnd says how the last was.
	Restarts int    `json:"restarts,omitempty"`
	LastEnd  string `json:"lastEnd,omitempty"`
}

// supervisor keeps the parts of a node running and says how they are.
type supervisor struct {
	reaper *reaper
	logs   string // folder of the parts' logs
	status string // path of the file that [ReadStatus] reads
	node   string

	mu    sync.Mutex
	parts []PartStatus
}

// Pauses between the end of a part and its next start, and how long it must have
// run for them to begin again.
const (
	firstPause = 200 * time.Millisecond
	lastPause  = 10 * time.Second
	longRun    = 30 * time.Second
)

// run keeps the parts running until ctx ends, then ends them, last first.
func (s *supervisor) run(ctx context.Context, parts []part) {
	s.parts = make([]PartStatus, len(parts))
	ended := make([]chan struct{}, len(parts)+1)
	for i := range ended {
		ended[i] = make(chan struct{})
	}
	close(ended[len(parts)])
	for i, p := range parts {
		go func() {
			defer close(ended[i])
			s.keep(ctx, i, p, ended[i+1])
		}()
	}
	<-ended[0]
}

// keep keeps one part running. Once ctx has ended it waits for what was started
// later to end first.
func (s *supervisor) keep(ctx context.Context, i int, p part, later <-chan struct{}) {
	pause := firstPause
	status := PartStatus{Name: p.name}
	say := func(state string, pid int) {
		status.State, status.PID, status.Since = state, pid, time.Now()
		s.say(i, status)
	}
	defer func() { say("stopped", 0) }()
	for {
		say("waiting", 0)
		if p.after != nil && p.after(ctx) != nil || ctx.Err() != nil {
			<-later
			return
		}
		began := time.Now()
		end, kill, err := s.start(p)
		if err != nil {
			status.LastEnd = err.Error()
		} else {
			say("running", kill.pid)
			select {
			case how := <-end:
				status.LastEnd = describe(how)
			case <-ctx.Done():
				<-later
				kill.inOrder(end, p.patience)
				return
			}
		}
		status.Restarts++
		fmt.Fprintf(os.Stderr, "%s %s ended after %s: %s\n", time.Now().Format(time.TimeOnly), p.name, time.Since(began).Round(time.Millisecond), status.LastEnd)
		say("ended", 0)
		if time.Since(began) > longRun {
			pause = firstPause
		}
		select {
		case <-ctx.Done():
			<-later
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}

// start starts a part with a log of its own.
func (s *supervisor) start(p part) (<-chan unix.WaitStatus, process, error) {
	log, err := openLog(filepath.Join(s.logs, p.name+".log"))
	if err != nil {
		return nil, process{}, err
	}
	defer log.Close()
	cmd := exec.Command(p.argv[0], p.argv[1:]...)
	cmd.Dir = "/"
	cmd.Env = append(environment(), p.env...)
	cmd.Stdout, cmd.Stderr = log, log
	if p.clone == nil {
		end, err := s.reaper.start(cmd)
		if err != nil {
			return nil, process{}, err
		}
		return end, process{cmd.Process.Pid}, nil
	}
	wait, gate, err := os.Pipe()
	if err != nil {
		return nil, process{}, err
	}
	defer wait.Close()
	defer gate.Close() // opened or not: it does not wait for ever
	cmd.ExtraFiles = []*os.File{wait}
	cmd.SysProcAttr = p.clone
	end, err := s.reaper.start(cmd)
	if err != nil {
		return nil, process{}, err
	}
	if err := p.admit(cmd.Process.Pid); err != nil {
		return end, process{cmd.Process.Pid}, nil // it ends by itself, see its log
	}
	_, err = gate.Write([]byte{1})
	return end, process{cmd.Process.Pid}, err
}

// once runs a program that ends by itself.
func (s *supervisor) once(ctx context.Context, p part) error {
	end, running, err := s.start(p)
	if err != nil {
		return err
	}
	select {
	case how := <-end:
		if how.ExitStatus() == 0 {
			return nil
		}
		return fmt.Errorf("%s: %s", p.name, describe(how))
	case <-ctx.Done():
		running.inOrder(end, time.Second)
		return ctx.Err()
	}
}

// say writes the status of all parts for the outside to read.
func (s *supervisor) say(i int, status PartStatus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parts[i] = status
	raw, err := json.Marshal(Status{Node: s.node, Parts: s.parts})
	if err != nil {
		return
	}
	if os.WriteFile(s.status+".new", raw, 0o600) == nil {
		_ = os.Rename(s.status+".new", s.status)
	}
}

// process is a running part.
type process struct{ pid int }

// inOrder asks the process to end, and kills it when patience is over.
func (p process) inOrder(end <-chan unix.WaitStatus, patience time.Duration) {
	_ = unix.Kill(p.pid, unix.SIGTERM)
	select {
	case <-end:
	case <-time.After(patience):
		_ = unix.Kill(p.pid, unix.SIGKILL)
		<-end
	}
}

func describe(w unix.WaitStatus) string {
	if w.Signaled() {
		return "killed by signal " + w.Signal().String()
	}
	return fmt.Sprintf("exit code %d", w.ExitStatus())
}
