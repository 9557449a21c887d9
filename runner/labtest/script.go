package labtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"k8s.io/client-go/tools/clientcmd"

	"podlab.dev/podlab/cluster/workload"
	"podlab.dev/podlab/cue/lab"
	"podlab.dev/podlab/grader"
	"podlab.dev/podlab/grader/report"
	"podlab.dev/podlab/runner"
	"podlab.dev/podlab/runner/plain"
)

// scripts are a lab's own tests: the names of the files testdata/*.txtar, without
// that ending.
func scripts(l *lab.Lab) (names []string) {
	files, _ := fs.Glob(l.FS, "testdata/*.txtar") // the pattern is a good one
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f, ".txtar"))
	}
	return names
}

// stage is a lab's own test while it runs: a session that is watched, and what the
// script says is done and expected in it.
type stage struct {
	ctx      context.Context
	session  *runner.Session
	floor    *floor
	podlab   string
	patience time.Duration

	watching error // why the session is not watched any more
	ended    chan struct{}
	moved    chan struct{} // a token when the report changed
}

// perform runs a test of the lab, and returns the final report and, where it
// failed, why.
func (c Config) perform(ctx context.Context, x Case, screen io.Writer) (r grader.Report, why string, err error) {
	s, f, leave, err := c.open(ctx, x.Key, x.Source, x.Lab, "")
	if err != nil {
		return r, "", err
	}
	defer leave()
	if _, err := s.Attach(ctx, c.Cluster); err != nil {
		return r, "", err
	}
	src, err := fs.ReadFile(s.Lab.FS, x.Script+".txtar")
	if err != nil {
		return r, "", fmt.Errorf("read the test: %w", err)
	}
	dir, err := os.MkdirTemp(filepath.Dir(s.Kubeconfig()), "test-")
	if err != nil {
		return r, "", fmt.Errorf("make a folder for the test: %w", err)
	}
	file := filepath.Join(dir, path.Base(x.Script)+".txtar")
	if err := os.WriteFile(file, src, 0o600); err != nil {
		return r, "", fmt.Errorf("write the test: %w", err)
	}
	env, err := s.Environ(c.Podlab)
	if err != nil {
		return r, "", err
	}

	watched, stop := context.WithCancel(ctx)
	sc := &stage{ctx: ctx, session: s, floor: f, podlab: c.Podlab, patience: c.Patience, ended: make(chan struct{}), moved: make(chan struct{}, 1)}
	go func() {
		defer close(sc.ended)
		sc.watching = s.Watch(watched, func(grader.Report) {
			select {
			case sc.moved <- struct{}{}:
			default:
			}
		})
	}()
	t := &tester{out: screen}
	t.Run(x.Script, func(t testscript.T) {
		testscript.RunT(t, testscript.Params{
			Files: []string{file}, WorkdirRoot: dir, Cmds: sc.verbs(), RequireUniqueNames: true, Deadline: time.Now().Add(scriptTime),
			Setup: func(e *testscript.Env) error {
				for _, kv := range env { // no more: what fails is shown with all of them
					switch name, _, _ := strings.Cut(kv, "="); name {
					case "PATH", "HOME", "KUBECONFIG", "KUBECACHEDIR", "PODLAB_LAB", "XDG_STATE_HOME":
						e.Vars = append(e.Vars, kv)
					}
				}
				return s.CopyFiles(e.WorkDir) // but for those that the test brings itself
			},
		})
	})
	stop()
	<-sc.ended
	if sc.watching != nil {
		return r, "", sc.watching
	}
	if ctx.Err() != nil {
		return r, "", ctx.Err()
	}
	r, err = s.Judge()
	return r, strings.ReplaceAll(t.why, file, path.Base(file)), err
}

// scriptTime is how long a test of a lab may take in all.
const scriptTime = 10 * time.Minute

// verbs are what a script can say besides what testscript knows.
func (s *stage) verbs() map[string]func(*testscript.TestScript, bool, []string) {
	out := map[string]func(*testscript.TestScript, bool, []string){"kubectl": s.kubectl}
	for name, verb := range map[string]func(*testscript.TestScript, []string) error{
		"apply": s.apply, "page": s.page, "answer": s.answer, "grade": s.grade, "expect": s.expect, "points": s.points, "fault": s.fault,
		"solve": s.solve, "shows": s.shows,
	} {
		out[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			if neg {
				ts.Fatalf("%s cannot be negated", name)
			}
			if err := verb(ts, args); err != nil {
				ts.Fatalf("%s: %v", name, err)
			}
		}
	}
	return out
}

var errArgs = errors.New("the arguments are not right; see docs/authoring.md")

// kubectl ARG...: as the learner would.
func (s *stage) kubectl(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec("kubectl", args...)
	if (err != nil) != neg {
		ts.Fatalf("kubectl: %v", err)
	}
}

// apply FILE...
func (s *stage) apply(ts *testscript.TestScript, args []string) error {
	if len(args) == 0 {
		return errArgs
	}
	for _, file := range args {
		if err := ts.Exec("kubectl", "apply", "-f", ts.MkAbs(file)); err != nil {
			return err
		}
	}
	return nil
}

// page ID: turns to a page and waits until it can be worked on.
func (s *stage) page(_ *testscript.TestScript, args []string) error {
	if len(args) != 1 {
		return errArgs
	}
	to := s.session.Lab.Step(args[0])
	if to < 0 {
		return fmt.Errorf("the lab has no page %s", args[0])
	}
	s.floor.turn(s.session.Lab.Steps[to])
	if _, err := s.session.Turn(to - s.session.State.Page); err != nil {
		return err
	}
	return s.until(2*s.patience, func(r grader.Report) (bool, string) { // as a setup has in a session
		waits, preparing := r.Preparing[args[0]]
		return r.Entries > 0 && !preparing, waits
	})
}

// solve ID: does what the reference solution does on a page.
func (s *stage) solve(ts *testscript.TestScript, args []string) error {
	if len(args) != 1 {
		return errArgs
	}
	at := s.session.Lab.Step(args[0])
	if at < 0 {
		return fmt.Errorf("the lab has no page %s", args[0])
	}
	a, err := runner.FindAnswer(s.session.Lab, "")
	if err != nil {
		return err
	}
	commands, err := a.Commands(s.session.Lab.Steps[at])
	if err != nil {
		return err
	}
	shell := s.session.ShellIn(ts.MkAbs("."), s.podlab, ts.Stdout())
	for _, command := range commands {
		if _, err := shell.Run(s.ctx, command); err != nil {
			return err
		}
	}
	return nil
}

// answer CHECK TEXT
func (s *stage) answer(_ *testscript.TestScript, args []string) error {
	if len(args) != 2 {
		return errArgs
	}
	_, err := s.session.Answer(args[0], args[1])
	return err
}

// grade: writes the report, for stdout to look at.
func (s *stage) grade(ts *testscript.TestScript, args []string) error {
	if len(args) > 0 {
		return errArgs
	}
	r, err := s.session.Judge()
	if err != nil {
		return err
	}
	return report.Text(ts.Stdout(), r, plain.New(io.Discard, io.Discard, plain.Look{}).Options())
}

// points N: what has been earned.
func (s *stage) points(_ *testscript.TestScript, args []string) error {
	if len(args) != 1 {
		return errArgs
	}
	want, err := strconv.Atoi(args[0])
	if err != nil {
		return errArgs
	}
	r, err := s.session.Judge()
	if err == nil && r.Earned != want {
		err = fmt.Errorf("%d of %d points are earned", r.Earned, r.Points)
	}
	return err
}

// expect CHECK VERDICT [REGEXP]: waits until a check is judged so, and says what
// the regexp finds in its message and its differences.
func (s *stage) expect(_ *testscript.TestScript, args []string) error {
	if len(args) < 2 || len(args) > 3 {
		return errArgs
	}
	c := s.session.Lab.Check(args[0])
	if c == nil {
		return fmt.Errorf("the lab has no check %s", args[0])
	}
	says := regexp.MustCompile("")
	if len(args) == 3 {
		var err error
		if says, err = regexp.Compile(args[2]); err != nil {
			return err
		}
	}
	want := grader.Verdict(args[1])
	patience := s.patience + c.Takes()
	switch want {
	case grader.Passed, grader.Errored:
	case grader.Failed, grader.Blocked:
		// What is wrong now may still come right: it is given the time to.
		if len(args) == 2 {
			select {
			case <-time.After(caught + c.Takes()):
			case <-s.ctx.Done():
			}
		}
	default:
		return fmt.Errorf("there is no verdict %q: it is passed, failed, blocked or errored", args[1])
	}
	return s.until(patience, func(r grader.Report) (bool, string) {
		for _, x := range r.Results {
			if x.Check != c.ID {
				continue
			}
			said := x.Message
			for _, m := range x.Mismatches {
				said += "\n" + m.String()
			}
			return x.Verdict == want && says.MatchString(said), fmt.Sprintf("%s is %s: %s", x.Check, x.Verdict, said)
		}
		return false, ""
	})
}

// until waits for the report to be as it is wanted; what it is otherwise is said.
func (s *stage) until(patience time.Duration, wanted func(grader.Report) (bool, string)) error {
	late := time.After(patience)
	for {
		r, err := s.session.Judge()
		if err != nil {
			return err
		}
		ok, is := wanted(r)
		if ok {
			return nil
		}
		select {
		case <-s.moved:
		case <-s.ended:
			return errors.New("the session is not watched any more")
		case <-s.ctx.Done():
			return s.ctx.Err()
		case <-late:
			return fmt.Errorf("after %s %s", patience, is)
		}
	}
}

// fault delete KIND/NAME, fault apply FILE (of the lab), fault exec POD COMMAND…, fault
// network pod=web do=cut…: breaks what a fault of a check could break. fault mend undoes
// what lasts.
func (s *stage) fault(_ *testscript.TestScript, args []string) error {
	mend := len(args) == 1 && args[0] == "mend"
	if len(args) < 2 && !mend {
		return errArgs
	}
	f := &lab.Fault{}
	switch kind, rest := args[0], args[1:]; {
	case mend:
	case kind == "delete":
		name, of, ok := strings.Cut(rest[0], "/")
		gvk, err := s.session.Lab.Kinds.Kind("", name)
		if !ok || err != nil {
			return errors.Join(errArgs, err)
		}
		f.Delete = &lab.Object{GVK: gvk, Name: of}
	case kind == "apply":
		f.Apply = rest[0]
	case kind == "exec":
		f.Exec = &lab.ExecFault{Exec: lab.Exec{Pod: rest[0], Command: rest[1:]}}
	default:
		var err error
		if f, err = lab.ReadFault(args); err != nil {
			return err
		}
	}
	cfg, err := clientcmd.BuildConfigFromFlags("", s.session.Kubeconfig())
	if err != nil {
		return fmt.Errorf("read the session's kubeconfig: %w", err)
	}
	w, err := workload.New(cfg, s.session.State.Namespace)
	if err != nil {
		return err
	}
	if mend {
		return w.Mend(s.ctx, "")
	}
	return w.Break(s.ctx, s.session.Lab.FS, "", f, nil)
}

// tester is what testscript needs of package testing, which a program other than
// a test does not have.
type tester struct {
	mu  sync.Mutex
	out io.Writer
	why string
}

// stopped ends the goroutine's script.
type stopped struct{}

func (t *tester) Run(_ string, f func(testscript.T)) {
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(stopped); !ok {
				panic(p)
			}
		}
	}()
	f(t)
}

func (t *tester) Parallel() {}

func (t *tester) Verbose() bool { return true }

func (t *tester) Log(args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := fmt.Sprintln(args...)
	if at := strings.LastIndex(text, "FAIL: "); at >= 0 {
		t.why = strings.TrimSpace(text[at+len("FAIL: "):])
	}
	_, _ = io.WriteString(t.out, text) // a buffer
}

func (t *tester) Fatal(args ...any) {
	t.Log(args...)
	t.FailNow()
}

func (t *tester) FailNow() {
	if t.why == "" {
		t.why = "it failed"
	}
	panic(stopped{})
}

func (t *tester) Skip(args ...any) {
	t.Log(args...)
	panic(stopped{})
}
